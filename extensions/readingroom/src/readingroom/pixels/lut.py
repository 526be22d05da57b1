"""Lookup tables of an image: Modality, VOI and Presentation LUT (PS3.3 C.11.1.1, C.11.2.1.1, C.11.6.1.1)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError

Floats = NDArray[np.float64]
WHITE = 255.0
MAX_BITS = 16
MAX_ENTRIES = 2**16


@dataclass(frozen=True, eq=False, slots=True)
class LookupTable:
    """A table of 1 to 65,536 entries in float64; ``first_mapped`` is the value of the first, ``bits`` those of an entry.

    Raises
    ------
    DamagedImageError
        For no entries, too many, bits outside 1 to 16, or an entry that its bits cannot hold.
    """

    first_mapped: int
    entries: Floats
    bits: int

    def __post_init__(self) -> None:
        if self.entries.ndim != 1 or not 1 <= len(self.entries) <= MAX_ENTRIES:
            raise DamagedImageError(f"A lookup table of the image holds {self.entries.size} entries, not 1 to 65,536.")
        if not 1 <= self.bits <= MAX_BITS:
            raise DamagedImageError(f"A lookup table of the image has entries of {self.bits} bits.")
        if self.entries.min() < 0 or self.entries.max() > self.largest:
            raise DamagedImageError(f"A lookup table of the image has an entry that is no number of {self.bits} bits.")

    @property
    def largest(self) -> int:
        """Return the largest number of its bits, which is white where the table is a VOI or Presentation LUT."""
        return int(2**self.bits - 1)

    @property
    def last_mapped(self) -> int:
        """Return the input value of the last entry."""
        return self.first_mapped + len(self.entries) - 1

    def covering(self, low: float, high: float) -> "LookupTable":
        """Return the table with its first value mapped read as the 16-bit number, signed or not, that suits its input.

        It comes as US or SS, and files mix them up: of the two numbers its bits may mean, the one with which the table
        covers more of the input's range from ``low`` to ``high`` is meant; the one that is written where both do alike.
        """
        pattern = self.first_mapped % 2**16
        signed = pattern - 2**16 if pattern >= 2**15 else pattern
        written, other = (signed, pattern) if self.first_mapped < 0 else (pattern, signed)
        last = len(self.entries) - 1
        covered = [min(first + last, high) - max(first, low) for first in (written, other)]
        return replace(self, first_mapped=other if covered[1] > covered[0] else written)

    def apply(self, values: NDArray[Any]) -> Floats:
        """Return entries for values, the first and last of them for what lies outside (PS3.3 C.11.1.1)."""
        index = np.floor(np.asarray(values, np.float64) + 0.5) - self.first_mapped
        return np.asarray(self.entries[np.clip(index, 0, len(self.entries) - 1).astype(np.int64)])

    def display(self, values: NDArray[Any]) -> Floats:
        """Return entries on the scale 0 to 255, not rounded."""
        return np.asarray(self.apply(values) * (WHITE / self.largest))

    def present(self, display: Floats) -> Floats:
        """Return P-values 0 to 255 of display values 0 to 255, whose range is that of its input (PS3.3 C.11.6.1.1).

        The input is scaled to 0 … entries - 1 and takes the nearest entry, halves upwards; ``first_mapped`` is 0 by the
        Standard and is not looked at.
        """
        index = np.floor(display * ((len(self.entries) - 1) / WHITE) + 0.5).astype(np.int64)
        return np.asarray(self.entries[index] * (WHITE / self.largest))
