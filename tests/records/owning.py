"""What the owner of the database can do to it, and no service of ours."""

import sqlite3
from contextlib import closing

import psycopg
from sqlalchemy import make_url


def as_owner(address: str, *statements: str) -> None:
    """Run statements with the triggers dropped, as whoever tampers with the log would."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(address).database or "")) as connection, connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
            for statement in (*(f"DROP TRIGGER {name}" for name in names), *statements):
                connection.execute(statement)
    else:
        with psycopg.connect(address.replace("+psycopg", "")) as connection:
            for statement in statements:
                connection.execute(statement.encode())
