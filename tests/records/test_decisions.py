"""Who may open what, over stored facts: grants that end, views counted once, a clock set back; on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, select

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import from_json
from readingroom.reading.break_glass import BreakGlassError
from readingroom.reading.grants import GrantTransitionError
from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom_hub.records.asking import Asker
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.decisions import Answer, Decider, StudyTold
from readingroom_hub.records.emergencies import Emergencies
from readingroom_hub.records.once import Request, once
from readingroom_hub.records.refusals import NotAllowedError, NotPossibleError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries, grant_events

T = TypeVar("T")
STUDY = StudyTold("1.2.3", "identifiable", "P1", "DOE^JANE", "A1")
OTHER = StudyTold("1.2.4", "identifiable", "P2")
PRIOR = StudyTold("1.2.5", "identifiable", "P1")
LOOK = frozenset({Action.KNOW_STUDY, Action.OPEN_STUDY, Action.READ_VALUES})


def someone(name: str, group: str) -> Asker:
    """Return a person of a group."""
    return Asker(name, frozenset({group}), "reading")


CONSULTANT, TRAINEE = someone("consultant", "consultants"), someone("trainee", "trainees")
COORDINATOR, GUEST = someone("coordinator", "coordinators"), someone("guest", "guests")


class SetClock(LatestClock):
    """The records' clock over a machine whose own time a test sets."""

    machine = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the latest time that this machine ever had."""
        self._latest = max(self._latest, self.machine)
        return self._latest


class House:
    """The records of one house, asked without the network."""

    def __init__(self, store: Store, rota: frozenset[str] = frozenset()) -> None:
        self.store = store
        self.clock = store.read_and_wait(SetClock)
        self.decider = Decider(self.clock, rota)
        self.changes = Changes(self.clock, rota)
        self.emergencies = Emergencies(self.clock, rota)

    def write(self, do: Callable[..., T], *more: Any, **named: Any) -> T:  # noqa: ANN401 - whatever it takes
        """Do something in the writer's transaction."""
        return self.store.write_and_wait(lambda connection: do(connection, *more, **named))

    def open(self, asker: Asker, study: StudyTold = STUDY, action: Action = Action.OPEN_STUDY) -> Answer:
        """Decide as the gateway asks."""
        return self.write(self.decider.decide, asker, action, study)

    def lease(self, asker: Asker, study: StudyTold = STUDY) -> tuple[bool, str]:
        """Ask whether an open study may stay open."""
        told = self.store.read_and_wait(lambda connection: self.decider.leases(connection, asker, [study.study_uid]))
        return told[0]["valid"], told[0]["reason"]

    def grant(self, views: int | None = None, seconds: int = 600, *, issue: bool = True) -> str:
        """Give the guest access to the study."""
        now = self.clock.now()
        end = now + timedelta(seconds=seconds)
        wish = GrantWish("guest", (STUDY.study_uid,), Purpose.TREATMENT, LOOK, now, end, views, "Is it a fracture?")
        return str(self.write(self.changes.propose, COORDINATOR, wish, issue=issue)["grant_id"])

    def later(self, **more: int) -> None:
        """Let time go by."""
        self.clock.machine = self.clock.machine + timedelta(**more)

    def audit(self) -> list[tuple[str, str]]:
        """Return kind and person of every audit entry."""
        query = select(audit_entries.c.kind, audit_entries.c.person).order_by(audit_entries.c.number)
        return self.store.read_and_wait(
            lambda connection: [(str(kind), str(who)) for kind, who in connection.execute(query)]
        )

    def views(self) -> int:
        """Return how many views were counted."""
        query = select(grant_events.c.number).where(grant_events.c.kind == "viewed")
        return len(self.store.read_and_wait(lambda connection: connection.execute(query).all()))


@pytest.fixture
def house(store: Store) -> House:
    """Return a house without a rota."""
    return House(store)


def test_no_row_no_access(house: House) -> None:
    """Without a relation everybody is refused, in words, and each refusal is in the audit with its reason."""
    for asker in (CONSULTANT, TRAINEE, COORDINATOR, GUEST, Asker("x", frozenset())):
        answer = house.open(asker)
        assert not answer.decision.allowed
        assert answer.decision.reason
    assert [
        ("access-refused", name) for name in ("consultant", "trainee", "coordinator", "guest", "x")
    ] == house.audit()


def test_what_opens_a_study_is_named(house: House, store: Store) -> None:
    """An assignment opens the study and, to a consultant, what else the patient has; the rota opens all of the house."""
    house.open(TRAINEE)
    for person in ("trainee", "consultant"):
        house.write(house.changes.assign, COORDINATOR, (STUDY.study_uid, person), "assigned")
    assert ["assigned", "assigned"] == [str(house.open(asker).decision.relation) for asker in (TRAINEE, CONSULTANT)]
    assert "legitimate" == str(house.open(CONSULTANT, PRIOR).decision.relation)
    assert not house.open(TRAINEE, PRIOR).decision.allowed
    assert "rota" == str(House(store, frozenset({"trainees"})).open(TRAINEE, OTHER).decision.relation)
    house.write(house.changes.assign, COORDINATOR, (STUDY.study_uid, "trainee"), "withdrawn")
    assert not house.open(TRAINEE).decision.allowed


def test_a_reading_is_in_the_audit_once(house: House) -> None:
    """The first access of a reading is an audit entry with its patient; renewals and leases write none."""
    house.grant()
    before = len(house.audit())
    for _ in range(5):
        assert house.open(GUEST).decision.allowed
        assert (True, "") == house.lease(GUEST)
        house.later(seconds=2)
    assert [("instances-accessed", "guest")] == house.audit()[before:]
    query = select(audit_entries.c.body).order_by(audit_entries.c.number.desc()).limit(1)
    event = from_json(house.store.read_and_wait(lambda connection: connection.execute(query).scalar_one()))
    assert ("P1", "DOE^JANE", "A1", "TREAT") == (event.patient_id, event.patient_name, event.accession, event.purpose)
    assert event.grant_id


def test_views_are_counted_once(house: House) -> None:
    """One sitting is one view, however many requests it makes; the last view stays open, and then there is no more."""
    house.grant(views=2, seconds=24 * 3600)
    for hour in range(2):
        for _ in range(3):
            assert house.open(GUEST).decision.allowed
        assert hour + 1 == house.views()
        house.later(minutes=61)
    assert not house.open(GUEST).decision.allowed
    assert "used all the views" in house.lease(GUEST)[1]
    assert 2 == house.views()


def test_a_grant_that_ends_closes_the_study(house: House) -> None:
    """Expired or taken back, a grant's lease lapses with the reason, and it never opens anything again."""
    first = house.grant(seconds=60)
    assert house.open(GUEST).decision.allowed
    house.later(seconds=60)
    assert (False, "Your access to this study has ended. Ask who invited you, if you still need it.") == house.lease(
        GUEST
    )
    second = house.grant()
    assert house.lease(GUEST)[0]
    house.write(house.changes.revoke, COORDINATOR, second, "wrong person")
    assert "taken back" in house.lease(GUEST)[1]
    for grant_id in (first, second):
        with pytest.raises(GrantTransitionError):
            house.write(house.changes.activate, COORDINATOR, grant_id, "")


def test_a_grant_must_be_activated(house: House) -> None:
    """What was proposed opens nothing until somebody who may issue it does."""
    grant_id = house.grant(issue=False)
    assert "nobody has given it yet" in house.open(GUEST).decision.reason
    with pytest.raises(NotAllowedError):
        house.write(house.changes.activate, CONSULTANT, grant_id, "")
    house.write(house.changes.activate, COORDINATOR, grant_id, "")
    assert house.open(GUEST).decision.allowed


def test_an_ended_grant_is_told_once(house: House) -> None:
    """The end that nobody caused is an audit entry too, and only one."""
    house.grant(seconds=60)
    house.later(seconds=61)
    assert house.store.read_and_wait(house.changes.any_to_end)
    assert [1, 0] == [house.write(house.changes.end_grants) for _ in range(2)]
    assert 1 == [kind for kind, _ in house.audit()].count("grant-ended")


def test_a_clock_set_back_brings_nothing_to_life(house: House, store: Store) -> None:
    """Neither within a run nor over a restart does an earlier machine time open what has expired."""
    house.grant(seconds=60)
    house.later(seconds=90)
    assert not house.open(GUEST).decision.allowed
    house.later(seconds=-3600)
    assert not house.open(GUEST).decision.allowed
    assert not House(store).open(GUEST).decision.allowed


def test_break_glass_is_alarmed_and_reviewed(house: House) -> None:
    """A consultant's stated reason opens the study for an hour, alarmed; somebody else reviews it once."""
    with pytest.raises(BreakGlassError):
        house.write(house.emergencies.begin, TRAINEE, STUDY.study_uid, "cardiac arrest in resus")
    begun = house.write(house.emergencies.begin, CONSULTANT, STUDY.study_uid, "cardiac arrest in resus")
    answer = house.open(CONSULTANT)
    assert ("break-glass", "ETREAT") == (str(answer.decision.relation), answer.purpose)
    assert Kind.BREAK_GLASS_STARTED in [kind for kind, _ in house.audit()]
    listed = house.store.read_and_wait(lambda connection: house.emergencies.all(connection, COORDINATOR))
    assert [(begun["event_id"], None)] == [(each["event_id"], each["review"]) for each in listed]
    house.write(house.emergencies.review, COORDINATOR, begun["event_id"], ("justified", ""))
    with pytest.raises(NotPossibleError):
        house.write(house.emergencies.review, COORDINATOR, begun["event_id"], ("justified", ""))
    house.later(minutes=61)
    assert not house.lease(CONSULTANT)[0]


def test_a_search_shows_what_may_be_known(house: House) -> None:
    """Of many studies those are known that somebody has to do with, and nothing is written."""
    house.grant()
    before = house.audit()
    told = [STUDY, OTHER, StudyTold("1.2.9", "teaching")]

    def known(asker: Asker) -> list[str]:
        return house.store.read_and_wait(lambda connection: house.decider.know(connection, asker, told))

    assert [["1.2.3"], ["1.2.9"], ["1.2.3", "1.2.4", "1.2.9"]] == [
        known(each) for each in (GUEST, TRAINEE, COORDINATOR)
    ]
    assert before == house.audit()


def test_a_request_sent_again_is_not_done_again(house: House) -> None:
    """The same key gives the same answer from the first time on; another request under it is refused."""
    done: list[int] = []

    def do(_connection: Connection) -> dict[str, int]:
        done.append(1)
        return {"number": len(done)}

    def ask(body: bytes, caller: str = "trainee") -> dict[str, int]:
        return dict(house.write(once, house.clock, Request(caller, "key", "/api/audit", body), do))

    assert [{"number": 1}, {"number": 1}, {"number": 2}] == [ask(b"{}"), ask(b"{}"), ask(b"{}", "guest")]
    with pytest.raises(NotPossibleError):
        ask(b'{"other":1}')
