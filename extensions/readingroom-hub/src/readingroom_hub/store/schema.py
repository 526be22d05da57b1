"""The tables brought up to date by Alembic, under the claim of the one writer; newer ones than the program's are refused."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from readingroom_hub.store.errors import SchemaError, typed
from readingroom_hub.store.insert_only import give_roles_new_tables

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0003"
"""The revision of this program's tables; a test compares it with the migrations."""


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables, None for a database without any."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def bring_up_to_date(connection: Connection) -> None:
    """Make the tables or bring them to ``NEWEST`` in one transaction; raises ``SchemaError`` for newer ones, in words.

    Alembic is loaded only where there is something to do, because a service that was killed has to be back at once.
    """
    found = revision_of(connection)
    if found == NEWEST:
        return
    if found is not None and found not in known_revisions():
        raise SchemaError(
            f"The records' tables are of revision {found}, which this program does not know: a newer program made them. "
            f"This one knows tables up to revision {NEWEST} and changes nothing."
        )
    _upgrade(connection)


def known_revisions() -> frozenset[str]:
    """Return the revisions that this program can read."""
    return frozenset(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see bring_up_to_date
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        give_roles_new_tables(connection)
    except DBAPIError as error:
        if "permission denied" in str(error.orig):
            raise SchemaError(
                "The records' tables have to be made or brought up to date, and the service's own role may not do that. "
                "Run readingroom-hub migrate as the owner of the database."
            ) from error
        raise typed(error) from error
