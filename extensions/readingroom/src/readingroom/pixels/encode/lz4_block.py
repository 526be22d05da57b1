"""LZ4 blocks without a size before them: the quickest to decode, for links that carry three times the bytes."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

NEEDS = ("lz4",)


def is_available() -> bool:
    """Return whether what it needs is installed."""
    return find_spec("lz4") is not None


def encode(pixels: NDArray[np.uint8], _quality: int) -> bytes:
    """Return the picture's bytes as one LZ4 block."""
    import lz4.block  # noqa: PLC0415 - loaded with the first picture

    return bytes(lz4.block.compress(pixels.ravel().data, store_size=False))
