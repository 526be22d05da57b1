"""Invitations as rows, and with what happened to them."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select, insert, select

from readingroom.reading import grants as grant_rules
from readingroom.reading import invitations as rules
from readingroom.reading.invitations import Invitation, InvitationEvent, InvitationHistory
from readingroom_hub.records import facts
from readingroom_hub.records.clock import iso
from readingroom_hub.store.tables import invitation_events, invitations


def keep(connection: Connection, invitation: Invitation) -> None:
    """Write an invitation."""
    connection.execute(insert(invitations).values(_row(invitation)))


def keep_event(connection: Connection, invitation_id: str, event: InvitationEvent) -> None:
    """Write what happened to an invitation."""
    values = {"number": event.number, "at": iso(event.at), "kind": event.kind, "browser_digest": event.browser_digest,
              "code_digest": event.code_digest}  # fmt: skip
    connection.execute(insert(invitation_events).values(invitation_id=invitation_id, **values))


def history_where(connection: Connection, which: Any, now: datetime) -> InvitationHistory | None:  # noqa: ANN401 - SQLAlchemy
    """Return the newest invitation of which a condition holds, None without one."""
    return next(
        iter(histories(connection, select(invitations).where(which).order_by(invitations.c.at.desc()), now)), None
    )


def histories(connection: Connection, query: Select[Any], now: datetime) -> list[InvitationHistory]:
    """Return the invitations that a query finds."""
    found = [_invitation(row) for row in connection.execute(query).mappings()]
    events: dict[str, list[InvitationEvent]] = {each.id: [] for each in found}
    wanted = select(invitation_events).where(invitation_events.c.invitation_id.in_(list(events)))
    for row in connection.execute(wanted.order_by(invitation_events.c.number)).mappings():
        events[row["invitation_id"]].append(_event(row))
    return [InvitationHistory(each, tuple(events[each.id]), _grant_state(connection, each, now)) for each in found]


def _grant_state(connection: Connection, invitation: Invitation, now: datetime) -> grant_rules.GrantState:
    history = facts.history_of(connection, invitation.grant_id)
    if history is None:
        return grant_rules.GrantState.REVOKED
    return grant_rules.state(history.grant, history.events, now)


def _invitation(row: RowMapping) -> Invitation:
    return Invitation(
        row["invitation_id"], row["grant_id"], row["person"], row["name"], row["email"], row["inviter"],
        row["link_digest"], row["code_digest"], datetime.fromisoformat(row["at"]), datetime.fromisoformat(row["expires"]),
    )  # fmt: skip


def _event(row: RowMapping) -> InvitationEvent:
    kind = cast("rules.EventKind", row["kind"])
    return InvitationEvent(
        row["number"], datetime.fromisoformat(row["at"]), kind, row["browser_digest"], row["code_digest"]
    )


def _row(invitation: Invitation) -> dict[str, str]:
    return {
        "invitation_id": invitation.id,
        "at": iso(invitation.at),
        "grant_id": invitation.grant_id,
        "person": invitation.person,
        "name": invitation.name,
        "email": invitation.email,
        "inviter": invitation.inviter,
        "link_digest": invitation.link_digest,
        "code_digest": invitation.code_digest,
        "expires": iso(invitation.expires),
    }
