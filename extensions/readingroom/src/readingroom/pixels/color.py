"""Colour frames to RGB, 8 bit each (PS3.3 C.7.6.3.1.2 Photometric Interpretation, C.7.6.3.1.5 palettes)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.description import PixelDescription

Array = NDArray[Any]

_KR, _KB = 0.299, 0.114
_KG = 1 - _KR - _KB
_FROM_YBR = np.array(
    [
        [1.0, 1.0, 1.0],
        [0.0, -_KB * 2 * (1 - _KB) / _KG, 2 * (1 - _KB)],
        [2 * (1 - _KR), -_KR * 2 * (1 - _KR) / _KG, 0.0],
    ]
)
_PARTIAL = ("YBR_PARTIAL_422", "YBR_PARTIAL_420")
_PASSED_ON = ("RGB", "YBR_RCT", "YBR_ICT")
"""What a codec hands out as RGB already: the transformation of JPEG 2000 is part of its codestream."""


def to_rgb(samples: Array, description: PixelDescription) -> NDArray[np.uint8]:
    """Return a decoded colour frame, (rows, columns, 3), as 8-bit RGB, by its Photometric Interpretation."""
    eight = eight_bits(samples, description)
    interpretation = description.photometric_interpretation
    if interpretation in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_full_to_rgb(eight)
    if interpretation in _PARTIAL:
        return ybr_partial_to_rgb(eight)
    if interpretation not in _PASSED_ON:
        raise UnsupportedImageError(
            f"Colour images in {interpretation or 'an unnamed colour space'} are not supported."
        )
    return np.ascontiguousarray(eight)


def ybr_full_to_rgb(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB for full-range luminance and colour differences (PS3.3 C.7.6.3.1.2), floor(x + 0.5) as for grey."""
    values = samples.astype(np.float32)
    values[..., 1:] -= 128.0
    return _rgb(values)


def ybr_partial_to_rgb(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB for luminance of 16 to 235 and colour differences of 16 to 240 (YBR_PARTIAL_422, retired)."""
    values = samples.astype(np.float32)
    values -= np.array([16.0, 128.0, 128.0], np.float32)
    values *= np.array([255 / 219, 255 / 224, 255 / 224], np.float32)
    return _rgb(values)


def _rgb(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    rgb = values @ _FROM_YBR.astype(np.float32)
    np.floor(rgb + 0.5, out=rgb)
    return np.clip(rgb, 0, 255, out=rgb).astype(np.uint8)


def eight_bits(samples: Array, description: PixelDescription) -> NDArray[np.uint8]:
    """Return colour samples as bytes: the highest eight of more bits stored, fewer spread over the whole byte."""
    bits = description.bits_stored
    below = description.high_bit + 1 - bits
    if samples.itemsize == 1 and bits >= 8:  # noqa: PLR2004 - a byte, whatever more the attributes promise
        return samples.astype(np.uint8, copy=False)
    pattern = samples.view(f"u{samples.itemsize}")
    if bits >= 8:  # noqa: PLR2004
        return np.asarray((pattern >> (below + bits - 8)) & 0xFF, np.uint8)
    largest = (1 << bits) - 1
    return np.asarray((((pattern >> below) & largest).astype(np.uint16) * 510 + largest) // (2 * largest), np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Palette:
    """The three tables of a PALETTE COLOR image; ``rgb`` has shape (entries, 3), uint8."""

    first_mapped: int
    rgb: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.rgb.ndim != 2 or self.rgb.shape[1] != 3 or not len(self.rgb):  # noqa: PLR2004 - entries of R, G, B
            raise DamagedImageError("The image's colour palette holds no colours.")

    def apply(self, stored: Array) -> NDArray[np.uint8]:
        """Return RGB for stored values; those outside the table take its first or last colour."""
        index = np.clip(stored.astype(np.int64) - self.first_mapped, 0, len(self.rgb) - 1)
        return np.ascontiguousarray(self.rgb[index])

    def over(self, gray: NDArray[np.uint8], stored: Array) -> NDArray[np.uint8]:
        """Return a rendered grey frame as RGB, its values from the first mapped on in the palette's colours."""
        rgb = np.repeat(gray[..., np.newaxis], 3, axis=-1)
        colored = stored.astype(np.int64) >= self.first_mapped
        rgb[colored] = self.apply(stored[colored])
        return rgb
