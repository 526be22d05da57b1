"""What people change about access: grants and assignments, each checked, written and audited in one transaction."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from readingroom.reading import grants as rules
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent
from readingroom.reading.grants import Grant, GrantEvent, GrantHistory, next_event
from readingroom.reading.permissions import Action, decide, role_of
from readingroom.reading.purposes import Purpose
from readingroom_hub.records import facts, rows
from readingroom_hub.records.asking import Asker, about, may
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.records.decisions import Knowledge, add_grant_event, event_values
from readingroom_hub.records.refusals import NotAllowedError, NothingThereError, NotPossibleError
from readingroom_hub.store import tables

_GRANT_KINDS = {
    "proposed": Kind.GRANT_PROPOSED,
    "activated": Kind.GRANT_ACTIVATED,
    "revoked": Kind.GRANT_REVOKED,
    "handed-over": Kind.GRANT_HANDED_OVER,
}


@dataclass(frozen=True, slots=True)
class GrantWish:
    """A grant as somebody asks for it."""

    grantee: str
    studies: tuple[str, ...]
    purpose: Purpose
    actions: frozenset[Action]
    not_before: datetime
    expires: datetime
    maximum_views: int | None
    question: str


@dataclass(frozen=True)
class Changes:
    """The changes, each within the writer's transaction. Raises ``RequestError`` for what may not be or cannot be."""

    clock: LatestClock
    rota: frozenset[str]

    def propose(self, connection: Connection, asker: Asker, wish: GrantWish, *, issue: bool) -> dict[str, Any]:
        """Write a new grant, and activate it at once where ``issue`` says so and the asker may."""
        now = self.clock.keep(connection)
        known = Knowledge.of(connection, asker, self.rota, now)
        for study_uid in wish.studies:
            decision = known.decide(facts.study_facts(connection, study_uid), Action.PROPOSE_GRANT)
            if not decision.allowed:
                raise NotAllowedError(decision.reason)
        if issue:
            may(asker, Action.ISSUE_GRANT)
        grant = Grant(
            id=secrets.token_hex(8),
            grantee=wish.grantee,
            studies=wish.studies,
            purpose=wish.purpose,
            actions=wish.actions,
            not_before=wish.not_before,
            expires=wish.expires,
            maximum_views=wish.maximum_views,
            issuer=asker.person if issue else "",
            proposer=asker.person,
            question=wish.question,
        )
        if grant.expires <= now:
            raise NotPossibleError("This access would have ended already. Choose a later end.")
        connection.execute(insert(tables.grants).values(_grant_row(grant, now)))
        history = self.happened(connection, GrantHistory(grant, ()), "proposed", asker, "")
        if issue:
            history = self.happened(connection, history, "activated", asker, "")
        return grant_json(history, now)

    def activate(self, connection: Connection, asker: Asker, grant_id: str, note: str) -> dict[str, Any]:
        """Let a proposed grant begin."""
        may(asker, Action.ISSUE_GRANT)
        return self._next(connection, grant_id, "activated", asker, note)

    def revoke(self, connection: Connection, asker: Asker, grant_id: str, note: str) -> dict[str, Any]:
        """Take a grant back; every lease that rests on it lapses."""
        may(asker, Action.REVOKE_GRANT)
        return self._next(connection, grant_id, "revoked", asker, note)

    def withdraw(self, connection: Connection, grant_id: str, note: str) -> dict[str, Any]:
        """Take a grant back because what it was given for has ended; nobody asks."""
        return self._next(connection, grant_id, "revoked", Asker("", frozenset()), note)

    def grants(self, connection: Connection, asker: Asker) -> list[dict[str, Any]]:
        """Return all grants to whoever may list them, to others those that concern them."""
        now, role = self.clock.now(), role_of(asker.groups)
        found = facts.all_histories(connection)
        if role is None or not decide(role, Action.LIST_GRANTS).allowed:
            found = tuple(each for each in found if asker.person in (each.grant.grantee, each.grant.proposer))
        return [grant_json(each, now) for each in found]

    def assign(self, connection: Connection, asker: Asker, what: tuple[str, str], change: str) -> dict[str, Any]:
        """Give a study to somebody to read, or take it from them; ``what`` is its UID and the person."""
        study_uid, person = what
        may(asker, Action.ASSIGN_STUDY)
        now = self.clock.keep(connection)
        values = {
            "at": iso(now),
            "study_uid": study_uid,
            "person": person,
            "change": change,
            "actor": asker.person,
            "note": "",
        }
        rows.add(connection, tables.assignments, values)
        rows.add_event(
            connection,
            about(Kind.ASSIGNMENT_CHANGED, now, asker, study_uid=study_uid, subject=person, words=f"{change} to read"),
        )
        return {"study_uid": study_uid, "person": person, "change": change}

    def assignments(self, connection: Connection, asker: Asker) -> list[dict[str, Any]]:
        """Return the assignments that hold: everybody's to whoever assigns, else one's own."""
        role = role_of(asker.groups)
        query = select(tables.assignments).order_by(tables.assignments.c.number)
        if role is None or not decide(role, Action.ASSIGN_STUDY).allowed:
            query = query.where(tables.assignments.c.person == asker.person)
        last = {(row["study_uid"], row["person"]): row for row in connection.execute(query).mappings()}
        return [
            {name: row[name] for name in ("study_uid", "person", "actor", "at")}
            for row in last.values()
            if row["change"] == "assigned"
        ]

    def any_to_end(self, connection: Connection) -> bool:
        """Return whether a grant has ended that was not told of yet."""
        return bool(self._ended(connection))

    def end_grants(self, connection: Connection) -> int:
        """Tell of each grant that has ended by itself, once; return how many."""
        ended = self._ended(connection)
        for grant, state in ended:
            now = self.clock.keep(connection)
            connection.execute(insert(tables.grant_ends).values(grant_id=grant.id, at=iso(now), state=state.value))
            if state is not rules.GrantState.REVOKED:
                nobody = Asker("", frozenset())
                rows.add_event(connection, _of_grant(Kind.GRANT_ENDED, now, nobody, grant, state.value))
        return len(ended)

    def _ended(self, connection: Connection) -> list[tuple[Grant, rules.GrantState]]:
        now = self.clock.now()
        states = [(each.grant, rules.state(each.grant, each.events, now)) for each in facts.open_histories(connection)]
        return [(grant, state) for grant, state in states if state in rules.FINAL]

    def _next(
        self, connection: Connection, grant_id: str, kind: rules.EventKind, asker: Asker, note: str
    ) -> dict[str, Any]:
        history = facts.history_of(connection, grant_id)
        if history is None:
            raise NothingThereError("There is no such access.")
        return grant_json(self.happened(connection, history, kind, asker, note), self.clock.now())

    def happened(
        self, connection: Connection, history: GrantHistory, kind: rules.EventKind, asker: Asker, note: str
    ) -> GrantHistory:
        """Write what happens to a grant next; raises ``GrantTransitionError`` for what cannot."""
        now = self.clock.keep(connection)
        event = next_event(history.grant, history.events, kind, asker.person, now, note=note)
        add_grant_event(connection, event)
        rows.add_event(connection, _of_grant(_GRANT_KINDS[kind], now, asker, history.grant, note))
        return GrantHistory(history.grant, (*history.events, event))


def grant_json(history: GrantHistory, now: datetime) -> dict[str, Any]:
    """Return a grant with its state and its events as JSON knows them."""
    grant, events = history.grant, history.events
    return {
        **_grant_row(grant, now),
        "studies": list(grant.studies),
        "actions": sorted(grant.actions),
        "at": _at(events),
        "state": rules.state(grant, events, now).value,
        "views": sum(event.kind == "viewed" for event in events),
        "events": [event_values(event) for event in events],
    }


def _at(events: tuple[GrantEvent, ...]) -> str:
    return iso(events[0].at) if events else ""


def _grant_row(grant: Grant, now: datetime) -> dict[str, Any]:
    return {
        "grant_id": grant.id,
        "at": iso(now),
        "grantee": grant.grantee,
        "studies": json.dumps(grant.studies),
        "purpose": grant.purpose.value,
        "actions": json.dumps(sorted(grant.actions)),
        "not_before": iso(grant.not_before),
        "expires": iso(grant.expires),
        "maximum_views": grant.maximum_views,
        "issuer": grant.issuer,
        "proposer": grant.proposer,
        "question": grant.question,
    }


def _of_grant(kind: Kind, now: datetime, asker: Asker, grant: Grant, note: str) -> AuditEvent:
    return about(
        kind,
        now,
        asker,
        study_uid=grant.studies[0],
        purpose=grant.purpose.value,
        grant_id=grant.id,
        subject=grant.grantee,
        words=note,
        details=(("expires", iso(grant.expires)), *(("study", uid) for uid in grant.studies[1:60])),
    )
