"""The audit's pages: the log with its search, and the report about one patient. Every look is itself in the audit first."""

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from readingroom.reading.audit_codes import KINDS, Kind, Outcome
from readingroom.reading.audit_message import AuditEvent, to_fields
from readingroom.reading.permissions import Action, could, role_of
from readingroom.wire.browser import Page
from readingroom_hub.audit.report import looks, purpose_words
from readingroom_hub.audit.search import FIELDS, MAX_REPORT, NOT_DONE, Search, find, of_patient, standing
from readingroom_hub.callers import CallerError, UnknownCallerError
from readingroom_hub.errors import refusal_of
from readingroom_hub.handlers import Access
from readingroom_hub.pages import template_folder, template_variables, theme_address
from readingroom_hub.records import rows
from readingroom_hub.records.asking import about
from readingroom_hub.records.base import RecordsHandler
from readingroom_hub.records.refusals import NotAllowedError

_templates = Environment(
    loader=FileSystemLoader(template_folder() / "records"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
PAGE_NUMBER = re.compile("[0-9]{1,9}")
BAR = (
    ("grants", "Access", (Action.PROPOSE_GRANT, Action.ISSUE_GRANT, Action.LIST_GRANTS)),
    ("guests", "Guests", (Action.INVITE_GUEST,)),
    ("break-glass", "Emergencies", (Action.BREAK_GLASS, Action.REVIEW_BREAK_GLASS)),
    ("audit", "Audit", (Action.READ_AUDIT,)),
    ("patient", "Who saw a patient", (Action.READ_AUDIT,)),
)
"""The pages of the bar, each with the actions of which one opens it."""

LATE = timedelta(minutes=1)

OUTCOMES = {
    Outcome.SUCCESS: "done",
    Outcome.MINOR_FAILURE: "failed",
    Outcome.SERIOUS_FAILURE: "refused",
    Outcome.MAJOR_FAILURE: "no longer possible",
}


class AuditPage(RecordsHandler):
    """What both pages share: a browser that is not logged in is sent to the login, and errors are pages too."""

    page: ClassVar[Page] = "records"

    async def refuse(self, error: CallerError | NotAllowedError) -> None:
        """Lead a browser in which nobody is logged in to the login, which is no refusal; refuse everybody else."""
        given = self.request.headers.get("Authorization")
        if isinstance(error, UnknownCallerError) and self.request.method == "GET" and not given:
            self.redirect(self.get_login_url())
        else:
            await super().refuse(error)

    async def keep_look(self, words: str, **more: Any) -> None:  # noqa: ANN401 - fields of an event
        """Write the look into the audit; raises ``StoreError``, and then nothing is shown."""
        clock, asker = self.context.clock, self.asker
        await self.context.store.write(
            lambda connection: rows.add_event(
                connection, about(Kind.AUDIT_LOG_USED, clock.keep(connection), asker, words=words, **more)
            )
        )

    def show(self, template: str, **values: Any) -> None:  # noqa: ANN401 - what the template shows
        """Answer with a page."""
        shared = {
            "theme": theme_address(),
            "icon_url": template_variables()["icon_url"],
            "hub": f"{self.hub_auth.hub_host}{self.hub_auth.hub_prefix}",
            "root": self.hub_auth.base_url,
            "person": getattr(getattr(self, "asker", None), "person", ""),
            "pages": self._pages(),
            "here": self.request.path.removeprefix(self.hub_auth.base_url).partition("/")[0],
        }
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(_templates.get_template(template).render(**shared, **values))

    def _pages(self) -> list[tuple[str, str]]:
        """Return the pages that whoever asks may open, by address and words."""
        asker = getattr(self, "asker", None)
        role = role_of(asker.groups) if asker else None
        return [(path, words) for path, words, actions in BAR if role and any(could(role, each) for each in actions)]

    def write_error(self, status_code: int, **more: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Answer with a page that says what happened and what to do."""
        refusal = refusal_of(more.get("exc_info", (None, None, None))[1])
        self.set_status(refusal.status if refusal else status_code)
        words = str(refusal or "The records service could not show this page.")
        self.show("refused.html", words=words, what_to_do=refusal.what_to_do if refusal else "Try again.")


class AuditLog(AuditPage):
    """The log, newest first, with its search."""

    access: ClassVar = {"GET": Access(browser=True, people=True, action=Action.READ_AUDIT)}

    async def get(self) -> None:
        """Show a page of it."""
        asked = {name: self.get_query_argument(name, "").strip() for name in FIELDS}
        search = Search(**asked, before=self._number("before"), after=self._number("after"))
        await self.keep_look(f"Looked for {search.told}.", query=search.told)
        found, (count, signed, signed_at) = await self.context.store.read(
            lambda connection: (find(connection, search), standing(connection))
        )
        given = search.named
        daily, role = self.context.daily, role_of(self.asker.groups)
        due = await daily.still_due() if role and could(role, Action.MANAGE_RETENTION) else {}
        self.show(
            "audit.html",
            asked=asked,
            kinds=sorted(((kind.value, codes.title) for kind, codes in KINDS.items()), key=lambda pair: pair[1]),
            not_done=NOT_DONE,
            entries=[_row(number, event) for number, event in found.entries],
            searched=found.searched,
            older=urlencode({**given, "before": found.older}) if found.older else "",
            newer=urlencode({**given, "after": found.newer}) if found.newer else "",
            newest=urlencode(given) if found.newer else None,
            count=count,
            unsigned=count - signed,
            signed_at=signed_at[:19].replace("T", " "),
            given=given,
            due=[(number, kind.words, daily.retention.of(kind)) for kind, number in due.items()],
        )

    def _number(self, name: str) -> int:
        typed = self.get_query_argument(name, "")
        return int(typed) if PAGE_NUMBER.fullmatch(typed) else 0


class PatientReport(AuditPage):
    """Who saw what of one patient."""

    access: ClassVar = {"GET": Access(browser=True, people=True, action=Action.READ_AUDIT)}

    async def get(self) -> None:
        """Show the report, or ask for the patient."""
        patient = self.get_query_argument("patient", "").strip()[:200]
        if not patient:
            self.show("patient.html", patient="", name="", looks=[], made="", cut=False)
            return
        await self.keep_look("Made the report about who saw what of this patient.", patient_id=patient)
        events = await self.context.store.read(lambda connection: of_patient(connection, patient))
        name = next((event.patient_name for event in reversed(events) if event.patient_name), "")
        now = f"{self.context.clock.now():%Y-%m-%d %H:%M} UTC"
        cut = len(events) >= MAX_REPORT
        self.show("patient.html", patient=patient, name=name, looks=looks(events), made=now, cut=cut)


def _row(number: int, event: AuditEvent) -> dict[str, Any]:
    """Return what the table shows of an entry, with everything that it holds behind it."""
    told = [(name, str(value)) for name, value in to_fields(event).items() if name not in ("details", "audit")]
    return {
        "number": number,
        "at": f"{event.at:%Y-%m-%d %H:%M:%S}",
        "happened": _happened(event),
        "title": event.title,
        "outcome": OUTCOMES[event.outcome],
        "failed": event.outcome is not Outcome.SUCCESS,
        "person": event.person or event.source,
        "patient": event.patient_id,
        "patient_name": event.patient_name,
        "study": event.accession or event.study_uid,
        "why": ", ".join(filter(None, (purpose_words(event.purpose), event.grant_id and f"grant {event.grant_id}"))),
        "words": event.words or event.subject,
        "all": [(name.replace("_", " "), value) for name, value in (*told, *event.details)],
    }


def _happened(event: AuditEvent) -> str:
    """Return when it happened, where it was told a minute later or more; an entry has the time at which it was kept."""
    said = datetime.fromisoformat(dict(event.details).get("said_at") or event.at.isoformat())
    return f"{said:%Y-%m-%d %H:%M:%S}" if event.at - said >= LATE else ""


PAGES: dict[str, type[RecordsHandler]] = {"audit": AuditLog, "patient": PatientReport}
"""The pages below the prefix of the records service."""
