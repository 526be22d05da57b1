"""What both pages share: forms that only our own page can send, and the page again once something was done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom_hub.audit.pages import AuditPage
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.emergencies import Emergencies
from readingroom_hub.records.refusals import RequestError
from readingroom_hub.store.tables import studies

MOST_TEXT = 2000
MOST = 1_000_000
UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
SEEING = frozenset({Action.KNOW_STUDY, Action.OPEN_STUDY, Action.READ_VALUES})
PURPOSES = [(each.value, each.words) for each in Purpose if each is not Purpose.EMERGENCY]


class FormPage(AuditPage):
    """A page with forms; they need no script."""

    @property
    def changes(self) -> Changes:
        """What changes access."""
        return Changes(self.context.clock, self.context.rota)

    @property
    def emergencies(self) -> Emergencies:
        """What opens in an emergency."""
        return Emergencies(self.context.clock, self.context.rota)

    def field(self, name: str, usual: str = "") -> str:
        """Return what was typed into a field; raises ``RequestError`` for more than a form takes."""
        typed = str(self.get_body_argument(name, usual))
        if len(typed) > MOST_TEXT:
            raise RequestError(f"At most {MOST_TEXT} characters fit here.")
        return typed

    def terms(self) -> GrantWish:
        """Return the access that the form asks for, but for whom and to what; raises ``RequestError``."""
        now = self.context.clock.now()
        lasts, unit, views = _whole(self.field("lasts")), UNITS.get(self.field("unit")), self.field("views").strip()
        purpose = self.field("purpose")
        if unit is None or purpose not in {each.value for each in Purpose}:
            raise RequestError("Choose how long the access lasts and what it is for.")
        return GrantWish(
            grantee="",
            studies=(),
            purpose=Purpose(purpose),
            actions=SEEING,
            not_before=now,
            expires=now + lasts * unit,
            maximum_views=_whole(views) if views else None,
            question=self.field("question").strip(),
        )

    async def done(self, do: Callable[[Connection], Any], page: str) -> None:
        """Do something durably, then show the page that lists it."""
        await self.context.store.write(do)
        self.redirect(self.hub_auth.base_url + page, status=303)

    def form(self, template: str, **values: Any) -> None:  # noqa: ANN401 - what the template shows
        """Answer with a page whose forms are signed for this login."""
        self.show(template, xsrf=self.xsrf_token.decode("ascii"), **values)


def named_study(connection: Connection, typed: str) -> str:
    """Return the Study Instance UID of an accession number that is known, else what was typed.

    A number that nobody knows is refused like a study that the asker has nothing to do with: nobody can find out which
    studies there are.
    """
    query = select(studies.c.study_uid).where(studies.c.accession == typed).order_by(studies.c.number.desc())
    found = connection.execute(query).scalar() if typed else None
    return str(found) if found else typed


def _whole(typed: str) -> int:
    """Return a whole number that a person typed; raises ``RequestError``."""
    typed = typed.strip()
    if not (typed.isascii() and typed.isdigit() and 0 < int(typed[:9]) <= MOST):
        raise RequestError("How long it lasts and how often it may be looked at are whole numbers from 1.")
    return int(typed)
