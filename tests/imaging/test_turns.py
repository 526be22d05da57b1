"""Turns, rates and leases: who waits for whom, how much is taken, and how long an answer holds."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.imaging.conftest import RecordsOfTest

from readingroom.errors import AccessRefusedError, RecordsUnavailableError
from readingroom.reading.permissions import Action
from readingroom_hub.callers import Caller
from readingroom_hub.imaging.access import AHEAD_S, REFUSED_S, Gate
from readingroom_hub.imaging.decisions import LEASE_S, Answer, StudyFacts
from readingroom_hub.imaging.errors import ClientGoneError, TooManyRequestsError
from readingroom_hub.imaging.rates import FrameRate
from readingroom_hub.imaging.turns import Turns

ANNA = Caller("user", "anna", frozenset({"trainees"}), "reading", frozenset(), "a1")
STUDY = StudyFacts("1.2", "identifiable")


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end."""
    asyncio.run(asyncio.wait_for(test, 60))


async def settled() -> None:
    """Let everything happen that waits for nobody."""
    for _ in range(60):
        await asyncio.sleep(0)


def test_people_take_turns() -> None:
    """Whoever asks once waits for one round, not for the hundred requests of another person."""
    order: list[str] = []

    async def ask(turns: Turns, name: str) -> None:
        async with turns.turn(name):
            order.append(name)
            await asyncio.sleep(0)

    async def test() -> None:
        turns = Turns(at_once=2, each=2)
        many = [asyncio.ensure_future(ask(turns, "many")) for _ in range(100)]
        await asyncio.sleep(0)
        await asyncio.gather(ask(turns, "one"), ask(turns, "other"))
        assert order.index("one") < 8
        assert order.index("other") < 8
        await asyncio.gather(*many)
        assert 0 == turns.people

    run(test())


def test_nobody_holds_every_turn() -> None:
    """A person whose requests hang leaves turns for others."""

    async def test() -> None:
        turns = Turns(at_once=8, each=4)
        over = asyncio.Event()

        async def hang() -> None:
            async with turns.turn("hanging"):
                await over.wait()

        hanging = [asyncio.ensure_future(hang()) for _ in range(50)]
        await asyncio.sleep(0)
        async with turns.turn("other"):
            over.set()
        await asyncio.gather(*hanging)

    run(test())


def test_who_goes_away_waits_no_more() -> None:
    """A request whose caller has gone gives up its place, and its turn goes to the next."""

    async def test() -> None:
        turns = Turns(at_once=1, each=1)
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def ask() -> None:
            async with turns.turn("anna", gone):
                raise AssertionError("a caller who has gone got a turn")

        async with turns.turn("anna"):
            waiting = asyncio.ensure_future(ask())
            await asyncio.sleep(0)
            gone.set_result(None)
            with pytest.raises(ClientGoneError):
                await waiting
        assert 0 == turns.people

    run(test())


def test_too_many_and_too_much_wait() -> None:
    """Beyond its share a person's request is refused, and while too much is unsent nothing more is read for them."""

    async def test() -> None:
        turns = Turns(at_once=1, each=1, waiting=2, unsent=10)
        async with turns.turn("anna"):
            waiting = [asyncio.ensure_future(_once(turns)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(TooManyRequestsError):
                await _once(turns)
        await asyncio.gather(*waiting)
        async with turns.unsent("anna", 10):
            blocked = asyncio.ensure_future(_once(turns))
            await settled()
            assert not blocked.done()
        await blocked

    run(test())


async def _once(turns: Turns) -> None:
    async with turns.turn("anna"):
        pass


def test_frames_are_rated() -> None:
    """A bucket gives what it holds at once, then what flows in; a stream is slowed down."""
    now = [100.0]
    rate = FrameRate(per_second=10, at_once=20, now=lambda: now[0])

    rate.take("anna", 20)
    with pytest.raises(TooManyRequestsError) as refused:
        rate.take("anna", 5)
    assert 1 == refused.value.retry_after_s
    rate.take("bob", 20)
    now[0] = 101.0
    rate.take("anna", 10)
    assert [0.1, 0.2] == [pytest.approx(rate.wait_s("anna")) for _ in range(2)]


def test_one_question_for_all_who_ask_at_once() -> None:
    """A hundred first requests are one decision, and one entry in the audit; the next after the lease is another."""
    records = RecordsOfTest()
    now = [0.0]

    async def test() -> None:
        gate = Gate(records, lambda: now[0])
        await asyncio.gather(*[gate.check(ANNA, STUDY, Action.OPEN_STUDY) for _ in range(100)])
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        assert 1 == len(records.asked)
        await gate.check(ANNA, STUDY, Action.STORE_DERIVED)
        now[0] = LEASE_S - AHEAD_S
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        assert 2 == len(records.asked)
        now[0] = 2.0
        records.refused = {"anna": frozenset({"1.2"})}
        with pytest.raises(AccessRefusedError):
            await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        now[0] += REFUSED_S
        records.refused = {}
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)

    run(test())


def test_nobody_waits_for_what_is_asked_anew() -> None:
    """Shortly before a lease ends it is asked for again behind whoever comes; a refusal then counts, silence does not."""
    records = RecordsOfTest()
    now = [0.0]

    async def test() -> None:
        gate = Gate(records, lambda: now[0])
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        now[0], records.away = LEASE_S - AHEAD_S / 2, True
        for _ in range(3):
            await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
            await settled()
        now[0] = LEASE_S
        with pytest.raises(RecordsUnavailableError):
            await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        records.away = False
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        now[0] += LEASE_S - AHEAD_S / 2
        records.refused = {"anna": frozenset({"1.2"})}
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        await settled()
        with pytest.raises(AccessRefusedError):
            await gate.check(ANNA, STUDY, Action.OPEN_STUDY)

    run(test())


def test_who_asked_first_may_go() -> None:
    """A decision is answered to those who still wait for it when the first who asked has gone away."""

    class Slow(RecordsOfTest):
        async def decide(self, caller: Caller, action: Action, study: StudyFacts) -> Answer:
            await asyncio.sleep(0.05)
            return await super().decide(caller, action, study)

    async def test() -> None:
        gate = Gate(Slow())
        first = asyncio.ensure_future(gate.check(ANNA, STUDY, Action.OPEN_STUDY))
        second = asyncio.ensure_future(gate.check(ANNA, STUDY, Action.OPEN_STUDY))
        await asyncio.sleep(0)
        first.cancel()
        await second

    run(test())


def test_a_slow_answer_holds_no_longer() -> None:
    """A lease counts from when it was asked for; one that is never answered opens nothing and is asked for again."""
    now = [0.0]

    class Slow(RecordsOfTest):
        async def decide(self, caller: Caller, action: Action, study: StudyFacts) -> Answer:
            answer = await super().decide(caller, action, study)
            now[0] += 5
            return answer

    records = Slow()

    async def test() -> None:
        gate = Gate(records, lambda: now[0])
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        assert 2 == len(records.asked)
        records.away = True
        with pytest.raises(RecordsUnavailableError):
            await gate.check(ANNA, STUDY, Action.OPEN_STUDY)
        records.away = False
        await gate.check(ANNA, STUDY, Action.OPEN_STUDY)

    run(test())
