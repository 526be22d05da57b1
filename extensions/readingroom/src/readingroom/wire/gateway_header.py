"""The attributes of an instance without its pixel data on their way from the imaging service, nothing of them changed.

DICOM JSON would lose how values were written and takes ten times as long. A message is one line of JSON, whose ``sop`` is
the instance and whose ``meta`` and ``dataset`` are lengths in bytes, and then both: File Meta Information (PS3.10 7.1) and
dataset, in little endian (PS3.5 7). The Transfer Syntax UID there says how the *frames* are written. They are the bytes of
the file where it has them so (``readingroom.dicom.stored_header``): they are decoded once, by whoever reads them.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.bounded import BoundedReader
from readingroom.dicom.source import StudySource
from readingroom.dicom.stored_header import StoredHeader, StoredHeaders
from readingroom.errors import ReadingRoomError, WireError
from readingroom.wire.gateway import is_text, is_whole, pack_message, parse_message

MAX_LINE = 1024
HARMLESS = 2**20
"""No more bytes can hold more values or items than ``BoundedReader`` allows; counting them would take half of the time."""


@dataclass(frozen=True, slots=True)
class SentHeader:
    """The attributes of one instance as they came, not read yet."""

    sop_uid: str
    stored: StoredHeader

    @property
    def nbytes(self) -> int:
        """Return how many bytes they are."""
        return len(self.stored.meta) + len(self.stored.dataset)

    def read(self) -> Dataset:
        """Return them as a dataset with file meta information; raises ``WireError``."""
        return _dataset(self.stored)


def header_of(source: StudySource, sop_uid: str) -> bytes:
    """Return the message that holds what ``metadata`` of any source says; raises ``WireError``, and what the source raises."""
    stored = source.stored_header(sop_uid) if isinstance(source, StoredHeaders) else None
    return pack_header(sop_uid, stored or written(source.metadata(sop_uid)))


def pack_header(sop_uid: str, header: StoredHeader) -> bytes:
    """Return the message that holds the attributes of an instance."""
    lengths = {"meta": len(header.meta), "dataset": len(header.dataset)}
    lead = pack_message("header", {"sop": sop_uid, "implicit": header.is_implicit, **lengths})
    return b"".join((lead, b"\n", header.meta, header.dataset))


def written(dataset: Dataset) -> StoredHeader:
    """Return attributes, which have file meta information, as bytes; ``WireError`` where they cannot be written."""
    implicit, little = dataset.original_encoding
    is_implicit = bool(implicit and little)
    try:
        with quiet_reading():
            meta, attributes = _written(dataset.file_meta, implicit=False), _written(dataset, implicit=is_implicit)
    except Exception as error:  # untrusted values: whatever writing them raises, this instance is refused in words
        raise WireError(f"The attributes of an image cannot be sent ({type(error).__name__}).") from error
    return StoredHeader(meta, attributes, is_implicit)


def parse_header(message: bytes) -> SentHeader:
    """Return the one header of a message; raises ``WireError``."""
    headers = parse_headers(message)
    if len(headers) != 1:
        raise WireError(f"The imaging service sent the attributes of {len(headers)} images where one was asked for.")
    return headers[0]


def parse_headers(message: bytes) -> Sequence[SentHeader]:
    """Return the headers of messages that follow one another, each to be read by itself; raises ``WireError``."""
    return tuple(_headers(memoryview(message)))


def _headers(message: memoryview) -> Iterator[SentHeader]:
    place = 0
    while place < len(message):
        line, found, _ = bytes(message[place : place + MAX_LINE]).partition(b"\n")
        if not found:
            raise WireError("The imaging service sent attributes without saying how many bytes they have.")
        place += len(line) + 1
        lead = parse_message(line, "header")
        lengths = [_length(lead.get(name)) for name in ("meta", "dataset")]
        if sum(lengths) > len(message) - place:
            raise WireError("The attributes of an image end in the middle.")
        meta, dataset = message[place : place + lengths[0]], message[place + lengths[0] : place + sum(lengths)]
        place += sum(lengths)
        stored = StoredHeader(bytes(meta), bytes(dataset), lead.get("implicit") is True)
        yield SentHeader(_sop_uid(lead.get("sop")), stored)


def _dataset(stored: StoredHeader) -> Dataset:
    try:
        with quiet_reading():
            dataset = _read(stored.dataset, implicit=stored.is_implicit)
            dataset.file_meta = FileMetaDataset(_read(stored.meta, implicit=False))
    except ReadingRoomError as error:
        raise WireError(f"The attributes of an image that were sent: it {error}.") from error
    except Exception as error:  # whatever a parser of bytes raises, they are no attributes
        raise WireError(f"The attributes of an image cannot be read ({type(error).__name__}).") from error
    return dataset


def _read(data: bytes, *, implicit: bool) -> Dataset:
    file = io.BytesIO(data)
    reader = file if len(data) <= HARMLESS else BoundedReader(file, len(data))
    return read_dataset(reader, implicit, is_little_endian=True)


def _written(dataset: Dataset, *, implicit: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def _length(value: object) -> int:
    try:
        found = is_whole(value)
    except TypeError as error:
        raise WireError(f"The length of an image's attributes is {error}.") from error
    if found < 0:
        raise WireError("The length of an image's attributes is negative.")
    return found


def _sop_uid(value: object) -> str:
    try:
        return is_text(value)
    except TypeError as error:
        raise WireError(f"The instance that attributes are of is {error}.") from error
