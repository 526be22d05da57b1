"""A source of studies together with the derived objects that are kept here: each study shows both."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from pydicom import Dataset

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.source import InstancePlace, KnowsPlaces, SourceState, StudySource, frame_counts
from readingroom.dicom.stored_header import StoredHeader, StoredHeaders
from readingroom.dicom.whole import RelayedAnswer, RelaysAnswers, WholeObject, whole_objects
from readingroom.errors import NotFoundError

LOOK_AGAIN_S = 0.5
"""Seconds after which what another copy of the gateway keeps is seen."""


class WithDerived:
    """Both sources as one; a study that ``source`` no longer has is not shown for its derived objects."""

    def __init__(self, source: StudySource, derived: FolderSource) -> None:
        self.source, self.derived = source, derived
        self._looked, self._revision, self._ours = 0.0, -1, frozenset[str]()

    def studies(self) -> Sequence[Study]:
        """Return every study, newest first, its derived objects counted in."""
        ours = {study.uid: study for study in self.derived.studies()}
        return tuple(_with(study, ours[study.uid]) if study.uid in ours else study for study in self.source.studies())

    def study(self, study_uid: str) -> Study:
        """Return one study, its derived objects counted in; raises ``NotFoundError``."""
        study = self.source.study(study_uid)
        try:
            return _with(study, self.derived.study(study_uid))
        except NotFoundError:
            return study

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study in the order of their numbers."""
        found = list(self.source.series(study_uid))
        try:
            found += self.derived.series(study_uid)
        except NotFoundError:
            return tuple(found)
        return tuple(sorted(found, key=lambda series: (series.number is None, series.number or 0, series.uid)))

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames of a series in reading order."""
        return self._of(series_uid).frames(series_uid)

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return every object of a series."""
        return self._of(series_uid).instances(series_uid)

    def frame_counts(self, series_uid: str) -> Mapping[str, int]:
        """Return how many frames each object of a series has."""
        return frame_counts(self._of(series_uid), series_uid)

    def place(self, sop_uid: str) -> InstancePlace | None:
        """Return where an object belongs, None where its series has to be asked for."""
        source = self._of(sop_uid)
        return source.place(sop_uid) if isinstance(source, KnowsPlaces) else None

    def metadata(self, sop_uid: str) -> Dataset:
        """Return an instance's attributes without its pixel data."""
        return self._of(sop_uid).metadata(sop_uid)

    def stored_header(self, sop_uid: str) -> StoredHeader | None:
        """Return an instance's attributes as they are stored, None where they have to be read."""
        source = self._of(sop_uid)
        return source.stored_header(sop_uid) if isinstance(source, StoredHeaders) else None

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored."""
        return self._of(sop_uid).frame(sop_uid, frame)

    def objects(self, series_uid: str, sop_uid: str = "") -> Iterator[WholeObject]:
        """Yield the objects of a series, or one of them, as files."""
        return whole_objects(self._of(series_uid), series_uid, sop_uid)

    def relay(self, series_uid: str) -> AbstractContextManager[RelayedAnswer | None]:
        """Give a series as the PACS sends it, None where there is none that does."""
        source = self._of(series_uid)
        return source.relay(series_uid) if isinstance(source, RelaysAnswers) else nullcontext()

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in."""
        return (*self.source.problems(), *self.derived.problems())

    def state(self) -> SourceState:
        """Return the state of the source; its revision grows with that of the derived objects."""
        state = self.source.state()
        return replace(state, revision=state.revision + self.derived.state().revision)

    def _of(self, uid: str) -> StudySource:
        """Return who has a series or an instance; asked with every frame, so it is known by heart."""
        if time.monotonic() - self._looked > LOOK_AGAIN_S:
            revision = self.derived.state().revision
            if revision != self._revision:
                self._ours = frozenset(_uids(self.derived))
                self._revision = revision
            self._looked = time.monotonic()
        return self.derived if uid in self._ours else self.source

    def look_again(self) -> None:
        """See at once what has just been kept."""
        self._looked = 0.0


def _uids(derived: FolderSource) -> Iterator[str]:
    for study in derived.studies():
        for series in derived.series(study.uid):
            yield series.uid
            for instance in derived.instances(series.uid):
                yield instance.sop_uid


def _with(study: Study, ours: Study) -> Study:
    return replace(
        study,
        modalities=tuple(sorted({*study.modalities, *ours.modalities})),
        series_count=study.series_count + ours.series_count,
        instance_count=study.instance_count + ours.instance_count,
    )
