"""Guests: invited by a coordinator to one study, by a link and a code that are shown once, here."""

import re
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection

from readingroom.reading import invitations as rules
from readingroom.reading.invitations import Invitation, InvitationHistory, Keys
from readingroom.reading.permissions import Action
from readingroom_hub.grants_pages.forms import PURPOSES, UNITS, FormPage, named_study
from readingroom_hub.handlers import Access
from readingroom_hub.records.changes import GrantWish
from readingroom_hub.records.invitations import Guest, Invitations
from readingroom_hub.records.refusals import RequestError

INVITES = Access(people=True, browser=True, action=Action.INVITE_GUEST)
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_ONE_FORM = re.compile(r"[0-9a-f]{16}")


class GuestsPage(FormPage):
    """The list of guests, and the form that invites another one."""

    access: ClassVar = {"GET": INVITES, "POST": INVITES}

    @property
    def invitations(self) -> Invitations:
        """What happens to invitations."""
        return Invitations(self.context.clock, self.context.rota)

    async def get(self) -> None:
        """Show who was invited, and the form."""
        found = await self.context.store.read(lambda connection: self.invitations.all(connection, self.asker))
        now = self.context.clock.now()
        self.form(
            "guests.html",
            guests=[_shown(each, now) for each in found],
            purposes=PURPOSES,
            units=list(UNITS),
            one_form=secrets.token_hex(8),
        )

    async def post(self) -> None:
        """Invite a guest and show link and code, this once; the same form sent again invites nobody."""
        guest, terms, study = self._guest(), self.terms(), self.field("study").strip()

        def invite(connection: Connection) -> tuple[Invitation, Keys]:
            return self.invitations.invite(connection, self.asker, guest, _of_one(connection, terms, study))

        invitation, keys = await self.context.store.write(invite)
        self.show(
            "invited.html",
            guest=invitation,
            link=f"{self._hub_address()}invitation#{keys.link}",
            code=f"{keys.code[:4]} {keys.code[4:]}",
            until=_minute(invitation.expires),
            ends=_minute(terms.expires),
            views=terms.maximum_views,
        )

    def _guest(self) -> Guest:
        one_form, name, email = (self.field(each).strip() for each in ("one_form", "name", "email"))
        if not (name and _EMAIL.fullmatch(email) and self.field("question").strip()):
            raise RequestError(
                "Give the guest's name, an e-mail address and the question. Nothing is sent to the address."
            )
        if not _ONE_FORM.fullmatch(one_form):
            raise RequestError("This form is not complete. Open the page of guests again and fill it in there.")
        return Guest(one_form, name, email)

    def _hub_address(self) -> str:
        """Return the hub's address as the browser knows it that shows this page."""
        own = self.request.headers.get("Origin") or f"{self.request.protocol}://{self.request.host}"
        return f"{self.hub_auth.hub_host or own}{self.hub_auth.hub_prefix}"


def _of_one(connection: Connection, terms: GrantWish, typed: str) -> GrantWish:
    """Return the terms for the one study that was typed; raises ``RequestError`` for a number that nobody knows."""
    study_uid = named_study(connection, typed)
    if not _UID.fullmatch(study_uid):
        raise RequestError(
            f"No study with the accession number {typed!r} has been opened here. Copy it out of the study list, or type "
            "the Study Instance UID. Nobody was invited."
        )
    return replace(terms, studies=(study_uid,))


def _shown(history: InvitationHistory, now: datetime) -> dict[str, Any]:
    """Return a guest as the table shows them."""
    invitation, standing = history.invitation, rules.standing(history, now)
    waiting = standing is rules.Standing.WAITING
    return {
        "id": invitation.id,
        "grant_id": invitation.grant_id,
        "name": invitation.name,
        "email": invitation.email,
        "account": invitation.person,
        "inviter": invitation.inviter,
        "at": _minute(invitation.at),
        "state": standing.value,
        "until": _minute(invitation.expires) if waiting else "",
        "failures": history.failures,
        "gone": history.has("cleared"),
        "over": rules.is_over(history, now),
    }


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
