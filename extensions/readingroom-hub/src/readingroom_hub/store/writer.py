"""The one thread that writes: all that waits goes into one transaction, and nothing is answered before it is on the disk."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from readingroom_hub.store.errors import StoreBusyError, StoreError, typed
from readingroom_hub.store.schema import bring_up_to_date
from readingroom_hub.store.sole import claim_connection

T = TypeVar("T")

WAITING = 2048
"""Writes that may wait. One more is refused at once: whoever asks has given up before its turn."""

BATCH = 256

_OF_ONE_WRITE = (IntegrityError, DataError, ProgrammingError)
"""What the database says of a statement, not of itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    write: Callable[[Connection], Any]
    done: Future[Any] = field(default_factory=Future)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(typed(error) if isinstance(error, SQLAlchemyError) else error)


class Writer:
    """Runs writes one after the other, many in a transaction. A write that raises is undone alone; its caller is told.

    A write must be such that it can be run again after an undone try. Where the database itself fails, all of the batch
    are told so and none is kept waiting: whoever asked asks again, and nothing that was answered is touched.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="records-writer", daemon=True)

    def start(self) -> None:
        """Connect, claim the database, bring its tables up to date, then take writes; raises ``StoreError``."""
        try:
            self._connect()
        except (SQLAlchemyError, OSError) as error:
            raise typed(error) from error
        self._thread.start()

    def put(self, write: Callable[[Connection], T]) -> "Future[T]":
        """Take a write; its result comes when it is on the disk. Raises ``StoreBusyError`` when too many wait."""
        one = _Waiting(write)
        with self._changed:
            if self._closing or len(self._waiting) >= WAITING:
                raise StoreBusyError(self._problem or "The records have more to write than they can.")
            self._waiting.append(one)
            self._changed.notify()
        return one.done

    def trouble(self) -> str:
        """Return why the last batch could not be written, empty when it could."""
        return self._problem

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
        self._disconnect()

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._write([one for one in batch if one.done.set_running_or_notify_cancel()])
                self._set_problem("")
            except (SQLAlchemyError, OSError) as error:
                self._give_up(batch, typed(error))
            except StoreError as error:
                self._give_up(batch, error)

    def _next(self) -> list[_Waiting]:
        """Return what is to be written next, waiting for it; nothing once the writer closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _write(self, batch: list[_Waiting]) -> None:
        """Write all of them in one transaction; where one raises, each in its own."""
        connection = self._connect()
        try:
            with connection.begin():
                results = [one.write(connection) for one in batch]
        except Exception as error:
            if isinstance(error, (SQLAlchemyError, OSError)) and not isinstance(error, _OF_ONE_WRITE):
                raise
            if len(batch) == 1:
                batch[0].fail(error)  # the writer outlives whatever a write raises
            for one in batch if len(batch) > 1 else []:
                self._write([one])
            return
        self._set_problem("")  # whoever is answered finds no trouble any more
        for one, result in zip(batch, results, strict=True):
            one.done.set_result(result)

    def _connect(self) -> Connection:
        """Return the connection, a new one after a failure: of PostgreSQL, the claim went with the old one."""
        if self._connection is None:
            connection = self._engine.connect()
            try:
                if connection.dialect.name == "postgresql":
                    claim_connection(connection)
                with connection.begin():
                    bring_up_to_date(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _give_up(self, batch: list[_Waiting], error: StoreError) -> None:
        self._set_problem(str(error))
        self._disconnect()
        for one in batch:
            one.fail(error)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None

    def _set_problem(self, words: str) -> None:
        if words != self._problem:
            log.error("%s", words) if words else log.warning("Records are being written again.")
        self._problem = words
