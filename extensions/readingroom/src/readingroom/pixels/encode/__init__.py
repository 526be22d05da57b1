"""8-bit pictures to bytes for a browser: a table of encoders of three names each.

An encoder is a module with ``NEEDS`` (the packages it uses), ``is_available()`` and ``encode(pixels, quality)``.
``pixels`` are uint8, (rows, columns) grey or (rows, columns, 3) RGB. ``LOSSLESS`` are exact by construction and take
no notice of the quality; only they may carry a picture at rest.
"""

import importlib
from functools import cache
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import ReadingRoomError

__all__ = ["ENCODERS", "LOSSLESS", "Encoder", "EncoderUnavailableError", "encode", "encoder"]

ENCODERS = {"lz4": "lz4_block", "png": "png_up", "jpeg": "jpeg_motion"}
"""The name of a codec on the wire to the name of its module here."""

LOSSLESS = frozenset({"lz4", "png"})


class EncoderUnavailableError(ReadingRoomError):
    """An encoder that was asked for and is not there; the message says what it needs."""


class Encoder(Protocol):
    """The three names of an encoder module."""

    NEEDS: tuple[str, ...]

    def is_available(self) -> bool:
        """Return whether what it needs is installed."""

    def encode(self, pixels: NDArray[np.uint8], quality: int) -> bytes:
        """Return the picture as bytes; ``quality`` is 1 to 100 and for lossy encoders only."""


@cache
def encoder(name: str) -> Encoder:
    """Return an encoder by its name on the wire; raises ``EncoderUnavailableError``, and never takes another one."""
    if name not in ENCODERS:
        raise EncoderUnavailableError(f"There is no encoder {name!r:.40}, only {', '.join(ENCODERS)}.")
    module = cast("Encoder", importlib.import_module(f"{__name__}.{ENCODERS[name]}"))
    if not module.is_available():
        raise EncoderUnavailableError(f"The encoder {name} needs {' and '.join(module.NEEDS)}, not available here.")
    return module


def encode(name: str, pixels: NDArray[np.uint8], quality: int = 100) -> bytes:
    """Return a picture as the bytes of the codec ``name``.

    Raises ``EncoderUnavailableError``, and ``ValueError`` for pixels that are no 8-bit grey or RGB picture.
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):  # noqa: PLR2004
        raise ValueError(f"No 8-bit grey or RGB picture: {pixels.dtype} {pixels.shape}.")
    return encoder(name).encode(np.ascontiguousarray(pixels), quality)
