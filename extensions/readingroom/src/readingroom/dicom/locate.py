"""Where each frame's bytes lie in a file (PS3.5 8.2 native and A.4 encapsulated pixel data)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import values
from readingroom.errors import UnreadableFileError

Spans = NDArray[np.int64]
"""One row per fragment: the frame it belongs to (from 1; 0 where all of them hold one video), its offset and length."""

ReadAt = Callable[[int, int], bytes]
"""Given length and offset, the bytes there; fewer at the end of the file."""

_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0"
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ")
"""How a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream, or a file of one of the last two, begins."""

_RLE_FIRST_SEGMENT = b"\x40\x00\x00\x00"
"""The first offset in the header of an RLE frame, always that of the byte after it (PS3.5 G.5)."""

_MAX_RLE_SEGMENTS = 15
MAX_FRAGMENTS = 2**20


def encapsulated_spans(read_at: ReadAt, start: int, frames: int, dataset: Dataset, *, is_stream: bool = False) -> Spans:
    """Return the fragments of every frame.

    By counting them, else by the Extended or the Basic Offset Table if it points at fragments, else by how they begin.
    Of a stream all fragments belong to all frames, and are given frame 0.

    Raises
    ------
    UnreadableFileError
        When items run past the end of the file or cannot be told apart.
    """
    table, items = _items(read_at, start)
    fragments = [fragment for fragment in items if fragment[1]]
    if not fragments:
        raise UnreadableFileError("says it is compressed but its pixel data holds nothing")
    if is_stream:
        return _spans([0] * len(fragments), fragments)
    if frames == 1:
        return _spans([1] * len(fragments), fragments)
    if len(fragments) == frames:
        return _spans(range(1, frames + 1), fragments)
    owners = (
        _owners_by_offset(fragments, _extended_offsets(dataset), frames)
        or _owners_by_offset(fragments, table, frames)
        or _owners_by_start(read_at, fragments)
    )
    if set(owners) != set(range(1, frames + 1)):
        raise UnreadableFileError(f"says it has {frames} frames but its pixel data holds {len(set(owners))}")
    return _spans(owners, fragments)


def _spans(owners: Sequence[int], fragments: Sequence[tuple[int, int]]) -> Spans:
    return np.array([(owner, *span) for owner, span in zip(owners, fragments, strict=True)], np.int64)


def _items(read_at: ReadAt, start: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the entries of the Basic Offset Table, relative, and (offset, length) of each fragment after it."""
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
    offset, length = items[0]
    table = np.frombuffer(read_at(min(length, 4 * MAX_FRAGMENTS) // 4 * 4, offset), "<u4")
    return [int(entry) for entry in table], items[1:]


def _extended_offsets(dataset: Dataset) -> list[int]:
    """Return the Extended Offset Table (PS3.3 C.7.6.3.1.8), relative to the item after the Basic Offset Table."""
    raw = values(dataset, "ExtendedOffsetTable")
    if not raw or not isinstance(raw[0], bytes) or len(raw[0]) % 8:
        return []
    return [int(entry) for entry in np.frombuffer(raw[0], "<u8")]


def _owners_by_offset(fragments: Sequence[tuple[int, int]], table: Sequence[int], frames: int) -> list[int]:
    """Return which frame each fragment belongs to; nothing when the table is wrong.

    A table has an entry for each frame, each pointing at the item of a fragment, 8 bytes before its value, in order.
    Some writers count from elsewhere; so the first entry is taken to be the first fragment.
    """
    if len(table) != frames:
        return []
    items = [offset - 8 for offset, _ in fragments]
    starts = [entry - table[0] + items[0] for entry in table]
    if sorted(set(starts)) != starts or not set(starts) <= set(items):
        return []
    return [int(n) for n in np.searchsorted(starts, items, side="right")]


def _owners_by_start(read_at: ReadAt, fragments: Sequence[tuple[int, int]]) -> list[int]:
    begins = [_begins_frame(read_at(12, offset)) for offset, _ in fragments]
    return [int(n) for n in np.cumsum(begins)]


def _begins_frame(head: bytes) -> bool:
    is_rle = 0 < int.from_bytes(head[:4], "little") <= _MAX_RLE_SEGMENTS and head[4:8] == _RLE_FIRST_SEGMENT
    return is_rle or head.startswith(_STARTS)


def join(read_at: ReadAt, spans: NDArray[Any], frame: int) -> bytes:
    """Return the fragments of one frame, or of a video, as one stream."""
    return b"".join(read_at(int(length), int(offset)) for owner, offset, length in spans if owner in (0, frame))


def first_bytes(read_at: ReadAt, spans: Spans, length: int) -> bytes:
    """Return how the first frame, or a video, begins: up to ``length`` bytes, however it is cut into fragments."""
    head = b""
    for owner, offset, available in spans:
        if owner > 1 or len(head) >= length:
            break
        head += read_at(int(min(available, length - len(head))), int(offset))
    return head


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
