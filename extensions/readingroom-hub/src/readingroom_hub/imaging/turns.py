"""Whose turn it is: bounded work in all and for each person, taken in turns, so that nobody's hunger is another's wait."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from readingroom_hub.imaging.errors import ClientGoneError, TooManyRequestsError

AT_ONCE = 8
"""Questions to the source at a time; a local file takes 1 ms, a PACS 300."""

AT_ONCE_EACH = 4
"""Of these, one person's, while others wait."""

WAITING_EACH = 1024
"""Beyond this many waiting requests a person's program is not reading; a volume of 3,000 slices asks 8 at a time."""

UNSENT_EACH = 64 * 2**20
"""Bytes read for a person and not taken by their server yet; beyond them nothing more is read for them."""


@dataclass(eq=False, slots=True)
class _Person:
    waiting: deque["asyncio.Future[None]"] = field(default_factory=deque)
    working: int = 0
    unsent: int = 0

    @property
    def is_idle(self) -> bool:
        return not (self.waiting or self.working or self.unsent)


class Turns:
    """Gives turns, one person after the other; each person's requests keep their order.

    Parameters
    ----------
    at_once, each
        Turns at a time in all, and of one person.
    waiting
        Requests of one person that may wait; one more raises ``TooManyRequestsError``.
    unsent
        Bytes that may be unsent for a person before they get another turn.
    """

    def __init__(
        self, at_once: int = AT_ONCE, each: int = AT_ONCE_EACH, waiting: int = WAITING_EACH, unsent: int = UNSENT_EACH
    ) -> None:
        self._at_once, self._each, self._waiting, self._unsent = at_once, each, waiting, unsent
        self._working = 0
        self._people: OrderedDict[str, _Person] = OrderedDict()

    @asynccontextmanager
    async def turn(self, name: str, gone: "asyncio.Future[None] | None" = None) -> AsyncIterator[None]:
        """Wait for a turn of a person and hold it; ``gone`` is done when the caller closes the connection.

        Raises
        ------
        TooManyRequestsError
            When too many of this person's requests wait already.
        ClientGoneError
            When the caller went away before its turn came.
        """
        person = self._people.setdefault(name, _Person())
        await self._take(person, gone)
        try:
            yield
        finally:
            self._working -= 1
            person.working -= 1
            self._give()

    @asynccontextmanager
    async def unsent(self, name: str, many: int) -> AsyncIterator[None]:
        """Count bytes as unsent for a person while they are being sent."""
        person = self._people.setdefault(name, _Person())
        person.unsent += many
        try:
            yield
        finally:
            person.unsent -= many
            self._give()

    @property
    def people(self) -> int:
        """Return how many people have something under way."""
        return len(self._people)

    async def _take(self, person: _Person, gone: "asyncio.Future[None] | None") -> None:
        if len(person.waiting) >= self._waiting:
            raise TooManyRequestsError(f"More than {self._waiting} requests of yours wait for an answer.")
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        person.waiting.append(mine)
        self._give()
        if mine.done():
            return
        try:
            await asyncio.wait({mine} if gone is None else {mine, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            granted = mine.done()
            if not granted:
                person.waiting.remove(mine)
                mine.cancel()
        if not granted:
            raise ClientGoneError

    def _give(self) -> None:
        """Give turns as long as there are any, to the next person who may have one."""
        while self._working < self._at_once and (name := self._next()) is not None:
            self._people.move_to_end(name)
            person = self._people[name]
            person.working += 1
            self._working += 1
            person.waiting.popleft().set_result(None)
        for name in [name for name, person in self._people.items() if person.is_idle]:
            del self._people[name]

    def _next(self) -> str | None:
        for name, person in self._people.items():
            if person.waiting and person.working < self._each and person.unsent < self._unsent:
                return name
        return None
