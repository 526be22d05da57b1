"""Frames on another machine: what a source over a network offers, so that a volume does not wait slice by slice."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Protocol, TypeVar, runtime_checkable

Result = TypeVar("Result")


@runtime_checkable
class RemoteFrames(Protocol):
    """What a source over a network offers beyond ``StudySource``; its methods may be called from several threads."""

    @property
    def frames_at_once(self) -> int:
        """How many frames are best asked for side by side."""

    def prepare(self, sop_uid: str) -> None:
        """Ask in one answer for the attributes of all instances of an instance's series; ``metadata`` then finds them."""


def side_by_side(
    numbers: Iterable[int], fetch: Callable[[int], Result], at_once: int
) -> Iterator[tuple[int, Callable[[], Result]]]:
    """Yield each number with what waits for its result, ``at_once`` of them under way; numbers are taken one by one.

    What ``fetch`` raises is raised by whoever waits for that result.
    """
    taken = iter(numbers)
    with ThreadPoolExecutor(at_once, thread_name_prefix="frames") as threads:
        waiting = deque((number, threads.submit(fetch, number)) for number in islice(taken, at_once))
        while waiting:
            number, result = waiting.popleft()
            yield number, result.result
            waiting.extend((more, threads.submit(fetch, more)) for more in islice(taken, 1))
