"""The records' database: durable, in order, only added to, and one writer at a time; on SQLite and on PostgreSQL."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text

from readingroom_hub.store import audit_rows
from readingroom_hub.store.audit_rows import AuditRow
from readingroom_hub.store.errors import (
    DatabaseLockedError,
    DatabaseUnreachableError,
    SchemaError,
    SecondCopyError,
    StoreError,
)
from readingroom_hub.store.insert_only import make_role
from readingroom_hub.store.schema import NEWEST, known_revisions
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import TABLES, WORKING, audit_entries, clock, metadata

ROW = AuditRow("2026-01-01T00:00:00+00:00", "access", "consultant", "P1", "1.2", b'{"audit":1}')


def add(connection: Connection) -> int:
    """Add an audit entry."""
    return audit_rows.append(connection, ROW)


def numbers(store: Store) -> list[int]:
    """Return the numbers of the audit entries, as they are read beside the writer."""
    return store.read_and_wait(
        lambda connection: [
            int(number) for number in connection.execute(select(audit_entries.c.number).order_by("number")).scalars()
        ]
    )


def test_numbers_have_no_gap(store: Store) -> None:
    """Every entry gets the next number, in the order in which they were given, across transactions."""
    waiting = [store.put(add) for _ in range(300)]
    assert list(range(1, 301)) == [one.result() for one in waiting]
    assert list(range(1, 301)) == numbers(store)


def test_one_bad_write_is_undone_alone(store: Store) -> None:
    """What one write does wrong fails that write only; those that shared its transaction are kept."""

    def bad(connection: Connection) -> int:
        add(connection)
        raise ValueError("no")

    def twice(connection: Connection) -> int:
        connection.execute(insert(audit_entries).values(number=1, at="", kind="", person="", patient_id="", study_uid="",
                                                        body=b"", leaf=b""))  # fmt: skip
        return 0

    waiting = [store.put(write) for write in (add, bad, add, twice, add)]
    assert [1, 2, 3] == [waiting[place].result() for place in (0, 2, 4)]
    with pytest.raises(ValueError, match="no"):
        waiting[1].result()
    with pytest.raises(StoreError, match="refused"):
        waiting[3].result()
    assert [1, 2, 3] == numbers(store)


def test_the_tables_are_those_of_the_migrations(store: Store) -> None:
    """The migrations make exactly the tables that the program reads and writes, and the newest is the one it names."""

    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert [] == store.read_and_wait(difference)
    assert max(known_revisions()) == NEWEST


def test_a_second_copy_is_refused(store: Store, address: str) -> None:
    """A second service over the same database ends with words, and the first goes on."""
    with pytest.raises(SecondCopyError, match="Another copy"):
        Store(address)
    assert 1 == store.write_and_wait(add)


def test_what_is_written_is_there_again(store: Store, address: str) -> None:
    """A closed database opened again holds what was answered, and may be claimed at once."""
    store.write_and_wait(add)
    store.close()
    again = Store(address)
    assert [1] == numbers(again)
    again.close()


def test_newer_tables_are_refused(address: str) -> None:
    """A database of a newer program is left alone, in words that say so."""
    made = Store(address)
    made.write_and_wait(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    made.close()
    with pytest.raises(SchemaError, match="revision 9999, which this program does not know"):
        Store(address)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_sqlite_refuses_changes(tmp_path: Path, table: str) -> None:
    """No row can be changed or removed, not even by the writer; the service's own memory can be forgotten."""
    path = tmp_path / "records.sqlite"
    Store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    query = "SELECT name FROM sqlite_master WHERE tbl_name = ? AND type = 'trigger'"
    triggers = {name for (name,) in connection.execute(query, (table,))}
    connection.close()
    forgets = table in {each.name for each in WORKING}
    assert {f"{table}_no_update", *(() if forgets else (f"{table}_no_delete",))} == triggers


def test_an_entry_cannot_be_changed_in_sqlite(tmp_path: Path) -> None:
    """The triggers do what they are for."""
    store = Store(f"sqlite:///{tmp_path}/records.sqlite")
    store.write_and_wait(add)
    for statement in ("UPDATE audit_entries SET person = 'nobody'", "DELETE FROM audit_entries"):
        with pytest.raises(StoreError, match="records are never changed"):
            store.write_and_wait(lambda connection, statement=statement: connection.execute(text(statement)))
    assert [1] == numbers(store)
    store.close()


def _as_role(address: str, password: str) -> str:
    return address.replace(address.split("//")[1].split("@", maxsplit=1)[0], f"rr_service:{password}")


def test_the_role_of_the_service_only_adds(postgresql_url: str) -> None:
    """PostgreSQL's role serves the whole service, and can neither change, remove, empty nor drop any record."""
    owner = Store(postgresql_url)
    owner.write_and_wait(lambda connection: make_role(connection, "rr_service", "it's_100%_secret"))
    owner.close()
    address = _as_role(postgresql_url, "it's_100%25_secret")
    service = Store(address)
    assert 1 == service.write_and_wait(add)
    service.close()
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for table in TABLES:
            column = table.columns.keys()[0]
            for statement in ("UPDATE {} SET {} = {}", "TRUNCATE {}", "DROP TABLE {}", "DELETE FROM {}"):
                if statement.startswith("DELETE") and table in WORKING:
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.format(table.name, column, column).encode())
        for statement in ("CREATE TABLE more (n int)", "UPDATE alembic_version SET version_num = '0'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_a_locked_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program holds the database a write fails with words; when it lets go, the next one succeeds."""
    path = tmp_path / "records.sqlite"
    monkeypatch.setattr("readingroom_hub.store.engine.LOCK_WAIT_S", 0.1)
    store = Store(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLockedError, match="held by another program"):
        store.write_and_wait(add)
    assert "held by another program" in store.trouble()
    other.execute("ROLLBACK")
    other.close()
    assert 1 == store.write_and_wait(add)
    assert "" == store.trouble()
    store.close()


def test_a_database_that_was_away_is_taken_up_again(postgresql_url: str) -> None:
    """When PostgreSQL ends the connection, the writes on their way fail with words and later ones are kept, none twice."""
    store = Store(postgresql_url)
    store.write_and_wait(add)
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'readingroom'"
        )
    with pytest.raises(StoreError):
        store.write_and_wait(add)
    assert 2 == store.write_and_wait(add)
    assert [1, 2] == numbers(store)
    store.close()


@pytest.mark.parametrize("address", ["nonsense", "mysql://somewhere", "sqlite:////proc/none/records.sqlite",
                                     "postgresql://nobody@127.0.0.1:1/none"])  # fmt: skip
def test_an_address_that_cannot_be_opened_is_said(address: str) -> None:
    """An address that is none, of another kind or without an answer ends with words, never with a driver's trace."""
    with pytest.raises(DatabaseUnreachableError, match=r"(?i)record"):
        Store(address)


def test_reading_cannot_write(store: Store) -> None:
    """The connections that read are refused any change."""
    with pytest.raises(StoreError):
        store.read_and_wait(lambda connection: connection.execute(insert(clock).values(at="2026")).rowcount)
