"""Reading the bytes of one frame from the place that a scan found."""

import os
from pathlib import Path

import numpy as np

from readingroom.dicom.locate import ReadAt, join, native_frame
from readingroom.dicom.part10 import open_file
from readingroom.dicom.scan import PixelLocation
from readingroom.errors import DamagedImageError, NotFoundError, SourceUnavailableError


def read_frame(path: Path, pixels: PixelLocation, frame: int) -> bytes:
    """Return one frame's bytes as stored; raises ``SourceUnavailableError`` when the file cannot be read any more."""
    try:
        data = _deflated_frame(path, pixels, frame) if pixels.deflated else _stored_frame(path, pixels, frame)
    except OSError as error:
        raise SourceUnavailableError(f"{path.name} cannot be read any more ({error.strerror or error}).") from error
    if pixels.frame_bits and len(data) < pixels.frame_bits // 8:
        raise DamagedImageError(f"{path.name} has become shorter than it was when it was indexed.")
    return data


def frame_at(read_at: ReadAt, pixels: PixelLocation, frame: int) -> bytes:
    """Return one frame's bytes as stored, from whatever ``read_at`` reads: a file, or an object in memory."""
    if pixels.swap_bytes:
        return _swapped_frame(read_at, pixels, frame)
    if pixels.frame_bits:
        return native_frame(read_at, pixels.offset, pixels.frame_bits, frame)
    return join(read_at, pixels.spans, frame)


def _stored_frame(path: Path, pixels: PixelLocation, frame: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return frame_at(lambda length, offset: os.pread(descriptor, length, offset), pixels, frame)
    finally:
        os.close(descriptor)


def _deflated_frame(path: Path, pixels: PixelLocation, frame: int) -> bytes:
    """Return a frame of a deflated dataset, inflated anew: such files are few and small."""
    inflated = open_file(path).inflated
    if inflated is None:
        raise NotFoundError(f"{path.name} has changed since it was indexed.")
    return frame_at(lambda length, at: inflated[at : at + length], pixels, frame)


def _swapped_frame(read_at: ReadAt, pixels: PixelLocation, frame: int) -> bytes:
    """Return 8-bit samples that were written as big endian words in their own order (PS3.5 A.3, 7.3)."""
    length = pixels.frame_bits // 8
    start = (frame - 1) * length
    first, last = start // 2 * 2, (start + length + 1) // 2 * 2
    words = np.frombuffer(read_at(last - first, pixels.offset + first), np.uint16)
    return words.byteswap().tobytes()[start - first : start - first + length]
