"""The arithmetic of a network link: when each piece of data that enters it comes out at the far end.

A link is one bottleneck per direction, shared by everything that crosses it, and then a way that takes time: serialisation at
``rate``, propagation of ``delay``, ``jitter`` that never reorders, loss that costs a retransmission, and cuts. Slow start is
not modelled: every connection is an old one with an open window, so small and large transfers are treated alike.
"""

import math
import random
from dataclasses import dataclass

SEGMENT_BYTES = 1448
"""What one Ethernet packet carries of a TCP stream: 1500 bytes less IP and TCP headers with time stamps (RFC 793, RFC 7323)."""

LEAST_TIMEOUT_S = 0.2
"""Linux waits at least this long before it sends a segment again without being told to (RFC 6298 with Linux' floor)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One kind of connection. ``delay_s`` is one way, ``rate_bit_s`` None is unlimited, ``loss`` is per segment.

    ``queue_bytes`` is what the bottleneck holds before the sender has to wait, as the buffer of a home router does.
    """

    delay_s: float = 0.0
    rate_bit_s: float | None = None
    jitter_s: float = 0.0
    loss: float = 0.0
    queue_bytes: int = 256 * 1024

    def __post_init__(self) -> None:
        """Refuse what no link can be."""
        if min(self.delay_s, self.jitter_s) < 0 or not 0 <= self.loss < 1 or self.queue_bytes < SEGMENT_BYTES:
            raise ValueError(f"no such link: {self}")
        if self.rate_bit_s is not None and self.rate_bit_s <= 0:
            raise ValueError("a link without a rate is a cut; use Relay.cut")

    def seconds_for(self, size: int) -> float:
        """Return the seconds that ``size`` bytes take to pass the bottleneck."""
        return 0.0 if self.rate_bit_s is None else size * 8 / self.rate_bit_s


@dataclass(frozen=True, slots=True)
class Cut:
    """A time span, in seconds of the caller's clock, in which nothing arrives."""

    start: float
    end: float

    def delivered(self, due: float) -> float:
        """Return when what was due then arrives: with the first retransmission after the cut, each twice as late."""
        if not self.start <= due < self.end:
            return due
        timeouts = math.ceil(math.log2((self.end - due) / LEAST_TIMEOUT_S + 1))
        return due + float(LEAST_TIMEOUT_S * (2**timeouts - 1))


class Direction:
    """The bottleneck of one direction. Knows no socket and no clock: every moment is given, in seconds."""

    def __init__(self, link: Link, seed: int = 0) -> None:
        self.link = link
        self.cut = Cut(0.0, 0.0)
        self.carried = 0
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Return how many seconds a sender has to wait before the queue takes more."""
        held = self._free_at - now
        return max(0.0, held - self.link.seconds_for(self.link.queue_bytes))

    def pass_through(self, size: int, now: float) -> float:
        """Return the moment at which the last of ``size`` bytes, sent now, arrives at the far end."""
        self.carried += size
        self._free_at = max(now, self._free_at) + self.link.seconds_for(size)
        return self.cut.delivered(self._free_at + self.link.delay_s + self._late(size))

    def _late(self, size: int) -> float:
        jitter = self._random.random() * self.link.jitter_s
        segments = math.ceil(size / SEGMENT_BYTES)
        if self.link.loss and self._random.random() < 1 - (1 - self.link.loss) ** segments:
            jitter += (
                2 * self.link.delay_s
            )  # told by the acknowledgements of what followed, and sent again: one round trip
        return jitter
