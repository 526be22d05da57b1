"""JPEG 2000 and High-Throughput JPEG 2000 frames (PS3.5 A.4.4 and A.4.12, ITU-T T.800 and T.814)."""

import importlib.util
import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError
from readingroom.pixels.codecs.codestream import (
    jpeg2000_is_high_throughput,
    jpeg2000_samples,
    jpeg2000_transforms_color,
)
from readingroom.pixels.color import eight_bits, to_rgb
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)
_HOOK = threading.Lock()
"""The hook for dropped errors belongs to the process."""


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    bits, is_signed = jpeg2000_samples(data)
    high_throughput = jpeg2000_is_high_throughput(data)
    samples = _decode_high_throughput(data) if high_throughput else imagecodecs.jpeg2k_decode(data)
    if not description.is_color:
        return samples if is_signed == description.is_signed else _as_pattern(samples, bits, description)
    return eight_bits(samples, description) if jpeg2000_transforms_color(data) else to_rgb(samples, description)


def _decode_high_throughput(data: bytes) -> NDArray[Any]:
    """Return the samples of a High-Throughput codestream.

    The binding drops what OpenJPH raises over damaged code-blocks and hands out the memory as it found it. Python is
    told of a dropped error, and so are we.
    """
    import imagecodecs  # noqa: PLC0415 - as above

    dropped: list[str] = []
    thread = threading.get_ident()

    def note(unraisable: "sys.UnraisableHookArgs") -> None:
        if threading.get_ident() == thread:
            dropped.append(str(unraisable.exc_value))
        else:
            before(unraisable)

    with _HOOK:
        before, sys.unraisablehook = sys.unraisablehook, note
        try:
            samples: NDArray[Any] = imagecodecs.htj2k_decode(data)
        finally:
            sys.unraisablehook = before
    if dropped:
        raise DamagedImageError("The compressed image is damaged within.")
    return samples


def _as_pattern(samples: NDArray[Any], bits: int, description: PixelDescription) -> NDArray[Any]:
    """Return values whose codestream has the other sign than Pixel Representation, which decides what their bits mean."""
    unused = samples.itemsize * 8 - bits
    signed = f"{'i' if description.is_signed else 'u'}{samples.itemsize}"
    values: NDArray[Any] = np.right_shift(np.left_shift(samples, unused).view(signed), unused)
    return values
