"""What a codestream's header forbids, told in words before a decoder is asked: giants, contradictions, what no decoder has.

Everything here reads at most the header; a child process decodes what passes and finds the rest.
"""

from collections.abc import Callable

import numpy as np

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs import rle
from readingroom.pixels.codecs.codestream import (
    JPEG_LS_FRAME,
    JpegHeader,
    check_end,
    check_size,
    jpeg2000_is_high_throughput,
    jpeg2000_size,
    jpegxl_size,
)
from readingroom.pixels.codecs.jpegxl_header import JpegXlHeader
from readingroom.pixels.codecs.siz import Siz
from readingroom.pixels.codecs.table import DECODERS
from readingroom.pixels.description import PixelDescription

MAX_SCANS = 500
"""Progressive JPEG has seldom more than ten scans; each takes as long as the whole image, however short it is."""

MAX_BITS = 24
"""OpenJPEG computes in 32 bits and gives wrong values above this; OpenJPH, for High-Throughput, has 64."""

_SCAN = b"\xff\xda"
_LOSSLESS = 0xC3
_BASELINE = 0xC0
_HIERARCHICAL = frozenset({0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF})
_ARITHMETIC_LOSSLESS = 0xCB
_MAX_FACTOR = 4
_LOSSY_BITS = (8, 12)
_TILE_BYTES = 14
"""What a tile takes at least: SOT and SOD (ITU-T T.800 A.4)."""


def check_header(transfer_syntax_uid: str, data: bytes, description: PixelDescription) -> None:
    """Raise where the header of a frame tells that it cannot be shown.

    Raises
    ------
    DamagedImageError
        When it contradicts the image's attributes, itself, or the length of its data.
    UnsupportedImageError
        When it is of a kind that we do not decode, by its name.
    """
    check = _CHECKS.get(DECODERS.get(transfer_syntax_uid, ""))
    if check is not None:
        check(data, description)


def _check_jpeg(data: bytes, description: PixelDescription) -> None:
    check_end(data)
    header = JpegHeader(data)
    check_size(header.rows, header.columns, header.samples, description)
    if header.frame_type in _HIERARCHICAL:
        raise UnsupportedImageError("Hierarchical JPEG is not supported.")
    if header.frame_type == _ARITHMETIC_LOSSLESS:
        raise UnsupportedImageError("Lossless JPEG with arithmetic coding is not supported.")
    is_lossless = header.frame_type in (_LOSSLESS, JPEG_LS_FRAME)
    if not (2 <= header.precision <= 16 if is_lossless else header.precision in _LOSSY_BITS):  # noqa: PLR2004 - T.81 B.2.2
        raise DamagedImageError(f"The compressed image says it has {header.precision} bits, which JPEG does not allow.")
    _check_bits(header.precision, description)
    _check_sampling(header)
    scans = _scans(data)
    if scans > MAX_SCANS:
        raise DamagedImageError(f"The compressed image comes in {scans} scans, more than any that is meant well.")


def _scans(data: bytes) -> int:
    """Count the bytes that begin a scan; fifteen times as quick as ``bytes.count``, which took a tenth of the decoding."""
    values = np.frombuffer(data, np.uint8)
    return int(np.count_nonzero((values[:-1] == _SCAN[0]) & (values[1:] == _SCAN[1])))


def _check_sampling(header: JpegHeader) -> None:
    factors = [factor for byte in header.sampling for factor in (byte >> 4, byte & 15)]
    if not all(1 <= factor <= _MAX_FACTOR for factor in factors) or len(header.sampling) != header.samples:
        raise DamagedImageError("The compressed image says nothing sensible about how its colours are sampled.")
    if header.frame_type in (_LOSSLESS, JPEG_LS_FRAME) and len(set(header.sampling)) > 1:
        raise UnsupportedImageError("Lossless JPEG with colours at a lower resolution is not supported.")


def _check_jpeg2000(data: bytes, description: PixelDescription) -> None:
    check_end(data)
    check_size(*jpeg2000_size(data), description)
    siz = Siz(data)
    if any(step != (1, 1) for step in siz.steps):
        raise UnsupportedImageError("JPEG 2000 images with components at a lower resolution are not supported.")
    if len(set(siz.depths)) != 1:
        raise UnsupportedImageError("JPEG 2000 images whose components have different bits are not supported.")
    if not siz.tiles:
        raise DamagedImageError("The tiles of the JPEG 2000 image do not cover it.")
    if siz.tiles * _TILE_BYTES > len(data):
        raise DamagedImageError(f"The JPEG 2000 image says it has {siz.tiles} tiles in {len(data)} bytes.")
    bits = siz.depths[0][0]
    if bits > MAX_BITS and not jpeg2000_is_high_throughput(data):
        raise UnsupportedImageError(f"JPEG 2000 images of {bits} bits are not supported; {MAX_BITS} are the most.")
    _check_bits(bits, description)


def _check_jpegxl(data: bytes, description: PixelDescription) -> None:
    check_size(*jpegxl_size(data), description.samples_per_pixel, description)
    header = JpegXlHeader(data)
    if header.is_animated:
        raise UnsupportedImageError("A JPEG XL animation in the place of one frame is not supported.")
    if header.orientation != 1:
        raise UnsupportedImageError("JPEG XL images that are to be turned are not supported.")
    if header.extra_channels:
        raise UnsupportedImageError("JPEG XL images with channels beside grey or colour are not supported.")
    if header.is_float:
        raise UnsupportedImageError("JPEG XL images of floating point values are not supported.")
    _check_bits(header.bits, description)


def _check_bits(bits: int, description: PixelDescription) -> None:
    if bits > max(description.bits_allocated, 8):
        raise DamagedImageError(
            f"The image says its values have {description.bits_allocated} bits, but its pixel data has {bits}."
        )


_CHECKS: dict[str, Callable[[bytes, PixelDescription], None]] = {
    "jpeg": _check_jpeg,
    "jpegls": _check_jpeg,
    "jpeg2000": _check_jpeg2000,
    "jpegxl": _check_jpegxl,
    "rle": rle.check_header,
}
