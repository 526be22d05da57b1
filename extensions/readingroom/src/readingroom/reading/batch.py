"""Keeping what is put in a thread of its own: many small entries in one durable write, and nothing lost in silence."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

from readingroom.errors import RecordsUnavailableError

WAITING = 4096
"""Entries that may wait: minutes of reading, a few MB. One more is refused, never dropped."""

BATCH = 512
RETRY_S = 1.0
LATE_S = 5.0
"""A keeper that has not taken an entry for so long is trouble, even when it gives no error."""

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")
Kept_contra = TypeVar("Kept_contra", contravariant=True)


class KeeperError(Exception):
    """What is to be kept cannot be, for a reason in one phrase; it is tried again."""


class Keeper(Protocol[Kept_contra]):
    """Where entries go. Called by one thread."""

    @property
    def is_open(self) -> bool:
        """Whether there is nothing to be opened before the next write."""

    def open(self) -> None:
        """Make ready to write; raises ``KeeperError``."""

    def write(self, entries: Sequence[Kept_contra]) -> Sequence[int]:
        """Keep all of them or none, in their order; return the number of each. Raises ``KeeperError``."""

    def close(self) -> None:
        """Let go."""


class BatchWriter(Generic[Entry]):
    """Hands entries on in the order they came. A batch that fails as a whole is kept and tried again until it is written."""

    def __init__(self, keeper: Keeper[Entry]) -> None:
        self._keeper = keeper
        self._waiting: deque[tuple[float, Entry, Future[int]]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> Future[int]:
        """Take an entry; its result comes when it is kept. Raises ``RecordsUnavailableError`` when too many wait."""
        done: Future[int] = Future()
        with self._changed:
            if self._closing or len(self._waiting) >= WAITING:
                raise RecordsUnavailableError(self._problem or "Too much waits to be recorded.")
            self._waiting.append((time.monotonic(), entry, done))
            self._changed.notify()
        return done

    def trouble(self) -> str:
        """Return why nothing is being kept just now, empty when all is well."""
        with self._changed:
            if self._problem:
                return self._problem
            late = self._waiting and time.monotonic() - self._waiting[0][0] > LATE_S
            return _words("what keeps it does not answer") if late else ""

    def close(self) -> None:
        """Write what waits in one last attempt and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        self._open()
        batch: list[tuple[float, Entry, Future[int]]] = []
        while True:
            with self._changed:
                # Nothing is asked to be kept while nothing is shown for want of a keeper: it is looked for all the same.
                patience = None if self._keeper.is_open else RETRY_S
                self._changed.wait_for(lambda: self._waiting or self._closing, patience)
                # A batch that failed is tried again as it was: the keeper may have it already.
                batch = batch or [self._waiting[number] for number in range(min(BATCH, len(self._waiting)))]
                closing = self._closing
            if batch and not self._write(batch):
                if closing:
                    break
                time.sleep(RETRY_S)
                continue
            if closing and not batch:
                break
            if not batch:
                self._open()
            batch = []
        self._keeper.close()

    def _open(self) -> bool:
        if not self._keeper.is_open:
            try:
                self._keeper.open()
                self._set_problem("")
            except KeeperError as error:
                self._set_problem(str(error))
        return self._keeper.is_open

    def _write(self, batch: Sequence[tuple[float, Entry, Future[int]]]) -> bool:
        """Write all of them or none; they leave the queue only when they are kept."""
        if not self._open():
            return False
        try:
            results = self._keeper.write([entry for _, entry, _ in batch])
        except KeeperError as error:
            self._set_problem(str(error))
            self._keeper.close()  # the file may have been put back, or the service started anew
            return False
        with self._changed:
            for _ in batch:
                self._waiting.popleft()
        self._set_problem("")
        for (_, _, done), result in zip(batch, results, strict=True):
            done.set_result(result)
        return True

    def _set_problem(self, why: str) -> None:
        words = _words(why) if why else ""
        if words != self._problem:
            log.error("%s", words) if words else log.warning("records are being written again")
        with self._changed:
            self._problem = words


def _words(why: str) -> str:
    return f"What is read cannot be recorded ({why}), so no image is shown until it can be. Tell your administrator."
