"""What a viewer tells of a picture at rest, as an audit event like every other: one log, one form, one tree of hashes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import MAX_TEXT, AuditEvent, InvalidAuditEventError

KIND_OF = {
    "AuditLine": Kind.PICTURE_SEEN,
    "ReadOutLine": Kind.VALUES_READ,
    "SweepAlarm": Kind.SWEEP_ALARM,
    "ReadOutAlarm": Kind.SWEEP_ALARM,
}
"""Each class of ``readingroom.reading.audit`` with its kind."""

_TAKEN = {"entry", "at", "person", "study_uid"}


def event_of(entry: Mapping[str, Any], at: datetime, person: str, server: str = "") -> AuditEvent:
    """Return the event of one ``audit.entry_fields``.

    ``at``, ``person`` and ``server`` are the receiver's: what the sender says of its clock is kept as the detail ``said_at``,
    and who it says it is counts for nothing. Raises ``InvalidAuditEventError``.
    """
    kind = KIND_OF.get(str(entry.get("entry")))
    study = entry.get("study_uid")
    if kind is None or not isinstance(study, str) or not study:
        raise InvalidAuditEventError("A viewer's audit entry needs a known kind and its study.")
    details = [(name, _text(value)) for name, value in sorted(entry.items()) if name not in _TAKEN]
    return AuditEvent(
        kind,
        at,
        source="reading",
        person=person,
        server=server,
        study_uid=study,
        instances=1 if entry.get("sop_uid") else 0,
        details=(("entry", str(entry["entry"])), ("said_at", _text(entry.get("at"))), *details),
    )


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text[:MAX_TEXT]
