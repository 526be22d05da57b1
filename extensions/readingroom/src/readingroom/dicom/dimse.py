"""A PACS that speaks DIMSE (PS3.4 Annex C), as a client only: C-FIND to search, C-GET to retrieve. Nothing listens here.

Objects come over the association that asks for them (C-GET with role selection, PS3.7 D.3.3.4), so the PACS need not know
how to reach us. Each transfer syntax has a presentation context of its own, so that the PACS may send an object as it is
kept instead of recoding it into the first that fits.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext, build_context

from readingroom.dicom.archive import (
    MAX_INSTANCES,
    MAX_OBJECT,
    MAX_STUDIES,
    Described,
    FoundStudies,
    MalformedAnswerError,
)
from readingroom.dicom.attributes import text
from readingroom.dicom.found import is_image, study_from
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.remote import CACHE_BYTES, RemoteSource
from readingroom.errors import SourceUnavailableError
from readingroom.pixels.codecs import DECODERS

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""Study Root Query/Retrieve Information Model (PS3.4 C.6.2)."""

CONNECT_S = 5.0
ANSWER_S = 60.0
ASSOCIATIONS = 4
MAX_SERIES = 5000
MAX_CONTEXTS = 126
"""Of 128 that the Standard allows (PS3.8 9.3.2.2); one is C-GET's own."""

_PENDING = frozenset({0xFF00, 0xFF01})
_SUCCESS, _SOME_FAILED = 0x0000, 0xB000
_OUT_OF_RESOURCES = 0xA700
_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyDescription",
    "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_SERIES = ("Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined")
_INSTANCE = ("SOPClassUID", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "FrameTime", "ContentTime")


class DimseSource(RemoteSource):
    """The studies of a PACS that speaks DIMSE.

    Parameters
    ----------
    host, port, called_aet
        Where the PACS listens, and its application entity title.
    calling_aet
        Our own title, which the PACS must be told to answer.
    cache_bytes
        How much memory objects may take that were fetched.
    """

    def __init__(
        self, host: str, port: int, called_aet: str, calling_aet: str, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        super().__init__(DimseArchive(host, port, called_aet, calling_aet), cache_bytes)


class DimseArchive:
    """The requests and answers of DIMSE; an association for each."""

    describes_places = False

    def __init__(self, host: str, port: int, called_aet: str, calling_aet: str) -> None:
        self._host, self._port, self._called, self._calling = host, port, called_aet, calling_aet
        self._places = threading.BoundedSemaphore(ASSOCIATIONS)
        self.name = f"The PACS {called_aet} at {host}"

    def studies(self) -> FoundStudies:
        """Search for studies."""
        found = {text(row, "StudyInstanceUID"): row for row in self._find("STUDY", {}, _STUDY, MAX_STUDIES + 1)}
        message = f"{self.name} lists more than {MAX_STUDIES:,} studies; the others are not shown."
        rows = tuple(study_from(row) for row in list(found.values())[:MAX_STUDIES])
        return FoundStudies(rows, message if len(found) > MAX_STUDIES else "")

    def series(self, study_uid: str) -> tuple[str, ...]:
        """Search for the series of a study."""
        rows = self._find("SERIES", {"StudyInstanceUID": study_uid}, (), MAX_SERIES)
        return tuple(dict.fromkeys(text(row, "SeriesInstanceUID") for row in rows))

    def describe(self, study_uid: str, series_uid: str) -> tuple[Described, ...]:
        """Search for the instances of a series; where their frames lie is not among what can be asked for."""
        keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        series = next(iter(self._find("SERIES", keys, _SERIES, 1)), None)
        if series is None:
            return ()
        rows = self._find("IMAGE", keys, _INSTANCE, MAX_INSTANCES)
        return tuple(Described(_merged(row, series, keys), "", is_image(row)) for row in rows)

    def locate(self, keyword: str, uid: str) -> tuple[str, str] | None:
        """Search all studies for a series or an instance, which a PACS may allow or not (PS3.4 C.4.1.2.2)."""
        level = "SERIES" if keyword == "SeriesInstanceUID" else "IMAGE"
        for row in self._find(level, {keyword: uid}, ("StudyInstanceUID", "SeriesInstanceUID"), 1):
            if text(row, keyword) == uid and text(row, "StudyInstanceUID"):
                return text(row, "StudyInstanceUID"), text(row, "SeriesInstanceUID")
        return None

    def objects(self, study_uid: str, series_uid: str, sop_uid: str = "") -> Iterator[bytes]:
        """Retrieve a series, or one instance of it."""
        keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        keys |= {"SOPInstanceUID": sop_uid} if sop_uid else {}
        rows = self._find("IMAGE", keys, ("SOPClassUID",), MAX_INSTANCES)
        classes = sorted({uid for row in rows if UID(uid := text(row, "SOPClassUID")).is_valid})
        at_once = MAX_CONTEXTS // len(DECODERS)
        if len(classes) > at_once:
            raise SourceUnavailableError(f"A series of {self.name} holds objects of too many kinds: {len(classes)}.")
        if classes:
            yield from self._get(keys, classes)

    def head(self, study_uid: str, series_uid: str, sop_uid: str, is_enough: Callable[[bytes], bool]) -> bytes:  # noqa: ARG002
        """Retrieve an instance: there is no way to be sent less."""
        return next(iter(list(self.objects(study_uid, series_uid, sop_uid))), b"")

    def frame(self, study_uid: str, series_uid: str, sop_uid: str, frame: int) -> EncodedFrame | None:  # noqa: ARG002
        """Return None: only whole objects can be had."""
        return None

    def close(self) -> None:
        """Do nothing: no association outlives its request."""

    def _find(self, level: str, keys: dict[str, str], wanted: tuple[str, ...], limit: int) -> list[Dataset]:
        """Return at most ``limit`` rows of a search."""
        identifier = Dataset()
        identifier.QueryRetrieveLevel = level
        unique = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[level]
        for keyword in (unique, *wanted):
            setattr(identifier, keyword, None)
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        found: list[Dataset] = []
        with self._associated([build_context(FIND)]) as association:
            for status, row in association.send_c_find(identifier, UID(FIND)):
                if self._goes_on(status) and row is not None:
                    found.append(row)
                if len(found) >= limit:
                    association.abort()
                    break
        return found

    def _get(self, keys: dict[str, str], classes: list[str]) -> Iterator[bytes]:
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "IMAGE" if "SOPInstanceUID" in keys else "SERIES"
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        contexts = [build_context(GET), *(build_context(each, syntax) for each in classes for syntax in DECODERS)]
        come: deque[bytes] = deque()
        with self._associated(contexts, [build_role(each, scp_role=True) for each in classes], come) as association:
            for status, _ in association.send_c_get(identifier, UID(GET)):
                self._goes_on(status)
                while come:
                    yield come.popleft()
        yield from come

    @contextmanager
    def _associated(
        self, contexts: list[PresentationContext], roles: list[Any] | None = None, come: "deque[bytes] | None" = None
    ) -> Iterator[Association]:
        entity = AE(self._calling)
        entity.connection_timeout = CONNECT_S
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = ANSWER_S
        handlers: list[Any] = [] if come is None else [(evt.EVT_C_STORE, lambda event: _take(event, come))]
        with self._places:
            self._reach()
            association = entity.associate(
                self._host, self._port, contexts=contexts, ae_title=self._called, ext_neg=roles or [],
                evt_handlers=handlers,
            )  # fmt: skip
            if not association.is_established:
                why = "refuses us" if association.is_rejected else "does not answer"
                raise SourceUnavailableError(f"{self.name} {why}.")
            try:
                yield association
            finally:
                if association.is_established:
                    association.release()

    def _reach(self) -> None:
        """See that somebody listens: pynetdicom would leave its socket open and write to the log where nobody does."""
        try:
            socket.create_connection((self._host, self._port), CONNECT_S).close()
        except OSError as error:
            raise SourceUnavailableError(f"{self.name} does not answer ({error.strerror or error}).") from error

    def _goes_on(self, status: Dataset) -> bool:
        """Return whether more is to come; raise when the PACS failed or broke off."""
        code = status.get("Status")
        if code is None:
            raise SourceUnavailableError(f"{self.name} broke off while it answered.")
        if code in _PENDING:
            return True
        if code == _SOME_FAILED:
            raise SourceUnavailableError(f"{self.name} could not send some of the objects that were asked for.")
        if code != _SUCCESS:
            raise MalformedAnswerError(f"{self.name} could not answer (DIMSE status {code:#06x}).")
        return False


def _take(event: Event, come: "deque[bytes]") -> int:
    """Keep an object that comes in as the Part 10 file it would be; its pixels are not touched."""
    data = event.encoded_dataset()
    if len(data) + sum(map(len, come)) > MAX_OBJECT:
        return _OUT_OF_RESOURCES
    come.append(data)
    return _SUCCESS


def _merged(row: Dataset, series: Dataset, keys: dict[str, str]) -> Dataset:
    for keyword in _SERIES:
        if keyword in series and keyword not in row:
            row[keyword] = series[keyword]
    for keyword, value in keys.items():
        setattr(row, keyword, value)
    return row
