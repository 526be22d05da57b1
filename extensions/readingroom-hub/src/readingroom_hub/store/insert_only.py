"""Rows that are never changed: SQLite refuses it by triggers, PostgreSQL by a role that may only read and insert.

What the service remembers for itself (``WORKING``) it may also forget.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, text

from readingroom_hub.store.errors import SchemaError
from readingroom_hub.store.tables import TABLES, WORKING

ROLE_PASSWORD = "READINGROOM_ROLE_PASSWORD"  # noqa: S105 - the name of a variable
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def make_triggers(connection: Connection, tables: tuple[str, ...]) -> None:
    """Make SQLite refuse to change or remove a row of these tables; PostgreSQL has its roles."""
    if connection.dialect.name != "sqlite":
        return
    for table in tables:
        for word in ("UPDATE", "DELETE"):
            _refuse(connection, table, word)


def _refuse(connection: Connection, table: str, word: str) -> None:
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_no_{word.lower()} BEFORE {word} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'records are never changed'); END"
    )


@contextmanager
def removal_allowed(connection: Connection, table: Table) -> Iterator[None]:
    """Let rows of a table be removed within this transaction: SQLite's trigger is back before anybody else sees it gone."""
    if connection.dialect.name != "sqlite" or table in WORKING:
        yield
        return
    connection.exec_driver_sql(f"DROP TRIGGER {table.name}_no_delete")
    yield
    _refuse(connection, table.name, "DELETE")


def make_role(connection: Connection, name: str, password: str = "") -> None:
    """Make the role of the service in PostgreSQL, or set it right: it may look into every table and add rows, no more.

    Without ``password`` (at most printable ASCII) the role logs in as the cluster's configuration allows.
    """
    if connection.dialect.name != "postgresql":
        raise SchemaError("Only PostgreSQL has roles; in SQLite triggers refuse every change.")
    if not _NAME.fullmatch(name):
        raise SchemaError("The name of the role must be of small letters, digits and _, beginning with a letter.")
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).first()
    if known is None:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
    if password:
        # A role's password cannot be a bound value; PostgreSQL itself quotes it.
        quoted = connection.execute(text("SELECT quote_literal(:password)"), {"password": password}).scalar_one()
        connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD {quoted.replace('%', '%%')}")
    connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}")
    connection.exec_driver_sql(f"REVOKE CREATE ON SCHEMA public FROM {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    _give(connection, name)


def give_roles_new_tables(connection: Connection) -> None:
    """Let the service's roles, those that may add to the audit, use what a new revision of the tables has brought."""
    if connection.dialect.name == "postgresql":
        for name in connection.execute(_ROLES).scalars().all():
            _give(connection, name)


def _give(connection: Connection, name: str) -> None:
    for table in TABLES:
        words = "SELECT, INSERT, DELETE" if table in WORKING else "SELECT, INSERT"
        connection.exec_driver_sql(f"GRANT {words} ON {table.name} TO {name}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {name}")


_ROLES = text(
    "SELECT DISTINCT quote_ident(grantee) FROM information_schema.role_table_grants "
    "WHERE table_schema = 'public' AND table_name = 'audit_entries' AND privilege_type = 'INSERT' AND grantee <> "
    "(SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'audit_entries')"
)


def role_password() -> str:
    """Return the password that the role is given, from the environment: a command line can be read by others."""
    return os.environ.get(ROLE_PASSWORD, "")
