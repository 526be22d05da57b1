"""Only one copy of the service writes to a database: the kernel or PostgreSQL lets the claim go when its holder dies."""

import fcntl
import os
import time
from pathlib import Path

from sqlalchemy import Connection, text

from readingroom_hub.store.errors import DatabaseUnreachableError, SecondCopyError

ADVISORY_LOCK = 0x52656164
"""The number of the claim in PostgreSQL: the letters "Read"."""

HOLDER_DIES_S = 2.0

_WORDS = "Another copy of the records service already writes to this database. This one changes nothing."


def claim_file(path: Path) -> int:
    """Claim the SQLite file for this process; return the descriptor that holds the claim. Raises ``SecondCopyError``."""
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnreachableError(f"The folder of the records cannot be used ({error.strerror}).") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SecondCopyError(_WORDS) from None
    return descriptor


def claim_connection(connection: Connection) -> None:
    """Claim the PostgreSQL database for this connection, for as long as it lives. Raises ``SecondCopyError``.

    The server takes a moment to see that the last holder was killed.
    """
    end = time.monotonic() + HOLDER_DIES_S
    while True:
        held = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK}).scalar_one()
        connection.commit()
        if held:
            return
        if time.monotonic() > end:
            raise SecondCopyError(_WORDS)
        time.sleep(0.01)
