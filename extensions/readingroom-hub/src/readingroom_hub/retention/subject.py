"""What is held about one patient, where and why, and what of it may be erased: for a request or an objection of theirs.

Images and what doctors made of them are the trust's health record: this program shows them and does not own them. What it keeps
by itself is the trail of who did what, which the law asks for, and marks of what a reader has seen, which may go.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Column, ColumnElement, Connection, Table, func, or_, select

from readingroom_hub.audit.report import Look, looks
from readingroom_hub.audit.search import concerning, of_patient
from readingroom_hub.store import tables
from readingroom_hub.store.errors import StoreError

TRAIL = (
    "Kept: who saw a health record, when and why has to be shown for as long as the record is kept (UK GDPR Article 17(3)(b) "
    "and (e))."
)
RECORD = "Kept: part of the health record (UK GDPR Article 17(3)(c)). Ask the keeper of the records."
READS = "May be erased: marks of what a reader has seen, which guide the reader. The audit has its own entry of each picture."
INDEX = "Goes by itself: a list of what the folder holds, renewed within seconds of a file's end. Nothing is to be done here."


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of thing: what and where it is, how many, from when to when (ISO 8601, empty where unknown), and why."""

    what: str
    where: str
    count: int
    since: str
    until: str
    erasable: bool
    why: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient as this program knows them: their studies, what is held, and who looked at it."""

    patient: str
    names: tuple[str, ...]
    studies: tuple[str, ...]
    held: tuple[Held, ...]
    looks: tuple[Look, ...]


def subject(connection: Connection, state: Path, patient: str) -> Subject:
    """Return what is held about a patient, by their Patient ID (0010,0020); nothing is changed."""
    uids = studies_of(connection, state, patient)
    rows = tuple(row for row in _rows(connection, patient, uids) if row.count)
    files = tuple(each for each in (*_indexed(state, patient), *_derived(state, uids)) if each.count)
    named = select(tables.studies.c.patient_name).where(tables.studies.c.patient_id == patient).distinct()
    names = tuple(filter(None, connection.execute(named).scalars()))
    return Subject(patient, names, uids, rows + files, tuple(looks(of_patient(connection, patient))))


def studies_of(connection: Connection, state: Path, patient: str) -> tuple[str, ...]:
    """Return the studies that are known to be a patient's: to the records, the audit and the indexes."""
    found = {uid for path in _indexes(state) for uid, _ in _of_index(path, patient)}
    for table in (tables.studies, tables.audit_entries):
        found |= set(
            connection.execute(select(table.c.study_uid).where(table.c.patient_id == patient).distinct()).scalars()
        )
    return tuple(sorted(filter(None, found)))


def seen_by_readers(uids: Sequence[str]) -> ColumnElement[bool]:
    """Match the rows that may be erased."""
    return tables.coverage.c.study_uid.in_(uids)


def _rows(connection: Connection, patient: str, uids: Sequence[str]) -> Iterator[Held]:
    mentioned = or_(*(tables.grants.c.studies.contains(f'"{uid}"', autoescape=True) for uid in uids)) if uids else None
    audit = concerning(connection, patient)
    yield _counted(connection, tables.audit_entries, tables.audit_entries.c.at, audit, "entries of the audit", TRAIL)
    for table, words in (
        (tables.studies, "name, Patient ID and accession number of studies"),
        (tables.openings, "on what ground a study was opened"),
        (tables.assignments, "who was given a study to read"),
        (tables.break_glass, "emergencies"),
    ):
        yield _counted(connection, table, table.c.at, table.c.study_uid.in_(uids), words, TRAIL)
    if mentioned is not None:
        yield _counted(connection, tables.grants, tables.grants.c.at, mentioned, "access grants", TRAIL)
    coverage = tables.coverage
    yield _counted(connection, coverage, coverage.c.at, seen_by_readers(uids), "images that a reader has seen", READS)


def _counted(  # noqa: PLR0913, PLR0917 - the columns of the report
    connection: Connection, table: Table, at: Column[str], where: ColumnElement[bool], words: str, why: str
) -> Held:
    count, since, until = connection.execute(select(func.count(), func.min(at), func.max(at)).where(where)).one()
    return Held(words, f"records, table {table.name}", int(count), since or "", until or "", why is READS, why)


def _indexes(state: Path) -> list[Path]:
    places = ("studies-index", "demo-index", "imaging/derived-index")
    return [path for path in (state / place / "index.sqlite" for place in places) if path.is_file()]


def _indexed(state: Path, patient: str) -> Iterator[Held]:
    for path in _indexes(state):
        count = sum(instances for _, instances in _of_index(path, patient))
        yield Held("images and other objects, listed", str(path), count, "", "", False, INDEX)


def _of_index(path: Path, patient: str) -> list[tuple[str, int]]:
    """Return a patient's studies in an index, each with how many objects it has; raises ``StoreError``."""
    query = (
        "SELECT studies.uid, count(instances.sop_uid) FROM studies LEFT JOIN instances ON instances.study_uid = studies.uid "
        "WHERE studies.patient_id = ? GROUP BY studies.uid"
    )
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return [(str(uid), int(count)) for uid, count in connection.execute(query, (patient,))]
    except sqlite3.Error as error:
        raise StoreError(f"The index {path} cannot be read ({error}). Nothing was changed.") from error


def _derived(state: Path, uids: Iterable[str]) -> Iterator[Held]:
    folder = state / "imaging" / "derived"
    count = sum(1 for uid in uids for _ in (folder / uid).glob("*.dcm"))
    yield Held(
        "reports, key images, presentation states, segmentations made here", str(folder), count, "", "", False, RECORD
    )


def lines(found: Subject, made: str) -> list[str]:
    """Return the report to be printed."""
    told = [f"What Reading Room holds about the patient {found.patient}", f"Made {made}."]
    told += [f"Name: {name}" for name in found.names] or ["No name is known here."]
    told += ["", f"Studies: {len(found.studies)}", *(f"  {uid}" for uid in found.studies), "", "Held:"]
    for each in found.held:
        span = f", {_day(each.since)} to {_day(each.until)}" if each.since else ""
        told += [f"  {each.count} {each.what}{span}", f"    in {each.where}", f"    {each.why}"]
    told += [] if found.held else ["  nothing"]
    told += ["", "Who saw or looked up something (times in UTC):"]
    for look in found.looks:
        deeds = ", ".join(f"{name} ({count} times)" if count > 1 else name for name, count in look.deeds)
        why = f" ({', '.join(look.purposes)})" if look.purposes else ""
        told.append(f"  {look.day} {look.first} to {look.last}  {look.person}  {look.study}  {deeds}{why}")
    told += [] if found.looks else ["  nobody"]
    return [*told, "", *_ELSEWHERE]


def _day(at: str) -> str:
    return at[:10]


_ELSEWHERE = (
    "Not here: the images themselves lie in the PACS or in the folder of studies. Reading servers and the gateway keep in",
    "memory what was opened, and lose it when a study is closed or they end. Backups, and the repository that the audit is",
    "sent to, have copies of their own; pictures on a browser's screen are kept nowhere.",
)
