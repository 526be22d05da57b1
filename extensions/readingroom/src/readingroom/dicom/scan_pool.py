"""Scanning many files at once in processes of their own: parsing is Python, which one process does on one core only."""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import IO, Self

from readingroom.dicom.scan_worker import Outcome, outcome
from readingroom.errors import UnreadableFileError

PARALLEL_FROM = 1500
"""Files below which the half second that a process takes to start is not won back."""

MOST_WORKERS = 4
CHUNK = 50
"""Files that a worker gets at once."""

_BOOT = """
import sys
sys.path[:] = sys.argv[1:]
sys.modules["requests"] = None
from readingroom.dicom.scan_worker import main
main()
"""
"""Without the HTTP client that pydicom loads to fetch test files where it finds one: a seventh of the start."""


def scan_files(paths: Sequence[Path], workers: int | None = None) -> Iterator[Outcome]:
    """Yield what became of each file, in the order given.

    Parameters
    ----------
    paths
        The files.
    workers
        How many processes; by default one a core up to four when there are many files, none for a few.
    """
    if workers is None:
        workers = min(MOST_WORKERS, len(os.sched_getaffinity(0))) if len(paths) >= PARALLEL_FROM else 0
    if workers < 2:  # noqa: PLR2004 - one process more than this one would only wait for it
        yield from map(outcome, paths)
        return
    with _Pool(workers) as pool:
        yield from pool.scan(paths)


class _Pool:
    """Workers, each driven by a thread of this process that waits for its pipe."""

    def __init__(self, workers: int) -> None:
        self._workers = [_Worker() for _ in range(workers)]
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.retire()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.end()

    def scan(self, paths: Sequence[Path]) -> Iterator[Outcome]:
        """Yield outcomes in order, working ahead of the reader by four chunks a worker, what a commit takes, and no more."""
        chunks = (paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK))
        running: deque[Future[list[Outcome]]] = deque(
            self._threads.submit(self._scan_chunk, chunk) for chunk in islice(chunks, 4 * len(self._workers))
        )
        while running:
            yield from running.popleft().result()
            running.extend(self._threads.submit(self._scan_chunk, chunk) for chunk in islice(chunks, 1))

    def _scan_chunk(self, paths: Sequence[Path]) -> list[Outcome]:
        worker = self._free.get()
        try:
            return worker.scan(paths)
        except (EOFError, OSError, pickle.UnpicklingError):
            return [_scan_alone(worker, path) for path in paths]
        finally:
            self._free.put(worker)


def _scan_alone(worker: "_Worker", path: Path) -> Outcome:
    """Return the outcome of one file of a chunk over which a worker died; the file that ends it again is the one."""
    try:
        return worker.scan([path])[0]
    except (EOFError, OSError, pickle.UnpicklingError):
        return UnreadableFileError("ended the process that was reading it, and was left out")


class _Worker:
    """One process; started anew when it has died."""

    def __init__(self) -> None:
        self._process = _start()
        self._is_retired = False
        self._lock = Lock()

    def scan(self, paths: Sequence[Path]) -> list[Outcome]:
        """Return the outcomes of some files; raises ``EOFError`` or ``OSError`` when the process dies of them."""
        self._revive()
        try:
            pickle.dump(list(paths), _pipe(self._process.stdin), pickle.HIGHEST_PROTOCOL)
            _pipe(self._process.stdin).flush()
            outcomes: list[Outcome] = pickle.load(_pipe(self._process.stdout))  # noqa: S301 - from our own code
        except BaseException:
            self.end()
            raise
        return outcomes

    def _revive(self) -> None:
        """Start the process anew if it has died; never once the worker is retired, which another thread may do meanwhile."""
        with self._lock:
            if self._is_retired:
                raise EOFError("the scan is over")
            if self._process.poll() is not None:
                self.end()
                self._process = _start()

    def retire(self) -> None:
        """Let no more files be scanned; a thread that waits for an answer is woken."""
        with self._lock:
            self._is_retired = True
            self._process.kill()

    def end(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what could not be written any more is of no use to anyone


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _BOOT, *(os.path.abspath(entry) for entry in sys.path)],  # noqa: PTH100 - strings
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise EOFError("the process has no pipe")
    return pipe
