"""Uncompressed frames of the retired Explicit VR Big Endian syntax (PS3.5 A.3)."""

from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs import native
from readingroom.pixels.description import PixelDescription

NEEDS: tuple[str, ...] = ()


def is_available() -> bool:
    """Return True: NumPy is enough."""
    return True


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB. 8-bit samples are taken as OB, one after the other."""
    return native.decode_samples(data, description, ">")
