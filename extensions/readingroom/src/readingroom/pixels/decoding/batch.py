"""Many frames on all children: each gets its next job before its last result is handed on."""

import select
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from readingroom.errors import ReadingRoomError
from readingroom.pixels.decoding.process import SLICE_SECONDS
from readingroom.pixels.decoding.request import DecodeRequest, Outcome

if TYPE_CHECKING:
    from readingroom.pixels.decoding.pool import DecoderPool, Running


class Batch:
    """The requests of one caller while they are worked on; for one thread."""

    def __init__(self, pool: "DecoderPool", requests: Iterable[DecodeRequest]) -> None:
        self._pool = pool
        self._waiting = enumerate(requests)
        self._next = next(self._waiting, None)
        self._running: dict[int, tuple[int, Running]] = {}
        self._poll = select.poll()

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Yield (place of the request, array or error) as each is done; raises when the pool is closed."""
        try:
            yield from self._top_up()
            while self._running:
                for descriptor in self._ready():
                    done = self._collect(descriptor)
                    yield from self._top_up()
                    yield done
                yield from self._top_up()
        finally:
            for _, running in self._running.values():
                self._pool.abandon(running)

    def _top_up(self) -> Iterator[tuple[int, Outcome]]:
        """Start jobs on the children that are free; yield those that needed none or failed at once."""
        while self._next is not None:
            place, request = self._next
            try:
                if request.is_harmless:
                    outcome: Outcome | None = request.decode_here()
                else:
                    outcome = None
                    job = request.job(self._pool.limits)
                    running = self._pool.begin(job, request.out, wait=not self._running)
                    if running is None:
                        return
                    self._add(place, running)
            except ReadingRoomError as error:
                outcome = error
            self._next = next(self._waiting, None)
            if outcome is not None:
                yield place, outcome

    def _add(self, place: int, running: "Running") -> None:
        descriptor = running.process.fileno()
        self._running[descriptor] = place, running
        self._poll.register(descriptor, select.POLLIN)

    def _ready(self) -> list[int]:
        """Return the children that have answered, died or used up their time, after a while of waiting."""
        self._poll.poll(SLICE_SECONDS * 1000)
        return [number for number, (_, running) in self._running.items() if running.process.has_answer()]

    def _collect(self, descriptor: int) -> tuple[int, Outcome]:
        self._poll.unregister(descriptor)
        place, running = self._running.pop(descriptor)
        try:
            return place, self._pool.end(running)
        except ReadingRoomError as error:
            return place, error
