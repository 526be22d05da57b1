"""The records' database opened by its owner, who alone may remove rows, beside the service that goes on working.

Every transaction is short: the service waits for none of them longer than for one of its own.
"""

import getpass
from collections.abc import Callable
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, delete, event, select, tuple_
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent
from readingroom_hub.records import rows
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.store.engine import make_engine, sqlite_path
from readingroom_hub.store.errors import DatabaseUnreachableError, SchemaError, StoreError, typed
from readingroom_hub.store.insert_only import removal_allowed
from readingroom_hub.store.schema import NEWEST, revision_of

T = TypeVar("T")

AT_ONCE = 1000
"""Rows removed in one transaction."""

SOURCE = "readingroom-hub"


class NotTheOwnerError(StoreError):
    """The database's role may not remove."""

    reason = "not-the-owner"
    what_to_do = "Give READINGROOM_RECORDS_DB the URL with the database's owner, not with the service's own role."


class Owner:
    """An open database; leaving the block lets it go. Raises ``StoreError`` for one that is not there or not up to date."""

    def __init__(self, address: str) -> None:
        self._engine = make_engine(address, writing=True)
        path = sqlite_path(self._engine)
        if path is not None:
            if not path.is_file():
                raise DatabaseUnreachableError(f"There are no records at {path}.")
            # What is removed is overwritten, not left in the file until its place is needed.
            event.listen(self._engine, "connect", lambda raw, _record: raw.execute("PRAGMA secure_delete=ON"))

    def __enter__(self) -> Self:
        if self.write(revision_of) != NEWEST:
            raise SchemaError("These tables are not of this program's revision. Bring them up to date first.")
        return self

    def __exit__(self, *_error: object) -> None:
        self._engine.dispose()

    def write(self, do: Callable[[Connection], T]) -> T:
        """Do something in one transaction; raises ``StoreError``."""
        try:
            with self._engine.begin() as connection:
                return do(connection)
        except DBAPIError as error:
            if "permission denied" in str(error.orig) or "must be owner" in str(error.orig):
                raise NotTheOwnerError("This role may not remove records. Nothing was changed.") from error
            raise typed(error) from error
        except (SQLAlchemyError, OSError) as error:
            raise typed(error) from error

    def remove(self, table: Table, old: ColumnElement[bool]) -> int:
        """Remove the rows of a table that match, some at a time; return how many."""
        removed = 0
        while count := self.write(lambda connection: _remove_some(connection, table, old)):
            removed += count
        return removed

    def tell(self, kind: Kind, words: str, **more: Any) -> int:  # noqa: ANN401 - fields of an event
        """Write an audit event of what the administrator did here; return its number."""
        return self.write(lambda connection: told(connection, kind, words, **more))


def told(connection: Connection, kind: Kind, words: str, **more: Any) -> int:  # noqa: ANN401 - fields of an event
    """Write an audit event within a transaction; the service gets the numbers before and after it."""
    if connection.dialect.name == "postgresql":
        # The service counts on being the one writer: it must not have looked up the next number while this one takes it.
        connection.exec_driver_sql("LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE")
    details = (*more.pop("details", ()), ("account", getpass.getuser()))
    now = LatestClock(connection).now()
    return rows.add_event(connection, AuditEvent(kind, now, SOURCE, words=words, details=details, **more))


def _remove_some(connection: Connection, table: Table, old: ColumnElement[bool]) -> int:
    key = tuple(table.primary_key.columns)
    found = connection.execute(select(*key).where(old).limit(AT_ONCE)).all()
    if not found:
        return 0
    with removal_allowed(connection, table):
        connection.execute(delete(table).where(tuple_(*key).in_([tuple(row) for row in found])))
    return len(found)
