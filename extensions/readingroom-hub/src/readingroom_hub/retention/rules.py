"""Which rows are older than their period. A table of a later kind joins with one line of ``RULES``.

The order of the rules is that in which rows go, and no interruption between two of them leaves a row that says more than
before: an assignment never comes back because its withdrawal went first, a grant never outlives what ended it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, or_, select

from readingroom.reading.retention import Kept, Retention
from readingroom_hub.records.clock import iso
from readingroom_hub.store.tables import (
    assignments,
    audit_entries,
    break_glass,
    break_glass_reviews,
    coverage,
    displays,
    grant_ends,
    grant_events,
    grants,
    invitation_events,
    invitations,
    openings,
    studies,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of a table that may go: ``old`` makes the condition of the time (ISO 8601) before which they are too old."""

    kind: Kept
    table: Table
    old: Callable[[str], ColumnElement[bool]]


def _later(table: Table, *same: str) -> ColumnElement[bool]:
    """Match rows after which there is another about the same."""
    other = table.alias()
    return exists().where(other.c.number > table.c.number, *(other.c[name] == table.c[name] for name in same))


def _ended(column: ColumnElement[str]) -> Callable[[str], ColumnElement[bool]]:
    return lambda before: column.in_(select(grant_ends.c.grant_id).where(grant_ends.c.at < before))


def _cleared(before: str) -> Select[tuple[str]]:
    """Select the invitations whose accounts have gone."""
    events = invitation_events.c
    return select(events.invitation_id).where(events.kind == "cleared", events.at < before)


def _unnamed(before: str) -> ColumnElement[bool]:
    """Match studies that nothing else speaks of any more."""
    uid = studies.c.study_uid
    spoken_of = [exists().where(table.c.study_uid == uid) for table in (audit_entries, openings, assignments, coverage)]
    granted = exists().where(grants.c.studies.contains(uid, autoescape=False))
    return and_(studies.c.at < before, ~or_(*spoken_of, granted))


RULES = (
    Rule(Kept.READS, coverage, lambda before: coverage.c.at < before),
    Rule(Kept.DISPLAYS, displays, lambda before: displays.c.saved < before),
    Rule(Kept.ACCESS, invitations, lambda before: invitations.c.invitation_id.in_(_cleared(before))),
    Rule(
        Kept.ACCESS,
        invitation_events,
        lambda before: and_(
            invitation_events.c.at < before,
            ~exists().where(invitations.c.invitation_id == invitation_events.c.invitation_id),
        ),
    ),
    Rule(Kept.ACCESS, grant_events, _ended(grant_events.c.grant_id)),
    Rule(Kept.ACCESS, grants, _ended(grants.c.grant_id)),
    Rule(Kept.ACCESS, grant_ends, lambda before: grant_ends.c.at < before),
    Rule(Kept.ACCESS, openings, lambda before: openings.c.at < before),
    Rule(
        Kept.ACCESS,
        assignments,
        lambda before: and_(assignments.c.at < before, _later(assignments, "study_uid", "person")),
    ),
    Rule(
        Kept.ACCESS,
        assignments,
        lambda before: and_(assignments.c.at < before, assignments.c.change == "withdrawn"),
    ),
    Rule(
        Kept.ACCESS,
        break_glass,
        lambda before: and_(
            break_glass.c.at < before, exists().where(break_glass_reviews.c.event_id == break_glass.c.event_id)
        ),
    ),
    Rule(
        Kept.ACCESS,
        break_glass_reviews,
        lambda before: and_(
            break_glass_reviews.c.at < before, ~exists().where(break_glass.c.event_id == break_glass_reviews.c.event_id)
        ),
    ),
    Rule(Kept.AUDIT, studies, lambda before: and_(studies.c.at < before, _later(studies, "study_uid"))),
    Rule(Kept.AUDIT, studies, _unnamed),
)


def due_rules(retention: Retention, now: datetime) -> Iterator[tuple[Rule, ColumnElement[bool]]]:
    """Return each rule by which something may go, with its condition."""
    for rule in RULES:
        before = retention.before(rule.kind, now)
        if before is not None:
            yield rule, rule.old(iso(before))


def due(connection: Connection, retention: Retention, now: datetime) -> dict[Kept, int]:
    """Return how many rows of each kind are older than their period; kinds without any are left out."""
    counted: dict[Kept, int] = {}
    for rule, old in due_rules(retention, now):
        _count(counted, rule.kind, connection, rule.table, old)
    before = retention.before(Kept.AUDIT, now)
    if before is not None:
        _count(counted, Kept.AUDIT, connection, audit_entries, audit_entries.c.at < iso(before))
    return {kind: count for kind, count in counted.items() if count}


def _count(
    counted: dict[Kept, int], kind: Kept, connection: Connection, table: Table, old: ColumnElement[bool]
) -> None:
    found = connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
    counted[kind] = counted.get(kind, 0) + int(found)


def due_words(counted: dict[Kept, int]) -> str:
    """Return what is due in words, empty for nothing."""
    return "; ".join(f"{count} of {kind.words}" for kind, count in counted.items())
