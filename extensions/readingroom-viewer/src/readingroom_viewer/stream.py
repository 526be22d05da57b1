"""Pacing of one viewport: the newest state wins, what was asked in order is kept, few frames are on their way at once.

The wanted state is one value, never a queue, so a slow link or a slow browser cannot make a backlog
(measured: a queue grows to seconds within 5 s of dragging, one value stays at one round trip).
"""

from collections import deque
from dataclasses import dataclass, field, replace

from readingroom.errors import WireError
from readingroom.wire import Painted, ViewRequest
from readingroom_viewer.link import LinkEstimate

ACKNOWLEDGEMENT_TIMEOUT_S = 2.0
"""After this long without an acknowledgement one more frame is let out, so that a lost one cannot stop the view."""

REST_S = 0.12
"""A hand that has changed nothing for so long rests: a picture shown with loss is then sent exact."""

MOST_ORDERED = 256
"""Positions that may wait in the ordered lane: more than a reader's hand asks in the longest pause of a link."""


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
    _ordered: deque[ViewRequest] = field(default_factory=deque)
    _owed: ViewRequest | None = None
    _newest: int = -1
    _changed: float = 0.0
    _sent: dict[int, _Flight] = field(default_factory=dict)

    def want(self, request: ViewRequest, now: float) -> None:
        """Take the newest state; one that is older than what was asked before is dropped.

        An ``ordered`` one waits for its turn instead. Raises ``WireError`` for more of these than any hand could ask.
        """
        if request.seq <= self._newest:
            return
        if request.ordered and len(self._ordered) >= MOST_ORDERED:
            raise WireError(f"More than {MOST_ORDERED} images were asked for in order before the first of them came.")
        self._newest, self._changed, self._owed, self._wanted = request.seq, now, None, None
        if self._ordered and _stack(self._ordered[-1]) != _stack(request):
            self._ordered.clear()
        if request.ordered:
            self._ordered.append(request)
        else:
            self._wanted = request

    def next(self, now: float) -> ViewRequest | None:
        """Return the state to render now and count it as sent, or None while enough frames are on their way.

        First what was asked in order, then the newest state, then, at rest, the exact picture of one shown with loss.
        """
        self._sent = {seq: one for seq, one in self._sent.items() if now - one.at < ACKNOWLEDGEMENT_TIMEOUT_S}
        if len(self._sent) >= self.link.window:
            return None
        if self._ordered:
            request = self._ordered.popleft()
        elif self._wanted is not None:
            request, self._wanted = self._wanted, None
        elif self._owed is not None and not self._sent and now - self._changed >= REST_S:
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

    def is_overtaken(self, request: ViewRequest) -> bool:
        """Return whether the rest of a large picture may be left out: it is at rest, and the reader wants another."""
        return not request.moving and not request.ordered and request.seq < self._newest

    def wake_at(self, now: float) -> float | None:
        """Return when to ask for the next state again although nothing arrives, None when there is nothing to send."""
        if self._sent and (self.waiting or self._owed is not None):
            return min(one.at for one in self._sent.values()) + ACKNOWLEDGEMENT_TIMEOUT_S
        if self._owed is not None:
            return max(now, self._changed + REST_S)
        return now if self.waiting else None

    @property
    def waiting(self) -> bool:
        """Whether a state has not been rendered yet."""
        return self._wanted is not None or bool(self._ordered)

    @property
    def on_their_way(self) -> int:
        """Frames sent and neither painted nor given up."""
        return len(self._sent)


def _stack(request: ViewRequest) -> tuple[object, ...]:
    """Return what a position counts in: what was asked of another stack is of no more use to a reader who left it."""
    return request.series_uid, request.reformat
