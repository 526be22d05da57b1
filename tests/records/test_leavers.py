"""A colleague leaves: what they opened ends, work and grants go where they should, each step audited, again and again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from readingroom.reading.grants import next_event, responsible
from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom_hub.__main__ import main
from readingroom_hub.records import facts
from readingroom_hub.records.asking import Asker
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.leavers import Leaving, Plan
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries
from readingroom_hub.testing import PATIENCE_S, START_S, log_in, wait_for

from .rooms import IMAGING, Room
from .test_service import decision

COORDINATOR = Asker("coordinator", frozenset({"coordinators"}))
KEEPER = Asker("keeper", frozenset())
BY = {"grants_to": "", "revoke": False, "account": "root"}


def wish(grantee: str) -> GrantWish:
    """Return a grant of a day."""
    now = datetime.now(UTC)
    actions = frozenset({Action.OPEN_STUDY})
    return GrantWish(
        grantee, ("1.2.3",), Purpose.TREATMENT, actions, now, now + timedelta(days=1), None, "Second opinion?"
    )


class Given:
    """Two studies to read for the consultant, one of which the trainee has too; a grant held and two given."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = store.read_and_wait(LatestClock)
        self.changes, self.leaving = Changes(self.clock, frozenset()), Leaving(self.clock)
        for what in (("1.1", "consultant"), ("1.2", "consultant"), ("1.2", "trainee")):
            store.write_and_wait(
                lambda connection, what=what: self.changes.assign(connection, COORDINATOR, what, "assigned")
            )
        for grantee in ("consultant", "guest", "guest"):
            store.write_and_wait(
                lambda connection, grantee=grantee: self.changes.propose(
                    connection, COORDINATOR, wish(grantee), issue=True
                )
            )

    def leave(self, **how: str | bool) -> dict[str, Any]:
        """Hand over."""
        plan = Plan(**{"person": "consultant", "to": "", **BY, **how})
        return self.store.write_and_wait(lambda connection: self.leaving.hand_over(connection, KEEPER, plan))

    def left(self, person: str) -> dict[str, Any]:
        """Return what somebody has."""
        return self.store.read_and_wait(lambda connection: self.leaving.left(connection, person))

    def kinds(self) -> list[str]:
        """Return the kinds of the audit's entries."""
        query = select(audit_entries.c.kind).order_by("number")
        return self.store.read_and_wait(lambda connection: list(connection.execute(query).scalars()))


@pytest.fixture
def given(store: Store) -> Given:
    """Return a filled store."""
    return Given(store)


def test_work_goes_to_a_colleague_and_access_ends(given: Given) -> None:
    """Studies go over once, nobody has one twice; the leaver's own access is revoked; a second run finds nothing to do."""
    before = len(given.kinds())
    done = given.leave(to="trainee")
    assert {"assignments": ["1.1", "1.2"]} == done["before"]["work"]
    assert {"work": {"assignments": []}, "held": [], "given": []} == done["left"] == given.left("consultant")
    assert ["1.1", "1.2"] == given.left("trainee")["work"]["assignments"]
    assert ["assignment-changed"] * 3 + ["grant-revoked"] == given.kinds()[before:]
    assert 2 == len(given.left("coordinator")["given"]), "the two to the guest still hold"
    again = len(given.kinds())
    given.leave(to="trainee")
    assert again == len(given.kinds())


def test_without_a_colleague_work_is_withdrawn(given: Given) -> None:
    """Nobody reads them then, and the list says so."""
    given.leave()
    assert ["1.2"] == given.left("trainee")["work"]["assignments"]
    assert [] == given.left("consultant")["work"]["assignments"]


@pytest.mark.parametrize("how", ["listed", "to", "revoke"])
def test_grants_that_a_leaver_gave(given: Given, how: str) -> None:
    """Listed and left as they are, handed over to a coordinator who answers for them from then on, or revoked."""
    chosen: dict[str, Any] = {"listed": {}, "to": {"grants_to": "deputy"}, "revoke": {"revoke": True}}[how]
    done = given.leave(person="coordinator", **chosen)
    assert 3 == len(done["before"]["given"])
    expected = {"listed": (3, 0), "to": (0, 3), "revoke": (0, 0)}[how]
    assert expected == (len(given.left("coordinator")["given"]), len(given.left("deputy")["given"]))
    kind = {"listed": "grant-activated", "to": "grant-handed-over", "revoke": "grant-revoked"}[how]
    assert kind == given.kinds()[-1]
    active = given.store.read_and_wait(
        lambda connection: [each.events[-1].kind for each in facts.open_histories(connection)]
    )
    assert {"listed": {"activated"}, "to": {"handed-over"}, "revoke": {"revoked"}}[how] == set(active)


def test_who_answers_for_a_grant(given: Given) -> None:
    """Whoever activated it, until it is handed over; a proposal is its proposer's."""
    histories = given.store.read_and_wait(facts.all_histories)
    assert {"coordinator"} == {responsible(each.grant, each.events) for each in histories}
    asked = replace(histories[0].grant, issuer="", proposer="trainee")
    assert "trainee" == responsible(asked, ())
    event = next_event(asked, histories[0].events[:1], "handed-over", "keeper", datetime.now(UTC), note="deputy")
    assert "deputy" == responsible(asked, (event,))


@pytest.fixture
def leaver(room: Room) -> Iterator[str]:
    """Return the consultant, who is back for the other tests afterwards."""
    assert wait_for(room.answers, START_S)
    yield "consultant"
    (room.launched.state / "closed-accounts").unlink(missing_ok=True)
    room.tokens.pop(("consultant", "reading"), None)


def test_a_leaver_in_the_running_product(room: Room, leaver: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command ends login, tokens and server, hands over what was theirs, says what is left, and can be run again."""
    token, coordinator = room.token(leaver), room.token("coordinator")
    room.records(IMAGING, "decisions", decision(leaver, "consultants"))
    room.records(coordinator, "assignments", {"study_uid": "1.2.3", "person": leaver})
    browser = log_in(room.launched.url, leaver)[0]
    command = ["--state", str(room.launched.state), "leaver", leaver, "--url", room.launched.url]
    assert [0, 2, 2, 2] == [
        main([*command, "--look"]),
        main([*command, "--to", "nobody-here"]),
        main([*command, "--to", "administrator"]),
        main([*command, "--to", leaver]),
    ]
    assert "assignments: 1" in capsys.readouterr().out
    assert 200 == room.records(token, "assignments")[0], "nothing was done yet"

    assert 0 == main([*command, "--to", "trainee"])
    said = capsys.readouterr().out
    assert "consultant: the account is closed to logins" in said
    assert "servers ended: reading" in said
    assert "assignments: 1 given to trainee" in said
    assert wait_for(lambda: room.records(token, "assignments")[0] == 401, PATIENCE_S), (
        "what the hub said holds no longer"
    )
    assert "/hub/login" in browser.get(f"{room.launched.url}/hub/home", timeout=30).url
    assert "This account has been closed" in log_in(room.launched.url, leaver)[1].text
    mine = room.records(room.token("trainee"), "assignments")[1]["assignments"]
    assert "1.2.3" in {each["study_uid"] for each in mine}
    assert ("person-changed", "keeper") in room.audit()
    assert "READINGROOM_KEEP_AUDIT=30 years\n" in (room.launched.state / "records" / "as-started").read_text()

    assert 0 == main([*command, "--to", "trainee"])
    again = capsys.readouterr().out
    assert "the account was already closed" in again
    assert "servers ended: none ran" in again


def test_nobody_else_may_end_an_account(room: Room) -> None:
    """Neither a person's server nor another service, at the hub and at the records."""
    for token in (room.token("coordinator"), IMAGING):
        assert 403 == room.records(token, "leavers", {"person": "guest", "step": "begin"})[0]
        answer = room._send("POST", f"{room.launched.url}/hub/api/readingroom/leavers/guest", token, {})
        assert 403 == answer.status_code
    assert not (room.launched.state / "closed-accounts").exists()
