"""A folder of DICOM files as a source of studies, over its own index."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.frame_bytes import read_frame
from readingroom.dicom.index import Index, NotIndexedError, dimensions_from, geometry_from, location_from
from readingroom.dicom.local_frames import LocalInstance
from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.part10 import open_file
from readingroom.dicom.refresh import Progress, read_state, refresh
from readingroom.dicom.slice_values import from_text
from readingroom.dicom.source import InstancePlace, SourceState
from readingroom.dicom.stacks import reading_order
from readingroom.dicom.stored_header import StoredHeader, stored_header
from readingroom.dicom.whole import PIECE, WholeObject
from readingroom.errors import NotFoundError, SourceUnavailableError, UnreadableFileError
from readingroom.pixels.codecs import STREAMS

METADATA_KEPT = 32

_KINDS = frozenset({"duplicate", "not_entered"})
_PROBLEMS = """
SELECT path, reason, kind FROM files WHERE reason != ''
UNION SELECT path, reason, kind FROM walk_problems ORDER BY 1
"""
_ANY_STUDIES = """
SELECT studies.*, count(*) AS instance_count, count(DISTINCT series_uid) AS series_count,
  (SELECT group_concat(DISTINCT modality) FROM series WHERE study_uid = studies.uid AND modality != '') AS modalities
FROM studies JOIN instances ON instances.study_uid = studies.uid {where}
GROUP BY studies.uid ORDER BY studies.date DESC, studies.time DESC, studies.uid
"""
_STUDIES = _ANY_STUDIES.format(where="")
_STUDY = _ANY_STUDIES.format(where="WHERE studies.uid = ?")
_SERIES = """
SELECT series.*, count(*) AS instance_count, sum(frame_count) AS frame_count, max(rows) AS rows,
  max(columns) AS columns, max(frame_time_ms) AS frame_time_ms
FROM series JOIN instances ON instances.series_uid = series.uid
WHERE series.study_uid = ? GROUP BY series.uid ORDER BY series.number IS NULL, series.number, series.uid
"""
_INSTANCES = """
SELECT sop_uid, sop_class_uid, transfer_syntax_uid, frame_count, path
FROM instances WHERE series_uid = ? ORDER BY instance_number, time, sop_uid
"""
_FRAMES = """
SELECT instances.sop_uid, frames.frame, rows, columns, geometry, dimensions, changed_ns
FROM instances JOIN frames ON frames.sop_uid = instances.sop_uid JOIN files ON files.path = instances.path
WHERE series_uid = ?
ORDER BY instance_number, time, instances.sop_uid, frame
"""
_PLACE = """
SELECT series.study_uid, series_uid, frame_count
FROM instances JOIN series ON series.uid = instances.series_uid WHERE sop_uid = ?
"""
_SAME_SERIES = """
SELECT * FROM instances WHERE series_uid = (SELECT series_uid FROM instances WHERE sop_uid = ?)
"""


class FolderSource:
    """The studies below ``root`` as its index knows them; ``refresh`` brings the index up to date.

    Parameters
    ----------
    root
        The folder; nothing is ever written there.
    index_path
        The SQLite file of the index.
    read_only
        Only read an index that another process keeps; its later commits are seen. ``refresh`` is refused.
    """

    def __init__(
        self, root: str | os.PathLike[str], index_path: str | os.PathLike[str], read_only: bool = False
    ) -> None:
        self._root = Path(root)
        self._index = Index(Path(index_path), read_only=read_only)
        self._refreshing = threading.Lock()
        self._metadata = lru_cache(maxsize=METADATA_KEPT)(_read_metadata)

    def refresh(self, progress: Progress | None = None) -> SourceState:
        """Scan for new, changed and removed files; ``progress`` is called after each batch. Returns the new state."""
        if self._index.read_only:
            raise SourceUnavailableError("This process may only read the index of the study folder.")
        with self._refreshing:
            refresh(self._index, self._root, progress)
        return self.state()

    def studies(self) -> Sequence[Study]:
        """Return every study, newest first."""
        return tuple(_study(row) for row in self._index.query(_STUDIES))

    def study(self, study_uid: str) -> Study:
        """Return one study; raises ``NotFoundError``."""
        for row in self._index.query(_STUDY, (study_uid,)):
            return _study(row)
        raise NotFoundError(f"There is no study {study_uid:.64} in this folder.")

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study in the order of their numbers; raises ``NotFoundError``."""
        rows = self._index.query(_SERIES, (study_uid,))
        if not rows:
            raise NotFoundError(f"There is no study {study_uid:.64} in this folder.")
        return tuple(Series(**{key: row[key] for key in Series.__dataclass_fields__}) for row in rows)

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames of a series in reading order; raises ``NotFoundError``."""
        rows = self._index.query(_FRAMES, (series_uid,))
        if not rows and not self._index.query("SELECT 1 FROM series WHERE uid = ?", (series_uid,)):
            raise NotFoundError(f"There is no series {series_uid:.64} in this folder.")
        return reading_order(
            [
                FrameReference(
                    row["sop_uid"], row["frame"], row["rows"], row["columns"],
                    geometry_from(row["geometry"]), dimensions_from(row["dimensions"]), row["changed_ns"],
                )
                for row in rows
            ]
        )  # fmt: skip

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return every object of a series by instance number; raises ``NotFoundError``."""
        rows = self._index.query(_INSTANCES, (series_uid,))
        if not rows:
            raise NotFoundError(f"There is no series {series_uid:.64} in this folder.")
        return tuple(Instance(**{key: row[key] for key in Instance.__dataclass_fields__}) for row in rows)

    def place(self, sop_uid: str) -> InstancePlace:
        """Return where an object belongs, by one look-up (0.01 ms); raises ``NotFoundError``."""
        for row in self._index.query(_PLACE, (sop_uid,)):
            return InstancePlace(row["study_uid"], row["series_uid"], row["frame_count"])
        raise _no_instance(sop_uid)

    def metadata(self, sop_uid: str) -> Dataset:
        """Return an instance's attributes without its pixel data; shared between callers, not to be changed."""
        row = self._instance(sop_uid)
        return self._metadata(self._path(row), row["changed_ns"], row["size"])

    def stored_header(self, sop_uid: str) -> StoredHeader | None:
        """Return the attributes as they lie in the file, None where they have to be read; raises ``NotFoundError``."""
        path = self._path(self._instance(sop_uid))
        try:
            with open(path, "rb", buffering=0, opener=_no_link) as file:
                descriptor = file.fileno()
                size = os.fstat(descriptor).st_size
                return stored_header(lambda length, offset: os.pread(descriptor, length, offset), size)
        except OSError as error:
            raise _gone(path, error) from error

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored; raises ``NotFoundError``."""
        row = self._instance(sop_uid)
        if not 1 <= frame <= row["frame_count"]:
            raise NotFoundError(f"This instance has {row['frame_count']} frames; there is no frame {frame}.")
        data = read_frame(self._path(row), location_from(row), frame)
        syntax = row["transfer_syntax_uid"]
        return EncodedFrame(syntax, data, frame if syntax in STREAMS else 1)

    def objects(self, series_uid: str, sop_uid: str = "") -> Iterator[WholeObject]:
        """Yield the files of a series, or of one instance of it, as they are; raises ``NotFoundError``."""
        below = _Below(self._root)
        for instance in self.instances(series_uid):
            if sop_uid in ("", instance.sop_uid):
                yield WholeObject(instance.transfer_syntax_uid, _pieces(below.path(instance.path)))

    def local_instances(self, sop_uid: str) -> Mapping[str, LocalInstance]:
        """Return the files of the series that an instance belongs to, by SOP Instance UID; raises ``NotFoundError``."""
        rows = self._index.query(_SAME_SERIES, (sop_uid,))
        if not rows:
            raise _no_instance(sop_uid)
        below = _Below(self._root)
        return {
            row["sop_uid"]: LocalInstance(
                below.path(row["path"]),
                row["transfer_syntax_uid"],
                location_from(row),
                from_text(row["slice_values"]) if row["slice_values"] else None,
            )
            for row in rows
        }

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in, by path; files that are not DICOM are one row together."""
        found = [
            Problem(row["path"], row["reason"], row["kind"] if row["kind"] in _KINDS else "unreadable")
            for row in self._index.query(_PROBLEMS)
        ]
        other = self._index.query("SELECT count(*) AS n, min(path) AS path FROM files WHERE kind = 'not_dicom'")[0]
        if other["n"]:
            many = "1 file is" if other["n"] == 1 else f"{other['n']} files are"
            found.append(Problem(".", f"{many} not DICOM, e.g. {other['path']}", "not_dicom"))
        return tuple(found)

    def state(self) -> SourceState:
        """Return the revision and the progress; an index that is not there yet is an empty one being made."""
        try:
            return read_state(self._index)
        except NotIndexedError as error:
            return SourceState(0, indexing=True, files_seen=0, message=str(error))

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _instance(self, sop_uid: str) -> sqlite3.Row:
        rows = self._index.query(
            "SELECT instances.*, changed_ns, size FROM instances JOIN files ON files.path = instances.path "
            "WHERE instances.sop_uid = ?",
            (sop_uid,),
        )
        if not rows:
            raise _no_instance(sop_uid)
        return rows[0]

    def _path(self, row: sqlite3.Row) -> Path:
        return _Below(self._root).path(row["path"])


class _Below:
    """The files below a folder; a link put in the way of one since it was indexed must not lead out of it."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._folders: dict[str, str] = {}

    def path(self, relative: str) -> Path:
        """Return the file that an indexed path leads to; each folder is looked up once."""
        folder, name = os.path.split(relative)
        if folder not in self._folders:
            self._folders[folder] = self._real(folder, relative)
        path = os.path.join(self._folders[folder], name)  # noqa: PTH118 - as `realpath`, a string
        return Path(self._real(path, relative) if os.path.islink(path) else path)  # noqa: PTH114

    def _real(self, path: str, relative: str) -> str:
        real = os.path.realpath(os.path.join(self._root, path))  # noqa: PTH118 - realpath of a string
        if os.path.commonpath([self._root, real]) != self._root:
            raise SourceUnavailableError(f"{relative} has become a link out of the study folder.")
        return real


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb", opener=_no_link) as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise _gone(path, error) from error


def _no_instance(sop_uid: str) -> NotFoundError:
    return NotFoundError(f"There is no instance {sop_uid:.64} in this folder.")


def _gone(path: Path, error: OSError) -> SourceUnavailableError:
    return SourceUnavailableError(f"{path.name} cannot be read any more ({error.strerror or error}).")


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _read_metadata(path: Path, _changed_ns: int, _size: int) -> Dataset:
    """Return the attributes of a file; its time and size are here for the cache to tell changed files apart."""
    try:
        with quiet_reading():
            return open_file(path).dataset
    except UnreadableFileError as error:
        raise SourceUnavailableError(f"{path.name} {error}.") from error


def _study(row: sqlite3.Row) -> Study:
    fields = {key: row[key] for key in Study.__dataclass_fields__ if key != "modalities"}
    return Study(**fields, modalities=tuple(sorted((row["modalities"] or "").split(",")) if row["modalities"] else ()))
