"""The patient-centred report: who saw what of a patient, when, how often and for which purpose."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.audit_message import AuditEvent
from readingroom.reading.purposes import Purpose

LOOKS = frozenset(
    {
        Kind.INSTANCES_ACCESSED,
        Kind.ACCESS_REFUSED,
        Kind.PICTURE_SEEN,
        Kind.VALUES_READ,
        Kind.INSTANCES_TRANSFERRED,
        Kind.OBJECT_STORED,
        Kind.EXPORTED,
        Kind.BREAK_GLASS_STARTED,
        Kind.QUERIED,
        Kind.AUDIT_LOG_USED,
    }
)
"""What a patient can ask about: whatever showed, kept, refused or looked up something of theirs."""


@dataclass(frozen=True, slots=True)
class Look:
    """One person at one study on one day: what they did and how often, from when to when (UTC), and why."""

    day: str
    first: str
    last: str
    person: str
    study: str
    deeds: tuple[tuple[str, int], ...]
    purposes: tuple[str, ...]
    grants: tuple[str, ...]
    refused: bool


def looks(events: Iterable[AuditEvent]) -> list[Look]:
    """Return the report's lines, oldest first."""
    grouped: dict[tuple[str, str, str], list[AuditEvent]] = defaultdict(list)
    accessions: dict[str, str] = {}
    for event in events:
        if event.accession:
            accessions[event.study_uid] = event.accession
        if event.kind in LOOKS:
            grouped[f"{event.at:%Y-%m-%d}", event.person or event.source, event.study_uid].append(event)
    return [
        _look(day, person, accessions.get(study_uid, study_uid), same)
        for (day, person, study_uid), same in grouped.items()
    ]


def _look(day: str, person: str, study: str, events: list[AuditEvent]) -> Look:
    deeds: dict[str, int] = defaultdict(int)
    for event in events:
        deeds[event.title if event.outcome is Outcome.SUCCESS else f"{event.title} (refused)"] += 1
    times = [f"{event.at:%H:%M:%S}" for event in events]
    return Look(
        day,
        min(times),
        max(times),
        person,
        study,
        tuple(deeds.items()),
        _unique(purpose_words(event.purpose) for event in events),
        _unique(event.grant_id for event in events),
        any(event.outcome is not Outcome.SUCCESS for event in events),
    )


def purpose_words(code: str) -> str:
    """Return a purpose of use in words, with its code; an unknown code as it is."""
    return f"{Purpose(code).words} ({code})" if code in set(Purpose) else code


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
