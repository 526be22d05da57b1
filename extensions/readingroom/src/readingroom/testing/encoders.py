"""Frames encoded without loss in every syntax that an encoder is at hand for, to be decoded again in tests."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.description import PixelDescription

Encoder = Callable[[NDArray[Any], int], bytes]
"""Takes (rows, columns) or (rows, columns, 3) samples and the bits stored, returns one frame's bytes."""

_JPEG = "1.2.840.10008.1.2.4."


def describe(pixels: NDArray[Any], bits: int | None = None, photometric: str = "") -> PixelDescription:
    """Return the description that belongs to samples of 8, 16 or 32 bits, ``bits`` of which are stored."""
    allocated = pixels.itemsize * 8
    stored = bits or allocated
    is_color = pixels.ndim == 3  # noqa: PLR2004 - rows, columns, samples
    return PixelDescription(
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=3 if is_color else 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1,
        pixel_representation=int(pixels.dtype.kind == "i"),
        photometric_interpretation=photometric or ("RGB" if is_color else "MONOCHROME2"),
    )


def raw_deflate(data: bytes) -> bytes:
    """Deflate without a zlib header."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def rle(pixels: NDArray[Any], _bits: int = 0) -> bytes:
    """Encode a frame as RLE Lossless: most significant byte of the first sample first (PS3.5 Annex G)."""
    import imagecodecs  # noqa: PLC0415 - as everywhere, loaded when needed

    samples = np.moveaxis(pixels, -1, 0) if pixels.ndim == 3 else pixels[np.newaxis]  # noqa: PLR2004
    planes = [
        np.ascontiguousarray(sample).view(np.uint8).reshape(-1, sample.itemsize)[:, byte].tobytes()
        for sample in samples
        for byte in reversed(range(sample.itemsize))
    ]
    segments = [imagecodecs.packbits_encode(plane) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    offsets = [64 + sum(map(len, segments[:n])) for n in range(len(segments))]
    return struct.pack("<16L", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def bit_pattern(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return samples as the unsigned numbers of their lowest ``bits``, as codecs without a sign hold them."""
    unsigned = np.dtype(f"u{pixels.itemsize}")
    return np.ascontiguousarray(pixels.view(unsigned) & unsigned.type((1 << bits) - 1))


def _jpeg_lossless(predictor: int) -> Encoder:
    def encode(pixels: NDArray[Any], bits: int) -> bytes:
        import imagecodecs  # noqa: PLC0415

        space = "RGB" if pixels.ndim == 3 else None  # noqa: PLR2004
        held = bit_pattern(pixels, bits)
        held = held.astype(np.uint8) if bits <= 8 else held  # noqa: PLR2004 - a byte
        made = imagecodecs.jpeg8_encode(
            held,
            lossless=True,
            bitspersample=max(bits, 2),
            predictor=predictor,
            colorspace=space,
            outcolorspace=space,
        )
        return bytes(made)

    return encode


def _jpeg_ls(pixels: NDArray[Any], bits: int) -> bytes:
    import imagecodecs  # noqa: PLC0415

    held = bit_pattern(pixels, bits)
    return bytes(imagecodecs.jpegls_encode(held.astype(np.uint8) if bits <= 8 else held))  # noqa: PLR2004


def _jpeg_2000(pixels: NDArray[Any], bits: int) -> bytes:
    import imagecodecs  # noqa: PLC0415

    return bytes(imagecodecs.jpeg2k_encode(pixels, reversible=True, level=0, bitspersample=bits))


def _high_throughput(pixels: NDArray[Any], _bits: int) -> bytes:
    import imagecodecs  # noqa: PLC0415

    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True))


def _jpeg_xl(pixels: NDArray[Any], bits: int) -> bytes:
    import imagecodecs  # noqa: PLC0415

    held = bit_pattern(pixels, bits)
    held = held.astype(np.uint8) if bits <= 8 else held  # noqa: PLR2004
    return bytes(imagecodecs.jpegxl_encode(held, lossless=True, bitspersample=bits))


ENCODERS: dict[str, Encoder] = {
    "1.2.840.10008.1.2": lambda pixels, _bits: pixels.tobytes(),
    "1.2.840.10008.1.2.1": lambda pixels, _bits: pixels.tobytes(),
    "1.2.840.10008.1.2.1.98": lambda pixels, _bits: pixels.tobytes(),
    "1.2.840.10008.1.2.1.99": lambda pixels, _bits: pixels.tobytes(),
    "1.2.840.10008.1.2.2": lambda pixels, _bits: pixels.astype(pixels.dtype.newbyteorder(">")).tobytes(),
    "1.2.840.10008.1.2.5": rle,
    "1.2.840.10008.1.2.8.1": lambda pixels, _bits: raw_deflate(pixels.tobytes()),
    f"{_JPEG}57": _jpeg_lossless(6),
    f"{_JPEG}70": _jpeg_lossless(1),
    **{f"{_JPEG}{n}": _jpeg_ls for n in (80, 81)},
    **{f"{_JPEG}{n}": _jpeg_2000 for n in (90, 91)},
    **{f"{_JPEG}{n}": _high_throughput for n in (201, 202, 203)},
    **{f"{_JPEG}{n}": _jpeg_xl for n in (110, 112)},
}
"""Transfer Syntax UID to what encodes a frame in it without loss."""
