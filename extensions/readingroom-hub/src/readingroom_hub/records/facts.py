"""What is stored of people, studies and grants, read as the values that the rules of reading work on."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select, select

from readingroom.reading.break_glass import LASTS, BreakGlass
from readingroom.reading.grants import EventKind, Grant, GrantEvent, GrantHistory
from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom.reading.relations import PersonFacts, StudyFacts, StudyKind
from readingroom_hub.records.clock import iso
from readingroom_hub.store.tables import assignments, break_glass, grant_ends, grant_events, grants, studies


def last_of_study(connection: Connection, study_uid: str) -> RowMapping | None:
    """Return the newest row of a study, None for one that nobody has opened yet."""
    query = select(studies).where(studies.c.study_uid == study_uid).order_by(studies.c.number.desc()).limit(1)
    return connection.execute(query).mappings().first()


def study_facts(connection: Connection, study_uid: str) -> StudyFacts:
    """Return what is known of a study; one that is not known counts as somebody's."""
    row = last_of_study(connection, study_uid)
    if row is None:
        return StudyFacts(study_uid, "identifiable")
    return StudyFacts(study_uid, cast("StudyKind", row["kind"]), row["patient_id"])


def person_facts(connection: Connection, person: str, *, on_rota: bool) -> PersonFacts:
    """Return what is known of a person: their studies, and whose patients those are of."""
    query = select(assignments.c.study_uid, assignments.c.change).where(assignments.c.person == person)
    last = {str(uid): str(change) for uid, change in connection.execute(query.order_by(assignments.c.number))}
    assigned = frozenset(uid for uid, change in last.items() if change == "assigned")
    return PersonFacts(person, on_rota, assigned, _patients(connection, assigned))


def _patients(connection: Connection, study_uids: Iterable[str]) -> frozenset[str]:
    wanted = list(study_uids)
    if not wanted:
        return frozenset()
    query = select(studies.c.study_uid, studies.c.patient_id).where(studies.c.study_uid.in_(wanted))
    last = {str(uid): str(patient) for uid, patient in connection.execute(query.order_by(studies.c.number))}
    return frozenset(filter(None, last.values()))


def emergencies(connection: Connection, person: str, now: datetime) -> tuple[BreakGlass, ...]:
    """Return the emergencies of a person that may still hold."""
    query = select(break_glass).where(break_glass.c.person == person, break_glass.c.at > iso(now - LASTS))
    return tuple(emergency_of(row) for row in connection.execute(query).mappings())


def emergency_of(row: RowMapping) -> BreakGlass:
    """Return the emergency that a row holds."""
    return BreakGlass(row["person"], row["study_uid"], datetime.fromisoformat(row["at"]), row["reason"])


def histories_of(connection: Connection, person: str) -> tuple[GrantHistory, ...]:
    """Return the grants of a grantee with their events."""
    return _histories(connection, select(grants).where(grants.c.grantee == person))


def all_histories(connection: Connection) -> tuple[GrantHistory, ...]:
    """Return every grant with its events, in the order in which they were written."""
    return _histories(connection, select(grants).order_by(grants.c.at, grants.c.grant_id))


def open_histories(connection: Connection) -> tuple[GrantHistory, ...]:
    """Return the grants that were not seen to end yet."""
    ended = select(grant_ends.c.grant_id)
    return _histories(connection, select(grants).where(grants.c.grant_id.not_in(ended)))


def history_of(connection: Connection, grant_id: str) -> GrantHistory | None:
    """Return one grant with its events, None where there is no such grant."""
    return next(iter(_histories(connection, select(grants).where(grants.c.grant_id == grant_id))), None)


def _histories(connection: Connection, query: Select[Any]) -> tuple[GrantHistory, ...]:
    found = [_grant(row) for row in connection.execute(query).mappings()]
    if not found:
        return ()
    wanted = select(grant_events).where(grant_events.c.grant_id.in_([grant.id for grant in found]))
    events: dict[str, list[GrantEvent]] = {grant.id: [] for grant in found}
    for row in connection.execute(wanted.order_by(grant_events.c.number)).mappings():
        events[row["grant_id"]].append(_event(row))
    return tuple(GrantHistory(grant, tuple(events[grant.id])) for grant in found)


def _grant(row: RowMapping) -> Grant:
    return Grant(
        id=row["grant_id"],
        grantee=row["grantee"],
        studies=tuple(json.loads(row["studies"])),
        purpose=Purpose(row["purpose"]),
        actions=frozenset(Action(name) for name in json.loads(row["actions"])),
        not_before=datetime.fromisoformat(row["not_before"]),
        expires=datetime.fromisoformat(row["expires"]),
        maximum_views=row["maximum_views"],
        issuer=row["issuer"],
        proposer=row["proposer"],
        question=row["question"],
    )


def _event(row: RowMapping) -> GrantEvent:
    kind = cast("EventKind", row["kind"])
    return GrantEvent(
        row["grant_id"], row["number"], datetime.fromisoformat(row["at"]), row["actor"], kind, row["note"]
    )
