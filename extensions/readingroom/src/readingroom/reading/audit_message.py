"""One auditable event (DICOM PS3.15 A.5) as a frozen value, and the canonical JSON that is stored and hashed.

``audit_xml.to_xml`` makes the Standard's message of it. The JSON holds only what was said, sorted and in ASCII, so that the
same event is the same bytes on every machine.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from readingroom.errors import ReadingRoomError
from readingroom.reading.audit import canonical
from readingroom.reading.audit_codes import KINDS, Kind, Outcome

FORMAT = 1
MAX_TEXT = 4096
"""Characters of one text of an event; a longer one is cut by whoever makes the event, never here."""

MAX_DETAILS = 64


class InvalidAuditEventError(ReadingRoomError):
    """An audit event that is none; the message says which of its fields is wrong."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened, when, by whom, to which study of which patient, for which purpose, and how it ended.

    ``at`` has a time zone. ``source`` names the program that reports (``records``, ``imaging``, ``hub``, ``reading``).
    ``person`` is the account that acted, empty where a program acted by itself, or the name typed at a failed login.
    ``server`` is the person's server, ``address`` where the request came from. ``purpose`` is a code of HL7 v3 PurposeOfUse,
    ``grant_id`` the access grant it rested on. ``subject`` is what else it was about: another person, a setting, an address.
    ``instances`` counts the SOP instances meant, 0 for an unknown number; ``words`` tells a person what happened and why.
    ``query`` is the question of a search. ``details`` are further names and values, in order.

    Raises
    ------
    InvalidAuditEventError
        For a time without its zone, a field that is no text or too long, or more than ``MAX_DETAILS`` details.
    """

    kind: Kind
    at: datetime
    source: str
    person: str = ""
    outcome: Outcome = Outcome.SUCCESS
    server: str = ""
    address: str = ""
    study_uid: str = ""
    accession: str = ""
    patient_id: str = ""
    patient_name: str = ""
    purpose: str = ""
    grant_id: str = ""
    subject: str = ""
    instances: int = 0
    sop_class_uid: str = ""
    words: str = ""
    query: str = ""
    details: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InvalidAuditEventError("An audit event needs the zone of its time.")
        if not self.source:
            raise InvalidAuditEventError("An audit event needs its source.")
        texts = [(name, getattr(self, name)) for name in _TEXTS]
        details = [
            (f"detail {name}", text)
            for pair in self.details
            for name, text in zip(("name", "value"), pair, strict=True)
        ]
        for name, text in texts + details:
            if not isinstance(text, str) or len(text) > MAX_TEXT:
                raise InvalidAuditEventError(
                    f"The {name} of an audit event is no text of at most {MAX_TEXT} characters."
                )
        if len(self.details) > MAX_DETAILS or self.instances < 0:
            raise InvalidAuditEventError("An audit event has too many details, or counts less than no instance.")

    @property
    def title(self) -> str:
        """What happened, in words for a table."""
        return KINDS[self.kind].title


_TEXTS = tuple(field.name for field in fields(AuditEvent) if field.type is str or field.type == "str")


def to_fields(event: AuditEvent) -> dict[str, Any]:
    """Return an event as JSON knows it, without what was left empty."""
    given = {name: getattr(event, name) for name in _TEXTS if getattr(event, name)}
    given |= {"audit": FORMAT, "kind": event.kind.value, "outcome": int(event.outcome)}
    given["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    if event.instances:
        given["instances"] = event.instances
    if event.details:
        given["details"] = [list(pair) for pair in event.details]
    return given


def to_json(event: AuditEvent) -> bytes:
    """Return the canonical JSON of an event: what is stored, and what its leaf is the hash of."""
    return canonical(to_fields(event))


def from_json(body: bytes | str) -> AuditEvent:
    """Read canonical JSON; raises ``InvalidAuditEventError``."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidAuditEventError("An audit event is no JSON.") from error
    if not isinstance(given, dict):
        raise InvalidAuditEventError("An audit event is no JSON object.")
    return from_fields(given)


def from_fields(given: Mapping[str, Any]) -> AuditEvent:
    """Read what ``to_fields`` gave; raises ``InvalidAuditEventError`` for an unknown field too, which nobody would show."""
    unknown = given.keys() - {field.name for field in fields(AuditEvent)} - {"audit"}
    if unknown or given.get("audit", FORMAT) != FORMAT:
        raise InvalidAuditEventError(f"An audit event of another format{_named(unknown)}.")
    try:
        rest: dict[str, Any] = {name: given[name] for name in _TEXTS if name in given}
        instances = given.get("instances", 0)
        if type(instances) is not int:
            raise InvalidAuditEventError("The instances of an audit event are no number.")
        return AuditEvent(
            **rest,
            kind=Kind(given["kind"]),
            at=datetime.fromisoformat(given["at"]),
            outcome=Outcome(given.get("outcome", 0)),
            instances=instances,
            details=tuple((name, value) for name, value in given.get("details", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidAuditEventError(f"An audit event that cannot be read ({error}).") from error


def _named(names: set[str]) -> str:
    return f" (it has {', '.join(sorted(names))})" if names else ""
