"""A request that is sent again is not done again: what it was answered stands in the transaction that did it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, tuple_

from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.records.refusals import NotPossibleError
from readingroom_hub.store.tables import answered

MAX_KEY = 200

KEPT_FOR = timedelta(days=7)
"""Whoever sends a request again does so within minutes; a reading server that was cut off, within days."""

AT_ONCE = 1000
"""Answers forgotten in one transaction, so that nobody waits for them."""


@dataclass(frozen=True, slots=True)
class Request:
    """Whose request it is, the key that they gave it (empty for none), and its path and body."""

    caller: str
    key: str
    path: str
    body: bytes

    @property
    def digest(self) -> str:
        """Return what tells another request under the same key."""
        return hashlib.sha256(self.path.encode() + b"\0" + self.body).hexdigest()


def once(connection: Connection, clock: LatestClock, request: Request, do: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - JSON
    """Return the answer of ``do``, or what the same request was answered before.

    Raises ``NotPossibleError`` for another request under the same key.
    """
    if not request.key:
        return do(connection)
    query = select(answered).where(answered.c.caller == request.caller, answered.c.key == request.key)
    before = connection.execute(query).mappings().first()
    if before is not None:
        if before["digest"] != request.digest:
            raise NotPossibleError("Another request was sent with this Idempotency-Key before. Give each its own.")
        return json.loads(before["answer"])
    answer = do(connection)
    values = {"caller": request.caller, "key": request.key, "at": iso(clock.now()), "digest": request.digest}
    connection.execute(insert(answered).values(answer=json.dumps(answer), **values))
    return answer


def forget(connection: Connection, clock: LatestClock) -> int:
    """Forget the oldest answers that nobody can be waiting for any more; return how many: fewer than ``AT_ONCE`` are all."""
    old = select(answered.c.caller, answered.c.key).where(answered.c.at < iso(clock.now() - KEPT_FOR)).limit(AT_ONCE)
    return connection.execute(delete(answered).where(tuple_(answered.c.caller, answered.c.key).in_(old))).rowcount
