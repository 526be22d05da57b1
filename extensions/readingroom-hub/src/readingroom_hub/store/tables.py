"""The tables of the records. The service adds rows and reads them; a state is what its events add up to.

Times are ISO 8601 in UTC with microseconds, so that their order is that of their text. Lists are JSON.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

metadata = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number() -> Column[int]:
    """Return a key that counts from 1. The one writer gives the numbers, so none is ever left out."""
    return Column("number", Integer, primary_key=True, autoincrement=False)


studies = Table(
    "studies", metadata, _number(), _text("at"), Column("study_uid", Text, nullable=False, index=True),
    _text("kind"), _text("patient_id"), _text("patient_name"), _text("accession"),
)  # fmt: skip
"""What the gateway told of a study; the last row of a study holds."""

assignments = Table(
    "assignments", metadata, _number(), _text("at"), Column("study_uid", Text, nullable=False, index=True),
    Column("person", Text, nullable=False, index=True), _text("change"), _text("actor"), _text("note"),
)  # fmt: skip
"""Studies given to people to read: ``change`` is ``assigned`` or ``withdrawn``, and the last one holds."""

grants = Table(
    "grants", metadata, _text("grant_id", key=True), _text("at"), Column("grantee", Text, nullable=False, index=True),
    _text("studies"), _text("purpose"), _text("actions"), _text("not_before"), _text("expires"),
    Column("maximum_views", Integer), _text("issuer"), _text("proposer"), _text("question"),
)  # fmt: skip

grant_events = Table(
    "grant_events", metadata, Column("grant_id", Text, nullable=False), Column("number", Integer, nullable=False),
    _text("at"), _text("actor"), _text("kind"), _text("note"), PrimaryKeyConstraint("grant_id", "number"),
)  # fmt: skip

openings = Table(
    "openings", metadata, _number(), _text("at"), Column("person", Text, nullable=False), _text("study_uid"),
    _text("relation"), _text("grant_id"), Index("ix_openings_person_study_uid", "person", "study_uid"),
)  # fmt: skip
"""Each time that somebody began to look at a study, and on what ground."""

grant_ends = Table("grant_ends", metadata, _text("grant_id", key=True), _text("at"), _text("state"))
"""Grants that were seen to have ended, so that each end is told once."""

invitations = Table(
    "invitations", metadata, _text("invitation_id", key=True), _text("at"), _text("grant_id"), _text("person"), _text("name"),
    _text("email"), _text("inviter"), Column("link_digest", Text, nullable=False, index=True), _text("code_digest"),
    _text("expires"),
)  # fmt: skip
"""Guests who were invited. Of link and code only digests are kept, as ``readingroom.reading.invitations`` makes them."""

invitation_events = Table(
    "invitation_events", metadata, Column("invitation_id", Text, nullable=False), Column("number", Integer, nullable=False),
    _text("at"), _text("kind"), Column("browser_digest", Text, nullable=False, index=True), _text("code_digest"),
    PrimaryKeyConstraint("invitation_id", "number"),
)  # fmt: skip

break_glass = Table(
    "break_glass", metadata, _text("event_id", key=True), _text("at"), Column("person", Text, nullable=False, index=True),
    _text("study_uid"), _text("reason"),
)  # fmt: skip

break_glass_reviews = Table(
    "break_glass_reviews", metadata, _number(), _text("at"), Column("event_id", Text, nullable=False, index=True),
    _text("reviewer"), _text("outcome"), _text("note"),
)  # fmt: skip

audit_entries = Table(
    "audit_entries", metadata, _number(), Column("at", Text, nullable=False, index=True), _text("kind"),
    Column("person", Text, nullable=False, index=True), Column("patient_id", Text, nullable=False, index=True),
    Column("study_uid", Text, nullable=False, index=True), Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)  # fmt: skip

audit_checkpoints = Table(
    "audit_checkpoints", metadata, Column("size", Integer, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False), _text("at"), _text("key_id"), Column("signature", LargeBinary, nullable=False),
)  # fmt: skip

audit_prunings = Table(
    "audit_prunings", metadata, Column("size", Integer, primary_key=True, autoincrement=False),
    Column("peaks", LargeBinary, nullable=False), _text("at"), _text("rule"), _text("key_id"),
    Column("signature", LargeBinary, nullable=False),
)  # fmt: skip
"""Signed statements that the first ``size`` entries of the audit were removed, with what their tree had grown to."""

coverage = Table(
    "coverage", metadata, _text("person", key=True), _text("series_uid", key=True), _text("read", key=True),
    _text("sop_uid", key=True), Column("frame", Integer, primary_key=True, autoincrement=False), _text("study_uid"),
    Column("position", Integer, nullable=False), _text("at"),
)  # fmt: skip

displays = Table(
    "displays", metadata, _number(), Column("person", Text, nullable=False, index=True), _text("display"), _text("saved"),
    _text("record"),
)  # fmt: skip

answered = Table(
    "answered", metadata, _text("caller", key=True), _text("key", key=True), Column("at", Text, nullable=False, index=True),
    _text("digest"), _text("answer"),
)  # fmt: skip
"""What a request with an Idempotency-Key was answered, written in its transaction: asked again, it is not done again."""

clock = Table("clock", metadata, _text("at", key=True))
"""The latest time that was seen: a clock that is set back brings nothing to life again."""

TABLES = tuple(metadata.sorted_tables)

WORKING = (answered, clock)
"""What the service remembers for itself. It records nothing that happened, so the service may forget of it."""
