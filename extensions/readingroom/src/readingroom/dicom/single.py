"""One DICOM file as a source of one study, for the command line."""

import os
from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.frame_bytes import read_frame
from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.part10 import open_file
from readingroom.dicom.scan import scan_file
from readingroom.dicom.source import SourceState
from readingroom.dicom.stacks import reading_order
from readingroom.errors import NotFoundError, UnreadableFileError
from readingroom.pixels.codecs import STREAMS


class FileSource:
    """The study, series and instance of one file; raises ``UnreadableFileError`` when it is none."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(os.path.realpath(path))
        try:
            scanned = scan_file(self._path)
        except UnreadableFileError as error:
            raise type(error)(f"{path} {error}.") from error
        if scanned is None:
            raise UnreadableFileError(f"{path} is a DICOMDIR, not an image.")
        self._scanned = scanned
        with quiet_reading():
            self._dataset = open_file(self._path).dataset

    @property
    def sop_uid(self) -> str:
        """Return the SOP Instance UID of the file."""
        return self._scanned.sop_uid

    def studies(self) -> Sequence[Study]:
        """Return the one study."""
        study = self._scanned.study
        fields = {name: getattr(study, name) for name in study.__dataclass_fields__}
        modality = self._scanned.series.modality
        return (Study(**fields, modalities=(modality,) if modality else (), series_count=1, instance_count=1),)

    def study(self, study_uid: str) -> Study:
        """Return the one study; raises ``NotFoundError`` for another."""
        self._check(study_uid, self._scanned.study.uid)
        return self.studies()[0]

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the one series."""
        self._check(study_uid, self._scanned.study.uid)
        scanned = self._scanned
        fields = {name: getattr(scanned.series, name) for name in scanned.series.__dataclass_fields__}
        return (
            Series(
                **fields,
                instance_count=1,
                frame_count=len(scanned.geometries),
                rows=scanned.rows,
                columns=scanned.columns,
                frame_time_ms=scanned.frame_time_ms,
            ),
        )

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames in reading order."""
        self._check(series_uid, self._scanned.series.uid)
        scanned = self._scanned
        described = zip(scanned.geometries, scanned.dimensions, strict=True)
        return reading_order(
            [
                FrameReference(scanned.sop_uid, number, scanned.rows, scanned.columns, geometry, dimensions)
                for number, (geometry, dimensions) in enumerate(described, 1)
            ]
        )

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return the one object."""
        self._check(series_uid, self._scanned.series.uid)
        scanned = self._scanned
        count = len(scanned.geometries)
        return (Instance(scanned.sop_uid, scanned.sop_class_uid, scanned.transfer_syntax_uid, count, self._path.name),)

    def metadata(self, sop_uid: str) -> Dataset:
        """Return the attributes without the pixel data."""
        self._check(sop_uid, self.sop_uid)
        return self._dataset

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored."""
        self._check(sop_uid, self.sop_uid)
        count = len(self._scanned.geometries)
        if not 1 <= frame <= count:
            raise NotFoundError(_no_frame(count, frame))
        data = read_frame(self._path, self._scanned.pixels, frame)
        syntax = self._scanned.transfer_syntax_uid
        return EncodedFrame(syntax, data, frame if syntax in STREAMS else 1)

    def problems(self) -> Sequence[Problem]:
        """Return nothing: a file with a problem makes no source."""
        return ()

    def state(self) -> SourceState:
        """Return a state that never changes."""
        return SourceState(revision=1, indexing=False, files_seen=1)

    @staticmethod
    def _check(asked: str, held: str) -> None:
        if asked != held:
            raise NotFoundError(f"This file does not hold {asked:.64}.")


def _no_frame(count: int, frame: int) -> str:
    if not count:
        return "This file holds no image."
    return f"This file has {'one frame' if count == 1 else f'{count} frames'}; there is no frame {frame}."
