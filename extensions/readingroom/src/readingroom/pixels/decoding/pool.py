"""A few children behind one door: any thread may ask, the frames of a series keep all of them busy."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from numpy.typing import NDArray

from readingroom.errors import DamagedImageError
from readingroom.pixels.decoding.batch import Batch
from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.failures import RememberedFailures
from readingroom.pixels.decoding.limits import DecodingLimits
from readingroom.pixels.decoding.messages import Job
from readingroom.pixels.decoding.process import DecoderProcess
from readingroom.pixels.decoding.request import DecodeRequest, Outcome
from readingroom.pixels.description import PixelDescription

MAX_WORKERS = 4
_ABANDONED_SECONDS = 0.1
"""How long a job that nobody wants any more may go on before its child is replaced, which takes 0.2 s."""


class DecoderPool:
    """Child processes that decode frames: started on demand, replaced when they die, ended by ``close``.

    Parameters
    ----------
    workers
        How many children at most; else one for each processor that this process may use, four at most.
    limits
        What one frame may take.

    Any thread may call any method.
    """

    def __init__(self, workers: int | None = None, limits: DecodingLimits | None = None) -> None:
        self.limits = limits or DecodingLimits()
        self._workers = workers or min(len(os.sched_getaffinity(0)), MAX_WORKERS)
        self._failures = RememberedFailures()
        self._changed = threading.Condition()
        self._idle: list[DecoderProcess] = []
        self._all: set[DecoderProcess] = set()
        self._count = self._waiting = self._impatient = 0
        self._is_closed = False
        # One thread starts all children: Linux takes the end of the thread that started a child for the parent's end.
        self._keeper = ThreadPoolExecutor(1, "decoder-keeper")

    def decode(
        self, transfer_syntax_uid: str, data: bytes, description: PixelDescription, number: int = 1
    ) -> NDArray[Any]:
        """Return the stored values of one frame as ``codecs.decode`` does; an uncompressed one is not sent to a child.

        Raises
        ------
        DecodingFailedError
            When the child crashed, ran out of memory or took too long.
        UnsupportedImageError, DamagedImageError
            As ``codecs.decode``.
        """
        request = DecodeRequest(transfer_syntax_uid, data, description, number=number)
        return request.decode_here() if request.is_harmless else self.run(request.job(self.limits))

    def decode_each(self, requests: Iterable[DecodeRequest]) -> Iterator[tuple[int, Outcome]]:
        """Decode frames on all children; yield (place in ``requests``, array or error) as each is done.

        ``requests`` is drawn from only as children become free: its order is the order of work, and an iterator may read
        the bytes of each frame just in time. Closing the generator cancels the rest. Frames that other threads ask for
        one by one go between.
        """
        return Batch(self, requests).outcomes()

    def run(self, job: Job, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return what a job returns, in ``out`` when given; raises as ``decode``."""
        self.check(job)
        while (process := self.acquire(wait=True)) is not None:
            try:
                process.start(job)
                return self.finish(process, job, out)
            except ConnectionError:  # it died while it had nothing to do: another one takes the job
                process.end()
            finally:
                self.release(process)
        raise DecodingFailedError("The decoders have been shut down.", FailureReason.UNAVAILABLE)

    def check(self, job: Job) -> None:
        """Raise when a job is over the limit or brought a child down a short while ago."""
        if job.samples > self.limits.max_samples:
            raise DamagedImageError(f"The image says it has {job.samples} samples, more than any image we show.")
        data_bytes = sum(map(len, job.buffers))
        if job.samples > max(self.limits.harmless_samples, self.limits.max_ratio * data_bytes):
            raise DamagedImageError(f"The image says it has {job.samples} samples in {data_bytes} bytes.")
        self._failures.check(job)

    def acquire(self, *, wait: bool, polite: bool = False) -> DecoderProcess | None:
        """Return a child that is free; None when there is none and ``wait`` is false, or the pool is closed.

        One who is polite leaves the children to those who wait for a single frame.
        """
        with self._changed:
            self._waiting += wait
            self._impatient += wait and not polite
            try:
                while not self._is_closed:
                    before = (self._impatient if wait else self._waiting) if polite else 0
                    if len(self._idle) > before:
                        return self._idle.pop()
                    if self._count < self._workers:
                        self._count += 1
                        break
                    if not wait:
                        return None
                    self._changed.wait()
                else:
                    return None
            finally:
                self._waiting -= wait
                self._impatient -= wait and not polite
        return self._start()

    def finish(self, process: DecoderProcess, job: Job, out: NDArray[Any] | None) -> NDArray[Any]:
        """Return the result of the first job of a child; raises as ``decode``. ``release`` must follow the last one."""
        try:
            return process.finish(out)
        except DecodingFailedError as failure:
            self._failures.remember(job, failure)
            raise
        except (KeyboardInterrupt, SystemExit):
            process.end()
            raise

    def release(self, process: DecoderProcess) -> None:
        """Give a child back; jobs that it still has are unwanted, and when they last it is ended with them."""
        while process.is_alive and process.jobs:
            if not process.discard(_ABANDONED_SECONDS):
                process.end()
        with self._changed:
            if process.is_alive and not self._is_closed:
                self._idle.append(process)
                self._changed.notify_all()
                return
            self._all.discard(process)
            if not self._is_closed:
                self._keeper.submit(self._replace)
        process.end()

    @property
    def is_wanted(self) -> bool:
        """Return whether somebody waits for a child."""
        return self._waiting > 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process numbers of the children that live now."""
        with self._changed:
            return tuple(process.pid for process in self._all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all children; jobs that are still running fail, and so does every later one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            idle, self._idle = self._idle, []
            for process in self._all:
                process.kill()
        for process in idle:
            self.release(process)
        self._keeper.shutdown()

    def _start(self) -> DecoderProcess:
        try:
            process = self._keeper.submit(DecoderProcess).result()
        except (OSError, RuntimeError) as error:  # no memory, no processes left, or this process is ending
            with self._changed:
                self._count -= 1
                self._changed.notify_all()
            raise DecodingFailedError(
                f"The decoder process cannot be started ({error}).", FailureReason.UNAVAILABLE
            ) from error
        with self._changed:
            self._all.add(process)
        return process

    def _replace(self) -> None:
        """Start a child in the place of a dead one; runs in the keeper's thread, so nobody waits for it."""
        try:
            process = DecoderProcess()
        except OSError:
            with self._changed:
                self._count -= 1  # whoever needs it tries again and is told
                self._changed.notify_all()
            return
        with self._changed:
            self._all.add(process)
        self.release(process)
