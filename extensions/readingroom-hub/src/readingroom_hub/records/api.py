"""The records' JSON API, below ``/services/records/api/``. Paths, fields and answers are those of docs/architecture.md."""

from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection

from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom_hub.handlers import Access
from readingroom_hub.records import fields, kept
from readingroom_hub.records.asking import Asker
from readingroom_hub.records.base import RecordsHandler
from readingroom_hub.records.changes import Changes, GrantWish
from readingroom_hub.records.decisions import Decider, StudyTold
from readingroom_hub.records.emergencies import Emergencies
from readingroom_hub.records.refusals import RequestError
from readingroom_hub.store.errors import StoreError

GATEWAY = Access(services=frozenset({"imaging"}))
TELLERS = Access(services=frozenset({"imaging", "hub", "invitations"}))
READER = Access(people=True, action=Action.RECORD_READING)
PERSON = Access(people=True, browser=True)
MOST_LEASES = 256
SHORT_TERM = timedelta(days=7)
"""How long a grant lasts that does not say."""


def _told(given: dict[str, Any]) -> StudyTold:
    kind = fields.choice(given, "kind", "identifiable", "teaching", "deidentified")
    names = {name: fields.told(given, name) for name in ("patient_id", "patient_name", "accession")}
    return StudyTold(fields.text(given, "study_uid"), kind, **names)  # type: ignore[arg-type] # checked by choice


def _person(given: dict[str, Any]) -> Asker:
    names = {name: fields.text(given, name, "") for name in ("server", "address")}
    return Asker(fields.text(given, "person"), frozenset(fields.texts(given, "groups", 64)), **names)


class _Deciding(RecordsHandler):
    @property
    def decider(self) -> Decider:
        """What decides."""
        return Decider(self.context.clock, self.context.rota)

    @property
    def changes(self) -> Changes:
        """What changes access."""
        return Changes(self.context.clock, self.context.rota)

    @property
    def emergencies(self) -> Emergencies:
        """What opens in an emergency."""
        return Emergencies(self.context.clock, self.context.rota)


class Decisions(_Deciding):
    """May this person do this to this study? Answered once the audit has it."""

    access: ClassVar = {"POST": GATEWAY}

    async def post(self) -> None:
        """Decide."""
        given = self.body()
        study = _told({**fields.nested(given, "study"), "study_uid": given.get("study_uid")})
        asker, action = _person(given), fields.one_of(given, "action", Action)
        purpose = fields.one_of(given, "purpose", Purpose) if given.get("purpose") else None
        await self.change(lambda connection: self.decider.decide(connection, asker, action, study, purpose).to_json())


class Knowable(_Deciding):
    """Which of these studies may this person know of? For the gateway's searches."""

    access: ClassVar = {"POST": GATEWAY}

    async def post(self) -> None:
        """Decide for each; nothing is written."""
        given = self.body()
        asker, told = _person(given), [_told(each) for each in fields.objects(given, "studies")]
        await self.look(lambda connection: {"study_uids": self.decider.know(connection, asker, told)})


class Leases(_Deciding):
    """Which of the studies that are open may stay open."""

    access: ClassVar = {"POST": Access(people=True, action=Action.USE_READING)}

    async def post(self) -> None:
        """Decide for each; nothing is written."""
        study_uids = fields.texts(self.body(), "study_uids", MOST_LEASES)
        await self.look(lambda connection: {"leases": self.decider.leases(connection, self.asker, study_uids)})


class Grants(_Deciding):
    """Access grants: those that concern whoever asks, and new ones."""

    access: ClassVar = {"GET": PERSON, "POST": PERSON}

    async def get(self) -> None:
        """List them."""
        await self.look(lambda connection: {"grants": self.changes.grants(connection, self.asker)})

    async def post(self) -> None:
        """Propose one, and issue it at once with ``"issue": true``."""
        given = self.body()
        wish, issue = self._wish(given), given.get("issue", False) is True
        await self.change(lambda connection: self.changes.propose(connection, self.asker, wish, issue=issue))

    def _wish(self, given: dict[str, Any]) -> GrantWish:
        now = self.context.clock.now()
        begins = fields.moment(given, "not_before", now)
        actions = (
            fields.texts(given, "actions", 16) if "actions" in given else ("know-study", "open-study", "read-values")
        )
        views = given.get("maximum_views")
        return GrantWish(
            grantee=fields.text(given, "grantee"),
            studies=fields.texts(given, "studies", 100),
            purpose=fields.one_of(given, "purpose", Purpose),
            actions=frozenset(fields.one_of({"actions": name}, "actions", Action) for name in actions),
            not_before=begins,
            expires=fields.moment(given, "expires", begins + SHORT_TERM),
            maximum_views=None if views is None else fields.number(given, "maximum_views", least=1),
            question=fields.text(given, "question", ""),
        )


class GrantChange(_Deciding):
    """What happens to a grant."""

    access: ClassVar = {"POST": PERSON}

    async def post(self, grant_id: str, verb: str) -> None:
        """Activate or revoke it."""
        note = fields.text(self.body() if self.request.body else {}, "note", "")
        change = self.changes.activate if verb == "activate" else self.changes.revoke
        await self.change(lambda connection: change(connection, self.asker, grant_id, note))


class Assignments(_Deciding):
    """Who reads what."""

    access: ClassVar = {"GET": PERSON, "POST": Access(people=True, browser=True, action=Action.ASSIGN_STUDY)}

    async def get(self) -> None:
        """List those that hold."""
        await self.look(lambda connection: {"assignments": self.changes.assignments(connection, self.asker)})

    async def post(self) -> None:
        """Assign a study, or withdraw it."""
        given = self.body()
        study_uid, person = fields.text(given, "study_uid"), fields.text(given, "person")
        change = fields.choice({"change": "assigned", **given}, "change", "assigned", "withdrawn")
        await self.change(lambda connection: self.changes.assign(connection, self.asker, (study_uid, person), change))


class BreakGlass(_Deciding):
    """Emergencies."""

    access: ClassVar = {
        "GET": Access(people=True, browser=True, action=Action.REVIEW_BREAK_GLASS),
        "POST": Access(people=True, browser=True, action=Action.BREAK_GLASS),
    }

    async def get(self) -> None:
        """List them for review."""
        await self.look(lambda connection: {"emergencies": self.emergencies.all(connection, self.asker)})

    async def post(self) -> None:
        """Open a study in an emergency."""
        given = self.body()
        study_uid, reason = fields.text(given, "study_uid"), fields.text(given, "reason", "")
        await self.change(lambda connection: self.emergencies.begin(connection, self.asker, study_uid, reason))


class BreakGlassReview(_Deciding):
    """The review of an emergency."""

    access: ClassVar = {"POST": Access(people=True, browser=True, action=Action.REVIEW_BREAK_GLASS)}

    async def post(self, event_id: str) -> None:
        """Keep it."""
        given = self.body()
        found = fields.choice(given, "outcome", "justified", "not-justified"), fields.text(given, "note", "")
        await self.change(lambda connection: self.emergencies.review(connection, self.asker, event_id, found))


class AuditLines(RecordsHandler):
    """Audit entries of viewers."""

    access: ClassVar = {"POST": READER}

    async def post(self) -> None:
        """Keep a batch: all or none."""
        entries = fields.objects(self.body(), "entries", kept.MAX_BATCH)
        clock, asker = self.context.clock, self.asker
        await self.change(lambda connection: {"numbers": kept.add_lines(connection, clock, asker, entries)})


class AuditTrouble(RecordsHandler):
    """Whether records are being kept just now."""

    access: ClassVar = {"GET": READER}

    async def get(self) -> None:
        """Say why not, empty when they are; where the last write failed another one is tried, because viewers wait for it."""
        if self.context.store.trouble():
            try:
                await self.context.store.write(self.context.clock.mark)
            except StoreError as error:
                self.answer({"trouble": str(error)})
                return
        self.answer({"trouble": ""})


class Coverage(RecordsHandler):
    """Which images a person has seen."""

    access: ClassVar = {"GET": READER, "POST": READER}

    async def get(self) -> None:
        """List what was seen of a series."""
        series_uid, read = self.get_query_argument("series_uid", ""), self.get_query_argument("read", "")
        if not series_uid:
            raise RequestError("Name the series: coverage?series_uid=…")
        await self.look(lambda connection: {"seen": kept.seen(connection, self.asker.person, series_uid, read)})

    async def post(self) -> None:
        """Note what was painted."""
        found = kept.painted(self.asker.person, fields.objects(self.body(), "frames", kept.MAX_BATCH))
        await self.change(lambda connection: {"kept": kept.add_painted(connection, found)})


class Displays(RecordsHandler):
    """The measurements of a person's displays."""

    access: ClassVar = {
        "GET": Access(people=True, action=Action.KEEP_DISPLAY),
        "POST": Access(people=True, action=Action.KEEP_DISPLAY),
    }

    async def get(self) -> None:
        """List them, oldest first."""
        await self.look(lambda connection: {"records": kept.display_records(connection, self.asker.person)})

    async def post(self) -> None:
        """Keep one."""
        record, clock = kept.display_of(self.asker.person, self.body()), self.context.clock
        await self.change(lambda connection: {"number": kept.add_display(connection, clock, record)})


class Events(RecordsHandler):
    """Audit events of other services."""

    access: ClassVar = {"POST": TELLERS}

    async def post(self) -> None:
        """Keep them: all or none."""
        events, clock = kept.events_of(fields.objects(self.body(), "events", kept.MAX_BATCH)), self.context.clock

        def add(connection: Connection) -> dict[str, list[int]]:
            return {"numbers": kept.add_events(connection, clock, events)}

        await self.change(add)


API: dict[str, type[RecordsHandler]] = {
    "api/decisions": Decisions,
    "api/knowable": Knowable,
    "api/leases": Leases,
    "api/grants": Grants,
    "api/grants/([0-9a-f]{16})/(activate|revoke)": GrantChange,
    "api/assignments": Assignments,
    "api/break-glass": BreakGlass,
    "api/break-glass/([0-9a-f]{16})/review": BreakGlassReview,
    "api/audit": AuditLines,
    "api/audit/trouble": AuditTrouble,
    "api/coverage": Coverage,
    "api/displays": Displays,
    "api/events": Events,
}
