"""A viewer's lines in the one log: nothing of them lost, and the sender's word for who and when not believed."""

import json
from datetime import UTC, datetime

import pytest
from tests.reading.audit_schema import problems

from readingroom.reading.audit import (
    AuditEntry,
    AuditLine,
    ReadOutAlarm,
    ReadOutLine,
    SweepAlarm,
    entry_fields,
)
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_entries import event_of
from readingroom.reading.audit_message import InvalidAuditEventError, from_json, to_json
from readingroom.reading.audit_xml import to_xml

SAID = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
ENTRIES: list[tuple[AuditEntry, Kind]] = [
    (AuditLine(SAID, "forged", "1.2.3", "1.2.3.4", "1.2.3.4.5", 1, "a" * 64, "b" * 64, True), Kind.PICTURE_SEEN),
    (SweepAlarm(SAID, "forged", "1.2.3", "1.2.3.4.5", 1, "slice", 12, 0.25), Kind.SWEEP_ALARM),
    (ReadOutLine(SAID, "forged", "1.2.3", "1.2.3.4", "", 0, "coronal", 40), Kind.VALUES_READ),
    (ReadOutAlarm(SAID, "forged", "1.2.3", "1.2.3.4.5", 1, "study", 900), Kind.SWEEP_ALARM),
]


@pytest.mark.parametrize(("entry", "kind"), ENTRIES)
def test_every_line_of_a_viewer_is_an_event(entry: AuditEntry, kind: Kind) -> None:
    """The kind, the receiver's clock and account, and each field of the line; valid as JSON and as XML."""
    event = event_of(json.loads(json.dumps(entry_fields(entry))), NOW, "trainee", "reading")
    assert (kind, NOW, "trainee", "1.2.3") == (event.kind, event.at, event.person, event.study_uid)
    kept = dict(event.details)
    assert SAID.isoformat() == kept["said_at"]
    assert "forged" not in kept.values()
    for name in entry_fields(entry).keys() - {"at", "person", "study_uid"}:
        assert name in kept
    assert event == from_json(to_json(event))
    assert [] == problems(to_xml(event))


@pytest.mark.parametrize(
    "entry", [{}, {"entry": "AuditLine"}, {"entry": "Other", "study_uid": "1"}, {"entry": ["AuditLine"]}]
)
def test_what_is_no_line_is_refused(entry: dict[str, object]) -> None:
    """A line of another kind, or of no study, is a typed error."""
    with pytest.raises(InvalidAuditEventError):
        event_of(entry, NOW, "trainee")
