"""What the hub tells of itself, kept until the records have it: order, bound, restart, and every way a person is changed."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyterhub import orm
from sqlalchemy.orm import Session

from readingroom.reading.audit_codes import Kind
from readingroom_hub.telling import people
from readingroom_hub.telling.spool import NotKeptError, Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Return an empty spool that takes three events."""
    return Spool(tmp_path / "folder" / "spool.sqlite", most=3)


@pytest.fixture
def database() -> Iterator[Session]:
    """Return an empty database of a hub, in memory, with one person."""
    session: Session = orm.new_session_factory("sqlite://")()
    session.add(orm.User(name="ann"))
    session.commit()
    yield session
    session.close()


def test_events_wait_in_order_through_a_restart(spool: Spool, tmp_path: Path) -> None:
    """What was kept is still there, first first, when another process opens the file; what was sent is gone."""
    spool.add("first", "second")
    spool.close()
    again = Spool(tmp_path / "folder" / "spool.sqlite")
    one = again.oldest()
    assert one is not None
    again.sent(one)
    two = again.oldest()
    assert two is not None

    assert ("first", "second") == (one.event, two.event)
    assert one.key != two.key


def test_a_full_spool_takes_all_of_what_is_given_or_nothing(spool: Spool) -> None:
    """The bound holds, and nothing of a set that is too large stays; what waited still waits."""
    spool.add("1", "2")
    with pytest.raises(NotKeptError, match="no more can be kept"):
        spool.know("people", "changed", "3", "4")
    spool.add("3")

    assert spool.known("people") is None
    one = spool.oldest()
    assert one is not None
    assert "1" == one.event


def test_a_disk_that_takes_nothing_is_said(spool: Spool, tmp_path: Path) -> None:
    """Where the file cannot be written the caller is told, and goes on as soon as it can be again."""
    spool.add("1")
    file = tmp_path / "folder" / "spool.sqlite"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin exclusive")
    with pytest.raises(NotKeptError, match="could not be kept"):
        spool.add("2")
    other.close()
    spool.add("2")


def test_what_the_records_refuse_stands_aside(spool: Spool) -> None:
    """It is not lost, and what waits behind it passes."""
    spool.add("odd", "good")
    odd = spool.oldest()
    assert odd is not None
    spool.refused(odd, "400")
    one = spool.oldest()
    assert one is not None

    assert "good" == one.event
    assert [("odd", "400")] == spool._database().execute("select event, answer from refused").fetchall()


def test_people_and_roles_are_told_before_they_change(database: Session) -> None:
    """A new account, a group, a role of one's own and the end of an account are each told once; other changes are not."""
    told: list[people.People] = []
    people.watch(database, lambda: told.append(people.people(database)))
    group, ann = orm.Group(name="consultants"), orm.User.find(database, "ann")
    database.add(group)
    for change in (
        lambda: database.add(orm.User(name="bob")),
        lambda: group.users.append(ann),
        lambda: ann.roles.append(orm.Role(name="odd")),
        lambda: setattr(ann, "admin", True),
        lambda: database.delete(orm.User.find(database, "bob")),
    ):
        change()
        database.commit()
    ann.last_activity = None
    ann.cookie_id = "another"
    database.commit()

    before, found = {"ann": []}, []
    for each in told:
        found += [change[:2] for change in people.changes(before, each)]
        before = each
    assert [
        (Kind.PERSON_CHANGED, "bob"),
        (Kind.ROLES_CHANGED, "ann"),
        (Kind.ROLES_CHANGED, "ann"),
        (Kind.ROLES_CHANGED, "ann"),
        (Kind.PERSON_CHANGED, "bob"),
    ] == found
    assert ["administrator of the hub", "consultants", "role odd"] == before["ann"]


def test_a_change_that_cannot_be_told_is_not_made(database: Session) -> None:
    """No audit, no change: the account that was to be made is not there."""

    def cannot() -> None:
        raise NotKeptError("full")

    people.watch(database, cannot)
    database.add(orm.User(name="bob"))
    with pytest.raises(NotKeptError):
        database.commit()
    database.rollback()

    assert orm.User.find(database, "bob") is None
