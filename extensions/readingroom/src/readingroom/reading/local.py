"""Records in one SQLite file beside the viewer process, until the hub's own service keeps them.

Nothing in it is ever changed or removed: triggers refuse it, and each audit entry holds the hash of the one before, so
that a change from outside shows. Whoever may write the file can still write a whole new chain, or cut its end: against
its own keeper a file proves nothing, which is why the hub's service is to hold it.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit import AuditEntry, canonical, entry_fields
from readingroom.reading.batch import BatchWriter, KeeperError
from readingroom.reading.coverage import FrameKey, PaintedFrame
from readingroom.reading.display import DisplayRecord

GENESIS = "0" * 64
"""What the first entry holds in place of the hash of the one before."""

SAVE_TIMEOUT_S = 10.0

_TABLES = """
CREATE TABLE IF NOT EXISTS audit (number INTEGER PRIMARY KEY AUTOINCREMENT, previous TEXT NOT NULL,
    entry TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS coverage (person TEXT NOT NULL, read TEXT NOT NULL, study_uid TEXT NOT NULL,
    series_uid TEXT NOT NULL, sop_uid TEXT NOT NULL, frame INTEGER NOT NULL, position INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (person, series_uid, read, sop_uid, frame)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS display (number INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL, display TEXT NOT NULL,
    saved TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS display_of ON display (person, display);
"""
_KEPT = ("audit", "coverage", "display")
_TRIGGERS = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{word} BEFORE {word} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;\n"
    for table in _KEPT
    for word in ("UPDATE", "DELETE")
)


class LocalRecords:
    """An ``AuditLog``, a ``CoverageLog`` and the ``DisplayRecords`` in one file; safe to call from any thread.

    Writing happens in a thread of its own, many entries in one transaction that is on the disk when it ends (WAL with
    synchronous=FULL), so that neither a picture nor the event loop waits for the disk. A file that cannot be opened or a
    disk that is full is said by ``trouble`` and tried again every second; what waits is not dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._file = RecordsFile(path)
        self._writer = BatchWriter(self._file)

    def close(self) -> None:
        """Write what waits, as far as that is possible, and let go of the file."""
        self._writer.close()
        if self._reader is not None:
            self._reader.close()

    def append(self, entry: AuditEntry) -> Future[int]:
        """Take an audit entry (``AuditLog``)."""
        body = canonical(entry_fields(entry))
        return self._writer.put(lambda connection: _append(connection, body))

    def trouble(self) -> str:
        """Return why entries are not being kept just now (``AuditLog``)."""
        return self._writer.trouble()

    def painted(self, frame: PaintedFrame) -> None:
        """Note a painted frame (``CoverageLog``)."""
        fields = {**asdict(frame), "at": frame.at.isoformat()}
        self._writer.put(lambda connection: _insert_once(connection, "coverage", fields))

    def seen(self, person: str, series_uid: str, read: str = "") -> frozenset[FrameKey]:
        """Return what a person has seen of a series (``CoverageLog``)."""
        query = "SELECT sop_uid, frame FROM coverage WHERE person = ? AND series_uid = ? AND (? = '' OR read = ?)"
        return frozenset((str(sop), int(frame)) for sop, frame in self._read(query, person, series_uid, read, read))

    def save(self, record: DisplayRecord) -> None:
        """Keep a display record and wait until it is kept (``DisplayRecords``)."""
        fields = {
            "person": record.person,
            "display": record.display,
            "saved": datetime.now(UTC).isoformat(),
            "record": json.dumps({**asdict(record), "measured": record.measured.isoformat()}),
        }
        waiting = self._writer.put(lambda connection: _insert(connection, "display", fields))
        try:
            waiting.result(SAVE_TIMEOUT_S)
        except TimeoutError as error:
            raise RecordsUnavailableError(self.trouble() or "The measurement could not be kept in time.") from error

    def records(self, person: str, display: str) -> Sequence[DisplayRecord]:
        """Return a person's records of one screen (``DisplayRecords``)."""
        query = "SELECT record FROM display WHERE person = ? AND display = ? ORDER BY number"
        return [_display_record(json.loads(text)) for (text,) in self._read(query, person, display)]

    def displays(self, person: str) -> Sequence[str]:
        """Return the screens that a person has measured (``DisplayRecords``)."""
        query = "SELECT display FROM display WHERE person = ? GROUP BY display ORDER BY max(number) DESC"
        return [str(name) for (name,) in self._read(query, person)]

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading:
            try:
                if self._reader is None:
                    self._reader = open_records(self._path)
                return self._reader.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise RecordsUnavailableError(f"The records cannot be read ({error}). Try again.") from error


Write = Callable[[sqlite3.Connection], int]


class RecordsFile:
    """The file as a ``Keeper`` of writes: many in one transaction, on the disk when it ends."""

    def __init__(self, path: Path) -> None:
        self.connect: Callable[[], sqlite3.Connection] = lambda: open_records(path)
        self.connection: sqlite3.Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection (``Keeper``)."""
        return self.connection is not None

    def open(self) -> None:
        """Open or make the file (``Keeper``)."""
        try:
            self.connection = self.connect()
        except (sqlite3.Error, OSError) as error:
            raise KeeperError(str(error)) from error

    def write(self, entries: Sequence[Write]) -> Sequence[int]:
        """Do all writes in one transaction (``Keeper``)."""
        if self.connection is None:
            raise KeeperError("the file is not open")
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            results = [write(self.connection) for write in entries]
            self.connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise KeeperError(str(error)) from error
        return results

    def close(self) -> None:
        """Let go of the file; an open transaction ends here, undone (``Keeper``)."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def open_records(path: Path) -> sqlite3.Connection:
    """Open or make the file; raises ``sqlite3.Error`` or ``OSError``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_TABLES + _TRIGGERS)
    return connection


def _append(connection: sqlite3.Connection, body: bytes) -> int:
    last = connection.execute("SELECT hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    previous = last[0] if last else GENESIS
    fields = {"previous": previous, "entry": body.decode("ascii"), "hash": link_hash(previous, body)}
    return _insert(connection, "audit", fields)


def _insert(connection: sqlite3.Connection, table: str, fields: dict[str, Any], word: str = "INSERT") -> int:
    names, marks = ", ".join(fields), ", ".join("?" * len(fields))
    statement = f"{word} INTO {table} ({names}) VALUES ({marks})"
    return connection.execute(statement, tuple(fields.values())).lastrowid or 0


def _insert_once(connection: sqlite3.Connection, table: str, fields: dict[str, Any]) -> int:
    return _insert(connection, table, fields, "INSERT OR IGNORE")


def link_hash(previous: str, body: bytes) -> str:
    """Return the hash of an entry: over the hash of the one before and its own bytes."""
    return hashlib.sha256(previous.encode("ascii") + body).hexdigest()


def _display_record(fields: dict[str, Any]) -> DisplayRecord:
    lists = {name: tuple(float(one) for one in fields[name]) for name in ("luminance", "dark", "bright")}
    return DisplayRecord(**{**fields, **lists, "measured": date.fromisoformat(fields["measured"])})


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How many audit entries hold together from the first on, and what is wrong with the next; empty when all do.

    ``last_hash`` is that of the last entry that holds.
    """

    entries: int
    wrong: str = ""
    last_hash: str = GENESIS


def check_chain(path: Path) -> ChainReport:
    """Follow the chain of a file from its first entry; raises ``sqlite3.Error`` for a file that is no such file.

    An entry that was changed, put in, taken out or moved is found; so is a cut end that SQLite itself still remembers.
    """
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    try:
        return _followed(connection)
    finally:
        connection.close()


def _followed(connection: sqlite3.Connection) -> ChainReport:
    previous, count = GENESIS, 0
    for number, before, body, own in connection.execute(
        "SELECT number, previous, CAST(entry AS BLOB), hash FROM audit ORDER BY number"
    ):
        if number != count + 1:
            return ChainReport(count, f"Entry {count + 1} is missing.", previous)
        if before != previous or own != link_hash(previous, body):
            return ChainReport(count, f"Entry {number} is not what was written.", previous)
        previous, count = own, number
    given = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
    if given and given[0] != count:
        return ChainReport(count, f"The entries after {count} are missing.", previous)
    return ChainReport(count, last_hash=previous)
