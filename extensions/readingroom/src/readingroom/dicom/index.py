"""The index of a study folder: one SQLite file that a writer fills and any number of readers open read-only.

``journal_mode=DELETE``, because a reader on a read-only mount could not make the shared memory of a write-ahead log.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from readingroom.dicom.model import Dimensions, FrameGeometry
from readingroom.dicom.scan import PixelLocation, ScannedFile
from readingroom.dicom.slice_values import to_text
from readingroom.errors import SourceUnavailableError

SCHEMA_VERSION = 5
BUSY_SECONDS = 15.0

_SCHEMA = """
CREATE TABLE files (path TEXT PRIMARY KEY, changed_ns INTEGER, size INTEGER, kind TEXT, sop_uid TEXT, reason TEXT);
CREATE INDEX files_sop ON files (sop_uid);
CREATE TABLE walk_problems (path TEXT, reason TEXT, kind TEXT);
CREATE TABLE studies (uid TEXT PRIMARY KEY, patient_name TEXT, patient_id TEXT, birth_date TEXT, sex TEXT, date TEXT,
  time TEXT, description TEXT, accession_number TEXT);
CREATE TABLE series (uid TEXT PRIMARY KEY, study_uid TEXT, modality TEXT, number INTEGER, description TEXT,
  body_part TEXT);
CREATE TABLE instances (sop_uid TEXT PRIMARY KEY, path TEXT UNIQUE, study_uid TEXT, series_uid TEXT,
  sop_class_uid TEXT, transfer_syntax_uid TEXT, instance_number INTEGER, time TEXT, rows INTEGER,
  columns INTEGER, frame_time_ms REAL, frame_count INTEGER, pixel_offset INTEGER, frame_bits INTEGER,
  spans BLOB, deflated INTEGER, swap_bytes INTEGER, slice_values TEXT);
CREATE INDEX series_study ON series (study_uid);
CREATE INDEX instances_series ON instances (series_uid);
CREATE INDEX instances_study ON instances (study_uid, series_uid);
CREATE TABLE frames (sop_uid TEXT, frame INTEGER, geometry TEXT, dimensions TEXT,
  PRIMARY KEY (sop_uid, frame)) WITHOUT ROWID;
CREATE TABLE state (revision INTEGER, indexing INTEGER, files_seen INTEGER, message TEXT);
INSERT INTO state VALUES (0, 0, 0, '');
"""
_GEOMETRY = tuple(FrameGeometry.__dataclass_fields__)
_TABLES = ("files", "walk_problems", "studies", "series", "instances", "frames", "state")


class NotIndexedError(SourceUnavailableError):
    """The index has not been made yet; its writer may be about to."""


class Index:
    """Connections to one index file, one a thread; errors of SQLite become ``SourceUnavailableError``."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection."""
        try:
            yield self._connection()
        except sqlite3.Error as error:
            raise SourceUnavailableError(
                f"The index of the study folder cannot be used ({error}); deleting it makes it anew."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection within one transaction that is committed at the end."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self.connection() as connection:
            return connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            opened, self._opened = self._opened, []
            self._local = threading.local()
        for connection in opened:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is not None:
            return held
        connection = self._open()
        with self._lock:
            self._opened.append(connection)
        self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        if self.read_only and not self.path.exists():
            raise NotIndexedError("The study folder has not been indexed yet.")
        if not self.read_only:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = "ro" if self.read_only else "rwc"
        address = f"file:{quote(str(self.path.absolute()))}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.isolation_level = None
        connection.row_factory = sqlite3.Row
        try:
            _prepare(connection, read_only=self.read_only)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection, *, read_only: bool) -> None:
    """Make the tables; those of another version are thrown away, because an index can always be made again."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if read_only:
        raise NotIndexedError("The study folder has not been indexed yet.")
    connection.execute("PRAGMA journal_mode=DELETE")
    with suppress(sqlite3.OperationalError):
        connection.execute("BEGIN EXCLUSIVE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        connection.rollback()
        return
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.commit()


def insert_instance(connection: sqlite3.Connection, path: str, scanned: ScannedFile) -> None:
    """Put one instance in, with its study, its series and its frames."""
    _insert(connection, "studies", astuple(scanned.study))
    _insert(connection, "series", astuple(scanned.series))
    pixels = scanned.pixels
    row = (
        scanned.sop_uid, path, scanned.study.uid, scanned.series.uid, scanned.sop_class_uid,
        scanned.transfer_syntax_uid, scanned.instance_number, scanned.time, scanned.rows, scanned.columns,
        scanned.frame_time_ms, len(scanned.geometries), pixels.offset, pixels.frame_bits, pixels.spans.tobytes(),
        pixels.deflated, pixels.swap_bytes, "" if scanned.values is None else to_text(scanned.values),
    )  # fmt: skip
    _insert(connection, "instances", row)
    connection.executemany(
        "INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?)",
        (
            (scanned.sop_uid, number, _stored_geometry(geometry), json.dumps(dimensions))
            for number, (geometry, dimensions) in enumerate(zip(scanned.geometries, scanned.dimensions, strict=True), 1)
        ),
    )


def delete_instance(connection: sqlite3.Connection, sop_uid: str) -> None:
    """Take one instance out; files that were duplicates of it are to be read again."""
    connection.execute("DELETE FROM frames WHERE sop_uid = ?", (sop_uid,))
    connection.execute("DELETE FROM instances WHERE sop_uid = ?", (sop_uid,))
    connection.execute("UPDATE files SET changed_ns = -1 WHERE kind = 'duplicate' AND sop_uid = ?", (sop_uid,))


def delete_empty(connection: sqlite3.Connection) -> None:
    """Take out studies and series that no instance belongs to any more."""
    connection.execute("DELETE FROM series WHERE uid NOT IN (SELECT series_uid FROM instances)")
    connection.execute("DELETE FROM studies WHERE uid NOT IN (SELECT study_uid FROM instances)")


def _stored_geometry(geometry: FrameGeometry) -> str:
    """Return what is said of a frame's place; what is not said is left out."""
    return json.dumps({name: value for name in _GEOMETRY if (value := getattr(geometry, name)) is not None})


def dimensions_from(stored: str) -> Dimensions:
    """Return the dimensions that ``insert_instance`` wrote."""
    return tuple((name, value) for name, value in json.loads(stored))


def geometry_from(stored: str) -> FrameGeometry:
    """Return the geometry that ``insert_instance`` wrote."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(stored).items()}
    return FrameGeometry(**fields)


def location_from(row: sqlite3.Row) -> PixelLocation:
    """Return the pixel location that ``insert_instance`` wrote."""
    spans = np.frombuffer(row["spans"], np.int64).reshape(-1, 3)
    return PixelLocation(row["pixel_offset"], row["frame_bits"], spans, bool(row["deflated"]), bool(row["swap_bytes"]))


def _insert(connection: sqlite3.Connection, table: str, row: Sequence[Any]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", tuple(row))  # noqa: S608 - names from here
