"""Looking things up in the audit: entries by what they hold, newest first, a page at a time.

Person, patient, study, kind and day are columns. The outcome and words are looked for in the entries themselves, at most
``LOOKED_THROUGH`` of them for a page, which says so: the next page goes on from there.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, InvalidAuditEventError, from_json
from readingroom_hub.records.refusals import RequestError
from readingroom_hub.store.tables import audit_checkpoints, audit_entries, studies

PAGE = 50
MAX_REPORT = 50_000
LOOKED_THROUGH = 20_000
TOGETHER = 1000
NOT_DONE = "not-done"
"""The outcomes of everything that failed or was refused."""

MAX_TEXT = 200
table = audit_entries.c


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty texts leave it open. ``since`` and ``until`` are days, both included, in UTC.

    ``outcome`` is empty or ``NOT_DONE``; ``words`` is any part of anything that an entry holds, in capitals or not.
    ``before`` is the number of the last entry of the page before, ``after`` that of the first one of the page behind;
    0 for the first page.
    """

    person: str = ""
    patient: str = ""
    study: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    outcome: str = ""
    words: str = ""
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        """Raise ``RequestError`` for what cannot be looked for."""
        for text in self.named.values():
            if len(text) > MAX_TEXT:
                raise RequestError(f"What you look for is longer than {MAX_TEXT} characters.")
        if self.kind and self.kind not in set(Kind):
            raise RequestError(f"There is no kind of event called {self.kind}.")
        if self.outcome not in ("", NOT_DONE):
            raise RequestError(f"There is no outcome called {self.outcome}.")
        for day in filter(None, (self.since, self.until)):
            _day(day)

    @property
    def named(self) -> dict[str, str]:
        """What was filled in, by the names of the form."""
        return {name: value for name in FIELDS if (value := getattr(self, name))}

    @property
    def told(self) -> str:
        """What is looked for, for the audit of the look itself."""
        return ", ".join(f"{name} {value}" for name, value in self.named.items()) or "everything"


FIELDS = ("person", "patient", "study", "kind", "since", "until", "outcome", "words")


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; the numbers to go on from to older and to newer ones, 0 where there are none.

    ``searched`` counts the entries that were looked through where not all could be, else 0.
    """

    entries: tuple[tuple[int, AuditEvent], ...]
    older: int
    newer: int
    searched: int = 0


def find(connection: Connection, search: Search) -> Page:
    """Return a page of what is looked for."""
    upwards = search.after > 0
    query = select(table.number, table.body).where(*_conditions(connection, search))
    query = query.order_by(table.number if upwards else table.number.desc())
    rows: list[tuple[int, bytes]] = []
    looked, last = 0, 0
    for number, body in _in_turn(connection, query, upwards=upwards, limited=bool(search.outcome or search.words)):
        looked, last = looked + 1, number
        if _like(body, search):
            rows.append((number, body))
        if len(rows) > PAGE or looked == LOOKED_THROUGH:
            break
    more = len(rows) > PAGE or looked == LOOKED_THROUGH
    shown = sorted(rows[:PAGE], reverse=True)
    ends = (shown[-1][0], shown[0][0]) if shown else (last, search.after or last)
    if upwards:
        older, newer = ends[0], ends[1] if more else 0
    else:
        # A page that was cut short goes on from where the looking ended.
        older, newer = ((ends[0] if len(rows) > PAGE else last) if more else 0), ends[1] if search.before else 0
    cut = looked == LOOKED_THROUGH and len(rows) <= PAGE
    return Page(tuple(_read(shown)), older, newer, looked if cut else 0)


def _in_turn(connection: Connection, query: Any, *, upwards: bool, limited: bool) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 - a select
    """Yield number and body of what a query finds, some at a time: nobody knows how many are wanted."""
    size, last = TOGETHER if limited else PAGE + 1, 0
    while True:
        onward = [] if not last else [table.number > last if upwards else table.number < last]
        rows = connection.execute(query.where(*onward).limit(size)).all()
        for row in rows:
            yield row.number, bytes(row.body)
        if len(rows) < size:
            return
        last = rows[-1].number


def _like(body: bytes, search: Search) -> bool:
    """Return whether an entry has the outcome and the words; what it holds is JSON in ASCII, and so is what is looked for."""
    if search.outcome and b'"outcome":0' in body:
        return False
    text = body.decode("ascii", "replace").lower()
    wanted = {json.dumps(each)[1:-1].lower() for each in (search.words, search.words.lower(), search.words.upper())}
    return any(each in text for each in wanted)


def _conditions(connection: Connection, search: Search) -> list[ColumnElement[bool]]:
    """Return what the columns must hold."""
    where: dict[str, Callable[[], ColumnElement[bool]]] = {
        "person": lambda: table.person == search.person,
        "patient": lambda: concerning(connection, search.patient),
        "study": lambda: table.study_uid.in_(_studies_named(connection, search.study)),
        "kind": lambda: table.kind == search.kind,
        "since": lambda: table.at >= _iso(_day(search.since)),
        "until": lambda: table.at < _iso(_day(search.until) + timedelta(days=1)),
        "before": lambda: table.number < search.before,
        "after": lambda: table.number > search.after,
    }
    return [condition() for name, condition in where.items() if getattr(search, name)]


def of_patient(connection: Connection, patient: str) -> list[AuditEvent]:
    """Return everything that concerns a patient, oldest first; at most ``MAX_REPORT`` entries, the newest of them."""
    where = concerning(connection, patient)
    query = select(table.number, table.body).where(where).order_by(table.number.desc()).limit(MAX_REPORT)
    rows = connection.execute(query).all()
    return [event for _, event in _read((row.number, bytes(row.body)) for row in reversed(rows))]


def standing(connection: Connection) -> tuple[int, int, str]:
    """Return how many entries there are, how many of them are signed, and when they were."""
    count = connection.execute(select(func.coalesce(func.max(table.number), 0))).scalar_one()
    signed = audit_checkpoints.c
    last = connection.execute(select(signed.size, signed.at).order_by(signed.size.desc()).limit(1)).one_or_none()
    return int(count), int(last.size) if last else 0, str(last.at) if last else ""


def concerning(connection: Connection, patient: str) -> ColumnElement[bool]:
    """Match a patient's entries; a viewer tells the study of a picture and not whose it is: that stands with the study."""
    known = select(studies.c.study_uid).where(studies.c.patient_id == patient)
    uids = list(connection.execute(known.distinct()).scalars())
    return or_(table.patient_id == patient, table.study_uid.in_(uids) if uids else false())


def _studies_named(connection: Connection, study: str) -> list[str]:
    """Return the studies of a Study Instance UID or an accession number."""
    known = select(studies.c.study_uid).where(and_(studies.c.accession == study, studies.c.accession != ""))
    return [study, *connection.execute(known.distinct()).scalars()]


def _read(rows: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, AuditEvent]]:
    for number, body in rows:
        try:
            yield number, from_json(body)
        except InvalidAuditEventError:
            words = "This entry cannot be read: it is not what was written. Run readingroom audit verify."
            yield number, AuditEvent(Kind.RESTRICTED_FUNCTION, datetime.fromtimestamp(0, UTC), "records", words=words)


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except (ValueError, OverflowError):
        raise RequestError(f"{text} is no day. Write it as 2026-03-04.") from None


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
