"""Whole objects as PS3.10 files in pieces: from a source that has them, else put together from attributes and frames."""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pydicom import Dataset, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from readingroom.dicom.attributes import quiet_reading, text, whole
from readingroom.dicom.source import StudySource
from readingroom.errors import UnsupportedImageError
from readingroom.pixels.codecs import STREAMS, is_encapsulated

PIECE = 2**20
_SYNTAX = b"\x02\x00\x10\x00UI"

_WRITTEN_PLAIN = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
"""Deflated and big endian: attributes and frames of both come to us as little endian, or are refused below."""


@dataclass(frozen=True, slots=True)
class WholeObject:
    """A PS3.10 file that is read as ``pieces`` are taken; those of one object are taken before the next object's."""

    transfer_syntax_uid: str
    pieces: Iterator[bytes]


@runtime_checkable
class WholeObjects(Protocol):
    """What a source offers beyond ``StudySource`` that has its objects as files, or gets them as such."""

    def objects(self, series_uid: str, sop_uid: str = "") -> Iterator[WholeObject]:
        """Yield the objects of a series in any order, or one of them; raises as the source does."""


@dataclass(frozen=True, slots=True)
class RelayedAnswer:
    """A whole series as a PACS sends it: the Content-Type of a multipart answer, and its bytes as they come.

    The pieces end with an error where the answer ends before its last part does.
    """

    content_type: str
    pieces: Iterator[bytes]


@runtime_checkable
class RelaysAnswers(Protocol):
    """What a source offers whose PACS already sends a series as we would."""

    def relay(self, series_uid: str) -> AbstractContextManager[RelayedAnswer | None]:
        """Give a series as the PACS sends it, None where it sends it otherwise; raises as the source does."""


def whole_objects(source: StudySource, series_uid: str, sop_uid: str = "") -> Iterator[WholeObject]:
    """Return the objects of a series of any source, or one of them, undecoded and in their own transfer syntax."""
    if isinstance(source, WholeObjects):
        return source.objects(series_uid, sop_uid)
    return _put_together(source, series_uid, sop_uid)


def written_as(file: bytes) -> str:
    """Return the Transfer Syntax UID that a PS3.10 file says, empty where it says none (PS3.10 7.1)."""
    place = file.find(_SYNTAX, 132, 4096)
    if place < 0:
        return ""
    length = int.from_bytes(file[place + 6 : place + 8], "little")
    return file[place + 8 : place + 8 + length].decode("ascii", "replace").strip("\0 ")


def _put_together(source: StudySource, series_uid: str, sop_uid: str) -> Iterator[WholeObject]:
    for instance in source.instances(series_uid):
        if sop_uid in ("", instance.sop_uid):
            syntax = instance.transfer_syntax_uid
            written = ExplicitVRLittleEndian if syntax in _WRITTEN_PLAIN else syntax
            yield WholeObject(str(written), _file(source, instance.sop_uid, instance.frame_count, syntax))


def _file(source: StudySource, sop_uid: str, frames: int, syntax: str) -> Iterator[bytes]:
    dataset = Dataset(source.metadata(sop_uid))
    dataset.file_meta = source.metadata(sop_uid).file_meta
    if frames:
        count = 1 if syntax in STREAMS else frames
        data = [source.frame(sop_uid, number).data for number in range(1, count + 1)]
        dataset.add(_pixel_data(dataset, data, syntax))
    buffer = io.BytesIO()
    with quiet_reading():
        dcmwrite(buffer, dataset, enforce_file_format=True, overwrite=True)
    for start in range(0, buffer.tell(), PIECE):
        yield buffer.getvalue()[start : start + PIECE]


def _pixel_data(dataset: Dataset, frames: list[bytes], syntax: str) -> DataElement:
    if syntax in _WRITTEN_PLAIN:
        raise UnsupportedImageError("This object is deflated or big endian and cannot be put together from its frames.")
    if is_encapsulated(syntax):
        element = DataElement(0x7FE00010, "OB", encapsulate(frames))
        element.is_undefined_length = True
        return element
    if (whole(dataset, "BitsAllocated") or 8) < 8 and len(frames) > 1:  # noqa: PLR2004 - frames that share bytes
        raise UnsupportedImageError(f"{text(dataset, 'SOPInstanceUID')} has frames of single bits that share bytes.")
    joined = b"".join(frames)
    return DataElement(0x7FE00010, "OW", joined + b"\0" * (len(joined) % 2))
