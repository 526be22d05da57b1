"""The parent's side of one child: start it, give it a job, wait within the limits, end it."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque
from typing import Any

from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.decoding.arena import Arena
from readingroom.pixels.decoding.clock import Clock
from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.messages import (
    MAX_MESSAGE,
    OUT_OF_MEMORY,
    READY,
    SLOT_BYTES,
    SLOTS,
    Failure,
    Job,
    Result,
    read_answer,
)

START_SECONDS = 30.0
SLICE_SECONDS = 0.1
"""How often a running clock is looked at."""

_BOOT = """
import sys
sys.path[:] = sys.argv[3:]
from readingroom.pixels.decoding.child import main
main(int(sys.argv[1]), int(sys.argv[2]))
"""
_ERRORS = {error.__name__: error for error in (DamagedImageError, UnsupportedImageError)}


class DecoderProcess:
    """A child that works on one job after the other. Not for several threads at once; the pool sees to that."""

    def __init__(self) -> None:
        self._memory = Arena()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-B",
                    "-c",
                    _BOOT,
                    str(theirs.fileno()),
                    str(self._memory.fileno()),
                    *_python_path(),
                ],
                pass_fds=(theirs.fileno(), self._memory.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._is_ready = False
        self._seconds = START_SECONDS
        self._clock = Clock(self._child.pid, self._seconds)
        self._jobs: deque[tuple[Job, int]] = deque()
        """Each with where it lies in shared memory."""

    @property
    def pid(self) -> int:
        """Return the child's process number."""
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        """Return whether it can take another job."""
        return self._memory.is_open

    def fileno(self) -> int:
        """Return the socket that becomes readable when there is an answer."""
        return self._socket.fileno()

    @property
    def jobs(self) -> int:
        """Return how many jobs it has that were not finished."""
        return len(self._jobs)

    def can_hold(self, job: Job) -> bool:
        """Return whether it can take a job now: the only one, or a small one behind another small one."""
        if not self._jobs:
            return True
        return self._is_ready and self.jobs < SLOTS and job.fits_slot and self._jobs[0][0].fits_slot

    def start(self, job: Job) -> None:
        """Hand over a job, whose time begins when the child can work on it; Python and NumPy take 0.2 s to start.

        Raises
        ------
        ConnectionError
            When the child has died since its last job; another one can take this one.
        DecodingFailedError
            When it could not be started at all.
        """
        taken = {start for _, start in self._jobs}
        start = next(slot for slot in range(0, SLOTS * SLOT_BYTES, SLOT_BYTES) if slot not in taken)
        self._memory.put(job.buffers, start, job.shared_bytes)
        self._jobs.append((job, start))
        try:
            self._socket.send(job.header(start))
        except ConnectionError:
            self._jobs.pop()
            if self._is_ready:
                raise
            raise self._died() from None
        if self._is_ready and self.jobs == 1:
            self._begin_clock()

    def finish(self, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Wait for the answer to the first job and return its array, in ``out`` when given; raises what went wrong."""
        message = self._await_message()
        job, start = self._jobs.popleft()
        self._begin_clock()
        answer = self._understand(message, job)
        if isinstance(answer, Failure):
            raise self._error(answer)
        return self._memory.take(answer.dtype, answer.shape, start + job.output_offset, out)

    def has_answer(self) -> bool:
        """Return whether ``finish`` need not wait: an answer is there, the child died, or its time is over."""
        return self._is_readable(0) or self._clock.is_over()

    def discard(self, seconds: float) -> bool:
        """Return whether the running job ended within ``seconds``; its result is thrown away."""
        if not self._is_ready or not self._is_readable(seconds):
            return False
        self._jobs.popleft()
        return bool(self._receive())

    def kill(self) -> None:
        """End the child; whoever waits for it finds that out."""
        self._child.kill()

    def end(self) -> int:
        """End the child if it lives, free everything, return its exit status (minus the signal's number)."""
        if self.is_alive:
            self._child.kill()
            self._socket.close()
            self._memory.close()
        return self._child.wait()

    def _await_message(self) -> bytes:
        while not self._is_readable(SLICE_SECONDS):
            if self._clock.is_over():
                self.end()
                raise DecodingFailedError(
                    f"The decoder took longer than {self._seconds:.1f} s and was ended.", FailureReason.TIME
                )
        return self._receive()

    def _is_readable(self, seconds: float) -> bool:
        """Return whether a message about the job, or the child's end, came within ``seconds``."""
        if not self._poll.poll(seconds * 1000):
            self._clock.tick()
            return False
        if self._is_ready or self._receive(socket.MSG_PEEK) != READY:
            return True
        self._receive()
        self._is_ready = True
        self._begin_clock()
        return self._is_readable(seconds)

    def _begin_clock(self) -> None:
        self._seconds = self._jobs[0][0].seconds if self._jobs else START_SECONDS
        self._clock = Clock(self._child.pid, self._seconds)

    def _receive(self, flags: int = 0) -> bytes:
        try:
            return self._socket.recv(MAX_MESSAGE, flags)
        except ConnectionError:
            return b""

    def _understand(self, message: bytes, job: Job) -> Result | Failure:
        if not message:
            raise self._died()
        try:
            return read_answer(message, job.output_bytes)
        except (ValueError, RecursionError) as error:
            self.end()
            raise DecodingFailedError("The decoder answered nonsense and was ended.", FailureReason.CRASHED) from error

    def _died(self) -> DecodingFailedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(1)  # its own end came first; ours would hide how
        status = self.end()
        if not self._is_ready:
            return DecodingFailedError(
                f"The decoder process cannot be started (exit status {status}).", FailureReason.UNAVAILABLE
            )
        return how_it_ended(status)

    def _error(self, failure: Failure) -> ReadingRoomError:
        if failure.error != OUT_OF_MEMORY:
            return _ERRORS.get(failure.error, DamagedImageError)(failure.message)
        self.end()  # nothing that a process without memory holds is to be relied on
        return DecodingFailedError(
            "The decoder ran out of the memory that such an image may take.", FailureReason.MEMORY
        )


def how_it_ended(status: int) -> DecodingFailedError:
    """Return the error for a child that ended while it worked; ``status`` is its exit status or minus a signal's number."""
    if status == -signal.SIGXCPU:
        return DecodingFailedError("The decoder took too much processor time and was ended.", FailureReason.TIME)
    if status in (-signal.SIGKILL, -signal.SIGTERM):
        return DecodingFailedError(
            "The decoder was ended from outside; the machine may be short of memory.", FailureReason.KILLED
        )
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        return DecodingFailedError(f"The decoder crashed over the image ({name}).", FailureReason.CRASHED)
    return DecodingFailedError(f"The decoder ended over the image (exit status {status}).", FailureReason.CRASHED)


def _python_path() -> list[str]:
    return [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - an empty entry is this folder


def _environment() -> dict[str, str]:
    """Return what a child needs to start; nothing of ours, which may hold tokens."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
