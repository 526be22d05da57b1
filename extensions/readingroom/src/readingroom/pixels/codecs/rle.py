"""RLE Lossless frames (PS3.5 Annex G): one PackBits segment for each byte plane of each sample."""

import importlib.util
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError
from readingroom.pixels.color import to_rgb
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)
HEADER_BYTES = 64
_NO_OPERATION = 128
MAX_EXPANSION = 64
"""Two bytes of PackBits make at most 128."""


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    size = description.container.itemsize
    pixels = description.rows * description.columns
    segments = [data[start:end] for start, end in _bounds(data, size * description.samples_per_pixel)]
    planes = np.empty((description.samples_per_pixel, pixels, size), np.uint8)
    for number, segment in enumerate(segments):
        sample, byte = divmod(number, size)
        planes[sample, :, size - 1 - byte] = _unpack(segment, pixels)  # most significant byte first (PS3.5 G.2)
    words = planes.view(description.container.newbyteorder("<"))[..., 0]
    if not description.is_color:
        return words.reshape(description.shape).astype(description.container, copy=False)
    return to_rgb(np.moveaxis(words.reshape(3, description.rows, description.columns), 0, -1), description)


def check_header(data: bytes, description: PixelDescription) -> None:
    """Raise ``DamagedImageError`` when the segments cannot be those of the image."""
    if description.bits_allocated == 1:
        raise DamagedImageError("RLE cannot hold one bit per pixel.")
    pixels = description.rows * description.columns
    bounds = _bounds(data, description.container.itemsize * description.samples_per_pixel)
    if any((end - start) * MAX_EXPANSION < pixels for start, end in bounds):
        raise DamagedImageError(f"RLE segments of {len(data)} bytes together cannot hold {pixels} pixels each.")


def _bounds(data: bytes, expected: int) -> list[tuple[int, int]]:
    """Return where each segment begins and ends."""
    if len(data) < HEADER_BYTES:
        raise DamagedImageError(f"An RLE frame of {len(data)} bytes ends within its header.")
    count, *offsets = struct.unpack_from("<16L", data)
    if count != expected:
        raise DamagedImageError(f"An RLE frame has {count} segments where its description asks for {expected}.")
    ends = [*offsets[1:count], len(data)]
    bounds = list(zip(offsets[:count], ends, strict=True))
    if any(not HEADER_BYTES <= start <= end <= len(data) for start, end in bounds):
        raise DamagedImageError("The segments of an RLE frame lie outside it.")
    return bounds


def _unpack(segment: bytes, pixels: int) -> NDArray[np.uint8]:
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    try:
        packed = imagecodecs.packbits_decode(segment, out=pixels)
    except RuntimeError:  # what the codec raises for runs that go beyond the image or its data
        packed = _unpack_untidy(segment, pixels)
    plane = np.frombuffer(packed, np.uint8)
    if len(plane) != pixels:
        raise DamagedImageError(f"An RLE segment holds {len(plane)} bytes where the image has {pixels} pixels.")
    return plane


def _unpack_untidy(segment: bytes, pixels: int) -> bytes:
    """Return as many bytes as there are pixels of a segment whose last run or padding goes beyond them."""
    plane, position = bytearray(), 0
    while len(plane) < pixels and position + 1 < len(segment):
        control = segment[position]
        if control < _NO_OPERATION:
            plane += segment[position + 1 : position + 2 + control]
            position += control + 2
        elif control > _NO_OPERATION:
            plane += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    return bytes(plane[:pixels])
