"""What a reading leaves behind: audit lines of the viewer, which slices were seen, and the measurements of displays."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects import postgresql, sqlite

from readingroom.errors import ReadingRoomError
from readingroom.pixels.display_profile import InvalidProfileError
from readingroom.reading.audit_entries import event_of
from readingroom.reading.audit_message import AuditEvent, InvalidAuditEventError, from_fields
from readingroom.reading.display import DisplayRecord
from readingroom_hub.records import fields, rows
from readingroom_hub.records.asking import Asker
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.records.refusals import RequestError
from readingroom_hub.store.tables import coverage, displays

MAX_BATCH = 4096


def add_lines(connection: Connection, clock: LatestClock, asker: Asker, entries: Sequence[dict[str, Any]]) -> list[int]:
    """Add a viewer's audit entries; who and when are ours, whatever the entries say. Return their numbers."""
    now = clock.keep(connection)
    try:
        events = [event_of(entry, now, asker.person, asker.server) for entry in entries]
    except InvalidAuditEventError as error:
        raise RequestError(str(error)) from error
    return [rows.add_event(connection, event) for event in events]


def events_of(given: Sequence[dict[str, Any]]) -> list[AuditEvent]:
    """Return the events that a service tells; raises ``RequestError``."""
    try:
        return [from_fields(each) for each in given]
    except InvalidAuditEventError as error:
        raise RequestError(str(error)) from error


def add_events(connection: Connection, clock: LatestClock, events: Sequence[AuditEvent]) -> list[int]:
    """Add events that other services tell, at the time at which they came; theirs is kept beside it. Return their numbers."""
    now = clock.keep(connection)
    told = [replace(event, at=now, details=(("said_at", iso(event.at)), *event.details)) for event in events]
    return [rows.add_event(connection, event) for event in told]


def painted(person: str, given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of what was painted lossless, for the person who painted it; raises ``RequestError``."""
    return [
        {
            "person": person,
            **{name: fields.text(each, name) for name in ("read", "study_uid", "series_uid", "sop_uid")},
            "frame": fields.number(each, "frame", least=1),
            "position": fields.number(each, "position"),
            "at": iso(fields.moment(each, "at")),
        }
        for each in given
    ]


def add_painted(connection: Connection, found: Sequence[dict[str, Any]]) -> int:
    """Add what was painted; the first time of a read counts."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if found:
        connection.execute(dialect.insert(coverage).on_conflict_do_nothing(), list(found))
    return len(found)


def seen(connection: Connection, person: str, series_uid: str, read: str) -> list[list[Any]]:
    """Return what a person has seen of a series as [SOP Instance UID, frame], in one read or, without its name, in all."""
    query = select(coverage.c.sop_uid, coverage.c.frame).distinct()
    query = query.where(coverage.c.person == person, coverage.c.series_uid == series_uid)
    if read:
        query = query.where(coverage.c.read == read)
    return [[sop_uid, frame] for sop_uid, frame in connection.execute(query)]


def display_of(person: str, given: dict[str, Any]) -> DisplayRecord:
    """Return the measurement of a person's display; raises ``RequestError``."""
    numbers = {name: tuple(map(_level, fields.items(given, name, 64))) for name in ("luminance", "dark", "bright")}
    try:
        return DisplayRecord(
            person=person,
            display=fields.text(given, "display"),
            measured=date.fromisoformat(fields.text(given, "measured")),
            ambient=_level(given.get("ambient")),
            through=fields.text(given, "through", ""),
            **numbers,
        )
    except (InvalidProfileError, ValueError) as error:
        words = str(error) if isinstance(error, ReadingRoomError) else "measured must be a date."
        raise RequestError(words) from error


def _level(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RequestError("Luminances must be numbers.")
    return float(value)


def add_display(connection: Connection, clock: LatestClock, record: DisplayRecord) -> int:
    """Add a measurement; return its number."""
    kept = json.dumps({**asdict(record), "measured": record.measured.isoformat()})
    now: datetime = clock.keep(connection)
    values = {"person": record.person, "display": record.display, "saved": iso(now), "record": kept}
    return rows.add(connection, displays, values)


def display_records(connection: Connection, person: str) -> list[dict[str, Any]]:
    """Return a person's measurements, oldest first."""
    query = select(displays).where(displays.c.person == person).order_by(displays.c.number)
    return [_display_json(row) for row in connection.execute(query).mappings()]


def _display_json(row: RowMapping) -> dict[str, Any]:
    return dict(json.loads(row["record"]))
