"""Uncompressed frames in little endian, also in fragments (PS3.5 8.1.1, A.4.11); one bit per pixel too."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.color import to_rgb
from readingroom.pixels.description import COLOR_SAMPLES, HALF_CHROMA, PixelDescription

NEEDS: tuple[str, ...] = ()


def is_available() -> bool:
    """Return True: NumPy is enough."""
    return True


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    return decode_samples(data, description, "<")


def decode_samples(data: bytes, description: PixelDescription, byte_order: Literal["<", ">"]) -> NDArray[Any]:
    """Return the samples of one frame whose words are in ``byte_order``, ``<`` or ``>``."""
    expected = description.native_length
    if len(data) < expected:
        raise DamagedImageError(
            f"The image says it has {description.rows} rows, {description.columns} columns and "
            f"{description.samples_per_pixel} samples of {description.bits_allocated} bits, {expected} bytes, "
            f"but its pixel data holds only {len(data)} bytes."
        )
    if description.bits_allocated == 1:
        return _unpack_bits(data, description)
    words = np.frombuffer(
        data, description.container.newbyteorder(byte_order), expected // description.container.itemsize
    )
    words = words.astype(description.container, copy=False)
    if not description.is_color:
        return words.reshape(description.shape)
    if description.photometric_interpretation == "YBR_PARTIAL_420":
        raise UnsupportedImageError("Uncompressed images in YBR_PARTIAL_420 are not supported.")
    if description.photometric_interpretation in HALF_CHROMA:
        return to_rgb(_upsample(words, description), description)
    return to_rgb(interleave(words, description), description)


def interleave(words: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Return (rows, columns, 3) whichever way Planar Configuration says the samples lie (PS3.3 C.7.6.3.1.3)."""
    if description.planar_configuration == 1:
        planes = words.reshape(COLOR_SAMPLES, description.rows, description.columns)
        return np.ascontiguousarray(np.moveaxis(planes, 0, -1))
    return words.reshape(description.shape)


def _upsample(words: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Return full samples of Y1 Y2 Cb Cr groups, each pair of pixels sharing its colour differences."""
    if description.columns % 2:
        raise DamagedImageError(
            f"A {description.photometric_interpretation} image has an even number of columns, not {description.columns}."
        )
    pairs = words.reshape(description.rows, description.columns // 2, 4)
    full = np.empty((description.rows, description.columns // 2, 2, COLOR_SAMPLES), words.dtype)
    full[..., 0] = pairs[..., :2]
    full[..., 1] = pairs[..., 2:3]
    full[..., 2] = pairs[..., 3:4]
    return full.reshape(description.shape)


def _unpack_bits(data: bytes, description: PixelDescription) -> NDArray[Any]:
    packed = np.frombuffer(data, np.uint8, description.native_length)
    return np.unpackbits(packed, count=description.samples, bitorder="little").reshape(description.shape)
