"""Access grants: asked for by whoever reads the study, given and taken back by a coordinator, listed with their states."""

from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import Connection

from readingroom.reading.permissions import Action, could, role_of
from readingroom.reading.purposes import Purpose
from readingroom_hub.grants_pages.forms import PURPOSES, UNITS, FormPage, named_study
from readingroom_hub.handlers import Access
from readingroom_hub.records.changes import GrantWish

ANYBODY = Access(people=True, browser=True)
"""With a login; the rules say what of it: the table is asked about each grant and each study."""


class GrantsPage(FormPage):
    """The list, and the form for a new grant."""

    access: ClassVar = {"GET": ANYBODY, "POST": ANYBODY}

    async def get(self) -> None:
        """Show what concerns whoever asks; a coordinator sees all."""
        found = await self.context.store.read(lambda connection: self.changes.grants(connection, self.asker))
        role = role_of(self.asker.groups)
        self.form(
            "grants.html",
            grants=[_shown(each) for each in reversed(found)],
            may={
                name: role is not None and could(role, action)
                for name, action in (
                    ("propose", Action.PROPOSE_GRANT),
                    ("issue", Action.ISSUE_GRANT),
                    ("revoke", Action.REVOKE_GRANT),
                )
            },
            purposes=PURPOSES,
            units=list(UNITS),
        )

    async def post(self) -> None:
        """Ask for access, or give it at once."""
        wish, issue = self._wish(), bool(self.field("issue"))

        def propose(connection: Connection) -> dict[str, Any]:
            named = tuple(named_study(connection, study) for study in wish.studies)
            return self.changes.propose(connection, self.asker, replace(wish, studies=named), issue=issue)

        await self.done(propose, "grants")

    def _wish(self) -> GrantWish:
        terms = self.terms()
        return replace(terms, grantee=self.field("grantee").strip(), studies=tuple(self.field("studies").split()))


class GrantChangePage(FormPage):
    """What a coordinator does to a grant."""

    access: ClassVar = {"POST": ANYBODY}

    async def post(self, grant_id: str, verb: str) -> None:
        """Let it begin, or take it back."""
        change = self.changes.activate if verb == "activate" else self.changes.revoke
        note = self.field("note").strip()
        await self.done(lambda connection: change(connection, self.asker, grant_id, note), "grants")


def _shown(grant: dict[str, Any]) -> dict[str, Any]:
    """Return a grant as the table shows it."""
    return {
        **grant,
        "purpose": Purpose(grant["purpose"]).words,
        "expires": grant["expires"][:16].replace("T", " "),
        "events": [{**event, "at": event["at"][:16].replace("T", " ")} for event in grant["events"]],
    }
