"""The figures of one run as a section of docs/performance.md."""

import os
import platform
import time
from dataclasses import dataclass, field
from statistics import median

from first_image import FirstImages
from gates import OURS, gates
from images import Size
from links import Cell
from measure import Figures, Rounds
from scale import Step


@dataclass
class Results:
    """Everything that one run measured."""

    sizes: list[Size]
    cells_measured: list[Cell]
    deadline: float
    rounds: dict[str, Rounds] = field(default_factory=dict)
    cells: dict[tuple[str, str, Cell], Figures | None] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    first: FirstImages | None = None
    scale: list[Step] = field(default_factory=list)

    def trip(self, side: str, edge: int) -> float | None:
        """Return a side's median round trip of the interleaved rounds on loopback."""
        return self.rounds[side].trip(edge) if side in self.rounds else None

    def figures(self, side: str, size: str, cell: Cell) -> Figures | None:
        """Return one cell, None where it was not measured."""
        return self.cells.get((side, size, cell))

    @staticmethod
    def middle(values: list[float]) -> float:
        """Return the median."""
        return median(values)


EVERY_SLICE = (
    "Cornerstone3D fetches raw 16-bit values, as the files hold them: 262 MB for every slice, 70 s over 30 Mbit/s. Its program "
    "and the product's page were loaded before."
)


def document(results: Results) -> str:
    """Return the section."""
    return "\n".join(
        [
            "## The stream, against its peers",
            "",
            f"`make bench-stream`, {time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores of {platform.machine()}.",
            "One phantom in four sizes, window drags. Product and peers in browsers of their own, each behind the same relay",
            "(delay and rate on loopback; the kernel has no netem), the product also behind its hub's proxy. Milliseconds",
            "from the event to the painted picture, medians. noVNC onto a desktop viewer is left out: 66 Debian packages.",
            "",
            *_gates(results),
            *_sides(results),
            *_first(results),
            *_peers(results),
            *_matrix(results),
            *_scale(results),
        ]
    )


def _gates(results: Results) -> list[str]:
    rows = [
        f"| {one.claim} | {one.wanted} | {one.came} | {'passed' if one.passed else 'missed'} |"
        for one in gates(results)
    ]
    return ["### Gates", "", "| what | wanted | came | |", "|---|---|---|---|", *rows, ""]


def _sides(results: Results) -> list[str]:
    lines = [
        "### On loopback, in turns",
        "",
        "| side | 512² ms | 1024² ms | different slices/s of 60 asked |",
        "|---|---|---|---|",
    ]
    for name, rounds in results.rounds.items():
        slices = rounds.slices_a_second
        lines.append(
            f"| {name} | {_ms(rounds.trip(512))} | {_ms(rounds.trip(1024))} | {'–' if slices is None else f'{slices:.0f}'} |"
        )
    lines += [f"| {name} | left out: {why} | | |" for name, why in results.missing.items()]
    return [*lines, "", "Reading Room counts when the picture is exact and verified.", ""]


def _first(results: Results) -> list[str]:
    first = results.first
    if first is None:
        return []
    lines = [
        "### A CT of 500 slices, from the click",
        "",
        "| link | Reading Room, verified | any other slice | Cornerstone3D |",
        "|---|---|---|---|",
    ]
    for cell in first.product:
        ours, jump, theirs = (median(each[cell]) for each in (first.product, first.jumps, first.peer))
        lines.append(f"| {cell} | {ours:.0f} ms | {jump:.0f} ms | {theirs:.0f} ms |")
    return [*lines, "", EVERY_SLICE, ""]


def _peers(results: Results) -> list[str]:
    lines = [
        "### Product and peers over links",
        "",
        "Ms until painted (until exact); pictures a second of a drag at 60 events a second; KB and server CPU ms a picture.",
        "",
        "| size, link | side | ms | /s | KB | CPU ms |",
        "|---|---|---|---|---|---|",
    ]
    shared = [key for key in results.cells if key[0] != OURS]
    places = dict.fromkeys((size, cell) for _, size, cell in shared)
    lines += [
        f"| {size}, {cell} | {side} | {_figures(results.figures(side, size, cell))} |"
        for size, cell in places
        for side in results.rounds
    ]
    return [*lines, ""]


def _matrix(results: Results) -> list[str]:
    lines = ["### Reading Room over every link", ""]
    for size in results.sizes:
        if not any(side == OURS and name == size.name for side, name, _ in results.cells):
            continue
        rates = list(dict.fromkeys(cell.megabits for cell in results.cells_measured))
        lines += [
            f"{size.name}: ms until painted / until exact, pictures a second, KB",
            "",
            "| round trip | " + " | ".join(f"{rate} Mbit/s" for rate in rates) + " |",
            "|---" * (len(rates) + 1) + "|",
        ]
        for trip in dict.fromkeys(cell.round_trip_ms for cell in results.cells_measured):
            row = [_short(results.figures(OURS, size.name, Cell(trip, rate))) for rate in rates]
            lines.append(f"| {trip} ms | " + " | ".join(row) + " |")
        lines.append("")
    return lines


def _scale(results: Results) -> list[str]:
    lines = [
        "### Readers on one core",
        "",
        "| readers | pictures/s each | 95 % within | core in use |",
        "|---|---|---|---|",
    ]
    lines += [f"| {one.readers} | {one.rate:.1f} | {one.slowest_ms:.0f} ms | {one.busy:.0%} |" for one in results.scale]
    return [*lines, ""]


def _figures(one: Figures | None) -> str:
    if one is None or one.painted is None:
        return "– | | | "
    exact = f" ({_ms(one.exact)})" if one.exact is not None and one.exact > one.painted * 1.05 else ""
    return f"{_ms(one.painted)}{exact} | {one.rate:.0f} | {one.kilobytes:.0f} | {one.processor_ms:.1f}"


def _short(one: Figures | None) -> str:
    if one is None or one.painted is None:
        return "–"
    return f"{_ms(one.painted)} / {_ms(one.exact)}, {one.rate:.0f}/s, {one.kilobytes:.0f}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if value < 20 else f"{value:.0f}"
