"""A PACS that speaks DICOMweb (PS3.18): QIDO-RS to search, WADO-RS to retrieve, STOW-RS to store."""

import io
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import quote

from pydicom import Dataset

from readingroom.dicom.archive import (
    MAX_INSTANCES,
    MAX_OBJECT,
    MAX_STUDIES,
    Described,
    FoundStudies,
    MalformedAnswerError,
)
from readingroom.dicom.attributes import items as attribute_items
from readingroom.dicom.attributes import quiet_reading, text
from readingroom.dicom.dicom_json import Known, dataset_from, items
from readingroom.dicom.found import has_pixels, is_told_in_full, study_from
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.multipart import Part, ended, media_type, parts, transfer_syntax
from readingroom.dicom.remote import CACHE_BYTES, RemoteSource
from readingroom.dicom.web import Answer, Fields, Web
from readingroom.dicom.whole import RelayedAnswer
from readingroom.errors import NotFoundError, SourceUnavailableError
from readingroom.pixels.codecs import uid_name

JSON = "application/dicom+json"
OBJECTS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
PAGE = 1000
MAX_SERIES = 5000
_STUDY_FIELDS = ("00081030", "00080061", "00201206", "00201208")
"""Study Description, Modalities in Study and the counts: not every server sends them unasked."""


class DicomwebSource(RemoteSource):
    """The studies of a PACS that speaks DICOMweb, such as Orthanc or dcm4chee.

    Parameters
    ----------
    root_url, headers, ca_file
        As of ``readingroom.dicom.web.Web``.
    search
        Further conditions of the study list, by keyword, such as ``{"StudyDate": "20260101-"}``.
    cache_bytes
        How much memory objects and frames may take that were fetched.
    """

    def __init__(
        self,
        root_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        ca_file: str | None = None,
        search: Mapping[str, str] | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._web = Web(root_url, headers, ca_file)
        super().__init__(DicomwebArchive(self._web, search or {}), cache_bytes)

    def store(self, *datasets: Dataset) -> None:
        """Store derived objects of one study (STOW-RS); raises ``SourceUnavailableError`` saying what was refused."""
        boundary = secrets.token_hex(16)
        body = b"".join(_stored_part(dataset, boundary) for dataset in datasets) + f"--{boundary}--\r\n".encode()
        content_type = f'multipart/related; type="application/dicom"; boundary={boundary}'
        study = quote(str(datasets[0].StudyInstanceUID), safe="")
        with self._web.post(f"/studies/{study}", content_type, body, JSON) as answer:
            _refuse_failed(answer)
        self.expect_changes()


class DicomwebArchive:
    """The requests and answers of DICOMweb."""

    describes_places = True

    def __init__(self, web: Web, search: Mapping[str, str]) -> None:
        self._web = web
        self._search = dict(search)
        self.name = web.name

    def studies(self) -> FoundStudies:
        """Search for studies page by page."""
        found: dict[str, Dataset] = {}
        fields = [*self._search.items(), *(("includefield", field) for field in _STUDY_FIELDS)]
        for dataset in self._pages("/studies", fields, "StudyInstanceUID", MAX_STUDIES + 1):
            found.setdefault(text(dataset, "StudyInstanceUID"), dataset)
        rows = tuple(study_from(dataset) for dataset in list(found.values())[:MAX_STUDIES])
        message = ""
        if len(found) > MAX_STUDIES:
            message = (
                f"{self.name} lists more than {MAX_STUDIES:,} studies; the others are not shown. "
                "A search that is set up for this PACS, such as by date, makes the list shorter."
            )
        return FoundStudies(rows, message)

    def series(self, study_uid: str) -> tuple[str, ...]:
        """Search for the series of a study."""
        path = f"/studies/{quote(study_uid, safe='')}/series"
        rows = self._pages(path, (), "SeriesInstanceUID", MAX_SERIES)
        return tuple(dict.fromkeys(text(row, "SeriesInstanceUID") for row in rows))

    def describe(self, study_uid: str, series_uid: str) -> tuple[Described, ...]:
        """Retrieve the metadata of a series; nothing of one that it would tell only in part."""
        described: list[Described] = []
        known: Known = {}
        for item in self._json(f"{_series_path(study_uid, series_uid)}/metadata", ()):
            if not is_told_in_full(item):
                return ()
            dataset = dataset_from(item, known)
            syntax = text(dataset, "AvailableTransferSyntaxUID").partition("\\")[0]
            described.append(Described(dataset, syntax, has_pixels(item, dataset)))
            if len(described) > MAX_INSTANCES:
                raise SourceUnavailableError(f"A series of {self.name} has more than {MAX_INSTANCES:,} objects.")
        return tuple(described)

    def locate(self, keyword: str, uid: str) -> tuple[str, str] | None:
        """Search all studies for a series or an instance."""
        path = "/series" if keyword == "SeriesInstanceUID" else "/instances"
        for dataset in self._pages(path, [(keyword, uid)], keyword, 1):
            if text(dataset, keyword) == uid:
                return text(dataset, "StudyInstanceUID"), text(dataset, "SeriesInstanceUID")
        return None

    def objects(self, study_uid: str, series_uid: str, sop_uid: str = "") -> Iterator[bytes]:
        """Retrieve a series, or one instance of it, in the transfer syntaxes it is kept in."""
        with self._web.get(_path(study_uid, series_uid, sop_uid), OBJECTS) as answer:
            for part in _object_parts(answer):
                yield part.data()

    @contextmanager
    def relay(self, study_uid: str, series_uid: str) -> Iterator[RelayedAnswer | None]:
        """Retrieve a series and hand the answer on unopened; None where it is no multipart answer of objects."""
        with self._web.get(_series_path(study_uid, series_uid), OBJECTS) as answer:
            is_ours = re.fullmatch(r"multipart/related; ?[\x21-\x7e ]{1,200}", answer.content_type) is not None
            yield RelayedAnswer(answer.content_type, ended(answer.chunks, answer.content_type)) if is_ours else None

    def head(self, study_uid: str, series_uid: str, sop_uid: str, is_enough: Callable[[bytes], bool]) -> bytes:
        """Begin to retrieve an instance, and leave off when enough has come."""
        with self._web.get(_path(study_uid, series_uid, sop_uid), OBJECTS) as answer:
            part = next(_object_parts(answer), None)
            if part is None:
                raise MalformedAnswerError(f"{self.name} sent no object.")
            come, try_at = bytearray(), 2**16
            for chunk in part.chunks():
                come += chunk
                if len(come) >= try_at and is_enough(bytes(come)):
                    break
                try_at = max(try_at, 2 * len(come)) if len(come) >= try_at else try_at
            return bytes(come)

    def frame(self, study_uid: str, series_uid: str, sop_uid: str, frame: int) -> EncodedFrame | None:
        """Retrieve one frame."""
        with self._web.get(f"{_path(study_uid, series_uid, sop_uid)}/frames/{frame}", FRAMES) as answer:
            found = [(part.type, part.data()) for part in islice(parts(answer.chunks, answer.content_type), 2)]
            if len(found) != 1:
                raise MalformedAnswerError(f"{self.name} was asked for one frame and sent {len(found)} or more.")
            (kind, data), whole = found[0], media_type(answer.content_type)
            return EncodedFrame(transfer_syntax(kind, whole), data)

    def close(self) -> None:
        """Close every connection."""
        self._web.close()

    def _pages(self, path: str, fields: Fields, keyword: str, limit: int) -> Iterator[Dataset]:
        """Yield the rows of a search, at most ``limit``, asking for page after page while they bring something new."""
        seen: set[str] = set()
        size = min(PAGE, limit)
        while len(seen) < limit:
            before, rows = len(seen), 0
            page = [*fields, ("limit", str(size)), ("offset", str(len(seen)))]
            for item in self._json(path, page):
                dataset, rows = dataset_from(item), rows + 1
                uid = text(dataset, keyword)
                if uid:
                    seen.add(uid)
                    yield dataset
                if len(seen) >= limit:
                    return
            if rows < size or len(seen) == before:
                return

    def _json(self, path: str, fields: Fields) -> Iterator[dict[str, Any]]:
        try:
            with self._web.get(path, JSON, fields) as answer:
                yield from items(answer.chunks)
        except NotFoundError:
            return


def _path(study_uid: str, series_uid: str, sop_uid: str) -> str:
    instance = f"/instances/{quote(sop_uid, safe='')}" if sop_uid else ""
    return _series_path(study_uid, series_uid) + instance


def _series_path(study_uid: str, series_uid: str) -> str:
    return f"/studies/{quote(study_uid, safe='')}/series/{quote(series_uid, safe='')}"


def _object_parts(answer: Answer) -> Iterator[Part]:
    """Return the objects of an answer, which some servers send alone where there is only one."""
    if answer.content_type.lower().startswith("application/dicom"):
        return iter([Part(answer.content_type, _bounded(answer.chunks))])
    return parts(answer.chunks, answer.content_type)


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_OBJECT:
            raise MalformedAnswerError(f"The PACS sent an object of more than {MAX_OBJECT // 2**20} MiB.")
        yield chunk


def _stored_part(dataset: Dataset, boundary: str) -> bytes:
    file = io.BytesIO()
    with quiet_reading():
        dataset.save_as(file, enforce_file_format=True)
    return f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file.getvalue() + b"\r\n"


def _refuse_failed(answer: Answer) -> None:
    """Raise when some objects were not stored (PS3.18 10.5.3)."""
    body = b"".join(_bounded(answer.chunks))
    for item in items(iter([body if body.lstrip().startswith(b"[") else b"[" + body + b"]"])):
        failed = attribute_items(dataset_from(item), "FailedSOPSequence")
        if failed:
            kinds = ", ".join(sorted({uid_name(text(each, "ReferencedSOPClassUID")) for each in failed}))
            reason = text(failed[0], "FailureReason")
            raise SourceUnavailableError(
                f"The PACS did not store {len(failed)} of the objects ({kinds}; reason {reason})."
            )
