"""The hub's own audit in the running product: logins, servers, acts on accounts; records that are away; no audit, no login."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
from tests.reading.audit_schema import problems

from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.audit_message import AuditEvent, from_json
from readingroom.reading.audit_xml import to_xml
from readingroom_hub.testing import PATIENCE_S, START_S, log_in, open_server, wait_for

from .rooms import Room

WAIT_S = PATIENCE_S


def told(room: Room, person: str | None = None) -> list[AuditEvent]:
    """Return what the hub has told the records, of one person or of all, in order."""
    path = room.launched.state / "records" / "records.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        events = [from_json(body) for (body,) in connection.execute("SELECT body FROM audit_entries ORDER BY number")]
    return [each for each in events if each.source == "hub" and person in (None, each.person)]


def kinds(room: Room, person: str) -> list[tuple[Kind, Outcome]]:
    """Return kinds and outcomes of what the hub has told of a person."""
    return [(each.kind, each.outcome) for each in told(room, person)]


def waiting(room: Room) -> int:
    """Return how many events the hub still has."""
    with closing(sqlite3.connect(room.launched.state / "hub-audit" / "spool.sqlite")) as connection:
        return int(connection.execute("SELECT count(*) FROM waiting").fetchone()[0])


@contextmanager
def records_away(room: Room) -> Iterator[None]:
    """Stop the records where they stand: they take connections and answer nothing, as a hung machine does."""
    service = room.service()
    os.kill(service, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service, signal.SIGCONT)


@pytest.fixture(autouse=True)
def ready(room: Room) -> None:
    """Wait until the records answer and have everything."""
    assert wait_for(room.answers, START_S)
    assert wait_for(lambda: waiting(room) == 0, WAIT_S)


def test_a_login_from_the_first_mistake_to_the_end_is_in_the_audit(room: Room) -> None:
    """Failed, logged in, server started, screen locked, logged in again, signed out, server stopped: in this order."""
    before = len(told(room, "researcher"))
    url = room.launched.url
    log_in(url, "researcher", "mistyped-words")
    session = open_server(url, "researcher", "workbench")
    session.get(f"{url}/hub/lock", timeout=30)
    session, _ = log_in(url, "researcher")
    session.get(f"{url}/hub/logout", timeout=60)
    expected = [
        (Kind.LOGGED_IN, Outcome.MINOR_FAILURE),
        (Kind.LOGGED_IN, Outcome.SUCCESS),
        (Kind.SERVER_STARTED, Outcome.SUCCESS),
        (Kind.LOGGED_OUT, Outcome.SUCCESS),
        (Kind.LOGGED_IN, Outcome.SUCCESS),
        (Kind.LOGGED_OUT, Outcome.SUCCESS),
        (Kind.SERVER_STOPPED, Outcome.SUCCESS),
    ]
    wait_for(lambda: len(told(room, "researcher")) - before >= len(expected), WAIT_S)  # what is missing is said below

    found = told(room, "researcher")[before:]
    assert expected == [(each.kind, each.outcome) for each in found]
    assert {"127.0.0.1"} == {each.address for each in found if each.kind in (Kind.LOGGED_IN, Kind.LOGGED_OUT)}
    assert ["workbench"] * 2 == [each.server for each in found if each.server]


def test_a_name_that_nobody_has_is_not_kept(room: Room) -> None:
    """A password typed in the place of the name does not stand in the audit for ever; that somebody tried does."""
    before = len(told(room))
    log_in(room.launched.url, "my-secret-password")
    assert wait_for(lambda: len(told(room)) > before, WAIT_S)
    (found,) = told(room)[before:]

    assert (Kind.LOGGED_IN, Outcome.MINOR_FAILURE, "") == (found.kind, found.outcome, found.person)
    assert "my-secret" not in str(found)


def test_the_accounts_that_the_hub_began_with_are_told(room: Room) -> None:
    """Who was given which role by the configuration stands in the audit, and the start of the hub."""
    found = told(room)
    given = {each.subject: each.words for each in found if each.kind is Kind.ROLES_CHANGED}

    assert Kind.APPLICATION_STARTED in {each.kind for each in found}
    assert "has consultants" in given["consultant"]
    assert {"trainee", "guest", "coordinator"} <= {each.subject for each in found if each.kind is Kind.PERSON_CHANGED}


def test_an_act_on_an_account_names_who_did_it(room: Room) -> None:
    """A server that somebody else stops by the hub's API is told with both; here a service of the tests is that somebody."""
    open_server(room.launched.url, "trainee").close()
    room.hub("DELETE", "/users/trainee/servers/reading")
    stopped = lambda: [each for each in told(room, "tester") if each.kind is Kind.SERVER_STOPPED]  # noqa: E731
    assert wait_for(lambda: bool(stopped()), WAIT_S)

    assert ("trainee", "reading") == (stopped()[-1].subject, stopped()[-1].server)
    room.tokens.pop(("trainee", "reading"), None)


def test_records_that_are_away_miss_nothing(room: Room) -> None:
    """People log in meanwhile; when the records answer again they have each event once, in order."""
    names = ["coordinator", "administrator", "consultant", "coordinator"]
    before = len(told(room))
    with records_away(room):
        assert all(log_in(room.launched.url, name)[1].ok for name in names)
        assert 0 < waiting(room)
    assert wait_for(lambda: waiting(room) == 0, WAIT_S)

    assert names == [each.person for each in told(room)[before:] if each.kind is Kind.LOGGED_IN]


def test_a_login_that_nothing_can_keep_is_none(room: Room) -> None:
    """With the hub's file in other hands the records alone take it; when they are away too, nobody is let in, in words."""
    url, before = room.launched.url, len(told(room))
    with closing(sqlite3.connect(room.launched.state / "hub-audit" / "spool.sqlite", isolation_level=None)) as held:
        held.execute("begin exclusive")
        assert log_in(url, "coordinator")[1].ok
        assert "coordinator" in [each.person for each in told(room)[before:]]
        with records_away(room):
            session, answer = log_in(url, "administrator")
    assert 503 == answer.status_code
    assert "cannot be recorded just now" in answer.text
    assert requests.get(f"{url}/hub/home", cookies=session.cookies, timeout=30).url.startswith(f"{url}/hub/login")
    assert log_in(url, "administrator")[1].ok


def test_every_message_of_the_hub_is_valid(room: Room) -> None:
    """What it tells of its start, its accounts and a login passes the Standard's schema (PS3.15 A.5.1), as does all before."""
    before = len(told(room, "consultant"))
    log_in(room.launched.url, "consultant")
    assert wait_for(lambda: len(told(room, "consultant")) > before, WAIT_S)
    found = told(room)
    assert {Kind.APPLICATION_STARTED, Kind.PERSON_CHANGED, Kind.ROLES_CHANGED, Kind.LOGGED_IN} <= {
        one.kind for one in found
    }
    assert [] == [problem for each in found for problem in problems(to_xml(each))]
