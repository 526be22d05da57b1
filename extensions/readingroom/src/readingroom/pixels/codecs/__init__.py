"""Bytes of one frame to stored values: a table of transfer syntaxes over decoders of three names each.

A decoder is a module with ``NEEDS`` (the packages it uses), ``is_available()`` and
``decode_frame(data, description)``, which returns samples as wide as the bits allocated or narrower, colour as RGB.
"""

import importlib
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.description import MAX_SAMPLES, PixelDescription

__all__ = ["DECODERS", "LOSSY", "MAX_SAMPLES", "Decoder", "PixelDescription", "decode", "is_encapsulated"]

_JPEG_2000 = "1.2.840.10008.1.2.4."

DECODERS = {
    "1.2.840.10008.1.2": "native",
    "1.2.840.10008.1.2.1": "native",
    "1.2.840.10008.1.2.1.99": "native",
    "1.2.840.10008.1.2.1.98": "native",
    "1.2.840.10008.1.2.2": "big_endian",
    "1.2.840.10008.1.2.5": "rle",
    "1.2.840.10008.1.2.8.1": "deflated_frame",
    **{f"{_JPEG_2000}{n}": "jpeg" for n in (50, 51, 57, 70)},
    **{f"{_JPEG_2000}{n}": "jpegls" for n in (80, 81)},
    **{f"{_JPEG_2000}{n}": "jpeg2000" for n in (90, 91, 201, 202, 203)},
    **{f"{_JPEG_2000}{n}": "jpegxl" for n in (110, 111, 112)},
}
"""Transfer Syntax UID (PS3.6 table A-1) to the name of the module here that decodes it."""

LOSSY = frozenset(f"{_JPEG_2000}{n}" for n in (50, 51, 81, 91, 112, 203)) | frozenset(
    f"{_JPEG_2000}{n}{part}" for n in range(100, 109) for part in ("", ".1")
)
"""Syntaxes whose frames are, or may be, compressed with loss (PS3.5 section 10)."""

_NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})


class Decoder(Protocol):
    """The three names of a decoder module."""

    NEEDS: tuple[str, ...]

    def is_available(self) -> bool:
        """Return whether what it needs is installed."""

    def decode_frame(self, data: bytes, description: PixelDescription) -> NDArray[Any]:
        """Return the samples of one frame in the shape of the description, colour as RGB."""


def is_encapsulated(transfer_syntax_uid: str) -> bool:
    """Return whether pixel data of this syntax lies in fragments (PS3.5 A.4)."""
    return transfer_syntax_uid not in _NATIVE


def decode(transfer_syntax_uid: str, data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the stored values of one frame.

    Parameters
    ----------
    transfer_syntax_uid
        How ``data`` is encoded.
    data
        One frame, without fragment items.
    description
        What the Image Pixel Module says about it.

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
    decoder = _decoder(transfer_syntax_uid)
    try:
        samples = decoder.decode_frame(data, description)
    except ReadingRoomError:
        raise
    except Exception as error:  # a codec is fed untrusted bytes: whatever it raises, the frame is damaged
        raise DamagedImageError(f"The compressed image cannot be decoded ({_first_line(error)}).") from error
    if samples.shape != description.shape:
        raise DamagedImageError(
            f"The image says it is {_size(description.shape)} but its pixel data is {_size(samples.shape)}."
        )
    if description.is_color:
        return np.ascontiguousarray(samples, dtype=np.uint8)
    if transfer_syntax_uid in LOSSY and (samples.dtype.kind == "i") == description.is_signed:
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


def _decoder(transfer_syntax_uid: str) -> Decoder:
    name = DECODERS.get(transfer_syntax_uid)
    if name is None:
        raise UnsupportedImageError(f"Images compressed as {_syntax_name(transfer_syntax_uid)} are not supported.")
    decoder = cast("Decoder", importlib.import_module(f"{__name__}.{name}"))
    if not decoder.is_available():
        raise UnsupportedImageError(
            f"{_syntax_name(transfer_syntax_uid)} needs {' and '.join(decoder.NEEDS)}, not installed here."
        )
    return decoder


def _syntax_name(transfer_syntax_uid: str) -> str:
    from pydicom.uid import UID  # noqa: PLC0415 - needed for a message only

    name = UID(transfer_syntax_uid).name
    return name if name == transfer_syntax_uid else f"{name} ({transfer_syntax_uid})"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape)  # noqa: RUF001 - the sign a reader expects


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
