"""JPEG XL frames, recompressed JPEG among them (PS3.5 A.4.14, ISO/IEC 18181)."""

import importlib.util
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.color import eight_bits
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; the codec itself hands out RGB."""
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    samples: NDArray[Any] = imagecodecs.jpegxl_decode(data, index=0, numthreads=1)
    return eight_bits(samples, description) if description.is_color else samples
