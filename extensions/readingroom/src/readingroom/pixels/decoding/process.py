"""The parent's side of one child: start it, give it a job, wait within the limits, end it."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.decoding.clock import Clock
from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.messages import MAX_MESSAGE, OUT_OF_MEMORY, READY, Failure, Job, Result, read_answer

START_SECONDS = 30.0
KEPT_BYTES = 64 * 2**20
"""Shared memory that a child keeps from one job to the next; what a giant frame needs beyond is given back at once."""

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
    """A child that works on one job after the other. Not for several threads at once; the pool sees to that.

    Shared memory is a file without a name that only the two have; this side reads and writes it and never maps it,
    so that nothing the child does to it can make this process fault.
    """

    def __init__(self) -> None:
        self._memory = os.memfd_create("readingroom-decoder", os.MFD_CLOEXEC)
        self._capacity = 0
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _BOOT, str(theirs.fileno()), str(self._memory), *_python_path()],
                pass_fds=(theirs.fileno(), self._memory),
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
        self._clock = Clock(self._child.pid, START_SECONDS)
        self._job: Job | None = None

    @property
    def pid(self) -> int:
        """Return the child's process number."""
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        """Return whether it can take another job."""
        return self._memory >= 0

    def fileno(self) -> int:
        """Return the socket that becomes readable when there is an answer."""
        return self._socket.fileno()

    def start(self, job: Job) -> None:
        """Hand over a job; raises ``ConnectionError`` when the child has died since its last one.

        The job's time begins when the child is there to work on it; Python and NumPy take 0.2 s to start.
        """
        self._reserve(job.shared_bytes)
        offset = 0
        for buffer in job.buffers:
            os.pwrite(self._memory, buffer, offset)
            offset += len(buffer)
        self._job = job
        self._socket.send(job.header())
        if self._is_ready:
            self._begin_clock(job.seconds)

    def finish(self, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Wait for the job's answer and return its array, in ``out`` when given; raises what went wrong."""
        message = self._await_message()
        job, self._job = self._job, None
        if job is None:
            raise RuntimeError("No job was started.")
        answer = self._understand(message, job)
        if isinstance(answer, Failure):
            raise self._error(answer)
        array = self._read(answer, job.output_offset, out)
        if self._capacity > KEPT_BYTES:
            self._resize(KEPT_BYTES)
        return array

    def has_answer(self) -> bool:
        """Return whether ``finish`` has no more waiting to do: an answer is there, the child died or its time is over."""
        return self._job is None or self._is_readable(0) or self._clock.is_over()

    def discard(self, seconds: float) -> bool:
        """Return whether the running job ended within ``seconds``; its result is thrown away."""
        if not self._is_ready or not self._is_readable(seconds):
            return False
        self._job = None
        return bool(self._receive())

    def kill(self) -> None:
        """End the child; whoever waits for it finds that out."""
        self._child.kill()

    def end(self) -> int:
        """End the child if it lives, free everything, return its exit status (minus the signal's number)."""
        if self._memory >= 0:
            self._child.kill()
            self._socket.close()
            os.close(self._memory)
            self._memory = -1
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
        if self._is_ready or self._socket.recv(MAX_MESSAGE, socket.MSG_PEEK) != READY:
            return True
        self._socket.recv(MAX_MESSAGE)
        self._is_ready = True
        self._begin_clock(self._job.seconds if self._job else START_SECONDS)
        return self._is_readable(seconds)

    def _begin_clock(self, seconds: float) -> None:
        self._seconds, self._clock = seconds, Clock(self._child.pid, seconds)

    def _reserve(self, length: int) -> None:
        if length > self._capacity:
            self._resize(1 << (length - 1).bit_length() if length < KEPT_BYTES else length)

    def _resize(self, length: int) -> None:
        os.ftruncate(self._memory, length)
        self._capacity = length

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(MAX_MESSAGE)
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

    def _read(self, result: Result, offset: int, out: NDArray[Any] | None) -> NDArray[Any]:
        fits = out is not None and out.flags.c_contiguous and (out.dtype, out.shape) == (result.dtype, result.shape)
        array = out if out is not None and fits else np.empty(result.shape, result.dtype)
        if array.nbytes and os.preadv(self._memory, [array.reshape(-1).view(np.uint8).data], offset) != array.nbytes:
            self.end()
            raise DecodingFailedError("The decoder took its result away.", FailureReason.CRASHED)
        if out is None or fits:
            return array
        np.copyto(out, array, casting="safe")
        return out


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
