"""The attributes of an instance without its pixel data on their way from the imaging service, nothing of them changed.

DICOM JSON would lose how values were written and takes ten times as long. A message is one line of JSON, whose ``meta``
and ``dataset`` are lengths in bytes, and then both: File Meta Information (PS3.10 7.1) and dataset, in little endian
(PS3.5 7). The Transfer Syntax UID there says how the *frames* are written.
"""

import io
from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.bounded import BoundedReader
from readingroom.errors import ReadingRoomError, WireError
from readingroom.wire.gateway import is_whole, pack_message, parse_message

MAX_LINE = 1024


def pack_header(dataset: Dataset) -> bytes:
    """Return the message that holds ``dataset``, which has file meta information; ``WireError`` where it cannot be written."""
    implicit, little = dataset.original_encoding
    is_implicit = bool(implicit and little)
    try:
        with quiet_reading():
            meta, attributes = _written(dataset.file_meta, implicit=False), _written(dataset, implicit=is_implicit)
    except Exception as error:  # untrusted values: whatever writing them raises, this instance is refused in words
        raise WireError(f"The attributes of an image cannot be sent ({type(error).__name__}).") from error
    lead = pack_message("header", {"implicit": is_implicit, "meta": len(meta), "dataset": len(attributes)})
    return b"".join((lead, b"\n", meta, attributes))


def parse_header(message: bytes) -> Dataset:
    """Return the one dataset of a message; raises ``WireError``."""
    headers = parse_headers(message)
    if len(headers) != 1:
        raise WireError(f"The imaging service sent the attributes of {len(headers)} images where one was asked for.")
    return headers[0]


def parse_headers(message: bytes) -> Sequence[Dataset]:
    """Return the datasets of messages that follow one another; raises ``WireError``."""
    return tuple(_headers(memoryview(message)))


def _headers(message: memoryview) -> Iterator[Dataset]:
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
        yield _dataset(bytes(meta), bytes(dataset), implicit=lead.get("implicit") is True)


def _dataset(meta: bytes, attributes: bytes, *, implicit: bool) -> Dataset:
    try:
        with quiet_reading():
            dataset = _read(attributes, implicit=implicit)
            dataset.file_meta = FileMetaDataset(_read(meta, implicit=False))
    except ReadingRoomError as error:
        raise WireError(f"The attributes of an image that were sent: it {error}.") from error
    except Exception as error:  # whatever a parser of bytes raises, they are no attributes
        raise WireError(f"The attributes of an image cannot be read ({type(error).__name__}).") from error
    return dataset


def _read(data: bytes, *, implicit: bool) -> Dataset:
    return read_dataset(BoundedReader(io.BytesIO(data), len(data)), implicit, is_little_endian=True)


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
