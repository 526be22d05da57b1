"""Access grants: they end, and nothing brings them back."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readingroom.reading.grants import (
    FINAL,
    VIEW_LASTS,
    Grant,
    GrantError,
    GrantEvent,
    GrantHistory,
    GrantState,
    GrantTransitionError,
    begins_view,
    granting,
    may,
    next_event,
    state,
    why_not,
)
from readingroom.reading.permissions import Action, Relation
from readingroom.reading.purposes import Purpose
from readingroom.reading.relations import PersonFacts, StudyFacts, relations_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOK = frozenset({Action.KNOW_STUDY, Action.OPEN_STUDY})
GRANT = Grant("g", "guest", ("1.2", "1.3"), Purpose.TREATMENT, LOOK, NOW, NOW + 2 * DAY, 2, proposer="ann")
KINDS = ("proposed", "activated", "revoked", "viewed")


def event(number: int, kind: str, at: datetime = NOW, actor: str = "bob") -> GrantEvent:
    """Return an event of the grant, possible or not."""
    assert kind in KINDS
    return GrantEvent("g", number, at, actor, kind)


ACTIVE = [event(1, "proposed"), event(2, "activated")]


def random_events(chance: random.Random) -> list[GrantEvent]:
    """Return a history nobody checked: any kinds in any order, at times that jump back and forth."""
    kinds = chance.choices(KINDS, [1, 3, 1, 4], k=chance.randrange(12))
    return [
        event(number, kind, NOW + timedelta(hours=chance.uniform(-3, 60)), chance.choice(["bob", "guest"]))
        for number, kind in enumerate(kinds, start=1)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_has_ended_stays_so_whatever_is_written_after(seed: int) -> None:
    """Over histories of any kind: once final, no later event and no earlier time of an event changes the state."""
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    for _ in range(200):
        events, ended = random_events(chance), None
        grant = replace(GRANT, maximum_views=chance.choice([None, 1, 2]))
        for count, latest in enumerate(events, start=1):
            now = state(grant, events[:count], latest.at)
            assert ended in (None, now)
            ended = now if now in FINAL else None
            if ended:
                assert not may(grant, events[:count], Action.OPEN_STUDY, "1.2", latest.at).allowed


@pytest.mark.parametrize("seed", range(20))
def test_what_has_ended_stays_so_while_time_goes_on(seed: int) -> None:
    """With the latest time ever seen, as the records keep it, a clock that jumps back brings nothing to life."""
    chance = random.Random(seed)  # noqa: S311
    for _ in range(200):
        events, ended, latest = random_events(chance), None, NOW
        for _ in range(12):
            latest = max(latest, NOW + timedelta(hours=chance.uniform(-24, 72)))
            now = state(GRANT, events, latest)
            assert ended in (None, now)
            ended = now if now in FINAL else None


@pytest.mark.parametrize("seed", range(20))
def test_only_possible_events_are_written_and_lead_where_they_say(seed: int) -> None:
    """Histories made by ``next_event`` alone never exceed the views, and each step is one the states allow."""
    chance = random.Random(seed)  # noqa: S311
    steps = {
        "activated": {(GrantState.PROPOSED, GrantState.ACTIVE)},
        "viewed": {(GrantState.ACTIVE, GrantState.ACTIVE)},
        "revoked": {(each, GrantState.REVOKED) for each in (GrantState.PROPOSED, GrantState.ACTIVE)},
        "proposed": {(GrantState.PROPOSED, GrantState.PROPOSED)},
    }
    for _ in range(100):
        events: list[GrantEvent] = []
        for _ in range(12):
            kind, now = chance.choice(KINDS), NOW + timedelta(hours=chance.uniform(-3, 60))
            before = state(GRANT, events, max([now, *(each.at for each in events)]))
            try:
                written = next_event(GRANT, events, kind, "bob", now)
            except GrantTransitionError:
                continue
            events.append(written)
            assert (before, state(GRANT, events, written.at)) in steps[kind]
        assert sum(each.kind == "viewed" for each in events) <= 2
        assert list(range(1, len(events) + 1)) == [each.number for each in events]


@pytest.mark.parametrize(
    ("events", "at", "expected"),
    [
        ([], NOW, GrantState.PROPOSED),
        (ACTIVE[:1], NOW + 3 * DAY, GrantState.EXPIRED),
        (ACTIVE, NOW, GrantState.ACTIVE),
        (ACTIVE, NOW + 2 * DAY, GrantState.EXPIRED),
        ([*ACTIVE, event(3, "revoked")], NOW, GrantState.REVOKED),
        ([*ACTIVE, event(3, "revoked"), event(4, "activated")], NOW, GrantState.REVOKED),
        ([*ACTIVE, event(3, "revoked")], NOW + 3 * DAY, GrantState.REVOKED),
        ([ACTIVE[0], event(2, "activated", actor="guest")], NOW, GrantState.PROPOSED),
        ([ACTIVE[0], event(2, "activated", NOW + 3 * DAY)], NOW, GrantState.EXPIRED),
        ([*ACTIVE, event(3, "viewed"), event(4, "viewed")], NOW, GrantState.ACTIVE),
        ([*ACTIVE, event(3, "viewed"), event(4, "viewed")], NOW + VIEW_LASTS, GrantState.EXHAUSTED),
    ],
)
def test_where_a_grant_stands(events: list[GrantEvent], at: datetime, expected: GrantState) -> None:
    """The five states, and which of them wins."""
    assert expected == state(GRANT, events, at)


def test_events_are_taken_by_their_numbers_and_other_grants_are_not_looked_at() -> None:
    """A database may give them in any order."""
    other = GrantEvent("h", 9, NOW, "bob", "revoked")
    assert GrantState.ACTIVE == state(GRANT, [other, *reversed(ACTIVE)], NOW)


@pytest.mark.parametrize(
    ("events", "action", "uid", "after", "words"),
    [
        (ACTIVE[:1], Action.OPEN_STUDY, "1.2", HOUR, "nobody has given it yet"),
        (ACTIVE, Action.OPEN_STUDY, "1.4", HOUR, "not among those"),
        (ACTIVE, Action.READ_VALUES, "1.2", HOUR, "You may not read values"),
        (ACTIVE, Action.OPEN_STUDY, "1.2", -HOUR, "begins on 24 November 2026 at 09:00 UTC"),
        (ACTIVE, Action.OPEN_STUDY, "1.2", 2 * DAY, "has ended"),
        ([*ACTIVE, event(3, "revoked")], Action.OPEN_STUDY, "1.2", HOUR, "was taken back"),
        ([*ACTIVE, event(3, "viewed"), event(4, "viewed")], Action.OPEN_STUDY, "1.2", HOUR, "used all the views"),
    ],
)
def test_a_refusal_says_why(events: list[GrantEvent], action: Action, uid: str, after: timedelta, words: str) -> None:
    """Each reason is a sentence for the guest who reads it, and the grant gives no relation."""
    early = [replace(each, at=NOW - HOUR) for each in events] if after < timedelta() else events
    decision = may(GRANT, early, action, uid, NOW + after)
    assert (False, None) == (decision.allowed, decision.relation)
    assert words in decision.reason
    assert decision.reason == why_not([GrantHistory(GRANT, tuple(early))], "guest", action, uid, NOW + after) or (
        uid not in GRANT.studies
    )


def test_a_view_is_one_sitting() -> None:
    """Opening the same studies again within the hour begins no new view, so the last one can be finished."""
    last = [*ACTIVE, event(3, "viewed"), event(4, "viewed", NOW + 2 * HOUR)]
    half_past = NOW + 2 * HOUR + timedelta(minutes=30)
    assert begins_view(GRANT, ACTIVE, NOW)
    assert not begins_view(GRANT, last, half_past)
    assert may(GRANT, last, Action.OPEN_STUDY, "1.3", half_past).allowed
    with pytest.raises(GrantTransitionError, match="last view"):
        next_event(GRANT, last, "viewed", "guest", half_past)


def test_a_grant_opens_its_studies_to_its_grantee_alone() -> None:
    """The relation is there for the person, the study, the action and the time that were granted."""
    history = GrantHistory(GRANT, tuple(ACTIVE))

    def granted(person: str, uid: str, action: Action, now: datetime) -> bool:
        study = StudyFacts(uid, "identifiable")
        return Relation.GRANTED in relations_of(PersonFacts(person), study, action, grants=[history], now=now)

    assert granted("guest", "1.2", Action.OPEN_STUDY, NOW)
    assert not granted("ann", "1.2", Action.OPEN_STUDY, NOW)
    assert not granted("guest", "1.4", Action.OPEN_STUDY, NOW)
    assert not granted("guest", "1.2", Action.READ_VALUES, NOW)
    assert not granted("guest", "1.2", Action.OPEN_STUDY, NOW + 2 * DAY)


def test_of_two_grants_the_longer_one_is_named() -> None:
    """The audit names one grant, and the reader is not cut off while another would do."""
    longer = replace(GRANT, id="h", expires=NOW + 3 * DAY)
    events = tuple(replace(each, grant_id="h") for each in ACTIVE)
    both = [GrantHistory(longer, events), GrantHistory(GRANT, tuple(ACTIVE))]
    assert longer == granting(both, "guest", Action.OPEN_STUDY, "1.2", NOW)
    assert "" == why_not([], "guest", Action.OPEN_STUDY, "1.2", NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires": NOW + timedelta(seconds=59)},
        {"expires": NOW + 91 * DAY},
        {"not_before": NOW.replace(tzinfo=None)},
        {"studies": ()},
        {"studies": ("",)},
        {"grantee": ""},
        {"actions": frozenset()},
        {"actions": frozenset({Action.EXPORT})},
        {"maximum_views": 0},
        {"proposer": "guest"},
        {"issuer": "guest"},
    ],
)
def test_a_grant_that_makes_no_sense_cannot_be_written(wrong: dict[str, object]) -> None:
    """It is refused where it is made, in words."""
    with pytest.raises(GrantError, match=r"^[A-Z].+\.$"):
        replace(GRANT, **wrong)


def test_purposes_have_the_codes_of_hl7_and_words() -> None:
    """Every purpose can be said to a person."""
    assert {"TREAT", "ETREAT", "HOPERAT", "TRAIN", "HRESCH", "PATRQT"} == set(Purpose)
    assert all(purpose.words for purpose in Purpose)
