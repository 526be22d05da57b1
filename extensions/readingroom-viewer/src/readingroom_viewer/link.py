"""What one connection has shown of itself: how long its round trips are and how many bits a second it carries.

Seconds, bits and bytes; the caller's clock. Nothing is guessed: before the first measurement the answers are None.
"""

from collections import deque
from dataclasses import dataclass, field
from math import ceil
from statistics import quantiles

FRAMES_PER_S = 20
"""The rate that a moving picture should hold; also what the window of frames in flight is sized for."""

LONGEST_WINDOW = 4
FIRST_WINDOW = 2
"""Before the first round trip is measured."""

MEMORY_S = 10.0
"""A smallest round trip is forgotten after so long: the reader may have moved to another network."""

SLACK_S = 0.005
SMOOTHING = 0.25
ROUNDING = 0.1
"""A tenth of a frame more in a round trip is no reason for one more on its way."""
SHORTEST_TRANSFER_S = 0.0005
LEAST_TELLING_BYTES = 1000
"""Smaller messages, of black rows for instance, share a packet with others and tell nothing about the rate."""

LONG_TRANSFER_S = 0.3
CHANGED_BY = 3
"""No disturbance lasts so long: a transfer that did, at a third of the rate before, was over another link than it was."""
SAMPLES = 16
MOST_MILLISECONDS = 600_000.0
"""A page's own figures beyond this are not believed."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link as it was at one moment: bits a second, seconds of queue on the way, seconds of a small round trip."""

    goodput: float | None = None
    lag: float = 0.0
    base_trip: float | None = None


@dataclass(slots=True)
class LinkEstimate:
    """Round trips and throughput of one socket, from what its page acknowledges. Knows no socket and no clock."""

    _trips: deque[tuple[float, float]] = field(default_factory=deque)
    _pings: deque[tuple[float, float]] = field(default_factory=deque)
    _rates: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _smoothed: float | None = None
    _arrived_ms: float | None = None
    _size: int = 0

    def ping(self, now: float, trip_ms: float, *, busy: bool = False) -> None:
        """Note a round trip of a few bytes, as the page measured it.

        While pictures are on their way (``busy``) it stood in line behind them: then only a smaller one than before tells
        anything, and the smallest is not forgotten.
        """
        if not 0 <= trip_ms < MOST_MILLISECONDS:
            return
        trip, known = trip_ms / 1000, self.base_trip
        _keep_smallest(self._pings, now, min(trip, known) if busy and known is not None else trip)

    def frame(self, now: float, trip: float) -> None:
        """Note how long a frame took from being sent to being acknowledged, without the page's own work."""
        trip = max(0.0, trip)
        _keep_smallest(self._trips, now, trip)
        self._smoothed = trip if self._smoothed is None else self._smoothed + SMOOTHING * (trip - self._smoothed)

    def arrival(self, size: int, arrived_ms: float, trip: float | None) -> None:
        """Note the arrival of ``size`` bytes at ``arrived_ms`` of the page's clock, ``trip`` seconds after they were sent.

        How long they were on the wire is at most what the round trip took longer than a ping, and at most the time
        since the arrival before: the first holds on a link with room, the second on a full one.
        """
        before, self._arrived_ms, self._size = self._arrived_ms, arrived_ms, size
        bounds = []
        if trip is not None and self.base_trip is not None:
            bounds.append(trip - self.base_trip)
        if before is not None and 0 < arrived_ms - before < MOST_MILLISECONDS:
            bounds.append((arrived_ms - before) / 1000)
        if bounds and self.base_trip is not None and size >= LEAST_TELLING_BYTES:
            self._note_rate(size, max(SHORTEST_TRANSFER_S, min(bounds)))

    def _note_rate(self, size: int, seconds: float) -> None:
        rate, known = 8 * size / seconds, self.goodput
        if seconds > LONG_TRANSFER_S and known is not None and rate * CHANGED_BY < known:
            self._rates.clear()
        self._rates.append(rate)

    @property
    def state(self) -> LinkState:
        """The link as it is now, for the threads that encode."""
        return LinkState(self.goodput, self.lag, self.base_trip)

    @property
    def base_trip(self) -> float | None:
        """The smallest round trip of a ping lately, in seconds."""
        return self._pings[0][1] if self._pings else None

    @property
    def smallest_trip(self) -> float | None:
        """The smallest round trip of a frame lately, in seconds."""
        return self._trips[0][1] if self._trips else None

    @property
    def goodput(self) -> float | None:
        """Bits a second: the upper quartile of the last measurements, because every disturbance only makes them smaller."""
        if len(self._rates) < 2:  # noqa: PLR2004 - one figure has no quartile
            return self._rates[0] if self._rates else None
        return quantiles(self._rates, n=4, method="inclusive")[2]

    @property
    def lag(self) -> float:
        """Seconds by which frames come later than a ping does: the queue that builds up on the way."""
        if self._smoothed is None or self.base_trip is None:
            return 0.0
        return max(0.0, self._smoothed - self.base_trip)

    @property
    def window(self) -> int:
        """How many frames of one viewport may be on their way at once."""
        return self.window_for(1)

    def window_for(self, viewports: int) -> int:
        """Return how many frames of so many viewports together may be on their way at once.

        As many as hide the smallest round trip at 20 frames a second each, one fewer while a queue builds up; and no more
        than fit into the round trip and one, because on a thin link the frames themselves make their trip long.
        """
        smallest = self.smallest_trip
        if smallest is None or self._smoothed is None:
            return FIRST_WINDOW
        wanted = min(LONGEST_WINDOW, self._fitting, max(1, ceil(smallest * FRAMES_PER_S * viewports)))
        queued = self._smoothed > 1.5 * smallest + SLACK_S
        return max(1, wanted - 1) if queued else wanted

    @property
    def _fitting(self) -> int:
        """Return how many frames like the last one a round trip holds, and one."""
        goodput, base = self.goodput, self.base_trip
        if goodput is None or base is None or self._size == 0:
            return LONGEST_WINDOW
        return min(LONGEST_WINDOW, 1 + ceil(base * goodput / (8 * self._size) - ROUNDING))


def _keep_smallest(kept: deque[tuple[float, float]], now: float, value: float) -> None:
    """Keep the values that are the smallest from some moment on, the smallest of all first; forget the old ones."""
    while kept and kept[-1][1] >= value:
        kept.pop()
    kept.append((now, value))
    while now - kept[0][0] > MEMORY_S:
        kept.popleft()
