"""JPEG 2000 and High-Throughput JPEG 2000 frames (PS3.5 A.4.4 and A.4.12, ITU-T T.800 and T.814)."""

import importlib.util
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs.codestream import (
    check_end,
    check_size,
    jpeg2000_is_high_throughput,
    jpeg2000_size,
    jpeg2000_transforms_color,
)
from readingroom.pixels.color import to_rgb
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    check_end(data)
    check_size(*jpeg2000_size(data), description)
    decoder = imagecodecs.htj2k_decode if jpeg2000_is_high_throughput(data) else imagecodecs.jpeg2k_decode
    samples: NDArray[Any] = decoder(data)
    if not description.is_color:
        return samples
    return samples if jpeg2000_transforms_color(data) and samples.itemsize == 1 else to_rgb(samples, description)
