"""Audit entries as rows: numbers without a gap, the bytes that were hashed, and the leaf they are in the tree (RFC 6962)."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from readingroom_hub.store.tables import audit_entries


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry before it has a number; ``body`` is canonical JSON, ``at`` ISO 8601 in UTC."""

    at: str
    kind: str
    person: str
    patient_id: str
    study_uid: str
    body: bytes


def append(connection: Connection, row: AuditRow) -> int:
    """Add an entry within the writer's transaction; return its number, counted from 1."""
    number = size(connection) + 1
    connection.execute(
        insert(audit_entries).values(
            number=number,
            at=row.at,
            kind=row.kind,
            person=row.person,
            patient_id=row.patient_id,
            study_uid=row.study_uid,
            body=row.body,
            leaf=leaf_hash(row.body),
        )
    )
    return number


def size(connection: Connection) -> int:
    """Return how many entries there are."""
    return int(connection.execute(select(func.coalesce(func.max(audit_entries.c.number), 0))).scalar_one())


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962 2.1)."""
    return hashlib.sha256(b"\0" + body).digest()
