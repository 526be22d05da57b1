"""The usual window is a straight line between black and white: then a multiplication gives the table's own bytes.

A lookup reads memory twice for each pixel; this takes half of its time, and a window that moves needs no table. It is
used only where it was shown to equal the table for every stored value, so the table stays the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIFT = 38
"""Bits behind the point: the shades of a window of all 65,536 stored values still differ in the last few of them."""

BLACK, WHITE = 0, 255
LIMIT = (2**15 - 2) << 32
"""What no part of the sum may reach: the loop holds it in two words, of 32 bits above and 16 below."""

_LEVELS = np.arange(1, WHITE + 1) - (WHITE + 1) / 2
_BESIDE = np.arange(-1, 2)
_EVERY = _BESIDE.size * WHITE
"""Stored values inside a window up to which all of them are looked at."""

_TURNS = (0, 1, -1)
"""By how much a line is turned to pass two shades that lie on a half, one of which float64 rounded up and one down."""

_warm = False

Shown = Callable[[NDArray[np.int64]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Slope:
    """How the P-value rises for one stored value inside a window, and the stored value at which it is half of white."""

    rise: float
    middle: float


@dataclass(frozen=True, slots=True)
class StraightLine:
    """``(factor * (x - first) + offset) >> 38``, clipped to 0..255, shows x held between ``first`` and ``last``."""

    first: int
    last: int
    factor: int
    offset: int

    def shows(self, stored: float) -> int:
        """Return the display value of one stored value."""
        held = int(min(max(stored, self.first), self.last)) - self.first
        return min(max((self.factor * held + self.offset) >> SHIFT, BLACK), WHITE)


def straight_line(shown: Shown, low: int, high: int, slope: Slope) -> StraightLine | None:
    """Return the line that gives exactly ``shown`` for all stored values from ``low`` to ``high``; None if there is none.

    ``shown`` must rise or fall throughout, as a window does: then two values that look alike enclose only their like,
    and it is enough to look on both sides of each change of shade.
    """
    points = _beside_changes(low, high, slope)
    shades = shown(points)
    changes = np.flatnonzero(shades[1:] != shades[:-1])
    if not changes.size or (points[changes + 1] - points[changes]).max() > 1:
        return None
    bent, places = (part[changes[0] : changes[-1] + 2].astype(np.int64) for part in (shades, points))
    first, last = int(places[0]), int(places[-1])
    factor = round(slope.rise * (1 << SHIFT)) if last - first > 1 else int(bent[-1] - bent[0]) << SHIFT
    for turned in _TURNS:
        offset = _offset(factor + turned, places - first, bent)
        if offset is not None:
            return StraightLine(first, last, factor + turned, offset)
    return None


def _offset(factor: int, places: NDArray[np.int64], bent: NDArray[np.int64]) -> int | None:
    """Return the offset in the middle of those with which ``factor`` gives ``bent`` at ``places``, None without any."""
    reached = factor * places
    room = (bent << SHIFT) - reached
    # Black and white, which lie at an end each, are clipped: from them the line may go on downwards and upwards.
    ends = int(bent[0]), int(bent[-1])
    lowest = int(room[ends[0] == BLACK : room.size - (ends[1] == BLACK)].max())
    highest = int(room[ends[0] == WHITE : room.size - (ends[1] == WHITE)].min()) + (1 << SHIFT) - 1
    offset = (lowest + highest) // 2
    if lowest > highest or max(abs(offset), abs(int(reached[-1])), abs(int(reached[-1]) + offset)) >= LIMIT:
        return None
    return offset


def _beside_changes(low: int, high: int, slope: Slope) -> NDArray[np.int64]:
    """Return stored values in rising order: both ends, and the three around each change of shade or all of a narrow window."""
    reach = (WHITE / 2 + 1) / abs(slope.rise)
    if 2 * reach <= _EVERY:
        start, stop = slope.middle - reach - 2, slope.middle + reach + 2
        inside = np.arange(int(min(max(start, low), high)), int(min(max(stop, low), high)) + 1)
    else:
        changes = np.rint(np.clip(slope.middle + _LEVELS / abs(slope.rise), low, high)).astype(np.int64)
        inside = np.clip(changes[:, None] + _BESIDE, low, high).reshape(-1)
    return np.concatenate([[low], inside, [high]])


def warm_up() -> None:
    """Load and compile the loop, half a second and 95 MB once, for a process that will show many frames.

    Before that, and in a process that never calls it, every picture comes from the table: the same bytes.
    """
    global _warm  # noqa: PLW0603 - one compiled loop for the process
    from readingroom.pixels import straight_kernel  # noqa: PLC0415 - numba

    for dtype in (np.int16, np.uint16):
        straight_kernel.run(StraightLine(0, 1, 1, 0), np.zeros((1, 1), dtype))
    _warm = True


def is_warm() -> bool:
    """Return whether ``draw`` may be called without loading numba."""
    return _warm


def draw(line: StraightLine, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the display values of int16 or uint16 stored values, same shape, C-contiguous."""
    from readingroom.pixels import straight_kernel  # noqa: PLC0415 - numba

    return straight_kernel.run(line, stored)
