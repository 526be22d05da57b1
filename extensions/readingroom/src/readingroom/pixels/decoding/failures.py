"""Which frames have brought a child down, so that a viewer that asks again and again does not lose one each time."""

import hashlib
import threading
import time
from dataclasses import replace

from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.messages import Job

REMEMBERED_SECONDS = 60.0
MAX_REMEMBERED = 256
_FAULTS_OF_THE_FRAME = frozenset({FailureReason.CRASHED, FailureReason.MEMORY, FailureReason.TIME})


class RememberedFailures:
    """Failures of the last minute by content; frames are hashed only while one of equal length is remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[tuple[int, bytes], tuple[float, DecodingFailedError]] = {}

    def check(self, job: Job) -> None:
        """Raise the failure of an equal job again when it is fresh."""
        if not self._failures:
            return
        with self._lock:
            self._forget_old()
            if all(length != _length(job) for length, _ in self._failures):
                return
        with self._lock:
            found = self._failures.get((_length(job), _digest(job)))
        if found is not None:
            raise DecodingFailedError(str(found[1]), found[1].reason)

    def remember(self, job: Job, failure: DecodingFailedError) -> None:
        """Keep a failure that was the frame's own fault."""
        if failure.reason not in _FAULTS_OF_THE_FRAME:
            return
        with self._lock:
            while len(self._failures) >= MAX_REMEMBERED:
                self._failures.pop(next(iter(self._failures)))
            key = _length(job), _digest(job)
            self._failures[key] = (time.monotonic(), DecodingFailedError(str(failure), failure.reason))

    def _forget_old(self) -> None:
        fresh = time.monotonic() - REMEMBERED_SECONDS
        for key in [key for key, (since, _) in self._failures.items() if since < fresh]:
            del self._failures[key]


def _length(job: Job) -> int:
    return sum(map(len, job.buffers))


def _digest(job: Job) -> bytes:
    """Return a hash of everything that decides what a child does with the job."""
    digest = hashlib.sha256(replace(job, buffers=()).header())
    for buffer in job.buffers:
        digest.update(buffer)
    return digest.digest()
