"""What every place that studies come from must offer, in DICOMweb terms (PS3.18 §10: QIDO-RS and WADO-RS)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pydicom import Dataset

from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far a source has got: ``revision`` grows with every change; ``message`` is for the reader, empty when well."""

    revision: int
    indexing: bool
    files_seen: int
    message: str = ""


class StudySource(Protocol):
    """A source of studies. Every method may raise ``SourceUnavailableError``; look-ups raise ``NotFoundError``.

    Frame numbers are 1-based as in DICOM. Frame bytes are handed out undecoded.
    """

    def studies(self) -> Sequence[Study]:
        """Return every study, newest first (QIDO-RS search for studies)."""

    def study(self, study_uid: str) -> Study:
        """Return one study, however long the list of them is."""

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study in the order of their numbers (QIDO-RS search for series)."""

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames of a series in reading order: stack after stack (``readingroom.dicom.stacks``)."""

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return every object of a series, also those that are no images (QIDO-RS search for instances)."""

    def metadata(self, sop_uid: str) -> Dataset:
        """Return an instance's attributes without its pixel data (WADO-RS metadata), file meta information attached."""

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored (WADO-RS frames with transfer-syntax=*)."""

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in, and why."""

    def state(self) -> SourceState:
        """Return the revision and the progress, cheap enough to be asked every second."""


@runtime_checkable
class CountsFrames(Protocol):
    """What a source offers beyond ``StudySource`` that knows its objects before it knows how they are compressed."""

    def frame_counts(self, series_uid: str) -> Mapping[str, int]:
        """Return how many frames each object of a series has, by SOP Instance UID; raises ``NotFoundError``."""


@dataclass(frozen=True, slots=True)
class InstancePlace:
    """The study and the series that an object belongs to, and how many frames it has."""

    study_uid: str
    series_uid: str
    frame_count: int


@runtime_checkable
class KnowsPlaces(Protocol):
    """What a source offers beyond ``StudySource`` that finds one object without its series."""

    def place(self, sop_uid: str) -> InstancePlace | None:
        """Return where an object belongs, None where its series has to be asked for; raises ``NotFoundError``."""


def frame_counts(source: StudySource, series_uid: str) -> Mapping[str, int]:
    """Return how many frames each object of a series of any source has, by SOP Instance UID."""
    if isinstance(source, CountsFrames):
        return source.frame_counts(series_uid)
    return {each.sop_uid: each.frame_count for each in source.instances(series_uid)}
