"""Looking things up in the audit, in both databases: every field, pages there and back, what one page cannot look through."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from sqlalchemy import Connection

from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.audit_message import AuditEvent
from readingroom_hub.audit import search
from readingroom_hub.audit.search import NOT_DONE, Page, Search, find
from readingroom_hub.records import rows
from readingroom_hub.store.store import Store

BEGAN = datetime(2026, 3, 4, tzinfo=UTC)
COUNT = 230


def event(number: int) -> AuditEvent:
    """Return the event of a number: people take turns, every seventh is refused, the days go on every hundred."""
    refused = number % 7 == 0
    return AuditEvent(
        Kind.ACCESS_REFUSED if refused else Kind.PICTURE_SEEN, BEGAN + timedelta(days=number // 100), "records",
        person=("ann", "bob")[number % 2], study_uid=f"1.2.{number % 5}", patient_id=f"P{number % 5}", address="10.0.0.7",
        outcome=Outcome.SERIOUS_FAILURE if refused else Outcome.SUCCESS, words="Größe 12" if number == 11 else "",
    )  # fmt: skip


@pytest.fixture
def kept(store: Store) -> Store:
    """Return records with some hundred entries, numbered from 1."""

    def fill(connection: Connection) -> None:
        for number in range(1, COUNT + 1):
            rows.add_event(connection, event(number))

    store.write_and_wait(fill)
    return store


def look(store: Store, **asked: object) -> Page:
    """Look something up."""
    return store.read_and_wait(lambda connection: find(connection, Search(**asked)))  # type: ignore[arg-type]


def numbers(page: Page) -> list[int]:
    """Return the numbers of a page."""
    return [number for number, _ in page.entries]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, lambda _: True),
        ({"person": "ann"}, lambda one: one.person == "ann"),
        ({"patient": "P3"}, lambda one: one.patient_id == "P3"),
        ({"study": "1.2.3"}, lambda one: one.study_uid == "1.2.3"),
        ({"kind": "access-refused"}, lambda one: one.kind is Kind.ACCESS_REFUSED),
        ({"outcome": NOT_DONE}, lambda one: one.outcome is not Outcome.SUCCESS),
        ({"since": "2026-03-05", "until": "2026-03-05"}, lambda one: one.at == BEGAN + timedelta(days=1)),
        ({"words": "größe"}, lambda one: one.words == "Größe 12"),
        ({"words": "10.0.0.7", "person": "bob", "outcome": NOT_DONE}, lambda one: one.person == "bob" and one.outcome),
        ({"words": '"outcome":8'}, lambda _: False),
    ],
)
def test_every_field_finds_what_it_names(kept: Store, asked: dict[str, str], wanted: object) -> None:
    """And nothing else, over all pages, newest first; on the way back the pages are the same."""
    assert callable(wanted)
    expected = [number for number in range(COUNT, 0, -1) if wanted(event(number))]
    found: list[list[int]] = []
    page = look(kept, **asked)
    while True:
        found.append(numbers(page))
        if not page.older:
            break
        page = look(kept, **asked, before=page.older)
    back = [found[-1]]
    while page.newer:
        page = look(kept, **asked, after=page.newer)
        back.insert(0, numbers(page))

    assert expected == list(chain(*found))
    assert expected == list(chain(*back))


def test_a_page_says_what_it_could_not_look_through(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that stand far back are found by going on: a page looks through so many entries and says how many."""
    monkeypatch.setattr(search, "LOOKED_THROUGH", 100)
    pages = [look(kept, words="größe")]
    while pages[-1].older:
        pages.append(look(kept, words="größe", before=pages[-1].older))

    assert [100, 100, 0] == [page.searched for page in pages]
    assert [[], [], [11]] == [numbers(page) for page in pages]
