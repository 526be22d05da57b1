"""Frames are found in fragments whatever the offset tables say, and bits where no byte begins."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate_extended

from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import UnreadableFileError
from readingroom.testing.encoders import ENCODERS
from readingroom.testing.files import compress, small_image, write

RANDOM = np.random.default_rng(8)
FRAMES = RANDOM.integers(0, 4096, (4, 24, 20)).astype(np.uint16)
SYNTAXES = [
    "1.2.840.10008.1.2.5",
    *(f"1.2.840.10008.1.2.4.{n}" for n in ("57", "70", "80", "90", "201", "110")),
]
ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def encoded(syntax: str) -> list[bytes]:
    """Return the frames in a syntax, each of even length."""
    frames = [ENCODERS[syntax](pixels, 16) for pixels in FRAMES]
    return [frame + b"\0" * (len(frame) % 2) for frame in frames]


def items(fragments: list[bytes], table: list[int] | None = None) -> bytes:
    """Return encapsulated pixel data with a Basic Offset Table of these entries."""
    offsets = struct.pack(f"<{len(table or [])}L", *(table or []))
    return b"".join(ITEM + struct.pack("<L", len(value)) + value for value in [offsets, *fragments]) + END


def cut(frame: bytes, count: int) -> list[bytes]:
    """Return a frame in ``count`` fragments of even length."""
    size = -(-len(frame) // count) // 2 * 2 + 2
    return [frame[at : at + size] for at in range(0, len(frame), size)]


def image(syntax: str, data: bytes, frames: int = 4) -> Dataset:
    """Return an image of four frames with this pixel data."""
    dataset = compress(small_image(1, FRAMES[:frames]), syntax, [b"\0\0"] * frames)
    dataset.PixelData = data
    return dataset


def check(dataset: Dataset, tmp_path: Path, count: int = 4) -> None:
    """Assert that every frame is the one that was encoded."""
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    for number in range(1, count + 1):
        assert np.array_equal(FRAMES[number - 1], load_frame(source, source.sop_uid, number).stored)


def starts(fragments: list[list[bytes]]) -> list[int]:
    """Return the right Basic Offset Table."""
    lengths = [sum(8 + len(part) for part in parts) for parts in fragments]
    return [sum(lengths[:at]) for at in range(len(lengths))]


TABLES: dict[str, Callable[[list[int]], list[int] | None]] = {
    "none": lambda right: None,  # noqa: ARG005 - a table that is not there
    "right": lambda right: right,
    "counted from the table": lambda right: [entry + 24 for entry in right],
    "all zero": lambda right: [0] * len(right),
    "between fragments": lambda right: [entry + 2 * at for at, entry in enumerate(right)],
    "backwards": lambda right: right[::-1],
    "too short": lambda right: right[:2],
    "beyond the end": lambda right: [entry * 1000 for entry in right],
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_each_frame_is_found(syntax: str, parts: int, table: str, tmp_path: Path) -> None:
    """One fragment a frame or three, offset table right, wrong or absent: every frame is itself."""
    fragments = [cut(frame, parts) for frame in encoded(syntax)]
    flat = [part for frame in fragments for part in frame]
    check(image(syntax, items(flat, TABLES[table](starts(fragments)))), tmp_path)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_one_frame_in_many_fragments_is_one(syntax: str, tmp_path: Path) -> None:
    """A single frame may be cut into any number of fragments."""
    check(image(syntax, items(cut(encoded(syntax)[0], 9)), 1), tmp_path, 1)


def test_empty_fragments_belong_to_no_frame(tmp_path: Path) -> None:
    """Fragments without a byte do not count as frames."""
    frames = encoded("1.2.840.10008.1.2.4.80")
    check(image("1.2.840.10008.1.2.4.80", items([b"", frames[0], *frames[1:], b""])), tmp_path)


def test_frames_of_different_numbers_of_fragments_are_told_apart(tmp_path: Path) -> None:
    """Without a table, codestreams of one, four, two and one fragments are told by how they begin."""
    fragments = [cut(frame, parts) for frame, parts in zip(encoded(SYNTAXES[1]), (1, 4, 2, 1), strict=True)]
    check(image(SYNTAXES[1], items([part for frame in fragments for part in frame])), tmp_path)


def test_extended_offset_table_goes_before_the_basic_one(tmp_path: Path) -> None:
    """With an Extended Offset Table the Basic one is empty, and frames lie where the Extended one says."""
    data, offsets, lengths = encapsulate_extended(encoded("1.2.840.10008.1.2.4.80"))
    dataset = image("1.2.840.10008.1.2.4.80", data)
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    check(dataset, tmp_path)


@pytest.mark.parametrize("extended", [False, True], ids=["basic", "extended"])
def test_table_tells_frames_apart_that_begin_like_anything(extended: bool, tmp_path: Path) -> None:
    """Deflated frames have no mark of their beginning: in fragments, only an offset table finds them."""
    syntax = "1.2.840.10008.1.2.8.1"
    fragments = [cut(frame, parts) for frame, parts in zip(encoded(syntax), (2, 3, 1, 2), strict=True)]
    flat = [part for frame in fragments for part in frame]
    dataset = image(syntax, items(flat, None if extended else starts(fragments)))
    if extended:
        dataset.ExtendedOffsetTable = struct.pack("<4Q", *starts(fragments))
        dataset.ExtendedOffsetTableLengths = struct.pack("<4Q", *(sum(map(len, frame)) for frame in fragments))
    check(dataset, tmp_path)
    with pytest.raises(UnreadableFileError):
        FileSource(write(image(syntax, items(flat)), tmp_path / "without.dcm"))


@pytest.mark.parametrize("promised", [3, 6])
def test_other_number_of_frames_than_promised_is_refused(promised: int, tmp_path: Path) -> None:
    """Four codestreams in eight fragments are neither three frames nor six."""
    fragments = [part for frame in encoded(SYNTAXES[3]) for part in cut(frame, 2)]
    path = write(image(SYNTAXES[3], items(fragments)), tmp_path / "image.dcm", NumberOfFrames=promised)
    with pytest.raises(UnreadableFileError, match=f"{promised} frames but its pixel data holds 4"):
        FileSource(path)


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (1, 1), (7, 3), (8, 8)])
def test_frames_of_single_bits_need_not_begin_at_a_byte(rows: int, columns: int, tmp_path: Path) -> None:
    """Bits of a segmentation follow each other without padding between frames (PS3.5 8.1.1)."""
    bits = RANDOM.integers(0, 2, (5, rows, columns)).astype(np.uint8)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    path = write(
        small_image(1, bits), tmp_path / "bits.dcm", BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=packed + b"\0" * (len(packed) % 2),
    )  # fmt: skip
    source = FileSource(path)
    for number in range(1, 6):
        assert np.array_equal(bits[number - 1], load_frame(source, source.sop_uid, number).stored)


@pytest.mark.parametrize("extra", [1, 2, 63, 5000])
def test_padding_after_the_end_marker_is_no_damage(extra: int, tmp_path: Path) -> None:
    """Zeros after the end of a codestream, few or many, are padding."""
    frame = ENCODERS["1.2.840.10008.1.2.4.70"](FRAMES[0], 16)
    data = frame + b"\0" * (extra + (len(frame) + extra) % 2)
    check(image("1.2.840.10008.1.2.4.70", items([data]), 1), tmp_path, 1)
