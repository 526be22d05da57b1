"""Writing to SQLite in a thread of its own: many small writes in one durable transaction, and nothing lost in silence."""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from readingroom.errors import RecordsUnavailableError

Write = Callable[[sqlite3.Connection], int]

WAITING = 4096
"""Writes that may wait: minutes of reading, a few MB. One more is refused, never dropped."""

BATCH = 512
RETRY_S = 1.0
LATE_S = 5.0
"""A disk that has not taken a write for so long is trouble, even when it gives no error."""

log = logging.getLogger(__name__)


class BatchWriter:
    """Runs writes in the order they came. A batch that fails as a whole is kept and tried again until it is written."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[tuple[float, Write, Future[int]]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def put(self, write: Write) -> Future[int]:
        """Take a write; its result comes when it is on the disk. Raises ``RecordsUnavailableError`` when too many wait."""
        done: Future[int] = Future()
        with self._changed:
            if self._closing or len(self._waiting) >= WAITING:
                raise RecordsUnavailableError(self._problem or "Too much waits to be recorded.")
            self._waiting.append((time.monotonic(), write, done))
            self._changed.notify()
        return done

    def trouble(self) -> str:
        """Return why nothing is being written just now, empty when all is well."""
        with self._changed:
            if self._problem:
                return self._problem
            late = self._waiting and time.monotonic() - self._waiting[0][0] > LATE_S
            return _words("the disk does not answer") if late else ""

    def close(self) -> None:
        """Write what waits in one last attempt and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        self._open()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                batch = [self._waiting[number] for number in range(min(BATCH, len(self._waiting)))]
                closing = self._closing
            if batch and not self._write(batch):
                if closing:
                    break
                time.sleep(RETRY_S)
            elif closing and not batch:
                break
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> bool:
        if self._connection is None:
            try:
                self._connection = self._connect()
                self._set_problem("")
            except (sqlite3.Error, OSError) as error:
                self._set_problem(str(error))
        return self._connection is not None

    def _write(self, batch: list[tuple[float, Write, Future[int]]]) -> bool:
        """Write all of them or none; they leave the queue only when they are on the disk."""
        if not self._open() or self._connection is None:
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [write(self._connection) for _, write, _ in batch]
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._give_up(str(error))
            return False
        with self._changed:
            for _ in batch:
                self._waiting.popleft()
        self._set_problem("")
        for (_, _, done), result in zip(batch, results, strict=True):
            done.set_result(result)
        return True

    def _give_up(self, why: str) -> None:
        """Say what is wrong and begin with a fresh connection: the file may have been put back, or the disk changed."""
        self._set_problem(why)
        if self._connection is not None:
            self._connection.close()  # an open transaction ends here, undone
            self._connection = None

    def _set_problem(self, why: str) -> None:
        words = _words(why) if why else ""
        if words != self._problem:
            log.error("%s", words) if words else log.warning("records are being written again")
        with self._changed:
            self._problem = words


def _words(why: str) -> str:
    return f"What is read cannot be recorded ({why}), so no image is shown until it can be. Tell your administrator."
