"""What the records have not taken yet: a bounded file of events in order, each on the disk before anybody goes on."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from readingroom.errors import ReadingRoomError

WAITS_S = 1.0
"""How long another program that holds the file is waited for: the hub answers nobody meanwhile."""

MOST = 10_000
"""Events that may wait. Records that stay away for longer than these last let nobody in any more."""

_TABLES = """
create table if not exists waiting (number integer primary key autoincrement, key text not null, event text not null);
create table if not exists refused (key text primary key, event text not null, answer text not null);
create table if not exists known (name text primary key, value text not null);
"""


class NotKeptError(ReadingRoomError):
    """An event that could not be kept: what it tells of must not happen."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event as JSON; ``key`` says that it is the same one when it is sent again."""

    number: int
    key: str
    event: str


class Spool:
    """The file, opened when it is first needed. One process writes; every change is on the disk when it returns.

    ``add`` and ``know`` raise ``NotKeptError`` where the disk or the bound does not let them.
    """

    def __init__(self, file: Path, most: int = MOST) -> None:
        self._file, self._most = file, most
        self._opened: sqlite3.Connection | None = None

    def add(self, *events: str) -> None:
        """Keep events, all or none."""
        self._keep(events, None)

    def know(self, name: str, value: str, *events: str) -> None:
        """Keep events together with what is known once they are told."""
        self._keep(events, (name, value))

    def known(self, name: str) -> str | None:
        """Return what was last known under a name."""
        row = self._database().execute("select value from known where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def oldest(self) -> Waiting | None:
        """Return the event that is sent next."""
        row = self._database().execute("select number, key, event from waiting order by number limit 1").fetchone()
        return None if row is None else Waiting(*row)

    def sent(self, one: Waiting) -> None:
        """Forget an event that the records have."""
        with self._database() as database:
            database.execute("delete from waiting where number = ?", (one.number,))

    def refused(self, one: Waiting, answer: str) -> None:
        """Put an event aside that the records will never take, so that those behind it can pass; nothing is lost."""
        with self._database() as database:
            database.execute("insert or replace into refused values (?, ?, ?)", (one.key, one.event, answer))
            database.execute("delete from waiting where number = ?", (one.number,))

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _keep(self, events: tuple[str, ...], known: tuple[str, str] | None) -> None:
        try:
            with self._database() as database:
                if database.execute("select count(*) from waiting").fetchone()[0] + len(events) > self._most:
                    raise NotKeptError(f"{self._most} events wait for the records already; no more can be kept.")
                database.executemany(
                    "insert into waiting (key, event) values (?, ?)", [(uuid4().hex, event) for event in events]
                )
                if known is not None:
                    database.execute("insert or replace into known values (?, ?)", known)
        except (sqlite3.Error, OSError) as error:
            with suppress(sqlite3.Error):
                self.close()
            raise NotKeptError(f"An event could not be kept in {self._file.name}: {error}") from error

    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = sqlite3.connect(self._file, timeout=WAITS_S)
            opened.execute("pragma journal_mode = wal")
            opened.execute("pragma synchronous = full")
            opened.executescript(_TABLES)
            self._opened = opened
        return self._opened
