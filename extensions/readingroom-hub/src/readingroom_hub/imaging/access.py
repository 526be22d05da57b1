"""The check before everything: a decision is asked for once, holds for its lease, and covers one study and one action."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from readingroom.errors import AccessRefusedError
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import MAX_TEXT, AuditEvent
from readingroom.reading.permissions import Action
from readingroom_hub.callers import Caller
from readingroom_hub.imaging.decisions import LEASE_S, Answer, Decider, StudyFacts

REFUSED_S = 1.0
"""How long a refusal holds: a server that asks on and on would else fill the audit."""

AHEAD_S = 0.5
"""So long before an answer ends it is asked for anew by whoever comes, who need not wait for that."""

REMEMBERED = 65_536
SEARCH_S = 60.0
"""How long the same search counts as one: a study list that is open is looked at again with every change."""

_Key = tuple[str, str, str]


class Gate:
    """Asks ``decider`` and remembers its answers by token, study and action.

    Parameters
    ----------
    decider
        Whoever decides.
    now
        The clock, in seconds; it never goes back.
    """

    def __init__(self, decider: Decider, now: Callable[[], float] = time.monotonic) -> None:
        self._decider, self._now = decider, now
        self._held: OrderedDict[_Key, tuple[float, Answer]] = OrderedDict()
        self._searched: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._asking: dict[_Key, asyncio.Task[Answer]] = {}

    async def check(self, caller: Caller, study: StudyFacts, action: Action) -> None:
        """Return when the caller may do this to the study now.

        Raises
        ------
        AccessRefusedError
            With the reason that records gave.
        RecordsUnavailableError
            When nobody can decide or write the audit.
        """
        key = (caller.token_id, study.uid, action.value)
        answer = self._remembered(key)
        if answer is None:
            answer = await asyncio.shield(self._ask(key, caller, study, action))
        elif answer.allowed and self._held[key][0] - self._now() < AHEAD_S:
            self._ask(key, caller, study, action).add_done_callback(_left_to_the_next)
        if not answer.allowed:
            raise AccessRefusedError(answer.reason or "You may not open this study.")

    async def known(self, caller: Caller, studies: Sequence[StudyFacts]) -> frozenset[str]:
        """Return the UIDs of those studies that the caller may know of, asked for together."""
        keys = {study.uid: (caller.token_id, study.uid, Action.KNOW_STUDY.value) for study in studies}
        held = {uid: self._remembered(key) for uid, key in keys.items()}
        unknown = [study for study in studies if held[study.uid] is None]
        if unknown:
            asked_at = self._now()
            known = await self._decider.known(caller, unknown)
            for study in unknown:
                held[study.uid] = Answer(study.uid in known, "", LEASE_S)
                self._remember(keys[study.uid], asked_at, Answer(study.uid in known, "", LEASE_S))
        return frozenset(uid for uid, answer in held.items() if answer is not None and answer.allowed)

    async def searched(self, caller: Caller, query: str) -> None:
        """Put a search into the audit before it is answered; the same one again within ``SEARCH_S`` is the same search."""
        key = (caller.token_id, query)
        if self._now() >= self._searched.get(key, 0.0):
            now, asked = datetime.now(UTC), query[:MAX_TEXT]
            event = AuditEvent(Kind.QUERIED, now, "imaging", caller.person, server=caller.server, query=asked)
            await self._decider.tell(event)
            self._searched[key] = self._now() + SEARCH_S
            while len(self._searched) > REMEMBERED:
                self._searched.popitem(last=False)

    def _remembered(self, key: _Key) -> Answer | None:
        until, answer = self._held.get(key, (0.0, None))
        return answer if answer is not None and self._now() < until else None

    def _ask(self, key: _Key, caller: Caller, study: StudyFacts, action: Action) -> "asyncio.Task[Answer]":
        """Return the one question under way for all who wait for its answer; it outlives whoever asked first."""
        if key not in self._asking:
            self._asking[key] = asyncio.ensure_future(self._answer(key, caller, study, action))
        return self._asking[key]

    async def _answer(self, key: _Key, caller: Caller, study: StudyFacts, action: Action) -> Answer:
        asked_at = self._now()
        try:
            answer = await self._decider.decide(caller, action, study)
        finally:
            del self._asking[key]
        self._remember(key, asked_at, answer)
        return answer

    def _remember(self, key: _Key, asked_at: float, answer: Answer) -> None:
        """Keep an answer from when it was asked for, so that a slow one never holds longer than its lease."""
        self._held[key] = (asked_at + (answer.lease_s if answer.allowed else REFUSED_S), answer)
        self._held.move_to_end(key)
        while len(self._held) > REMEMBERED:
            self._held.popitem(last=False)


def _left_to_the_next(asking: "asyncio.Task[Answer]") -> None:
    """Look at a failure that nobody waits for: whoever comes after the old answer has ended asks again, and is told."""
    if not asking.cancelled():
        asking.exception()
