"""Adding rows within the writer's transaction: numbers without a gap, and audit entries as PS3.15 events."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from readingroom.reading.audit_message import AuditEvent, to_json
from readingroom_hub.records.clock import iso
from readingroom_hub.store import audit_rows
from readingroom_hub.store.audit_rows import AuditRow


def add(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Add a numbered row; return its number, counted from 1. Only the one writer may call this."""
    number = int(connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()) + 1
    connection.execute(insert(table).values(number=number, **values))
    return number


def add_event(connection: Connection, event: AuditEvent) -> int:
    """Add an audit event; return its number."""
    return audit_rows.append(
        connection,
        AuditRow(iso(event.at), event.kind.value, event.person, event.patient_id, event.study_uid, to_json(event)),
    )
