"""The usual window is a straight line between black and white: then a multiplication gives the table's own bytes.

A lookup reads memory twice for each pixel and takes a processor seven times as long as a copy of the frame; this takes
twice as long. It is used only where it was shown to equal the table for every stored value, so the table stays the truth.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIFT = 22
"""Bits behind the point: 255 and its fraction still fit a signed word of 32 bits."""

BLACK, WHITE, WORD = 0, 255, 2**31

_warm = False


@dataclass(frozen=True, slots=True)
class StraightLine:
    """``(factor * (x - first) + offset) >> 22``, clipped to 0..255, shows x held between ``first`` and ``last``."""

    first: int
    last: int
    factor: int
    offset: int


def straight_line(shown: NDArray[np.uint8], low: int, gradient: float) -> StraightLine | None:
    """Return the line that gives exactly ``shown``, the display values of ``low``, ``low`` + 1, …; None if there is none.

    ``gradient`` is the rise of the display value for one stored value. Of all offsets that give every value rightly the
    middle one is taken; where there is none, as for padding inside an inverted window, there is no line. Nor is there for
    most windows wider than 2,000 to 4,000 stored values, whose shades begin too near to each other for 22 bits.
    """
    changes = np.flatnonzero(shown[1:] != shown[:-1])
    if not changes.size:
        return None
    first, last = int(changes[0]), int(changes[-1]) + 1
    factor = round(gradient * (1 << SHIFT))
    bent = shown[first : last + 1].astype(np.int64)
    reached = factor * np.arange(last - first + 1, dtype=np.int64)
    room = (bent << SHIFT) - reached
    # Black and white are clipped: from them the line may go on downwards and upwards.
    lowest = int(room[bent > BLACK].max(initial=-WORD))
    highest = int(room[bent < WHITE].min(initial=WORD)) + (1 << SHIFT) - 1
    offset = (lowest + highest) // 2
    if lowest > highest or max(abs(offset), np.abs(reached).max(), np.abs(reached + offset).max()) >= WORD:
        return None
    return StraightLine(low + first, low + last, factor, offset)


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
