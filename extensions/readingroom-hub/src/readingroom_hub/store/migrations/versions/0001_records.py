"""The first tables of the records."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from readingroom_hub.store.insert_only import make_triggers

revision = "0001"
down_revision = None

_INDEXES = {
    "assignments": ("study_uid", "person"),
    "audit_entries": ("at", "person", "patient_id", "study_uid"),
    "break_glass": ("person",),
    "break_glass_reviews": ("event_id",),
    "displays": ("person",),
    "grants": ("grantee",),
    "studies": ("study_uid",),
}
_TEXTS = {
    "studies": ("at", "study_uid", "kind", "patient_id", "patient_name", "accession"),
    "assignments": ("at", "study_uid", "person", "change", "actor", "note"),
    "grants": ("grant_id", "at", "grantee", "studies", "purpose", "actions", "not_before", "expires", "issuer", "proposer",
               "question"),
    "grant_events": ("grant_id", "at", "actor", "kind", "note"),
    "openings": ("at", "person", "study_uid", "relation", "grant_id"),
    "grant_ends": ("grant_id", "at", "state"),
    "break_glass": ("event_id", "at", "person", "study_uid", "reason"),
    "break_glass_reviews": ("at", "event_id", "reviewer", "outcome", "note"),
    "audit_entries": ("at", "kind", "person", "patient_id", "study_uid"),
    "audit_checkpoints": ("at", "key_id"),
    "coverage": ("person", "series_uid", "read", "sop_uid", "study_uid", "at"),
    "displays": ("person", "display", "saved", "record"),
    "answered": ("caller", "key", "at", "digest", "answer"),
    "clock": ("at",),
}  # fmt: skip
_NUMBERS = {"audit_checkpoints": ("size",), "coverage": ("frame", "position")}
_BYTES = {"audit_entries": ("body", "leaf"), "audit_checkpoints": ("root", "signature")}
_KEYS = {
    "grants": ("grant_id",),
    "grant_events": ("grant_id", "number"),
    "grant_ends": ("grant_id",),
    "break_glass": ("event_id",),
    "audit_checkpoints": ("size",),
    "coverage": ("person", "series_uid", "read", "sop_uid", "frame"),
    "answered": ("caller", "key"),
    "clock": ("at",),
}
_COUNTED = ("number",)


def upgrade() -> None:
    """Make every table with its indexes, and have SQLite refuse changes."""
    for table, texts in _TEXTS.items():
        key = _KEYS.get(table, _COUNTED)
        numbers = (*_NUMBERS.get(table, ()), *(_COUNTED if "number" in key else ()))
        columns: list[sa.Column[Any]] = [sa.Column(name, sa.Text, nullable=False) for name in texts]
        columns += [sa.Column(name, sa.Integer, nullable=False, autoincrement=False) for name in numbers]
        columns += [sa.Column(name, sa.LargeBinary, nullable=False) for name in _BYTES.get(table, ())]
        if table == "grants":
            columns.append(sa.Column("maximum_views", sa.Integer))
        op.create_table(table, *columns, sa.PrimaryKeyConstraint(*key))
        for column in _INDEXES.get(table, ()):
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_openings_person_study_uid", "openings", ["person", "study_uid"])
    make_triggers(op.get_bind(), tuple(_TEXTS))
