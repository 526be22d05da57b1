"""The links and image sizes of the stream's benchmark, and the order in which they are measured."""

from dataclasses import dataclass

from readingroom.testing.link import Link


@dataclass(frozen=True, slots=True)
class Cell:
    """One link: round trip in milliseconds, megabits a second in each direction (1000 is not throttled)."""

    round_trip_ms: int
    megabits: int

    @property
    def link(self) -> Link:
        """The link as the relay emulates it; on the quickest the machine's own loopback is the limit."""
        rate = None if self.megabits >= UNLIMITED else self.megabits * 1e6
        return Link(delay_s=self.round_trip_ms / 2000, rate_bit_s=rate)

    def __str__(self) -> str:
        """Return it as the table says it."""
        return f"{self.round_trip_ms} ms, {self.megabits} Mbit/s"


UNLIMITED = 1000
ROUND_TRIPS_MS = (0, 5, 20, 60, 120)
MEGABITS = (1000, 100, 20, 5)
EVERY_CELL = tuple(Cell(trip, rate) for trip in ROUND_TRIPS_MS for rate in MEGABITS)
LOOPBACK = Cell(0, UNLIMITED)
HOME = Cell(20, 20)
PEER_CELLS = (LOOPBACK, HOME)
"""Where peers are measured too; their figures follow from these, and fifteen minutes hold no more."""
FIRST_IMAGE_CELLS = (LOOPBACK, Cell(20, 30))
