"""The time that records go by: the latest that was ever seen, so that a clock set back brings no access to life again."""

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from readingroom_hub.store.tables import audit_entries, clock

KEPT_EVERY = timedelta(seconds=30)
"""The time is kept so often while something is written; every audit entry keeps it too."""


def iso(at: datetime) -> str:
    """Return a time as it is stored: UTC with microseconds, so that the order of texts is that of times."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class LatestClock:
    """Never runs backwards, not over a restart either. Safe to ask from any thread."""

    def __init__(self, connection: Connection) -> None:
        stored = [connection.execute(select(func.max(table.c.at))).scalar() for table in (clock, audit_entries)]
        self._latest = max(
            (datetime.fromisoformat(at) for at in stored if at), default=datetime.min.replace(tzinfo=UTC)
        )
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return this machine's time, or the latest that was seen where that is later."""
        with self._lock:
            self._latest = max(self._latest, datetime.now(UTC))
            return self._latest

    def keep(self, connection: Connection) -> datetime:
        """Return the time, and keep it in the writer's transaction when it was not kept for a while."""
        now = self.now()
        stored = connection.execute(select(func.max(clock.c.at))).scalar()
        return self.mark(connection) if stored is None or now - datetime.fromisoformat(stored) >= KEPT_EVERY else now

    def mark(self, connection: Connection) -> datetime:
        """Keep the time whatever was kept before; return it."""
        now = self.now()
        if connection.execute(select(clock.c.at).where(clock.c.at == iso(now))).first() is None:
            connection.execute(insert(clock).values(at=iso(now)))
        connection.execute(delete(clock).where(clock.c.at < iso(now)))
        return now
