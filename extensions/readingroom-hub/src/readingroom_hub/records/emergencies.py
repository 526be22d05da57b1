"""Break-glass: opening a study in an emergency, and its review; each written and audited in one transaction."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from readingroom.reading import break_glass as rule
from readingroom.reading.audit_codes import Kind
from readingroom.reading.permissions import Action
from readingroom.reading.purposes import Purpose
from readingroom_hub.records import facts, rows
from readingroom_hub.records.asking import Asker, about, may, role
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.records.decisions import Knowledge
from readingroom_hub.records.refusals import NotAllowedError, NothingThereError, NotPossibleError
from readingroom_hub.store.tables import break_glass, break_glass_reviews


@dataclass(frozen=True)
class Emergencies:
    """The emergencies, each step within the writer's transaction. Raises ``RequestError`` or ``BreakGlassError``."""

    clock: LatestClock
    rota: frozenset[str]

    def begin(self, connection: Connection, asker: Asker, study_uid: str, reason: str) -> dict[str, Any]:
        """Open a study in an emergency, for the time that the rule gives; it is alarmed and listed for review."""
        now = self.clock.keep(connection)
        study = facts.study_facts(connection, study_uid)
        relations = Knowledge.of(connection, asker, self.rota, now).relations(study, Action.OPEN_STUDY)
        emergency = rule.break_glass(asker.person, role(asker), study_uid, reason, relations=relations, now=now)
        event_id = secrets.token_hex(8)
        values = {
            "event_id": event_id,
            "at": iso(now),
            "person": asker.person,
            "study_uid": study_uid,
            "reason": emergency.reason,
        }
        connection.execute(insert(break_glass).values(values))
        row = facts.last_of_study(connection, study_uid)
        rows.add_event(
            connection,
            about(
                Kind.BREAK_GLASS_STARTED,
                now,
                asker,
                study_uid=study_uid,
                accession=row["accession"] if row else "",
                patient_id=row["patient_id"] if row else "",
                patient_name=row["patient_name"] if row else "",
                purpose=Purpose.EMERGENCY.value,
                subject=event_id,
                words=emergency.reason,
            ),
        )
        return {"event_id": event_id, "study_uid": study_uid, "ends": iso(emergency.ends)}

    def all(self, connection: Connection, asker: Asker) -> list[dict[str, Any]]:
        """Return every emergency with its review, newest first, for those who review them."""
        may(asker, Action.REVIEW_BREAK_GLASS)
        reviews = connection.execute(select(break_glass_reviews)).mappings()
        reviewed = {
            row["event_id"]: {name: row[name] for name in ("at", "reviewer", "outcome", "note")} for row in reviews
        }
        found = connection.execute(select(break_glass).order_by(break_glass.c.at.desc())).mappings()
        return [{**row, "review": reviewed.get(row["event_id"])} for row in found]

    def review(self, connection: Connection, asker: Asker, event_id: str, found: tuple[str, str]) -> dict[str, Any]:
        """Keep what a reviewer found of an emergency, outcome and note: the first review holds."""
        outcome, note = found
        may(asker, Action.REVIEW_BREAK_GLASS)
        now, table = self.clock.keep(connection), break_glass
        row = connection.execute(select(table).where(table.c.event_id == event_id)).mappings().first()
        if row is None:
            raise NothingThereError("There is no such emergency.")
        emergency = facts.emergency_of(row)
        if not rule.may_review(emergency, asker.person, role(asker)):
            raise NotAllowedError("Nobody reviews an emergency of their own.")
        reviews = break_glass_reviews
        if connection.execute(select(reviews).where(reviews.c.event_id == event_id)).first():
            raise NotPossibleError("This emergency has been reviewed already.")
        values = {"at": iso(now), "event_id": event_id, "reviewer": asker.person, "outcome": outcome, "note": note}
        rows.add(connection, reviews, values)
        words = f"{outcome}: {note}" if note else outcome
        event = about(
            Kind.BREAK_GLASS_REVIEWED, now, asker, study_uid=emergency.study_uid, subject=event_id, words=words
        )
        rows.add_event(connection, event)
        return {"event_id": event_id, "outcome": outcome}
