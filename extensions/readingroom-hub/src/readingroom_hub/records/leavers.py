"""What the records do when a person leaves: their work goes to somebody or to nobody, their access ends, each step audited.

Every step does only what is still to be done, so that the procedure can be run again from the beginning at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from readingroom.reading import grants as rules
from readingroom.reading.audit_codes import Kind
from readingroom.reading.grants import GrantHistory
from readingroom_hub.records import facts, rows
from readingroom_hub.records.asking import Asker, about
from readingroom_hub.records.changes import Changes
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.store.tables import assignments

LEFT = "left the house"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who leaves, who takes the work over (empty: nobody), and what becomes of the grants that they gave to others.

    ``account`` is the administrator's on the hub's machine.
    """

    person: str
    to: str
    grants_to: str
    revoke: bool
    account: str


Held = Callable[[Connection, str], list[str]]
HandOver = Callable[["Leaving", Connection, Asker, Plan], None]


@dataclass(frozen=True, slots=True)
class Work:
    """Work of one kind that somebody holds: which, by name, and how it is handed over or taken from them."""

    name: str
    held: Held
    hand_over: HandOver


@dataclass(frozen=True)
class Leaving:
    """The steps, each within the writer's transaction."""

    clock: LatestClock

    def left(self, connection: Connection, person: str) -> dict[str, Any]:
        """Return what a person still holds or answers for."""
        held, given = self._open(connection, person)
        return {
            "work": {work.name: work.held(connection, person) for work in WORK},
            "held": [each.grant.id for each in held],
            "given": [_told(each) for each in given],
        }

    def begin(self, connection: Connection, asker: Asker, plan: Plan) -> dict[str, Any]:
        """Keep that the procedure was begun, before anything is done."""
        told = [f"work to {plan.to or 'nobody'}"]
        told += [f"grants to {plan.grants_to}"] if plan.grants_to else ["grants revoked"] if plan.revoke else []
        words = f"The leaver's procedure was begun: {', '.join(told)}."
        self._tell(connection, asker, plan, Kind.PERSON_CHANGED, words)
        return self.left(connection, plan.person)

    def closed(self, connection: Connection, asker: Asker, plan: Plan, tokens: int, servers: int) -> None:
        """Keep what the hub has ended."""
        words = f"The account was closed: no login any more, {tokens} tokens and {servers} servers ended."
        self._tell(connection, asker, plan, Kind.PERSON_CHANGED, words)

    def hand_over(self, connection: Connection, asker: Asker, plan: Plan) -> dict[str, Any]:
        """Hand the work over, end the access, and do with grants to others what was chosen; return what was done."""
        before = self.left(connection, plan.person)
        for work in WORK:
            work.hand_over(self, connection, asker, plan)
        held, given = self._open(connection, plan.person)
        changes = Changes(self.clock, frozenset())
        for each in held:
            changes.happened(connection, each, "revoked", asker, f"{plan.person} {LEFT}")
        for each in given if plan.revoke else ():
            changes.happened(connection, each, "revoked", asker, f"{plan.person}, who gave it, {LEFT}")
        for each in given if plan.grants_to else ():
            if each.grant.grantee != plan.grants_to:  # nobody answers for their own access
                changes.happened(connection, each, "handed-over", asker, plan.grants_to)
        return {"before": before, "left": self.left(connection, plan.person)}

    def _open(self, connection: Connection, person: str) -> tuple[list[GrantHistory], list[GrantHistory]]:
        """Return the grants that a person holds, and those that they answer for, as far as these have not ended."""
        now = self.clock.now()
        found = [
            each
            for each in facts.open_histories(connection)
            if rules.state(each.grant, each.events, now) not in rules.FINAL
        ]
        held = [each for each in found if each.grant.grantee == person]
        return held, [each for each in found if rules.responsible(each.grant, each.events) == person]

    def _tell(self, connection: Connection, asker: Asker, plan: Plan, kind: Kind, words: str) -> None:
        details = (("account", plan.account),)
        now = self.clock.keep(connection)
        rows.add_event(connection, about(kind, now, asker, subject=plan.person, words=words, details=details))


def _told(history: GrantHistory) -> dict[str, str]:
    grant = history.grant
    return {"grant_id": grant.id, "grantee": grant.grantee, "expires": iso(grant.expires), "question": grant.question}


def _assigned(connection: Connection, person: str) -> list[str]:
    query = select(assignments.c.study_uid, assignments.c.change).where(assignments.c.person == person)
    last = {str(uid): str(change) for uid, change in connection.execute(query.order_by(assignments.c.number))}
    return sorted(uid for uid, change in last.items() if change == "assigned")


def _reassign(leaving: Leaving, connection: Connection, asker: Asker, plan: Plan) -> None:
    has = set(_assigned(connection, plan.to)) if plan.to else set()
    for study_uid in _assigned(connection, plan.person):
        if plan.to and study_uid not in has:
            _assign(leaving, connection, asker, (study_uid, plan.to, "assigned"))
        _assign(leaving, connection, asker, (study_uid, plan.person, "withdrawn"))


def _assign(leaving: Leaving, connection: Connection, asker: Asker, what: tuple[str, str, str]) -> None:
    study_uid, person, change = what
    now = leaving.clock.keep(connection)
    values = {"at": iso(now), "study_uid": study_uid, "person": person, "change": change}
    rows.add(connection, assignments, {**values, "actor": asker.person, "note": LEFT})
    words = f"{change} to read: a colleague {LEFT}" if change == "assigned" else f"{change} to read: {LEFT}"
    event = about(Kind.ASSIGNMENT_CHANGED, now, asker, study_uid=study_uid, subject=person, words=words)
    rows.add_event(connection, event)


WORK: tuple[Work, ...] = (Work("assignments", _assigned, _reassign),)
"""The kinds of work that are handed over; drafts join here with a line of their own."""
