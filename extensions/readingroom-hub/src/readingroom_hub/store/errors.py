"""Why something could not be kept: each with a reason for programs, words for people and what to do."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from readingroom.errors import RecordsUnavailableError
from readingroom.wire.refusals import TRY_AGAIN
from readingroom_hub.errors import RefusalError


class StoreError(RefusalError, RecordsUnavailableError):
    """The database does not do what it must; nothing that was acknowledged is lost by it."""

    code = "records_unavailable"
    reason = "records-unavailable"
    status = 503
    what_to_do = TRY_AGAIN


class DatabaseLockedError(StoreError):
    """Another program holds the database."""

    reason = "database-locked"
    what_to_do = "Try again in a moment. If it goes on, find the program that holds the records' database."


class DiskFullError(StoreError):
    """There is no room left where the records are kept."""

    reason = "disk-full"
    what_to_do = "Make room on the disk of the records' database, then try again."


class DatabaseUnreachableError(StoreError):
    """The database does not answer, or refuses the connection."""

    reason = "database-unreachable"
    what_to_do = "See that the database runs and that READINGROOM_RECORDS_DB names it, then try again."


class SecondCopyError(StoreError):
    """Another copy of the records service writes to the same database."""

    reason = "second-copy"
    what_to_do = "End the other copy first: only one may write, or the order of the audit would be lost."


class SchemaError(StoreError):
    """The tables are not those of this program."""

    reason = "wrong-schema"
    what_to_do = "Start the program that made these tables, or bring them up to date with readingroom-hub migrate."


class BackupError(StoreError):
    """A copy that cannot be made or put back; nothing was changed."""

    reason = "backup-refused"
    what_to_do = ""


class StoreBusyError(StoreError):
    """More waits to be written than can be kept waiting."""

    reason = "too-much-waiting"


_LOCKED = ("database is locked", "database table is locked", "lock timeout", "could not obtain lock")
_FULL = ("database or disk is full", "no space left", "disk i/o error", "could not extend file", "file too large")
_AWAY = ("connection", "server closed", "terminating", "unable to open", "starting up", "shutting down")


def typed(error: SQLAlchemyError | OSError) -> StoreError:
    """Return what the database or the machine said as one of our errors; the statement and its values are left out."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    words = said.splitlines()[0] if said else type(error).__name__
    low = said.lower()
    if any(part in low for part in _LOCKED):
        return DatabaseLockedError(f"The records' database is held by another program ({words}). Nothing was changed.")
    if any(part in low for part in _FULL):
        return DiskFullError(f"The records cannot be written ({words}). Nothing was changed.")
    if isinstance(error, OSError) or any(part in low for part in _AWAY):
        return DatabaseUnreachableError(f"The records' database does not answer ({words}).")
    return StoreError(f"The records' database refused ({words}). Nothing was changed.")
