"""Bringing an index up to date with its folder: new, changed and removed files, in small transactions."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import astuple
from pathlib import Path

from readingroom.dicom.index import Index, delete_empty, delete_instance, insert_instance
from readingroom.dicom.model import Problem
from readingroom.dicom.part10 import NotDicomError
from readingroom.dicom.scan import ScannedFile
from readingroom.dicom.scan_pool import scan_files
from readingroom.dicom.scan_worker import Outcome
from readingroom.dicom.source import SourceState
from readingroom.dicom.walk import FoundFile, Walk, walk
from readingroom.errors import UnreadableFileError

BATCH = 200
"""Files to a transaction: readers wait for one commit, about a fifth of a second apart."""

Progress = Callable[[SourceState], None]


def refresh(index: Index, root: Path, progress: Progress | None = None) -> None:
    """Scan ``root`` and bring ``index`` up to date; never stops for a bad file.

    A root that cannot be listed leaves the index as it was: a disk that is away must not look like deleted studies.
    """
    _set_state(index, indexing=True)
    try:
        message = _refresh(index, root, progress)
    except OSError as error:
        message = f"The study folder {root} cannot be read ({error.strerror or error})."
        _replace_walk_problems(index, [Problem(".", f"cannot be read ({error.strerror or error})")])
    _set_state(index, indexing=False, message=message)
    if progress is not None:
        progress(read_state(index))


def read_state(index: Index) -> SourceState:
    """Return how far the index has got."""
    row = index.query("SELECT revision, indexing, files_seen, message FROM state")[0]
    return SourceState(row["revision"], bool(row["indexing"]), row["files_seen"], row["message"])


def _refresh(index: Index, root: Path, progress: Progress | None) -> str:
    found = walk(root)
    _replace_walk_problems(index, found.problems)
    pending = _changed_files(index, found)
    outcomes = scan_files([root / file.path for file in pending])
    for start in range(0, len(pending), BATCH):
        batch = list(zip(pending[start : start + BATCH], outcomes, strict=False))
        with index.transaction() as connection:
            for file, outcome in batch:
                _take_in(connection, file, outcome)
            seen = len(found.files) - len(pending) + start + len(batch)
            connection.execute("UPDATE state SET revision = revision + 1, files_seen = ?", (seen,))
        if progress is not None:
            progress(read_state(index))
    with index.transaction() as connection:
        delete_empty(connection)
        connection.execute("UPDATE state SET files_seen = ?", (len(found.files),))
    return "" if index.query("SELECT 1 FROM instances LIMIT 1") else f"There are no DICOM files in {root}."


def _changed_files(index: Index, found: Walk) -> list[FoundFile]:
    """Forget files that are gone or changed; return those to be read, also duplicates of what was forgotten."""
    present = {file.path: file for file in found.files}
    known = {row["path"]: row for row in index.query("SELECT path, changed_ns, size FROM files")}
    stale = [
        path
        for path, row in known.items()
        if not path.startswith(tuple(found.unread))
        and (path not in present or (row["changed_ns"], row["size"]) != (present[path].changed_ns, present[path].size))
    ]
    if stale:
        with index.transaction() as connection:
            for path in stale:
                _forget(connection, path)
            connection.execute("UPDATE state SET revision = revision + 1")
    current = {row["path"] for row in index.query("SELECT path FROM files WHERE changed_ns != -1")}
    return [file for file in found.files if file.path not in current]


def _forget(connection: sqlite3.Connection, path: str) -> None:
    for row in connection.execute("SELECT sop_uid FROM instances WHERE path = ?", (path,)).fetchall():
        delete_instance(connection, row["sop_uid"])
    connection.execute("DELETE FROM files WHERE path = ?", (path,))


def _take_in(connection: sqlite3.Connection, file: FoundFile, outcome: Outcome) -> None:
    """Note what a file is: an instance, a problem, or something else."""
    if isinstance(outcome, NotDicomError):
        _note(connection, file, "not_dicom")
    elif isinstance(outcome, UnreadableFileError):
        _note(connection, file, "problem", reason=str(outcome))
    elif outcome is None:
        _note(connection, file, "directory")
    else:
        _take_in_instance(connection, file, outcome)


def _take_in_instance(connection: sqlite3.Connection, file: FoundFile, scanned: ScannedFile) -> None:
    """Put an instance in; of two with one SOP Instance UID the first by path is shown and the other is listed."""
    row = connection.execute("SELECT path FROM instances WHERE sop_uid = ?", (scanned.sop_uid,)).fetchone()
    if row is not None and row["path"] < file.path:
        _note(connection, file, "duplicate", scanned.sop_uid, _duplicate_of(row["path"]))
        return
    if row is not None:
        reason = _duplicate_of(file.path)
        connection.execute("UPDATE files SET kind = 'duplicate', reason = ? WHERE path = ?", (reason, row["path"]))
        connection.execute("DELETE FROM frames WHERE sop_uid = ?", (scanned.sop_uid,))
    connection.execute(
        "UPDATE files SET reason = ? WHERE kind = 'duplicate' AND sop_uid = ?",
        (_duplicate_of(file.path), scanned.sop_uid),
    )
    insert_instance(connection, file.path, scanned)
    _note(connection, file, "instance", scanned.sop_uid)


def _duplicate_of(path: str) -> str:
    return f"has the same SOP Instance UID as {path}, which is shown instead"


def _note(connection: sqlite3.Connection, file: FoundFile, kind: str, sop_uid: str = "", reason: str = "") -> None:
    row = (file.path, file.changed_ns, file.size, kind, sop_uid, reason)
    connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", row)


def _replace_walk_problems(index: Index, problems: Iterable[Problem]) -> None:
    rows = [astuple(problem) for problem in problems]
    held = [tuple(row) for row in index.query("SELECT path, reason, kind FROM walk_problems")]
    if rows == held:
        return
    with index.transaction() as connection:
        connection.execute("DELETE FROM walk_problems")
        connection.executemany("INSERT INTO walk_problems VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE state SET revision = revision + 1")


def _set_state(index: Index, *, indexing: bool, message: str | None = None) -> None:
    with index.transaction() as connection:
        connection.execute("UPDATE state SET indexing = ?", (indexing,))
        if message is not None:
            connection.execute("UPDATE state SET revision = revision + (message != ?), message = ?", (message, message))
