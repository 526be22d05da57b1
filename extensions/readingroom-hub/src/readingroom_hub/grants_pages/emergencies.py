"""Break-glass: a study opened in an emergency, with its reason, and the list of those that somebody has to review."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection

from readingroom.reading.break_glass import LASTS
from readingroom.reading.permissions import Action, could, role_of
from readingroom_hub.grants_pages.forms import FormPage, named_study
from readingroom_hub.grants_pages.grants import ANYBODY
from readingroom_hub.handlers import Access
from readingroom_hub.records.facts import last_of_study
from readingroom_hub.records.refusals import NotAllowedError, RequestError

MOST_NAME = 64
"""Characters of a Study Instance UID (PS3.5 6.2); an accession number is shorter."""

OUTCOMES = {"justified": "It was justified", "not-justified": "It was not justified"}


class BreakGlassPage(FormPage):
    """The form for whoever may open a study in an emergency, and the list for whoever reviews."""

    access: ClassVar = {"GET": ANYBODY, "POST": Access(people=True, browser=True, action=Action.BREAK_GLASS)}

    async def get(self) -> None:
        """Show what the role has; whoever has neither is told so."""
        role = role_of(self.asker.groups)
        opens = role is not None and could(role, Action.BREAK_GLASS)
        reviews = role is not None and could(role, Action.REVIEW_BREAK_GLASS)
        if not (opens or reviews):
            raise NotAllowedError("Studies are opened in an emergency by consultants, and reviewed by coordinators.")
        found = await self.context.store.read(self._all) if reviews else []
        asked = {name: self.get_query_argument(name, "")[:MOST_NAME] for name in ("study", "opened")}
        self.form("break_glass.html", opens=opens, reviews=reviews, emergencies=found, outcomes=OUTCOMES, **asked)

    def _all(self, connection: Connection) -> list[dict[str, Any]]:
        """Return what the table shows of every emergency."""
        return [_shown(connection, each) for each in self.emergencies.all(connection, self.asker)]

    async def post(self) -> None:
        """Open a study for an hour; it is recorded and told at once."""
        typed, reason = self.field("study").strip(), self.field("reason").strip()

        def begin(connection: Connection) -> object:
            return self.emergencies.begin(connection, self.asker, named_study(connection, typed), reason)

        await self.done(begin, "break-glass?opened=1")


def _shown(connection: Connection, emergency: dict[str, Any]) -> dict[str, Any]:
    """Return an emergency with its study in words that a person knows it by."""
    study = last_of_study(connection, emergency["study_uid"])
    names = (study["patient_name"] or study["patient_id"], study["accession"]) if study else ("", "")
    at = datetime.fromisoformat(emergency["at"])
    return {
        **emergency,
        "patient": names[0],
        "accession": names[1] or emergency["study_uid"],
        "at": f"{at:%Y-%m-%d %H:%M}",
        "until": f"{at + LASTS:%H:%M}",
    }


class BreakGlassReviewPage(FormPage):
    """The review of an emergency."""

    access: ClassVar = {"POST": Access(people=True, browser=True, action=Action.REVIEW_BREAK_GLASS)}

    async def post(self, event_id: str) -> None:
        """Keep what the reviewer found."""
        outcome, note = self.field("outcome"), self.field("note").strip()
        if outcome not in OUTCOMES:
            raise RequestError("Say whether it was justified.")
        await self.done(
            lambda connection: self.emergencies.review(connection, self.asker, event_id, (outcome, note)),
            "break-glass",
        )
