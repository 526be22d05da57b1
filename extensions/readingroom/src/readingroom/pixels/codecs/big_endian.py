"""Uncompressed frames of the retired Explicit VR Big Endian syntax (PS3.5 A.3).

The Standard swaps the bytes of each 16-bit word (OW) and leaves the words in order, so that a value of 32 bits begins
with its lower word; DCMTK and GDCM write so. pydicom and others turn all four bytes round. Nothing in a file tells
which, but the wrong one makes noise of an image: the order in which neighbours differ less is taken.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.codecs import native
from readingroom.pixels.description import PixelDescription

NEEDS: tuple[str, ...] = ()
TWO_WAYS = 32
"""Bits allocated of which there are two ways to write them."""


def is_available() -> bool:
    """Return True: NumPy is enough."""
    return True


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB. 8-bit samples are taken as OB, one after the other."""
    turned = native.decode_samples(data, description, ">")
    if description.bits_allocated != TWO_WAYS or description.is_color:
        return turned
    by_words = np.left_shift(turned, 16) | np.right_shift(turned, 16)
    return by_words if _roughness(by_words, description) < _roughness(turned, description) else turned


def _roughness(samples: NDArray[Any], description: PixelDescription) -> float:
    values = samples.view(description.dtype).astype(np.float64)
    return sum(float(np.abs(np.diff(values, axis=axis)).sum()) for axis in (0, 1))
