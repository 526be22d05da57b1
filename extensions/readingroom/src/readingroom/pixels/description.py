"""What the Image Pixel Module says about the bytes of a frame (PS3.3 C.7.6.3), checked on construction."""

from dataclasses import dataclass

import numpy as np

from readingroom.errors import DamagedImageError, UnsupportedImageError

MAX_SAMPLES = 2**28
"""The largest frame taken on, in samples; the largest radiographs have about 2**26."""

MAX_BYTES = 384 * 2**20
"""The largest frame taken on, in bytes of its stored values and of its picture together."""

INTEGER_BITS = (1, 8, 16, 32)
COLOR_SAMPLES = 3
HALF_CHROMA = ("YBR_FULL_422", "YBR_PARTIAL_422")
"""Colour whose differences are held once for two pixels, when uncompressed (PS3.3 C.7.6.3.1.2)."""

_OF_ONE = ("MONOCHROME", "PALETTE COLOR")
_OF_THREE = ("RGB", "YBR", "HSV")


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """The attributes of the Image Pixel Module that decoding needs, under the Standard's own names.

    Raises
    ------
    DamagedImageError
        When the attributes contradict each other.
    UnsupportedImageError
        When they are consistent but describe something we do not show.
    """

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    pixel_representation: int = 0
    planar_configuration: int = 0
    photometric_interpretation: str = "MONOCHROME2"

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise DamagedImageError(f"The image says it has {self.rows} rows and {self.columns} columns.")
        if self.samples_per_pixel not in (1, COLOR_SAMPLES):
            raise UnsupportedImageError(
                f"Images in {self.photometric_interpretation or 'an unnamed colour space'} with "
                f"{self.samples_per_pixel} samples per pixel are not supported."
            )
        if self.photometric_interpretation.startswith(_OF_THREE if self.samples_per_pixel == 1 else _OF_ONE):
            raise DamagedImageError(
                f"The image says it is {self.photometric_interpretation} but has "
                f"{self.samples_per_pixel} samples per pixel."
            )
        if self.bits_allocated not in INTEGER_BITS:
            raise UnsupportedImageError(f"Images with {self.bits_allocated} bits allocated are not supported.")
        if not (1 <= self.bits_stored <= self.high_bit + 1 <= self.bits_allocated):
            raise DamagedImageError(
                f"The image says it stores {self.bits_stored} bits below bit {self.high_bit}, "
                f"which does not fit into {self.bits_allocated}."
            )
        if self.samples > MAX_SAMPLES or self.samples * (self.container.itemsize + 1) > MAX_BYTES:
            raise DamagedImageError(
                f"The image says it has {self.rows} rows and {self.columns} columns, more than any image we show."
            )

    @property
    def samples(self) -> int:
        """Return how many numbers one frame holds."""
        return self.rows * self.columns * self.samples_per_pixel

    @property
    def is_color(self) -> bool:
        """Return whether a frame has three samples per pixel."""
        return self.samples_per_pixel == COLOR_SAMPLES

    @property
    def is_signed(self) -> bool:
        """Return whether stored values are two's complement (Pixel Representation 1)."""
        return self.pixel_representation == 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (rows, columns) for grey, (rows, columns, 3) for colour."""
        return (self.rows, self.columns, COLOR_SAMPLES) if self.is_color else (self.rows, self.columns)

    @property
    def container(self) -> np.dtype[np.unsignedinteger]:
        """Return the unsigned type as wide as the bits allocated; one bit is unpacked into a byte."""
        return np.dtype(f"u{max(self.bits_allocated, 8) // 8}")

    @property
    def dtype(self) -> np.dtype[np.integer]:
        """Return the type of stored values."""
        return np.dtype(f"{'i' if self.is_signed else 'u'}{self.container.itemsize}")

    @property
    def native_bits(self) -> int:
        """Return the length of one uncompressed frame in bits (PS3.5 8.1.1 and, for 4:2:2, PS3.3 C.7.6.3.1.2)."""
        if self.photometric_interpretation in HALF_CHROMA and self.is_color:
            return self.rows * self.columns * 2 * self.bits_allocated
        return self.samples * self.bits_allocated

    @property
    def native_length(self) -> int:
        """Return the length of one uncompressed frame in bytes, the last one filled up."""
        return (self.native_bits + 7) // 8
