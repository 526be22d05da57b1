"""JPEG, with loss: only for pictures under a moving hand on a link that cannot carry exact ones. Never at rest."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

NEEDS = ("imagecodecs",)


def is_available() -> bool:
    """Return whether what it needs is installed."""
    return find_spec("imagecodecs") is not None


def encode(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Return the picture as a baseline JPEG of a quality of 1 to 100; colour is not subsampled."""
    import imagecodecs  # noqa: PLC0415 - loaded with the first picture that needs it

    return bytes(imagecodecs.jpeg8_encode(pixels, level=quality, subsampling="444"))
