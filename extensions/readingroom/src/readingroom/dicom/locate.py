"""Where each frame's bytes lie in a file (PS3.5 8.2 native and A.4 encapsulated pixel data)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import values
from readingroom.errors import UnreadableFileError

Spans = NDArray[np.int64]
"""One row per fragment: the frame it belongs to (from 1), its offset and its length in bytes."""

ReadAt = Callable[[int, int], bytes]
"""Given length and offset, the bytes there; fewer at the end of the file."""

_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0"
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a")
"""How a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream begins."""

MAX_FRAGMENTS = 2**20


def encapsulated_spans(read_at: ReadAt, start: int, frames: int, dataset: Dataset) -> Spans:
    """Return the fragments of every frame.

    By the Extended Offset Table, else the Basic Offset Table, else by counting fragments, else by how they begin.

    Raises
    ------
    UnreadableFileError
        When items run past the end of the file or cannot be told apart.
    """
    table, fragments = _items(read_at, start)
    if not fragments:
        raise UnreadableFileError("says it is compressed but its pixel data holds nothing")
    offsets = _extended_offsets(dataset) or table
    if frames == 1:
        owners = [1] * len(fragments)
    elif len(fragments) == frames:
        owners = list(range(1, frames + 1))
    elif len(offsets) == frames:
        owners = _owners_by_offset(fragments, offsets)
    else:
        owners = _owners_by_start(read_at, fragments)
    if set(owners) != set(range(1, frames + 1)):
        raise UnreadableFileError(f"says it has {frames} frames but its pixel data holds {len(set(owners))}")
    return np.array([(owner, *span) for owner, span in zip(owners, fragments, strict=True)], np.int64)


def _items(read_at: ReadAt, start: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the Basic Offset Table, absolute, and (offset, length) of each fragment after it."""
    position = start
    items: list[tuple[int, int]] = []
    while True:
        header = read_at(8, position)
        if header[:4] == _END:
            break
        if len(header) < 8:  # noqa: PLR2004 - tag and length of an item
            raise UnreadableFileError("is cut off: the file ends within its compressed pixel data")
        if header[:4] != _ITEM or len(items) > MAX_FRAGMENTS:
            raise UnreadableFileError("is damaged: its compressed pixel data is not made of items")
        length = int.from_bytes(header[4:], "little")
        items.append((position + 8, length))
        position += 8 + length
    if not items:
        return [], []
    base = items[0][0] + items[0][1]
    table = np.frombuffer(read_at(items[0][1], items[0][0]), "<u4")
    return [base + int(entry) for entry in table], items[1:]


def _extended_offsets(dataset: Dataset) -> list[int]:
    """Return the Extended Offset Table (PS3.3 C.7.6.3.1.8), relative; order is what counts for the caller."""
    raw = values(dataset, "ExtendedOffsetTable")
    if not raw or not isinstance(raw[0], bytes) or len(raw[0]) % 8:
        return []
    return [int(entry) for entry in np.frombuffer(raw[0], "<u8")]


def _owners_by_offset(fragments: Sequence[tuple[int, int]], offsets: Sequence[int]) -> list[int]:
    """Return which frame each fragment belongs to; a table's entries point at the items, 8 bytes before their values."""
    shift = fragments[0][0] - 8 - offsets[0]
    starts = np.array(offsets, np.int64) + shift
    return [int(n) for n in np.searchsorted(starts, [offset - 8 for offset, _ in fragments], side="right")]


def _owners_by_start(read_at: ReadAt, fragments: Sequence[tuple[int, int]]) -> list[int]:
    begins = [read_at(4, offset).startswith(_STARTS) for offset, _ in fragments]
    return [int(n) for n in np.cumsum(begins)]


def join(read_at: ReadAt, spans: NDArray[Any], frame: int) -> bytes:
    """Return the fragments of one frame as one stream."""
    return b"".join(read_at(int(length), int(offset)) for owner, offset, length in spans if owner == frame)


def native_frame(read_at: ReadAt, offset: int, frame_bits: int, frame: int) -> bytes:
    """Return one frame of native pixel data; a one-bit frame may begin within a byte and is shifted to its start."""
    first_bit = (frame - 1) * frame_bits
    start, shift = divmod(first_bit, 8)
    length = (first_bit + frame_bits + 7) // 8 - start
    data = read_at(length, offset + start)
    if not shift:
        return data
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[shift : shift + frame_bits]
    return np.packbits(bits, bitorder="little").tobytes()
