"""The grayscale pipeline of PS3.4 N.2 composed into one lookup table, so that no rounding hides between stages.

The rounding rule, the only one: a display value y is computed in float64 and becomes floor(y + 0.5), clipped to 0..255.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError
from readingroom.pixels.voi import WHITE, Floats, Voi

__all__ = ["GrayscalePipeline", "LookupTable", "Padding", "Voi", "lookup", "lookup_reference", "round_to_display"]

Picture8 = NDArray[np.uint8]
TABLE_BITS = 16
BLACK = 0


@dataclass(frozen=True, eq=False, slots=True)
class LookupTable:
    """A Modality or VOI LUT (PS3.3 C.11.1.1, C.11.2.1.1): ``entries`` are float64, ``bits`` those of an entry."""

    first_mapped: int
    entries: Floats
    bits: int

    def __post_init__(self) -> None:
        if self.entries.ndim != 1 or not len(self.entries):
            raise DamagedImageError("A lookup table of the image holds no entries.")
        if not 1 <= self.bits <= TABLE_BITS:
            raise DamagedImageError(f"A lookup table of the image has entries of {self.bits} bits.")

    def apply(self, values: NDArray[Any]) -> Floats:
        """Return entries for values, the first and last of them for what lies outside (PS3.3 C.11.1.1)."""
        index = np.floor(np.asarray(values, np.float64) + 0.5) - self.first_mapped
        return np.asarray(self.entries[np.clip(index, 0, len(self.entries) - 1).astype(np.int64)])


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
    ``shape`` is the Presentation LUT Shape, INVERSE for MONOCHROME1; ``inverted`` is the reader's own wish.
    Padding is black whatever the polarity: it is the surround of the image and must not dazzle.
    """

    voi: Voi | LookupTable
    slope: float = 1.0
    intercept: float = 0.0
    modality: LookupTable | None = None
    padding: Padding | None = None
    shape: Literal["IDENTITY", "INVERSE"] = "IDENTITY"
    inverted: bool = False

    def modality_values(self, stored: NDArray[Any]) -> Floats:
        """Return modality values (HU for CT) in float64 (PS3.3 C.11.1)."""
        if self.modality is not None:
            return self.modality.apply(stored)
        return np.asarray(stored, np.float64) * self.slope + self.intercept

    def formula(self, stored: NDArray[Any]) -> Picture8:
        """Return display values element by element: the meaning of the table, and the way of float and 32-bit data."""
        values = self.modality_values(stored)
        y = self._display(np.nan_to_num(values, nan=-np.inf, posinf=np.inf, neginf=-np.inf))
        shown = round_to_display(WHITE - y if (self.shape == "INVERSE") is not self.inverted else y)
        absent = np.isnan(values) if self.padding is None else np.isnan(values) | self.padding.covers(stored)
        shown[absent] = BLACK
        return shown

    def table(self, dtype: np.dtype[Any]) -> Picture8:
        """Return the display value of every stored value of an 8- or 16-bit type, by its bit pattern.

        For 16 bit the table has 65,536 entries, for 8 bit 256; index it with ``stored.view`` of the unsigned type.
        """
        return self.formula(_every_value(np.dtype(dtype).str))

    def apply(self, stored: NDArray[Any]) -> Picture8:
        """Return the 8-bit picture of stored values, same shape, C-contiguous."""
        if stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2:  # noqa: PLR2004 - 16 bit is the widest table
            return self.formula(stored)
        return lookup(self.table(stored.dtype), stored)

    def with_voi(self, voi: Voi | LookupTable, *, inverted: bool) -> "GrayscalePipeline":
        """Return the same pipeline with another window and the reader's wish to invert."""
        return replace(self, voi=voi, inverted=inverted)

    def _display(self, values: Floats) -> Floats:
        if isinstance(self.voi, Voi):
            return self.voi.apply(values)
        return np.asarray(self.voi.apply(values) * (WHITE / (2**self.voi.bits - 1)))


def round_to_display(y: Floats) -> Picture8:
    """Return floor(y + 0.5) clipped to 0..255: the rounding rule of this project."""
    return np.clip(np.floor(y + 0.5), 0, WHITE).astype(np.uint8)


def lookup(table: Picture8, stored: NDArray[Any]) -> Picture8:
    """Return the table's entry for each stored value; OpenCV where it can (five times NumPy), the same result."""
    pattern = np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")
    if pattern.ndim != 2 or not pattern.size:  # noqa: PLR2004 - OpenCV takes (rows, columns)
        return np.asarray(table[pattern])
    import cv2  # noqa: PLC0415 - a quarter of a second that an index or a command line never needs

    return np.asarray(cv2.LUT(pattern, table), np.uint8)


def lookup_reference(table: Picture8, stored: NDArray[Any]) -> Picture8:
    """Return what ``lookup`` must return, by NumPy alone."""
    return np.take(table, np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}"))


@lru_cache(maxsize=4)
def _every_value(dtype: str) -> NDArray[Any]:
    """Return every value of a type in the order of bit patterns, as that type."""
    size = np.dtype(dtype).itemsize
    values = np.arange(1 << 8 * size).astype(f"u{size}").view(dtype)
    values.flags.writeable = False
    return values
