"""Deflated Image Frame Compression (PS3.5 A.4.13): raw deflate over one uncompressed frame."""

import zlib
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs import native
from readingroom.pixels.description import PixelDescription

NEEDS: tuple[str, ...] = ()


def is_available() -> bool:
    """Return True: zlib belongs to Python."""
    return True


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; never inflates more than the frame needs."""
    inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, description.native_length)
    return native.decode_frame(inflated, description)
