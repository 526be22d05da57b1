"""Pacing of one viewport: the newest state wins, few frames are on their way at once.

The wanted state is one value, never a queue, so a slow link or a slow browser cannot make a backlog
(measured: a queue grows to seconds within 5 s of dragging, one value stays at one round trip).
"""

from dataclasses import dataclass, field, replace

from readingroom.wire import Painted, ViewRequest
from readingroom_viewer.link import LinkEstimate
from readingroom_viewer.turns import Need

ACKNOWLEDGEMENT_TIMEOUT_S = 2.0
"""After this long without an acknowledgement one more frame is let out, so that a lost one cannot stop the view."""

REST_S = 0.12
"""A hand that has changed nothing for so long rests: a picture shown with loss is then sent exact."""

PATIENCE_S = 0.1
"""A large picture that moves is exact because the link seemed to carry twenty a second; it is given the time of two."""


@dataclass(slots=True)
class _Flight:
    """A frame on its way: when it was sent, its bytes, and whether its round trip says anything about the link."""

    at: float
    size: int = 0
    measures: bool = False


@dataclass(slots=True)
class ViewportStream:
    """What one viewport wants to see next, and what has been sent but not yet painted. Knows no socket, no clock."""

    link: LinkEstimate = field(default_factory=LinkEstimate)
    _wanted: ViewRequest | None = None
    _owed: ViewRequest | None = None
    _newest: int = -1
    _changed: float = 0.0
    _sent: dict[int, _Flight] = field(default_factory=dict)

    def want(self, request: ViewRequest, now: float) -> None:
        """Take the newest state; one that is older than what was asked before is dropped."""
        if request.seq > self._newest:
            self._newest, self._changed, self._owed, self._wanted = request.seq, now, None, request

    def need(self, now: float) -> Need:
        """Return what could be sent now; nothing while enough frames of this viewport are on their way."""
        self._sent = {seq: one for seq, one in self._sent.items() if now - one.at < ACKNOWLEDGEMENT_TIMEOUT_S}
        if len(self._sent) >= self.link.window:
            return Need.NOTHING
        if self.waiting:
            return Need.CHANGE
        rests = self._owed is not None and not self._sent and now - self._changed >= REST_S
        return Need.EXACT if rests else Need.NOTHING

    def walked(self, seq: int) -> None:
        """Note that the page has painted a newer state by itself: nothing is owed for the one before."""
        if seq > self._newest:
            self._newest, self._owed = seq, None

    def next(self, now: float) -> ViewRequest | None:
        """Return the state to render now and count it as sent, or None where there is no need.

        First the newest state, then, at rest, the exact picture of one shown with loss.
        """
        if not self.need(now):
            return None
        if self._wanted is not None:
            request, self._wanted = self._wanted, None
        elif self._owed is not None:
            request, self._owed = replace(self._owed, moving=False), None
        else:
            return None
        self._sent[request.seq] = _Flight(now)
        return request

    def sent(self, request: ViewRequest, size: int, now: float, *, exact: bool, whole: bool = True) -> None:
        """Note that the frame left with ``size`` bytes; one in strips, not ``whole``, tells nothing about round trips."""
        self._sent[request.seq] = _Flight(now, size, whole)
        if not exact and request.seq == self._newest:
            self._owed = request

    def dropped(self, seq: int) -> None:
        """Note that the frame of ``seq`` will not be painted: it failed, or a newer state overtook it."""
        self._sent.pop(seq, None)

    def acknowledge(self, painted: Painted, now: float) -> None:
        """Note that a frame was painted, and with it every earlier one."""
        flight = self._sent.get(painted.seq)
        if flight is not None and flight.measures:
            trip = now - flight.at - max(0.0, painted.busy_ms) / 1000
            self.link.arrival(flight.size, painted.arrived_ms, trip)
            self.link.frame(now, trip)
        self._sent = {seq: one for seq, one in self._sent.items() if seq > painted.seq}

    def is_overtaken(self, request: ViewRequest, since: float = 0.0) -> bool:
        """Return whether the rest of a large picture may be left out, ``since`` seconds after its first strip.

        The reader wants another; under a moving hand what is begun is given a little time all the same, or a steady
        drag over a quick link would never see one.
        """
        if request.seq >= self._newest:
            return False
        return not request.moving or since > PATIENCE_S

    def wake_at(self, now: float) -> float | None:
        """Return when to ask for the next state again although nothing arrives, None when there is nothing to send."""
        if self._sent and (self.waiting or self._owed is not None):
            return self.times_out_at
        if self._owed is not None:
            return max(now, self._changed + REST_S)
        return now if self.waiting else None

    @property
    def waiting(self) -> bool:
        """Whether a state has not been rendered yet."""
        return self._wanted is not None

    @property
    def times_out_at(self) -> float | None:
        """When the earliest frame on its way is given up, None for none."""
        return min((one.at + ACKNOWLEDGEMENT_TIMEOUT_S for one in self._sent.values()), default=None)

    @property
    def on_their_way(self) -> int:
        """Frames sent and neither painted nor given up."""
        return len(self._sent)
