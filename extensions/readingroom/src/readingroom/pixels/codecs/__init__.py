"""Bytes of one frame to stored values: a table of transfer syntaxes over decoders of three names each.

A decoder is a module with ``NEEDS`` (the packages it uses), ``is_available()`` and
``decode_frame(data, description)``, which returns samples as wide as the bits allocated or narrower, colour as RGB.
Where ``data`` is a whole video (``STREAMS``), ``decode_frame`` takes the number of the frame as well.
"""

import importlib
from dataclasses import replace
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.codecs.codestream import JpegHeader, jpeg2000_samples
from readingroom.pixels.codecs.headers import check_header
from readingroom.pixels.codecs.loss import Loss, loss
from readingroom.pixels.codecs.remarks import remarks
from readingroom.pixels.codecs.table import DECODERS, INSTALL, LOSSY, STREAMS, is_encapsulated, syntax_name, uid_name
from readingroom.pixels.description import MAX_SAMPLES, PixelDescription

__all__ = [
    "DECODERS",
    "LOSSY",
    "MAX_SAMPLES",
    "STREAMS",
    "Decoder",
    "Loss",
    "PixelDescription",
    "check_header",
    "decode",
    "decode_checked",
    "is_encapsulated",
    "loss",
    "remarks",
    "syntax_name",
    "uid_name",
]

_HIGH_BIT_HIDDEN = ("jpeg", "jpegls", "jpeg2000")
"""Decoders whose codestream holds the bits stored and nothing around them."""


class Decoder(Protocol):
    """The three names of a decoder module."""

    NEEDS: tuple[str, ...]

    def is_available(self) -> bool:
        """Return whether what it needs is installed."""

    def decode_frame(self, data: bytes, description: PixelDescription, *number: int) -> NDArray[Any]:
        """Return the samples of one frame in the shape of the description, colour as RGB."""


def decode(transfer_syntax_uid: str, data: bytes, description: PixelDescription, number: int = 1) -> NDArray[Any]:
    """Return the stored values of one frame.

    Parameters
    ----------
    transfer_syntax_uid
        How ``data`` is encoded.
    data
        One frame, without fragment items; for ``STREAMS`` the whole video.
    description
        What the Image Pixel Module says about it.
    number
        Which frame of a video, from 1.

    Returns
    -------
    numpy.ndarray
        (rows, columns) of the signed or unsigned type as wide as the bits allocated, bits above the high bit masked
        and the sign extended; or (rows, columns, 3) uint8 RGB. Indices of a palette are returned as they are.

    Raises
    ------
    UnsupportedImageError
        For a syntax we cannot decode, by its name.
    DamagedImageError
        When the bytes do not hold what the description says; before memory of that size is asked for.
    """
    _decoder(transfer_syntax_uid)
    try:
        check_header(transfer_syntax_uid, data, description)
    except ReadingRoomError:
        raise
    except Exception as error:  # a header is untrusted too
        raise DamagedImageError(f"The compressed image cannot be decoded ({_first_line(error)}).") from error
    return decode_checked(transfer_syntax_uid, data, description, number)


def decode_checked(
    transfer_syntax_uid: str, data: bytes, description: PixelDescription, number: int = 1
) -> NDArray[Any]:
    """Return the stored values of one frame whose header was found good, as ``decode`` does; raises what it raises."""
    decoder = _decoder(transfer_syntax_uid)
    try:
        description = _as_coded(transfer_syntax_uid, data, description)
        samples = decoder.decode_frame(data, description, *([number] if transfer_syntax_uid in STREAMS else []))
    except (ReadingRoomError, MemoryError):
        raise
    except Exception as error:  # a codec is fed untrusted bytes: whatever it raises, the frame is damaged
        raise DamagedImageError(f"The compressed image cannot be decoded ({_first_line(error)}).") from error
    if samples.shape != description.shape:
        raise DamagedImageError(
            f"The image says it is {_size(description.shape)} but its pixel data is {_size(samples.shape)}."
        )
    if description.is_color:
        return np.ascontiguousarray(samples)
    if loss(transfer_syntax_uid, data) != "none" and (samples.dtype.kind == "i") == description.is_signed:
        return saturate(samples, description)
    return mask_and_sign_extend(samples, description)


def mask_and_sign_extend(samples: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Return stored values: the bits from High Bit down, two's complement when signed (PS3.5 8.1.1).

    Bits outside may hold overlays of old (PS3.5 8.1.2) or anything else and are no part of the value.
    """
    width = description.container.itemsize * 8
    pattern = samples.astype(description.dtype, copy=False).view(description.container)
    below = description.high_bit + 1 - description.bits_stored
    if description.bits_stored == width:
        return np.ascontiguousarray(pattern.view(description.dtype))
    above = width - description.high_bit - 1
    lifted = np.left_shift(pattern, above, dtype=description.container)
    return np.ascontiguousarray(np.right_shift(lifted.view(description.dtype), above + below))


def saturate(samples: NDArray[Any], description: PixelDescription) -> NDArray[Any]:
    """Return values that a lossy codec let overshoot pressed into the bits stored, so that white never turns black."""
    bits = description.bits_stored
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if description.is_signed else (0, (1 << bits) - 1)
    limits = np.iinfo(samples.dtype)
    clipped: NDArray[Any] = np.clip(samples, max(low, limits.min), min(high, limits.max)).astype(description.dtype)
    return clipped


def _as_coded(transfer_syntax_uid: str, data: bytes, description: PixelDescription) -> PixelDescription:
    """Return the description with the High Bit that a codestream leaves: it holds the bits stored alone (PS3.5 8.2).

    A codestream with more bits than are stored holds the allocated word as it was, overlay bits and all.
    """
    kind = DECODERS[transfer_syntax_uid]
    if description.high_bit + 1 == description.bits_stored or kind not in _HIGH_BIT_HIDDEN:
        return description
    precision = jpeg2000_samples(data)[0] if kind == "jpeg2000" else JpegHeader(data).precision
    return (
        replace(description, high_bit=description.bits_stored - 1)
        if precision <= description.bits_stored
        else description
    )


def _decoder(transfer_syntax_uid: str) -> Decoder:
    name = DECODERS.get(transfer_syntax_uid)
    if name is None:
        raise UnsupportedImageError(f"Images compressed as {syntax_name(transfer_syntax_uid)} are not supported.")
    decoder = cast("Decoder", importlib.import_module(f"{__name__}.{name}"))
    if not decoder.is_available():
        remedy = INSTALL.get(name, "pip install readingroom")
        raise UnsupportedImageError(
            f"{syntax_name(transfer_syntax_uid)} needs {' and '.join(decoder.NEEDS)}, not installed here: {remedy}."
        )
    return decoder


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape)  # noqa: RUF001 - the sign a reader expects


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
