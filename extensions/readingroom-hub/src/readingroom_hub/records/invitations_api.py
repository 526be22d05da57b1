"""Invitations for the service that makes the accounts: may somebody come in, and whose account has to go."""

from typing import ClassVar

from readingroom.reading.invitations import Keys, digits
from readingroom_hub.handlers import Access
from readingroom_hub.records import fields
from readingroom_hub.records.base import RecordsHandler
from readingroom_hub.records.invitations import Attempt, Invitations

INVITING = Access(services=frozenset({"invitations"}))


class _Inviting(RecordsHandler):
    @property
    def invitations(self) -> Invitations:
        """What happens to invitations."""
        return Invitations(self.context.clock, self.context.rota)

    def attempt(self) -> Attempt:
        """Return what somebody has shown who wants to come in."""
        given = self.body()
        link, code, browser, address = (fields.text(given, name, "") for name in ("link", "code", "browser", "address"))
        return Attempt(Keys(link, digits(code)), browser, address)


class InvitationAttempt(_Inviting):
    """An attempt to come in: looked at first, and used once the account is there."""

    access: ClassVar = {"POST": INVITING}

    async def post(self, verb: str) -> None:
        """Say what comes of it."""
        attempt, invitations = self.attempt(), self.invitations
        await self.change(lambda connection: invitations.enter(connection, attempt, use=verb == "use").to_json())


class InvitationsOver(_Inviting):
    """The accounts that have to go."""

    access: ClassVar = {"POST": INVITING}

    async def post(self) -> None:
        """List them; that each has ended is in the audit before it is told."""
        found = await self.context.store.read(self.invitations.over)
        if any(not each.has("ended") for each in found):
            found = await self.context.store.write(self.invitations.end)
        self.answer(
            {"over": [{"invitation_id": each.invitation.id, "person": each.invitation.person} for each in found]}
        )


class InvitationCleared(_Inviting):
    """An account that is gone."""

    access: ClassVar = {"POST": INVITING}

    async def post(self, invitation_id: str) -> None:
        """Note it."""
        await self.change(lambda connection: self.invitations.cleared(connection, invitation_id))


API: dict[str, type[RecordsHandler]] = {
    "api/invitations/(look|use)": InvitationAttempt,
    "api/invitations/over": InvitationsOver,
    "api/invitations/([0-9a-f]{16})/cleared": InvitationCleared,
}
