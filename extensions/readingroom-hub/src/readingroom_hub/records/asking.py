"""Who asks the records, what the table lets them do beside studies, and the audit events about what they did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent
from readingroom.reading.permissions import Action, Role, decide, role_of
from readingroom_hub.records.refusals import NotAllowedError

NO_ROLE = "Your account has no role here, or more than one. Ask your administrator to put it in one group."


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the hub tells it; ``server`` and ``address`` are for the audit."""

    person: str
    groups: frozenset[str]
    server: str = ""
    address: str = ""


def may(asker: Asker, action: Action) -> None:
    """Raise ``NotAllowedError`` unless the table gives the asker an action that concerns no study of its own."""
    decision = decide(role(asker), action)
    if not decision.allowed:
        raise NotAllowedError(decision.reason)


def role(asker: Asker) -> Role:
    """Return the one role of the asker; raises ``NotAllowedError`` for none."""
    found = role_of(asker.groups)
    if found is None:
        raise NotAllowedError(NO_ROLE)
    return found


def about(kind: Kind, now: datetime, asker: Asker, **more: Any) -> AuditEvent:  # noqa: ANN401 - the event's own fields
    """Return the event of something that the asker did; ``more`` are fields of ``AuditEvent``."""
    return AuditEvent(
        kind, now, source="records", person=asker.person, server=asker.server, address=asker.address, **more
    )
