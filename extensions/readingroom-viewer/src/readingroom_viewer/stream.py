"""Pacing of one viewport: the newest state wins, and few frames are on their way at once.

The wanted state is one value, never a queue, so a slow link or a slow browser cannot make a backlog
(measured: a queue grows to seconds within 5 s of dragging, one value stays at one round trip).
"""

from dataclasses import dataclass, field

from readingroom.wire import ViewRequest

FRAMES_IN_FLIGHT = 2
"""Two hide the time a frame spends on the way; more only add delay on a loopback or hospital link."""

ACKNOWLEDGEMENT_TIMEOUT_S = 2.0
"""After this long without an acknowledgement one more frame is let out, so that a lost one cannot stop the view."""


@dataclass(slots=True)
class ViewportStream:
    """What one viewport wants to see next, and what has been sent but not yet painted. Knows no socket, no clock."""

    limit: int = FRAMES_IN_FLIGHT
    _wanted: ViewRequest | None = None
    _newest: int = -1
    _sent: dict[int, float] = field(default_factory=dict)

    def want(self, request: ViewRequest) -> None:
        """Take the newest state; one that is older than what was asked before is dropped."""
        if request.seq > self._newest:
            self._newest = request.seq
            self._wanted = request

    def acknowledge(self, seq: int) -> None:
        """Note that the frame of ``seq`` was painted, and with it every earlier one."""
        self._sent = {number: at for number, at in self._sent.items() if number > seq}

    def next(self, now: float) -> ViewRequest | None:
        """Return the state to render now and count it as sent, or None while enough frames are on their way."""
        self._sent = {number: at for number, at in self._sent.items() if now - at < ACKNOWLEDGEMENT_TIMEOUT_S}
        if self._wanted is None or len(self._sent) >= self.limit:
            return None
        request, self._wanted = self._wanted, None
        self._sent[request.seq] = now
        return request

    @property
    def waiting(self) -> bool:
        """Whether a state has not been rendered yet."""
        return self._wanted is not None
