"""JPEG-LS lossless and near-lossless frames (PS3.5 A.4.3, ITU-T T.87)."""

import importlib.util
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.color import to_rgb
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    samples: NDArray[Any] = imagecodecs.jpegls_decode(data)
    return to_rgb(samples, description) if description.is_color else samples
