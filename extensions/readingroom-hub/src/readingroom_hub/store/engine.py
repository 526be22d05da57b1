"""Connections to SQLite and PostgreSQL that are durable when a transaction ends, and wait only so long for a lock."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from readingroom_hub.store.errors import DatabaseUnreachableError

LOCK_WAIT_S = 3
"""A lock that lasts longer is told to the person who waits for it."""

CONNECT_S = 5


def make_engine(address: str, *, writing: bool) -> Engine:
    """Return an engine for a SQLAlchemy URL: ``sqlite:////path`` or ``postgresql+psycopg://…``; one that reads cannot write.

    Raises ``DatabaseUnreachableError`` for an address of neither.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise DatabaseUnreachableError("READINGROOM_RECORDS_DB is not the URL of a database.") from None
    if url.get_backend_name() == "sqlite":
        return _sqlite(address, writing)
    if url.get_backend_name() == "postgresql":
        return _postgresql(address, writing)
    raise DatabaseUnreachableError(
        f"Records are kept in SQLite or PostgreSQL, not in {url.get_backend_name()} (READINGROOM_RECORDS_DB)."
    )


def sqlite_path(engine: Engine) -> Path | None:
    """Return the file of an SQLite engine, None for PostgreSQL."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def _sqlite(address: str, writing: bool) -> Engine:
    engine = create_engine(address, poolclass=QueuePool, pool_size=2, connect_args={"timeout": LOCK_WAIT_S})
    path = sqlite_path(engine)
    if writing and path is not None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnreachableError(f"The folder of the records cannot be made ({error.strerror}).") from error

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, below
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL" if writing else "PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(address: str, writing: bool) -> Engine:
    options = f"-c lock_timeout={LOCK_WAIT_S}s -c synchronous_commit=on -c timezone=UTC"
    if not writing:
        options += " -c default_transaction_read_only=on"
    arguments: dict[str, Any] = {"options": options, "connect_timeout": CONNECT_S, "application_name": "readingroom"}
    level = "READ COMMITTED" if writing else "REPEATABLE READ"
    pool: dict[str, Any] = {"poolclass": NullPool} if writing else {"pool_size": 2, "pool_pre_ping": True}
    url = make_url(address).set(drivername="postgresql+psycopg")
    return create_engine(url, connect_args=arguments, isolation_level=level, **pool)
