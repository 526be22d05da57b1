"""May they? The one table, asked over what is stored; what was decided is in the audit before anybody is answered."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.audit_message import AuditEvent
from readingroom.reading.grants import (
    VIEW_LASTS,
    Grant,
    GrantEvent,
    GrantHistory,
    begins_view,
    granting,
    next_event,
    why_not,
)
from readingroom.reading.permissions import Action, Decision, Relation, decide, role_of
from readingroom.reading.purposes import Purpose
from readingroom.reading.relations import PersonFacts, StudyFacts, StudyKind, relations_of
from readingroom_hub.records import facts, rows
from readingroom_hub.records.asking import NO_ROLE, Asker, about
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.store.tables import grant_events, openings, studies

LEASE_S = 2.0
OPENING_LASTS = VIEW_LASTS
"""Looking at a study again within this time, on the same ground, is the same reading of it: one audit entry, one view."""

_LOOKS = frozenset({Action.OPEN_STUDY, Action.READ_VALUES, Action.STORE_DERIVED})
"""What makes somebody a viewer of a study; to be told that it exists does not."""


@dataclass(frozen=True, slots=True)
class StudyTold:
    """A study as the gateway sees it at this moment."""

    study_uid: str
    kind: StudyKind
    patient_id: str = ""
    patient_name: str = ""
    accession: str = ""

    @property
    def facts(self) -> StudyFacts:
        """Return what the rules want to know of it."""
        return StudyFacts(self.study_uid, self.kind, self.patient_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with the grant that it rests on, empty for another relation."""

    decision: Decision
    grant_id: str = ""
    purpose: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the gateway is told."""
        relation = self.decision.relation
        return {
            "allowed": self.decision.allowed,
            "relation": None if relation is None else relation.value,
            "grant_id": self.grant_id,
            "reason": self.decision.reason,
            "lease_s": LEASE_S,
        }


@dataclass(frozen=True)
class Knowledge:
    """All that a decision about one person rests on, read once."""

    asker: Asker
    person: PersonFacts
    grants: tuple[GrantHistory, ...]
    broken: tuple[Any, ...]
    now: datetime = field(repr=False)

    @classmethod
    def of(cls, connection: Connection, asker: Asker, rota: Collection[str], now: datetime) -> "Knowledge":
        """Read what is stored of a person; ``rota`` names the groups whose members are on it."""
        on_rota = bool(asker.groups & set(rota))
        return cls(
            asker,
            facts.person_facts(connection, asker.person, on_rota=on_rota),
            facts.histories_of(connection, asker.person),
            facts.emergencies(connection, asker.person, now),
            now,
        )

    def relations(self, study: StudyFacts, action: Action) -> frozenset[Relation]:
        """Return how the person stands to a study."""
        return relations_of(self.person, study, action, grants=self.grants, broken=self.broken, now=self.now)

    def decide(self, study: StudyFacts, action: Action) -> Decision:
        """Ask the table; a grant that has ended says so in the place of the table's words."""
        role = role_of(self.asker.groups)
        if role is None:
            return Decision(False, None, NO_ROLE)
        decision = decide(role, action, self.relations(study, action))
        if decision.allowed:
            return decision
        ended = why_not(self.grants, self.asker.person, action, study.study_uid, self.now)
        return replace(decision, reason=ended) if ended else decision

    def grant(self, study_uid: str, action: Action) -> Grant | None:
        """Return the grant that allows this, if one does."""
        return granting(self.grants, self.asker.person, action, study_uid, self.now)


@dataclass(frozen=True)
class Decider:
    """Decides within the writer's transaction, so that no view is counted twice and none is forgotten."""

    clock: LatestClock
    rota: frozenset[str]

    def decide(
        self, connection: Connection, asker: Asker, action: Action, study: StudyTold, purpose: Purpose | None = None
    ) -> Answer:
        """Return the answer, with its audit entry and its view written to the same transaction."""
        now = self.clock.keep(connection)
        _note_study(connection, study, now)
        known = Knowledge.of(connection, asker, self.rota, now)
        decision = known.decide(study.facts, action)
        grant = known.grant(study.study_uid, action) if decision.relation is Relation.GRANTED else None
        answer = Answer(decision, grant.id if grant else "", _purpose(decision, grant, purpose))
        if not decision.allowed:
            rows.add_event(connection, _event(known, study, answer, action))
        elif action in _LOOKS:
            _open(connection, known, study, answer, action)
        return answer

    def know(self, connection: Connection, asker: Asker, told: Collection[StudyTold]) -> list[str]:
        """Return the UIDs of those studies that somebody may know of. It writes nothing: the gateway records the search."""
        known = Knowledge.of(connection, asker, self.rota, self.clock.now())
        return [study.study_uid for study in told if known.decide(study.facts, Action.KNOW_STUDY).allowed]

    def leases(self, connection: Connection, asker: Asker, study_uids: Collection[str]) -> list[dict[str, Any]]:
        """Return whether each open study may stay open; it writes nothing."""
        known = Knowledge.of(connection, asker, self.rota, self.clock.now())
        told = [(uid, known.decide(facts.study_facts(connection, uid), Action.OPEN_STUDY)) for uid in study_uids]
        return [
            {"study_uid": uid, "valid": decision.allowed, "reason": decision.reason, "lease_s": LEASE_S}
            for uid, decision in told
        ]


def _note_study(connection: Connection, study: StudyTold, now: datetime) -> None:
    told = {"study_uid": study.study_uid, "kind": study.kind, "patient_id": study.patient_id,
            "patient_name": study.patient_name, "accession": study.accession}  # fmt: skip
    last = facts.last_of_study(connection, study.study_uid)
    if last is None or any(last[name] != value for name, value in told.items()):
        rows.add(connection, studies, {**told, "at": iso(now)})


def _open(connection: Connection, known: Knowledge, study: StudyTold, answer: Answer, action: Action) -> None:
    """Note that somebody began to look at a study, unless this is still the same reading of it."""
    relation = answer.decision.relation
    ground = {
        "person": known.asker.person,
        "study_uid": study.study_uid,
        "relation": str(relation),
        "grant_id": answer.grant_id,
    }
    since = iso(known.now - OPENING_LASTS)
    same = [openings.c[name] == value for name, value in ground.items()]
    if answer.grant_id:
        _view(connection, known, answer.grant_id)
    if connection.execute(select(openings.c.number).where(*same, openings.c.at > since).limit(1)).first() is None:
        rows.add(connection, openings, {**ground, "at": iso(known.now)})
        rows.add_event(connection, _event(known, study, answer, action))


def _view(connection: Connection, known: Knowledge, grant_id: str) -> None:
    """Count a view of a grant where one begins."""
    history = next(each for each in known.grants if each.grant.id == grant_id)
    if begins_view(history.grant, history.events, known.now):
        add_grant_event(connection, next_event(history.grant, history.events, "viewed", known.asker.person, known.now))


def add_grant_event(connection: Connection, event: GrantEvent) -> None:
    """Write what happened to a grant."""
    connection.execute(insert(grant_events).values(grant_id=event.grant_id, **event_values(event)))


def event_values(event: GrantEvent) -> dict[str, Any]:
    """Return what happened to a grant, as it is stored and told."""
    return {"number": event.number, "at": iso(event.at), "actor": event.actor, "kind": event.kind, "note": event.note}


def _purpose(decision: Decision, grant: Grant | None, stated: Purpose | None) -> str:
    """Return the purpose of use: the grant's own, an emergency's, what the caller stated, else that of the relation."""
    if grant is not None:
        return grant.purpose.value
    by_relation = {
        Relation.BREAK_GLASS: Purpose.EMERGENCY,
        Relation.TEACHING: Purpose.TRAINING,
        Relation.DEIDENTIFIED: Purpose.RESEARCH,
    }
    found = by_relation.get(decision.relation) if decision.relation else None
    return (found or stated or Purpose.TREATMENT).value


def _event(known: Knowledge, study: StudyTold, answer: Answer, action: Action) -> AuditEvent:
    decision = answer.decision
    relation = (("relation", decision.relation.value),) if decision.relation else ()
    return about(
        Kind.INSTANCES_ACCESSED if decision.allowed else Kind.ACCESS_REFUSED,
        known.now,
        known.asker,
        outcome=Outcome.SUCCESS if decision.allowed else Outcome.SERIOUS_FAILURE,
        study_uid=study.study_uid,
        accession=study.accession,
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        purpose=answer.purpose,
        grant_id=answer.grant_id,
        words=decision.reason,
        details=(("action", action.value), *relation),
    )
