"""Audit events: the same bytes for the same event, XML as PS3.15 A.5.1 has it, and nothing that breaks either."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from tests.reading.audit_schema import EVENTS, TYPES, problems

from readingroom.reading.audit_codes import KINDS, Kind, Outcome
from readingroom.reading.audit_message import AuditEvent, InvalidAuditEventError, from_json, to_json
from readingroom.reading.audit_xml import to_xml

AT = datetime(2026, 3, 4, 9, 30, 0, 250, tzinfo=UTC)
OPENED = AuditEvent(
    Kind.INSTANCES_ACCESSED, AT, "records", person="consultant", server="reading", address="10.1.2.3", study_uid="1.2.840.1",
    accession="ACC 99812", patient_id="PID 4711", patient_name="DOE^JANE", purpose="TREAT", grant_id="g-7", instances=87,
    sop_class_uid="1.2.840.10008.5.1.4.1.1.2", words="Opened by a second opinion.", details=(("relation", "granted"),),
)  # fmt: skip
NASTY = '\x00\x1b[2J<b a="&amp;">\r\n\t  ]]> \ud800 \ufffe é 𝄞 ' * 3


def read(xml: bytes) -> ET.Element:
    """Return the message as a repository reads it."""
    return ET.fromstring(xml)  # noqa: S314 - what we wrote ourselves


def details(message: ET.Element) -> set[tuple[str, str]]:
    """Return all details of all objects, decoded."""
    pairs = message.iter("ParticipantObjectDetail")
    return {(pair.attrib["type"], base64.b64decode(pair.attrib["value"]).decode()) for pair in pairs}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("full", [True, False])
def test_every_kind_is_a_message_of_the_standard(kind: Kind, full: bool) -> None:
    """With all fields and with none but the needed ones, the XML departs from the schema of PS3.15 A.5.1 in nothing."""
    event = replace(OPENED, kind=kind, subject="trainee", query="PatientID=*") if full else AuditEvent(kind, AT, "hub")
    assert [] == problems(to_xml(event))


def test_every_kind_has_its_codes() -> None:
    """Each kind has its Event ID, action and type from the Standard's context groups, and no two kinds the same codes."""
    assert set(Kind) == set(KINDS)
    for codes in KINDS.values():
        assert codes.event.value in EVENTS
        assert codes.type is None or codes.type.value in TYPES
    told = [(codes.event, codes.type, kind if codes.own else "") for kind, codes in KINDS.items()]
    assert len(told) == len(set(told))


def test_the_message_says_who_saw_what_and_why() -> None:
    """Person, address, study, accession, patient, purpose of use, grant and outcome are where a repository looks."""
    message = read(to_xml(OPENED))
    event = message.find("EventIdentification")
    assert event is not None
    assert ("R", "0", "2026-03-04T09:30:00.000Z") == tuple(
        event.attrib[name] for name in ("EventActionCode", "EventOutcomeIndicator", "EventDateTime")
    )
    person = message.find("ActiveParticipant[@UserIsRequestor='true']")
    assert person is not None
    assert ("consultant", "10.1.2.3", "2") == (
        person.get("UserID"), person.get("NetworkAccessPointID"), person.get("NetworkAccessPointTypeCode"),
    )  # fmt: skip
    objects = {
        each.attrib["ParticipantObjectTypeCodeRole"]: each for each in message.iter("ParticipantObjectIdentification")
    }
    assert ("1.2.840.1", "PID 4711") == tuple(objects[role].attrib["ParticipantObjectID"] for role in ("3", "1"))
    assert "DOE^JANE" == objects["1"].findtext("ParticipantObjectName")
    assert ["ACC 99812"] == [each.attrib["Number"] for each in message.iter("Accession")]
    assert {("PurposeOfUse", "TREAT"), ("AccessGrant", "g-7"), ("relation", "granted")} == details(message)


def test_break_glass_is_an_emergency_override_with_its_reason() -> None:
    """The alarm carries the Standard's code and the stated reason."""
    message = read(to_xml(replace(OPENED, kind=Kind.BREAK_GLASS_STARTED, words="Trauma call, on site alone.")))
    assert ["110127"] == [each.get("csd-code") for each in message.iter("EventTypeCode")]
    assert ("Alert Description", "Trauma call, on site alone.") in details(message)


def test_a_search_carries_its_question() -> None:
    """The query is there byte for byte, in base64, so that no repository can trip over it."""
    message = read(to_xml(AuditEvent(Kind.QUERIED, AT, "imaging", person="trainee", query=NASTY.replace("\ud800", ""))))
    asked = message.findtext(".//ParticipantObjectQuery")
    assert asked is not None
    assert NASTY.replace("\ud800", "") == base64.b64decode(asked).decode()


@pytest.mark.parametrize("kind", [Kind.INSTANCES_ACCESSED, Kind.SWEEP_ALARM, Kind.QUERIED, Kind.LOGGED_IN])
def test_no_text_breaks_the_message(kind: Kind) -> None:
    """Control characters, markup, half a character: the JSON gives them back, the XML stays whole and valid."""
    event = AuditEvent(
        kind, AT, NASTY, NASTY, server=NASTY, address=NASTY, study_uid=NASTY, accession=NASTY, patient_id=NASTY,
        patient_name=NASTY, purpose=NASTY, grant_id=NASTY, subject=NASTY, words=NASTY, query=NASTY, details=((NASTY, NASTY),),
    )  # fmt: skip
    assert event == from_json(to_json(event))
    assert [] == problems(to_xml(event))


@pytest.mark.parametrize("kind", Kind)
def test_json_comes_back(kind: Kind) -> None:
    """What was stored is read as the same event, and the same event is the same bytes in any zone."""
    event = replace(OPENED, kind=kind, outcome=Outcome.SERIOUS_FAILURE)
    assert event == from_json(to_json(event))
    elsewhere = replace(event, at=AT.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert to_json(event) == to_json(elsewhere)


def test_stored_json_is_known_byte_for_byte() -> None:
    """The stored form is fixed: every leaf of the log is a hash of it."""
    event = AuditEvent(Kind.LOGGED_IN, AT, "hub", person="trainee", outcome=Outcome.MINOR_FAILURE)
    at = b"2026-03-04T09:30:00.000250+00:00"
    expected = b'{"at":"%s","audit":1,"kind":"logged-in","outcome":4,"person":"trainee","source":"hub"}' % at
    assert expected == to_json(event)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "logged-sideways"}, {"at": "yesterday"}, {"at": "2026-03-04T09:30:00"}, {"at": 3}, {"outcome": 3},
        {"person": 7},        {"source": ""}, {"words": "x" * 5000}, {"instances": "3"}, {"instances": -1}, {"instances": True},
        {"details": [["a"]]}, {"details": [["a", 1]]}, {"details": [["a", "b"]] * 65}, {"details": 4},
        {"extra": 1}, {"audit": 2},
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(change: dict[str, object]) -> None:
    """An unknown kind, a time without its zone, a number for a text, an unknown field: a typed error with words."""
    given = json.loads(to_json(OPENED)) | change
    with pytest.raises(InvalidAuditEventError):
        from_json(json.dumps(given))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"kind":"logged-in"}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Damage of every kind is a typed error."""
    with pytest.raises(InvalidAuditEventError):
        from_json(body)
