"""How a person stands to a study: the facts that the permission table is asked with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readingroom.reading.break_glass import BreakGlass
from readingroom.reading.grants import GrantHistory, granting
from readingroom.reading.permissions import Action, Relation

StudyKind = Literal["identifiable", "teaching", "deidentified"]


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person: their name, whether they are on the rota, and what is theirs.

    ``assigned`` holds the Study Instance UIDs assigned to them, ``patients`` the Patient IDs of the people they care for:
    those of their assigned studies, so that a prior of the same patient can be compared.
    """

    person: str
    on_rota: bool = False
    assigned: frozenset[str] = frozenset()
    patients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is known of a study. ``patient_id`` is empty where unknown, and then makes nobody's patient of it."""

    study_uid: str
    kind: StudyKind
    patient_id: str = ""


def relations_of(  # noqa: PLR0913 - each is a source of its own
    person: PersonFacts,
    study: StudyFacts,
    action: Action,
    *,
    grants: Collection[GrantHistory] = (),
    broken: Collection[BreakGlass] = (),
    now: datetime,
) -> frozenset[Relation]:
    """Return the relations in which the person stands to the study just now.

    The action is asked for because a grant names the actions it covers. Rota, care and emergencies are matters of
    identifiable studies; ``now`` is the latest time that the caller has ever seen.
    """
    uid, identifiable = study.study_uid, study.kind == "identifiable"
    standing = {
        Relation.ASSIGNED: uid in person.assigned,
        Relation.ROTA: identifiable and person.on_rota,
        Relation.LEGITIMATE: identifiable and bool(study.patient_id) and study.patient_id in person.patients,
        Relation.GRANTED: granting(grants, person.person, action, uid, now) is not None,
        Relation.TEACHING: study.kind == "teaching",
        Relation.DEIDENTIFIED: study.kind == "deidentified",
        Relation.BREAK_GLASS: identifiable and any(each.opens(person.person, uid, now) for each in broken),
    }
    return frozenset(relation for relation, stands in standing.items() if stands)
