"""Test patterns of our own for a reader's screen: drawn like any image, so that what is judged is what images go through.

After the ideas of AAPM TG18 and TG270, whose own patterns these are not: each says on itself that it is synthetic. One
pattern pixel is meant for one device pixel.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 560, 720
SQUARES: Final = tuple(range(0, 256, 15))
"""The driving levels (DDL) of the 18 squares, which are also those that are measured."""

STEP = 5
"""The bars in each square are so many levels off it; a screen or a path that loses them hides low contrast."""

SQUARE, GAP, PER_ROW = 72, 8, 9
BAR = (16, 40)
SURROUND = 128
DARK_FIELD, BRIGHT_FIELD = 26, 204
"""A tenth and eight tenths of 255: the even fields whose five points are measured."""

QUALITY, DARK, BRIGHT, FIRST_LEVEL = 0, 1, 2, 3
COUNT = FIRST_LEVEL + len(SQUARES)
"""Numbers of the patterns: the quality pattern, two even fields, then a large patch of each of the 18 levels."""

NAMES: Final = (
    "Quality pattern",
    "Even field, dark",
    "Even field, bright",
    *(f"Level {level}" for level in SQUARES),
)
LABEL = "SYNTHETIC TEST PATTERN - NO PATIENT - after AAPM TG270"

Pixels = NDArray[np.uint8]


@cache
def pattern(number: int) -> Pixels:
    """Return a pattern, uint8, (560, 720), read-only; raises ``IndexError`` for a number from 21 on."""
    if number not in range(COUNT):
        raise IndexError(number)
    field = {DARK: DARK_FIELD, BRIGHT: BRIGHT_FIELD}.get(number, SURROUND)
    pixels = np.full((ROWS, COLUMNS), field, np.uint8)
    if number == QUALITY:
        _draw_quality(pixels)
    elif number >= FIRST_LEVEL:
        pixels[150:410, 230:490] = SQUARES[number - FIRST_LEVEL]
        _write(pixels, f"SYNTHETIC - level {SQUARES[number - FIRST_LEVEL]}")
    pixels.flags.writeable = False
    return pixels


def square_corner(number: int) -> tuple[int, int]:
    """Return row and column of the first pixel of a square, from 0 to 17."""
    row, column = divmod(number, PER_ROW)
    margin = (COLUMNS - PER_ROW * SQUARE - (PER_ROW - 1) * GAP) // 2
    return 16 + row * (SQUARE + GAP), margin + column * (SQUARE + GAP)


def bars(level: int) -> tuple[int, int]:
    """Return the levels of the two bars in a square: 5 below and above it, or both inwards at the ends of the scale."""
    if level - STEP < 0:
        return level + STEP, level + 2 * STEP
    if level + STEP > SQUARES[-1]:
        return level - STEP, level - 2 * STEP
    return level - STEP, level + STEP


def _draw_quality(pixels: Pixels) -> None:
    for number, level in enumerate(SQUARES):
        top, left = square_corner(number)
        pixels[top : top + SQUARE, left : left + SQUARE] = level
        for bar, at in zip(bars(level), (12, 44), strict=True):
            pixels[top + 16 : top + 16 + BAR[1], left + at : left + at + BAR[0]] = bar
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 2)
    pixels[196:236, 104:616], pixels[240:280, 104:616] = ramp, ramp[::-1]
    for left, level in ((4, 0), (244, SURROUND), (484, 255)):
        pixels[300:400, left : left + 232] = level
    for left, low, high in (
        (24, 0, 255),
        (144, 0, 255),
        (264, 123, 133),
        (384, 123, 133),
        (504, 0, 20),
        (624, 235, 255),
    ):
        pixels[420:492, left : left + 72] = _line_pairs(low, high, upright=(left // 120) % 2 == 0)
    _write(pixels, LABEL)


def _line_pairs(low: int, high: int, *, upright: bool) -> Pixels:
    """Return a square of lines one pixel wide, which is what a picture loses first when it is resampled."""
    lines = np.where(np.arange(SQUARE) % 2 == 0, np.uint8(low), np.uint8(high))
    return np.broadcast_to(lines if upright else lines[:, None], (SQUARE, SQUARE)).astype(np.uint8)


def _write(pixels: Pixels, words: str) -> None:
    cv2.putText(pixels, words, (16, ROWS - 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
