"""The right to show a study, asked for anew every second: a study whose lease has lapsed is closed for every page.

Refused is closed at once, in the words of whoever refused. Records that say nothing keep what is open for ten seconds, so
that a restart throws no reader out; then everything is closed until they answer again.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from readingroom.errors import AccessRefusedError, ReadingRoomError, StudyClosedError

EVERY_S = 1.0
SILENCE_S = 10.0
"""Records may be silent for so long; DICOM pictures that nobody may look at any more stay no longer than that."""

UNREACHABLE = (
    "The records service has not answered for 10 s, so nobody can say whether you may still see this study, and what you "
    "see could not be recorded. It opens again by itself as soon as the service answers."
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """What records say of one open study; ``reason`` is for the reader where it is not valid."""

    study_uid: str
    valid: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A study that has been closed and why; ``again`` where it may be opened again without anybody's doing."""

    study_uid: str
    reason: str
    again: bool = False


class Holder(Protocol):
    """A page with open studies."""

    def close_study(self, closing: Closing) -> None:
        """Drop everything of a study and say why."""


class Leases(Protocol):
    """What the pages of a server need of whoever keeps the leases."""

    def confirm(self, study_uid: str) -> None:
        """Ask whether a study may be opened, not in the event loop; raises ``AccessRefusedError`` with the reason."""

    def opening(self, study_uid: str) -> AbstractContextManager[None]:
        """Keep what is looked up of a study while a page opens it; where no page holds it then, it is forgotten."""

    def hold(self, study_uid: str, holder: Holder) -> None:
        """Note that a page has opened a study, which it was allowed to just now."""

    def let_go(self, holder: Holder) -> None:
        """Note that a page has gone."""

    def check(self, study_uid: str) -> None:
        """Raise ``StudyClosedError`` unless a study may be shown at this moment. Safe to call from any thread."""


class NoLeases:
    """For studies that anybody may see who reaches this server: the teaching studies of a workbench."""

    def confirm(self, study_uid: str) -> None:
        """Refuse nothing."""

    def opening(self, study_uid: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's own
        """Note nothing."""
        return nullcontext()

    def hold(self, study_uid: str, holder: Holder) -> None:
        """Note nothing."""

    def let_go(self, holder: Holder) -> None:
        """Note nothing."""

    def check(self, study_uid: str) -> None:
        """Raise nothing."""


@dataclass(slots=True)
class _Held:
    """A study that is open: until when it is surely right, and for whom."""

    confirmed: float
    holders: list[Holder] = field(default_factory=list)


class LeaseKeeper:
    """Keeps the leases of all pages of this server. Everything but ``check`` belongs to the event loop.

    Parameters
    ----------
    ask
        Asks records about studies by their UIDs, in a thread; raises ``AccessRefusedError`` where this server itself is
        refused and another ``ReadingRoomError`` where records do not answer.
    forget
        Told of each study that is closed or left, to drop what is kept of it beside the pages.
    clock
        Seconds that never run backwards.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[str]], Iterable[Lease]],
        forget: Callable[[str], None] = lambda _uid: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._forget = forget
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._opening: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="leases")
        self._asking: asyncio.Task[None] | None = None

    def confirm(self, study_uid: str) -> None:
        """Ask whether a study may be opened (``Leases``): what the gateway still remembers opens no withdrawn one again."""
        for lease in self._ask((study_uid,)):
            if not lease.valid:
                raise AccessRefusedError(lease.reason)

    @contextmanager
    def opening(self, study_uid: str) -> Iterator[None]:
        """Keep what is looked up of a study while a page opens it (``Leases``), though the last other page goes meanwhile."""
        self._opening[study_uid] += 1
        try:
            yield
        finally:
            self._opening[study_uid] -= 1
            if not self._opening[study_uid]:
                del self._opening[study_uid]
            self._forget_unless_wanted(study_uid)

    def hold(self, study_uid: str, holder: Holder) -> None:
        """Note that a page has opened a study (``Leases``); from now on it is asked about."""
        held = self._held.setdefault(study_uid, _Held(self._clock()))
        held.confirmed = self._clock()
        if holder not in held.holders:
            held.holders.append(holder)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._keep_asking())

    def let_go(self, holder: Holder) -> None:
        """Note that a page has gone (``Leases``)."""
        for study_uid, held in list(self._held.items()):
            if holder in held.holders:
                held.holders.remove(holder)
            if not held.holders:
                del self._held[study_uid]
                self._forget_unless_wanted(study_uid)

    def check(self, study_uid: str) -> None:
        """Raise ``StudyClosedError`` unless a study may be shown at this moment (``Leases``).

        It looks at the clock itself: a study does not stay open because nobody had the time to close it.
        """
        held = self._held.get(study_uid)
        if held is None:
            raise StudyClosedError("This study has been closed. Open it again from the study list.")
        if self._clock() - held.confirmed > SILENCE_S:
            raise StudyClosedError(UNREACHABLE)

    async def ask_once(self) -> None:
        """Ask about every open study and close what may not be shown any more."""
        open_studies, asked_at = tuple(self._held), self._clock()
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._leases, open_studies)
        except AccessRefusedError as refused:
            self._close_all(open_studies, str(refused))
        except ReadingRoomError as error:
            log.warning("records did not answer about open studies: %s", error)
            self._close_silent()
        else:
            self._take(answer, asked_at)

    async def _keep_asking(self) -> None:
        while self._held:
            began = self._clock()
            await self.ask_once()
            await asyncio.sleep(max(0.0, EVERY_S - (self._clock() - began)))

    def _leases(self, study_uids: Sequence[str]) -> tuple[Lease, ...]:
        return tuple(self._ask(study_uids))

    def _take(self, answer: Collection[Lease], asked_at: float) -> None:
        for lease in answer:
            held = self._held.get(lease.study_uid)
            if held is None:
                continue
            if lease.valid:
                held.confirmed = max(held.confirmed, asked_at)
            elif held.confirmed <= asked_at:  # one opened again since then was allowed to
                self._close(Closing(lease.study_uid, lease.reason))
        self._close_silent()

    def _close_all(self, study_uids: Iterable[str], reason: str) -> None:
        for study_uid in study_uids:
            self._close(Closing(study_uid, reason))

    def _close_silent(self) -> None:
        """Close what nobody has confirmed for too long."""
        late = [uid for uid, held in self._held.items() if self._clock() - held.confirmed > SILENCE_S]
        for study_uid in late:
            self._close(Closing(study_uid, UNREACHABLE, again=True))

    def _close(self, closing: Closing) -> None:
        held = self._held.pop(closing.study_uid, None)
        if held is None:
            return
        log.warning("closed a study: %s", closing.reason)
        self._forget_unless_wanted(closing.study_uid)
        for holder in held.holders:
            holder.close_study(closing)

    def _forget_unless_wanted(self, study_uid: str) -> None:
        if study_uid not in self._held and study_uid not in self._opening:
            self._forget(study_uid)
