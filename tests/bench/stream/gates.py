"""The gates of the stream: ratios within one run, each with what was wanted, what came, and whether that is enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import scale
from links import EVERY_CELL, FIRST_IMAGE_CELLS

if TYPE_CHECKING:
    from table import Results

OURS = "Reading Room"
DISPLAY_FRAME_MS = 1000 / 60
JUMP_MS = 30


@dataclass(frozen=True, slots=True)
class Gate:
    """One line of the table."""

    claim: str
    wanted: str
    came: str
    passed: bool


def gates(results: "Results") -> Iterator[Gate]:
    """Yield every gate that this run has figures for."""
    yield from _quicker(results)
    yield from _wheel(results)
    yield from _links(results)
    yield from _first_images(results)
    if results.scale:
        readers = scale.most(results.scale)
        yield Gate("readers a core, 20 pictures of 1024² a second each", "≥ 15", str(readers), readers >= 15)


def _quicker(results: "Results") -> Iterator[Gate]:
    """Compare verified lossless pictures of 512² with what each peer paints, on loopback."""
    ours = results.trip(OURS, 512)
    for peer, least in (
        ("trame-rca, JPEG", 3.0),
        ("trame-rca, PNG", 10.0),
        ("jupyter_rfb, JPEG", 8.0),
        ("jupyter_rfb, PNG", 8.0),
        ("Panel pane, JPEG", 8.0),
        ("Panel pane, PNG", 8.0),
    ):
        theirs = results.trip(peer, 512)
        if ours and theirs:
            ratio = theirs / ours
            yield Gate(f"lossless 512², quicker than {peer}", f"≥ {least:g} ×", f"{ratio:.1f} ×", ratio >= least)
    theirs = results.trip("Cornerstone3D, CPU", 512)
    if ours and theirs:
        ratio = ours / theirs
        yield Gate("lossless 512², against Cornerstone3D's CPU rendering", "≤ 1.3 ×", f"{ratio:.2f} ×", ratio <= 1.3)


def _wheel(results: "Results") -> Iterator[Gate]:
    """Ask whether every slice was painted at 60 notches a second."""
    ours = results.rounds.get(OURS)
    if ours and ours.wheel:
        asked = sum(each["asked"] for each in ours.wheel)
        came = f"{asked - ours.skipped} of {asked}"
        yield Gate("different lossless 512² slices painted, 60 notches a second", "all", came, ours.skipped <= 0)


def _links(results: "Results") -> Iterator[Gate]:
    """Compare each round trip with the sum of its parts: the one on loopback, the way, the bytes, one display frame."""
    worst, at = 0.0, ""
    for size in results.sizes:
        base = results.figures(OURS, size.name, EVERY_CELL[0])
        for cell in results.cells_measured:
            one = results.figures(OURS, size.name, cell)
            if not (base and one and base.exact and one.painted) or cell.megabits >= 1000:
                continue
            parts = base.exact + cell.round_trip_ms + 8 * one.kilobytes / cell.megabits + DISPLAY_FRAME_MS
            if one.painted / parts > worst:
                worst, at = one.painted / parts, f"{size.name}, {cell}"
    if at:
        yield Gate(
            "painted, against the sum of its parts, the worst cell",
            "≤ 1.3 ×",
            f"{worst:.2f} × ({at})",
            worst <= 1.3,
        )


def _first_images(results: "Results") -> Iterator[Gate]:
    first = results.first
    if first is None:
        return
    for cell in FIRST_IMAGE_CELLS:
        ours, theirs = results.middle(first.product[cell]), results.middle(first.peer[cell])
        came = f"{ours:.0f} ms, {theirs:.0f} ms"
        yield Gate(
            f"first verified image of 500 slices, Cornerstone3D's first ({cell})", "no later", came, ours <= theirs
        )
        jump, limit = results.middle(first.jumps[cell]), cell.round_trip_ms + JUMP_MS
        yield Gate(f"any other slice, verified ({cell})", f"≤ {limit} ms", f"{jump:.0f} ms", jump <= limit)
    if not (first.product_megabytes and first.peer_megabytes):
        return
    share = first.product_megabytes / max(1.0, first.peer_megabytes)
    came = f"{share:.2f} ({first.product_megabytes:.0f} of {first.peer_megabytes:.0f} MB)"
    yield Gate("browser memory of it, against Cornerstone3D with every slice", "≤ 0.25", came, share <= 0.25)
