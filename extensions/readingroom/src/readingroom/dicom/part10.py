"""A DICOM file opened to its attributes and to the place of its pixel data (PS3.10 7, PS3.5 7.1)."""

import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import (
    _read_file_meta_info,
    read_partial,
    read_preamble,
)

from readingroom.dicom.bounded import MAX_VALUE, BoundedReader, WholeFileWantedError
from readingroom.errors import UnreadableFileError
from readingroom.pixels.codecs import syntax_name

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"

OTHER_ENCODINGS = frozenset(f"1.2.840.10008.1.2.{part}" for part in ("4.95", "4.205", "6.1", "6.2")) | {
    "1.2.840.10008.1.20"
}
"""Retired wrappings of a dataset, Papyrus 3, and the two JPIP syntaxes whose dataset is deflated."""

MAX_INFLATED = 256 * 2**20
MAX_RATIO = 100
HARMLESS_INFLATED = 16 * 2**20
"""No deflated dataset may grow beyond the first; none beyond the last by more than the ratio: small files claim gigabytes."""

_CHUNK = 2**20

MAX_ATTRIBUTES = 2**16

UNDEFINED_LENGTH = 0xFFFFFFFF
_PREAMBLE = 128
_GUESSED_BYTES = 2048
PIXEL_TAGS = {0x7FE00008: 4, 0x7FE00009: 8, 0x7FE00010: 0}
"""Float, Double Float and ordinary Pixel Data, with the bytes of a floating point sample."""


_FIRST_TAGS = frozenset(bytes((group, 0, element, 0)) for group in (2, 8) for element in (0, 1, 5, 8, 0x12, 0x16, 0x18))
"""Little-endian tags that a dataset may begin with: group lengths, file meta, character set, image type, UIDs."""


class NotDicomError(UnreadableFileError):
    """A file that is something else; a study folder may hold thousands, so they are counted, not listed."""


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the value of the pixel data element begins and how long it is, None when it lies in fragments."""

    offset: int
    length: int | None
    vr: str
    float_bytes: int


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """Attributes up to the pixel data, the transfer syntax, and the place of the pixel data in ``size`` bytes.

    ``inflated`` holds the whole dataset of a deflated file, whose offsets count in it; None for other files.
    """

    dataset: Dataset
    transfer_syntax_uid: str
    pixels: PixelElement | None
    size: int
    inflated: bytes | None = None


def open_file(path: Path) -> OpenedFile:
    """Return what a file holds, its pixel data unread.

    Raises
    ------
    NotDicomError
        When the file is something else.
    UnreadableFileError
        When it is DICOM but damaged, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return open_object(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise UnreadableFileError(f"cannot be read ({error.strerror or error})") from error


def open_object(file: BinaryIO, size: int) -> OpenedFile:
    """Return what ``size`` bytes hold that lie in a file or in memory; raises as ``open_file`` does, and ``OSError``."""
    try:
        head = file.read(_GUESSED_BYTES)
        if not _has_preamble(head) and not _begins_like_dataset(head):
            raise NotDicomError("is not a DICOM file")  # noqa: TRY301 - one place says what became of it
        _refuse_other_encodings(file, head, size)
        return _open_deflated(file, size) if DEFLATED.encode() in head else _open(file, size)
    except Exception as error:  # a parser is fed untrusted bytes: whatever it raises, the file is damaged
        if _went_too_deep(error):
            raise UnreadableFileError("is damaged: its sequences lie too deep within one another") from error
        if isinstance(error, (OSError, UnreadableFileError)):
            raise
        raise UnreadableFileError(f"is damaged and cannot be read as DICOM ({type(error).__name__})") from error


def _went_too_deep(error: BaseException | None) -> bool:
    """Return whether the stack ended somewhere: pydicom makes an ``OSError`` of it in one of the places where it may."""
    while error is not None and not isinstance(error, RecursionError):
        error = error.__context__
    return error is not None


def _open(file: BinaryIO, size: int) -> OpenedFile:
    file.seek(0)
    try:
        dataset = _parse(file, size)
    except WholeFileWantedError:
        return _open_deflated(file, size)
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "")) or _guess_syntax(dataset)
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == BIG_ENDIAN:
        _swap_words(dataset)
    return OpenedFile(dataset, syntax, _pixel_element(file, syntax), size)


def _parse(file: BinaryIO, size: int) -> Dataset:
    """Return the attributes up to the pixel data, of which the file then stands at the beginning."""
    reader = BoundedReader(file, size)
    dataset = read_partial(reader, _StopAtPixels(), force=True)
    if reader.skipped:
        _forget_skipped(dataset)
    _refuse_cut_value(dataset)
    return dataset


class _StopAtPixels:
    """Tells the parser when to stop, and counts the attributes that lie in no sequence."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, tag: int, _vr: str | None, _length: int) -> bool:
        self._count += 1
        if self._count > MAX_ATTRIBUTES:
            raise UnreadableFileError(f"has more than {MAX_ATTRIBUTES} attributes")
        return tag in PIXEL_TAGS


def _forget_skipped(dataset: Dataset) -> None:
    """Take out the elements whose value was passed over; a sequence among them would be missed, so it is refused."""
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if not isinstance(raw, RawDataElement) or raw.value or raw.length <= MAX_VALUE:
            continue
        if dataset[tag].VR == "SQ":
            raise UnreadableFileError(f"has a sequence of more than {MAX_VALUE // 2**20} MiB")
        del dataset[tag]


def _open_deflated(file: BinaryIO, size: int) -> OpenedFile:
    """Return a deflated file, inflated within bounds (PS3.5 A.5); pydicom alone would inflate without any."""
    meta, start = _file_meta(file, size)
    if str(meta.get("TransferSyntaxUID", "")) != DEFLATED:
        return _open(file, size)
    file.seek(start)
    inflated = inflate(file)
    buffer = io.BytesIO(inflated)
    dataset = _parse(buffer, len(inflated))
    dataset.file_meta = meta
    return OpenedFile(dataset, DEFLATED, _pixel_element(buffer, DEFLATED), len(inflated), inflated)


def inflate(file: BinaryIO) -> bytes:
    """Return the inflated rest of a file; raises ``UnreadableFileError`` when it grows too much or is cut off."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = io.BytesIO()
    read = 0
    try:
        while not inflater.eof:
            tail = inflater.unconsumed_tail
            data = tail or file.read(_CHUNK)
            read += 0 if tail else len(data)
            made = inflater.decompress(data, _CHUNK)
            if not data and not made:
                break
            inflated.write(made)
            _refuse_bomb(inflated.tell(), read)
    except zlib.error as error:
        raise UnreadableFileError("is damaged: its deflated data cannot be inflated") from error
    if not inflater.eof:
        raise UnreadableFileError("is cut off: its deflated data has no end")
    return inflated.getvalue()


def _refuse_bomb(inflated: int, read: int) -> None:
    if inflated > MAX_INFLATED:
        raise UnreadableFileError(f"inflates to more than {MAX_INFLATED // 2**20} MiB and was refused")
    if inflated > HARMLESS_INFLATED and inflated > MAX_RATIO * read:
        raise UnreadableFileError(f"inflates to more than {MAX_RATIO} times its size and was refused")


def _refuse_other_encodings(file: BinaryIO, head: bytes, size: int) -> None:
    """Raise when the dataset is written in a way that no reader of ours knows, by its name."""
    if any(uid.encode() in head for uid in OTHER_ENCODINGS):
        syntax = str(_file_meta(file, size)[0].get("TransferSyntaxUID", ""))
        if syntax in OTHER_ENCODINGS:
            raise UnreadableFileError(f"is written as {syntax_name(syntax)}, which cannot be read here")


def _file_meta(file: BinaryIO, size: int) -> tuple[FileMetaDataset, int]:
    """Return the file meta information and where the dataset begins after it (PS3.10 7.1)."""
    file.seek(0)
    reader = BoundedReader(file, size)
    read_preamble(reader, force=True)
    meta = _read_file_meta_info(reader)
    return meta, file.tell()


def _pixel_element(file: BinaryIO, syntax: str) -> PixelElement | None:
    """Return the pixel data element that the reader stopped at, None at the end of the file."""
    order = "big" if syntax == BIG_ENDIAN else "little"
    start = file.tell()
    header = file.read(12)
    if len(header) < 8:  # noqa: PLR2004 - the shortest element header
        return None
    group, element = (int.from_bytes(header[at : at + 2], order) for at in (0, 2))  # type: ignore[arg-type]
    tag = group << 16 | element
    if tag not in PIXEL_TAGS:
        return None
    vr = header[4:6].decode("latin-1") if syntax != IMPLICIT else "OW"
    length = int.from_bytes(header[4:8] if syntax == IMPLICIT else header[8:12], order)  # type: ignore[arg-type]
    offset = start + (8 if syntax == IMPLICIT else 12)
    return PixelElement(offset, None if length == UNDEFINED_LENGTH else length, vr, PIXEL_TAGS[tag])


def _refuse_cut_value(dataset: Dataset) -> None:
    """Raise when the last value read is shorter than its own length: the file ends in the middle of its attributes."""
    tags = sorted(dataset.keys())
    if not tags:
        raise UnreadableFileError("is cut off: it ends before its first attribute")
    last = dataset.get_item(tags[-1])
    length = getattr(last, "length", None)
    value = getattr(last, "value", None)
    if isinstance(value, bytes) and length not in (None, UNDEFINED_LENGTH) and len(value) < length:
        raise UnreadableFileError("is cut off: it ends in the middle of its attributes")


def _swap_words(dataset: Dataset) -> None:
    """Turn 16-bit word strings (palettes, LUT data) to little endian, as every other number in memory is.

    Segmented palettes are left alone: pydicom turns them itself when it expands them.
    """
    for element in dataset.iterall():
        is_words = element.VR == "OW" and isinstance(element.value, bytes) and not len(element.value) % 2
        if is_words and not element.keyword.startswith("Segmented"):
            element.value = np.frombuffer(element.value, np.uint16).byteswap().tobytes()


def _guess_syntax(dataset: Dataset) -> str:
    implicit, little = dataset.original_encoding
    if not little:
        return BIG_ENDIAN
    return IMPLICIT if implicit else EXPLICIT


def _has_preamble(head: bytes) -> bool:
    return head[_PREAMBLE : _PREAMBLE + 4] == b"DICM"


def _begins_like_dataset(head: bytes) -> bool:
    """Return whether bytes without the DICM prefix begin with a file meta or identifying element, as old files do."""
    if len(head) < 16:  # noqa: PLR2004 - no element with a value is shorter
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    begins = head[:4] in _FIRST_TAGS or head[:4] in {bytes((b, a, d, c)) for a, b, c, d in _FIRST_TAGS}
    return begins and (explicit or head[6:8] == b"\0\0")
