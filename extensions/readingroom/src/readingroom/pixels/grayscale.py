"""The grayscale pipeline of PS3.4 N.2 composed into one lookup table, so that no rounding hides between stages.

The order: Modality LUT, VOI LUT, Presentation LUT (a shape or a table), the reader's wish to invert, then P-values to
the display. All of it in float64 on a scale of 0 to 255. The rounding rule, the only one between a modality value and a
picture without tables: y becomes floor(y + 0.5), clipped to 0..255. A display profile rounds instead to the driving level
nearest in luminance (`readingroom.pixels.gsdf`); a table takes the nearest of its inputs, halves upwards. Padding is put
to 0 last, behind every inversion.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels import straight
from readingroom.pixels.backends import lookup
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import WHITE, Floats, LookupTable
from readingroom.pixels.straight import Slope, StraightLine
from readingroom.pixels.voi import Voi

__all__ = ["GrayscalePipeline", "LookupTable", "Padding", "Voi", "round_to_display"]

Picture8 = NDArray[np.uint8]
Span = tuple[int, int]
BLACK = 0
STEP = 1024


@dataclass(frozen=True, slots=True)
class Padding:
    """Stored values that stand for no measurement: Pixel Padding Value to Range Limit (PS3.3 C.7.5.1.1.2)."""

    value: float
    limit: float

    def covers(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where stored values are padding."""
        return (stored >= min(self.value, self.limit)) & (stored <= max(self.value, self.limit))


@dataclass(frozen=True, slots=True)
class GrayscalePipeline:
    """Everything between a stored value and its 8-bit display value.

    ``modality`` replaces ``slope`` and ``intercept`` where there is a Modality LUT; ``voi`` is a window or a VOI LUT;
    ``presentation``, a Presentation LUT, replaces ``shape``, which is INVERSE where small values are white (MONOCHROME1);
    ``display`` is the reader's calibrated screen, None for one that shows P-values as they are; ``inverted`` is the
    reader's own wish. Padding is black whatever the polarity: it is the surround of the image and must not dazzle.
    """

    voi: Voi | LookupTable
    slope: float = 1.0
    intercept: float = 0.0
    modality: LookupTable | None = None
    padding: Padding | None = None
    shape: Literal["IDENTITY", "INVERSE"] = "IDENTITY"
    presentation: LookupTable | None = None
    display: DisplayCurve | None = None
    inverted: bool = False

    def modality_values(self, stored: NDArray[Any]) -> Floats:
        """Return modality values (HU for CT) in float64 (PS3.3 C.11.1)."""
        if self.modality is not None:
            return self.modality.apply(stored)
        return np.asarray(stored, np.float64) * self.slope + self.intercept

    def p_values(self, modality: Floats) -> Floats:
        """Return P-values 0 to 255, not rounded, of modality values (PS3.4 N.2.1); NaN counts as the smallest."""
        values = np.fmax(modality, -np.inf)
        y = self.voi.apply(values) if isinstance(self.voi, Voi) else self.voi.display(values)
        if self.presentation is not None:
            y = self.presentation.present(y)
        inverse = self.shape == "INVERSE" and self.presentation is None
        return WHITE - y if inverse is not self.inverted else y

    def formula(self, stored: NDArray[Any]) -> Picture8:
        """Return display values element by element: the meaning of the table, and the way of float and 32-bit data."""
        values = self.modality_values(stored)
        p_values = self.p_values(values)
        shown = round_to_display(p_values) if self.display is None else self.display.apply(p_values)
        absent = np.isnan(values) if self.padding is None else np.isnan(values) | self.padding.covers(stored)
        shown[absent] = BLACK
        return shown

    def table(self, dtype: np.dtype[Any], span: Span | None = None) -> Picture8:
        """Return the display value of every stored value of an 8- or 16-bit type, by its bit pattern.

        For 16 bit the table has 65,536 entries, for 8 bit 256; index it with ``stored.view`` of the unsigned type.
        Entries outside ``span``, the smallest and largest stored value to be looked up, are left black.
        """
        every = _every_value(np.dtype(dtype).str)
        if span is None:
            return self.formula(every)
        values = np.arange(span[0], span[1] + 1).astype(every.dtype)
        table = np.full(every.shape, BLACK, np.uint8)
        table[values.view(f"u{every.itemsize}")] = self.formula(values)
        return table

    def apply(self, stored: NDArray[Any], span: Span | None = None) -> Picture8:
        """Return the 8-bit picture of stored values, same shape, C-contiguous.

        ``span`` is the smallest and largest of them where the caller knows it: a table of 4,096 values is made in a
        tenth of the time of one of 65,536. Tables are kept for a while, as a series is scrolled in one window.
        """
        if stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2:  # noqa: PLR2004 - 16 bit is the widest table
            return np.ascontiguousarray(self.formula(stored))
        if span is None and stored.size:
            span = int(stored.min()), int(stored.max())
        reach = None if span is None else _widened(span, stored.dtype)
        line = _line(self, stored.dtype.str, reach) if straight.is_warm() and reach is not None else None
        return lookup(_table(self, stored.dtype.str, reach), stored) if line is None else straight.draw(line, stored)

    @property
    def slope_inside(self) -> Slope | None:
        """Return how the P-value rises inside a window, None where that is no straight line."""
        if not isinstance(self.voi, Voi) or self.voi.function == "SIGMOID" or self.modality or self.presentation:
            return None
        is_linear = self.voi.function == "LINEAR"
        width, center = self.voi.width - is_linear, self.voi.center - is_linear / 2
        rise = WHITE * self.slope / width if width > 0 else math.copysign(WHITE, self.slope)  # a width of 1 is a step
        if not self.slope or not rise or not math.isfinite(rise) or self.display is not None:
            return None
        inverse = (self.shape == "INVERSE") is not self.inverted
        return Slope(-rise if inverse else rise, (center - self.intercept) / self.slope)

    def with_voi(self, voi: Voi | LookupTable, *, inverted: bool) -> "GrayscalePipeline":
        """Return the same pipeline with another window and the reader's wish to invert."""
        return replace(self, voi=voi, inverted=inverted)

    def on_display(self, display: DisplayCurve | None) -> "GrayscalePipeline":
        """Return the same pipeline for another screen."""
        return replace(self, display=display)


def round_to_display(y: Floats) -> Picture8:
    """Return floor(y + 0.5) clipped to 0..255: the rounding rule of this project."""
    return np.clip(np.floor(y + 0.5), 0, WHITE).astype(np.uint8)


@lru_cache(maxsize=32)
def _table(pipeline: GrayscalePipeline, dtype: str, span: Span | None) -> Picture8:
    table = pipeline.table(np.dtype(dtype), span)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=32)
def _line(pipeline: GrayscalePipeline, dtype: str, span: Span) -> StraightLine | None:
    """Return the straight line that equals the table for a span of stored values, None where there is none."""
    slope, padding = pipeline.slope_inside, pipeline.padding
    if slope is None or np.dtype(dtype).itemsize == 1:
        return None
    line = straight.straight_line(replace(pipeline, padding=None).formula, *span, slope)
    if line is None or padding is None:
        return line
    # Padding is black in the table; on the line it is where both of its ends are.
    low, high = sorted((padding.value, padding.limit))
    ends = (max(low, span[0]), min(high, span[1]))
    return line if low > span[1] or high < span[0] or all(line.shows(end) == BLACK for end in ends) else None


def _widened(span: Span, dtype: np.dtype[Any]) -> Span:
    """Return the span rounded outwards to whole steps, so that neighbouring frames share a table."""
    limits = np.iinfo(dtype)
    return max(span[0] // STEP * STEP, int(limits.min)), min(span[1] // STEP * STEP + STEP - 1, int(limits.max))


@lru_cache(maxsize=4)
def _every_value(dtype: str) -> NDArray[Any]:
    """Return every value of a type in the order of bit patterns, as that type."""
    size = np.dtype(dtype).itemsize
    values = np.arange(1 << 8 * size).astype(f"u{size}").view(dtype)
    values.flags.writeable = False
    return values
