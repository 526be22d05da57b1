"""Many frames on all children: each has its next frame at hand when it is done with one, and never waits for us."""

import select
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from readingroom.errors import ReadingRoomError
from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.messages import Job
from readingroom.pixels.decoding.process import SLICE_SECONDS, DecoderProcess
from readingroom.pixels.decoding.request import DecodeRequest, Outcome

if TYPE_CHECKING:
    from readingroom.pixels.decoding.pool import DecoderPool

_MOST_QUEUED = 2**20
"""Samples of the frames that a child may hold: the slowest codec takes 0.1 s for them, which another reader can wait."""


@dataclass(frozen=True, eq=False, slots=True)
class _Task:
    place: int
    request: DecodeRequest
    job: Job


@dataclass(frozen=True, eq=False, slots=True)
class _Done:
    place: int
    outcome: Outcome


@dataclass(frozen=True, eq=False, slots=True)
class _Held:
    """A child that works for this batch, with its tasks in order."""

    process: DecoderProcess
    descriptor: int
    tasks: deque[_Task] = field(default_factory=deque)


class Batch:
    """The requests of one caller while they are worked on; for one thread."""

    def __init__(self, pool: "DecoderPool", requests: Iterable[DecodeRequest]) -> None:
        self._pool = pool
        self._drawn = (self._prepare(place, request) for place, request in enumerate(requests))
        self._again: deque[_Task] = deque()
        self._held: dict[int, _Held] = {}
        self._poll = select.poll()

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Yield (place of the request, array or error) as each is done; raises when the pool is closed."""
        try:
            yield from self._top_up()
            while self._held:
                done = [self._collect(held) for held in self._answered()]
                yield from self._top_up()
                yield from done
        finally:
            for held in list(self._held.values()):
                self._let_go(held)

    def _prepare(self, place: int, request: DecodeRequest) -> _Task | _Done:
        """Return a request as a task for a child, or done when it needs none or cannot be done."""
        try:
            if request.is_harmless:
                return _Done(place, request.decode_here())
            job = request.job(self._pool.limits)
            self._pool.check(job)
            return _Task(place, request, job)
        except ReadingRoomError as error:
            return _Done(place, error)

    def _top_up(self) -> Iterator[tuple[int, Outcome]]:
        """Start tasks while a child can hold one, give back the children that are not needed; yield what is done already."""
        if self._pool.is_wanted:
            self._release_idle()
        while (task := self._again.popleft() if self._again else next(self._drawn, None)) is not None:
            if isinstance(task, _Done):
                yield task.place, task.outcome
            elif not self._start(task):
                self._again.appendleft(task)
                return
        self._release_idle()

    def _start(self, task: _Task) -> bool:
        """Start a task; return whether a child could take it."""
        while (held := self._child_for(task.job)) is not None:
            try:
                held.process.start(task.job)
            except ConnectionError:
                if held.tasks:
                    return False  # it died over the task before, which will tell
                held.process.end()  # it died while it had nothing to do
                self._lose(held)
            else:
                held.tasks.append(task)
                return True
        return False

    def _child_for(self, job: Job) -> _Held | None:
        """Return the child with the least to do that can take a job, a new one while there are any; None when all are full."""
        idle = next((held for held in self._held.values() if not held.tasks), None)
        if idle is not None:
            return idle
        process = self._pool.acquire(wait=not self._held, polite=True)
        if process is not None:
            return self._hold(process)
        if not self._held:
            raise DecodingFailedError("The decoders have been shut down.", FailureReason.UNAVAILABLE)
        if self._pool.is_wanted:
            return None
        held = min(self._held.values(), key=lambda held: len(held.tasks))
        queued = sum(task.job.samples for task in held.tasks)
        return held if queued + job.samples <= _MOST_QUEUED and held.process.can_hold(job) else None

    def _answered(self) -> Iterator[_Held]:
        """Wait a while; yield a child for each answer that is there, and those that died or used up their time."""
        held_now = list(self._held.values())
        self._poll.poll(SLICE_SECONDS * 1000)
        for held in held_now:
            while held.tasks and held.process.has_answer():
                yield held

    def _collect(self, held: _Held) -> tuple[int, Outcome]:
        task = held.tasks.popleft()
        try:
            outcome: Outcome = self._pool.finish(held.process, task.job, task.request.out)
        except ReadingRoomError as error:
            outcome = error
        if not held.process.is_alive:
            self._lose(held)
        return task.place, outcome

    def _hold(self, process: DecoderProcess) -> _Held:
        held = _Held(process, process.fileno())
        self._held[held.descriptor] = held
        self._poll.register(held.descriptor, select.POLLIN)
        return held

    def _let_go(self, held: _Held) -> None:
        self._poll.unregister(held.descriptor)
        del self._held[held.descriptor]
        self._pool.release(held.process)

    def _lose(self, held: _Held) -> None:
        """Let go of a child that died; what was queued behind its last task is started again elsewhere."""
        self._again.extendleft(reversed(held.tasks))
        held.tasks.clear()
        self._let_go(held)

    def _release_idle(self) -> None:
        for held in [held for held in self._held.values() if not held.tasks]:
            self._let_go(held)
