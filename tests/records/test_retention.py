"""What is older than its period goes and nothing else does, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, insert, select

from readingroom.reading.retention import FOREVER, Kept, Retention, years
from readingroom_hub.audit.keys import open_key
from readingroom_hub.records import once
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.retention import owner as owning
from readingroom_hub.retention.daily import Daily
from readingroom_hub.retention.owner import Owner
from readingroom_hub.retention.pruning import Proofs, prune
from readingroom_hub.retention.rules import due, due_rules
from readingroom_hub.store import tables
from readingroom_hub.store.insert_only import make_role
from readingroom_hub.store.store import Store

NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(days=4000), NOW - timedelta(days=1)
EIGHT = Retention(dict.fromkeys(Kept, years(8)))


def put(connection: Connection, table: Table, **values: object) -> None:
    """Add a row in which everything that is not named is empty."""
    numbers = {"number", "frame", "position", "size"}
    empty = {each.name: 1 if each.name in numbers else "" for each in table.columns if not each.nullable}
    connection.execute(insert(table).values({**empty, **values}))


def count(store: Store, table: Table) -> int:
    """Return how many rows there are."""
    return store.read_and_wait(
        lambda connection: connection.execute(select(func.count()).select_from(table)).scalar_one()
    )


def answers(number: int, at: datetime) -> Callable[[Connection], None]:
    """Return a write of so many answers."""

    def write(connection: Connection) -> None:
        for each in range(number):
            put(connection, tables.answered, caller="imaging", key=f"{at}{each}", at=iso(at), answer="{}")

    return write


def test_old_answers_are_forgotten_and_the_clock_is_one_row(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of a week ago go, in pieces; younger ones still answer; the clock keeps the latest time alone."""
    monkeypatch.setattr(once, "AT_ONCE", 10)
    monkeypatch.setattr("readingroom_hub.retention.daily.AT_ONCE", 10)
    store.write_and_wait(answers(25, NOW - timedelta(days=8)))
    store.write_and_wait(answers(3, NEW))
    clock = store.read_and_wait(LatestClock)
    for _ in range(3):
        latest = store.write_and_wait(clock.mark)
    asyncio.run(Daily(store, clock, Retention()).do())
    kept = store.read_and_wait(lambda connection: connection.execute(select(tables.clock.c.at)).scalars().all())
    assert (3, [iso(latest)]) == (count(store, tables.answered), kept)


def test_the_services_own_role_can_forget(postgresql_url: str) -> None:
    """PostgreSQL's role does the daily job; a role made before this revision of the tables may after they were migrated."""
    owner = Store(postgresql_url)
    owner.write_and_wait(lambda connection: make_role(connection, "rr_daily", "words"))
    owner.write_and_wait(answers(2, OLD))
    for table in ("audit_prunings", "invitations", "invitation_events"):
        owner.write_and_wait(lambda connection, table=table: connection.exec_driver_sql(f"DROP TABLE {table}"))
    owner.write_and_wait(lambda connection: connection.exec_driver_sql("DROP INDEX ix_answered_at"))
    owner.write_and_wait(
        lambda connection: connection.exec_driver_sql("REVOKE DELETE ON answered, clock FROM rr_daily")
    )
    owner.write_and_wait(
        lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    )
    owner.close()
    Store(postgresql_url).close()
    service = Store(postgresql_url.replace(postgresql_url.split("//")[1].split("@", maxsplit=1)[0], "rr_daily:words"))
    clock = service.read_and_wait(LatestClock)
    service.write_and_wait(clock.mark)
    asyncio.run(Daily(service, clock, Retention()).do())
    assert (0, 1, 0) == tuple(count(service, each) for each in (tables.answered, tables.clock, tables.audit_prunings))
    service.close()


def test_the_service_says_what_is_due(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Once a day, by kind and number, and with the command that removes it; what stays for ever is never due."""
    store.write_and_wait(lambda connection: put(connection, tables.coverage, at=iso(OLD)))
    store.write_and_wait(lambda connection: put(connection, tables.displays, saved=iso(OLD)))
    clock = store.read_and_wait(LatestClock)
    daily = Daily(store, clock, Retention({Kept.DISPLAYS: FOREVER}))
    asyncio.run(daily.do())
    assert {Kept.READS: 1} == daily.due == asyncio.run(daily.still_due())
    assert "1 of which images a reader has seen. Run readingroom-hub prune." in caplog.text
    assert 1 == count(store, tables.coverage)


def fill(connection: Connection) -> None:
    """Write old and new rows of each kind, named by what has to become of them."""
    for name, ended in (("gone", OLD), ("stays", NEW), ("open", None)):
        put(connection, tables.grants, grant_id=name, at=iso(OLD), studies='["1.9"]' if name == "open" else "[]")
        put(connection, tables.grant_events, grant_id=name, at=iso(OLD))
        if ended:
            put(connection, tables.grant_ends, grant_id=name, at=iso(ended))
    given = (
        ("gone", "assigned"),
        ("stays", "assigned"),
        ("gone", "withdrawn"),
        ("again", "withdrawn"),
        ("again", "assigned"),
    )
    for number, (person, change) in enumerate(given, 1):
        put(
            connection,
            tables.assignments,
            number=number,
            study_uid="1.1",
            person=person,
            change=change,
            at=iso(OLD),
        )
    for number, (name, at) in enumerate((("gone", OLD), ("unseen", OLD), ("stays", NEW)), 1):
        put(connection, tables.break_glass, event_id=name, at=iso(at))
        if name != "unseen":
            put(connection, tables.break_glass_reviews, number=number, event_id=name, at=iso(at))
    for number, (uid, name) in enumerate((("1.1", "gone"), ("1.1", "stays"), ("1.9", "stays"), ("1.7", "gone")), 1):
        put(connection, tables.studies, number=number, study_uid=uid, patient_name=name, at=iso(OLD))
    for number, at in enumerate((OLD, NEW), 1):
        put(connection, tables.openings, number=number, at=iso(at))
        put(connection, tables.displays, number=number, saved=iso(at))
        put(connection, tables.coverage, sop_uid=iso(at), at=iso(at))


def test_what_is_older_than_its_period_goes_and_nothing_else(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What still holds stays however old it is: an assignment, an open grant, an emergency without a review, a named study."""
    monkeypatch.setattr("readingroom_hub.retention.owner.AT_ONCE", 1)
    store.write_and_wait(fill)
    with Owner(address) as owner:
        counted = owner.write(lambda connection: due(connection, EIGHT, NOW))
        removed = prune(owner, Proofs(open_key(tmp_path), None, None), EIGHT)
        assert {} == prune(owner, Proofs(open_key(tmp_path), None, None), EIGHT)
    assert {Kept.READS: 1, Kept.DISPLAYS: 1, Kept.ACCESS: 9, Kept.AUDIT: 2} == removed
    assert set(removed) == set(counted)
    for table, column, expected in (
        (tables.grants, "grant_id", ["open", "stays"]),
        (tables.grant_events, "grant_id", ["open", "stays"]),
        (tables.grant_ends, "grant_id", ["stays"]),
        (tables.assignments, "person", ["again", "stays"]),
        (tables.break_glass, "event_id", ["stays", "unseen"]),
        (tables.break_glass_reviews, "event_id", ["stays"]),
        (tables.studies, "patient_name", ["stays", "stays"]),
        (tables.openings, "at", [iso(NEW)]),
        (tables.displays, "saved", [iso(NEW)]),
        (tables.coverage, "at", [iso(NEW)]),
    ):
        query = select(table.c[column]).order_by(table.c[column])
        assert expected == store.read_and_wait(
            lambda connection, query=query: list(connection.execute(query).scalars())
        )
    told = store.read_and_wait(
        lambda connection: connection.execute(select(tables.audit_entries.c.kind)).scalars().all()
    )
    assert ["records-removed"] * 4 == told


def test_a_withdrawal_never_goes_before_what_it_withdraws(
    store: Store, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after any row, nobody has a study again that was taken from them."""
    monkeypatch.setattr(owning, "AT_ONCE", 1)
    remove, held = owning._remove_some, []

    def watching(connection: Connection, *given: object) -> int:
        rows = connection.execute(select(tables.assignments).order_by("number")).mappings()
        held.append({row["person"]: row["change"] for row in rows})
        return remove(connection, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(owning, "_remove_some", watching)
    store.write_and_wait(fill)
    with Owner(address) as owner:
        for rule, old in due_rules(EIGHT, NOW):
            owner.remove(rule.table, old)
    assert {"assigned"} == {state["again"] for state in held}
    assert {"withdrawn", None} == {state.get("gone") for state in held}


def test_a_guest_goes_with_what_happened_once_the_account_is_gone(store: Store, address: str) -> None:
    """Name and address of an old guest are removed; one whose account was never seen to go stays, however old."""

    def fill(connection: Connection) -> None:
        for name, kinds in (("gone", ("accepted", "ended", "cleared")), ("there", ("accepted",))):
            put(connection, tables.invitations, invitation_id=name, at=iso(OLD), expires=iso(OLD))
            for number, kind in enumerate(kinds, start=1):
                values = {"invitation_id": name, "number": number, "kind": kind, "at": iso(OLD)}
                put(connection, tables.invitation_events, **values)

    store.write_and_wait(fill)
    with Owner(address) as owner:
        for rule, old in due_rules(EIGHT, NOW):
            if rule.table in (tables.invitations, tables.invitation_events):
                owner.remove(rule.table, old)
    assert (1, 1) == (count(store, tables.invitations), count(store, tables.invitation_events))
