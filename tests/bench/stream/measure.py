"""What is measured of one side at one size over one link, and what a round of the gates is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from images import Size
from links import LOOPBACK, Cell
from side import Opened, processor_s

TRIP_LIMIT_MS = 15_000
STORM_S = 0.8
WHEEL_S = 1.5
HZ = 60
SETTLE_S, SETTLE_CHECKS = 0.2, 100


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of one cell: milliseconds until painted, until painted exact; frames a second, kilobytes and CPU ms a frame."""

    painted: float | None
    exact: float | None
    rate: float
    kilobytes: float
    processor_ms: float


@dataclass
class Rounds:
    """What the interleaved rounds of one side on loopback gave, by edge."""

    painted: dict[int, list[float]] = field(default_factory=dict)
    wheel: list[dict[str, Any]] = field(default_factory=list)

    def trip(self, edge: int) -> float | None:
        """Return the median milliseconds until painted."""
        return middle(self.painted.get(edge, []))

    @property
    def slices_a_second(self) -> float | None:
        """Return the median of different slices painted a second while the wheel turned."""
        return middle([each["distinct"] / each["seconds"] for each in self.wheel])

    @property
    def skipped(self) -> int:
        """Return how many of all slices asked for were never painted."""
        return sum(each["asked"] - each["distinct"] for each in self.wheel)


def middle(values: list[float | None]) -> float | None:
    """Return the median of what arrived, None when nothing did."""
    arrived = [value for value in values if value is not None]
    return median(arrived) if arrived else None


def cell(opened: Opened, size: Size, over: Cell, rounds: int = 7, budget_ms: int = 1800) -> Figures:
    """Measure one cell; a slow one gets fewer rounds, never fewer than three."""
    trips = opened.ask(size.edge, over, "trips", rounds=rounds, budget=budget_ms, limit=TRIP_LIMIT_MS)
    processes = opened.side.processes()
    bytes_before, spent_before = opened.relay.down.carried, processor_s(processes)
    storm = opened.ask(size.edge, over, "storm", kind="drag", hz=HZ, seconds=STORM_S)
    frames = max(1, storm["total"])
    spent = processor_s(processes) - spent_before
    carried = opened.relay.down.carried - bytes_before
    settle(processes)
    return Figures(
        middle(trips["painted"]),
        middle(trips["exact"]) if opened.side.lossless else None,
        storm["frames"] / storm["seconds"],
        carried / frames / 1000,
        1000 * spent / frames,
    )


def settle(processes: Sequence[int]) -> None:
    """Wait until a server has worked off what it still owes: some encode every picture that nobody waits for any more."""
    for _ in range(SETTLE_CHECKS):
        before = processor_s(processes)
        time.sleep(SETTLE_S)
        if processor_s(processes) - before < SETTLE_S / 4:
            return


def gate_round(opened: Opened, edges: tuple[int, ...], number: int, into: Rounds) -> None:
    """Add one round on loopback: trips at each edge, and the wheel over the slices of the first."""
    for edge in edges:
        trips = opened.ask(edge, LOOPBACK, "trips", rounds=10, budget=1500, limit=TRIP_LIMIT_MS)
        into.painted.setdefault(edge, []).extend(trips["exact"] if opened.side.lossless else trips["painted"])
    way = -1 if number % 2 else 1
    into.wheel.append(opened.ask(edges[0], LOOPBACK, "storm", kind="wheel", hz=HZ, seconds=WHEEL_S, way=way))
    settle(opened.side.processes())
