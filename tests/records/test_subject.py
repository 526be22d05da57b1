"""What is held about one patient: all of it with its place and reason, nothing of another's, and the erasure of what may go."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from sqlalchemy import Connection, select

from readingroom.dicom.folder import FolderSource
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent
from readingroom_hub.__main__ import main
from readingroom_hub.records import rows
from readingroom_hub.store import tables
from readingroom_hub.store.store import Store

from .test_retention import count, put

AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def fill(connection: Connection) -> None:
    """Write two patients with a study each, whom a trainee has looked at."""
    for number, patient in enumerate(("P1", "P2"), 1):
        uid = f"1.{number}"
        named = {"study_uid": uid, "at": AT.isoformat()}
        put(connection, tables.studies, number=number, patient_id=patient, patient_name=f"NAME^{patient}", **named)
        put(connection, tables.openings, number=number, person="trainee", **named)
        put(connection, tables.assignments, number=number, person="trainee", change="assigned", **named)
        put(connection, tables.break_glass, event_id=patient, **named)
        put(connection, tables.grants, grant_id=patient, studies=json.dumps([uid]), at=AT.isoformat())
        for frame in (1, 2):
            put(connection, tables.coverage, person="trainee", sop_uid=uid, frame=frame, position=0, **named)
        event = AuditEvent(
            Kind.INSTANCES_ACCESSED, AT, "records", "trainee", study_uid=uid, patient_id=patient, purpose="TREAT"
        )
        rows.add_event(connection, event)
        rows.add_event(connection, AuditEvent(Kind.PICTURE_SEEN, AT, "reading", "trainee", study_uid=uid))


@pytest.fixture
def state(store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state folder beside filled records, with an object of P1's study that was made here."""
    store.write_and_wait(fill)
    monkeypatch.setenv("READINGROOM_RECORDS_DB", address)
    folder = tmp_path / "state"
    for uid in ("1.1", "1.2"):
        made = folder / "imaging" / "derived" / uid / "1.9.dcm"
        made.parent.mkdir(parents=True)
        made.touch()
    return folder


def report(state: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Return what the command says."""
    assert 0 == main(["--state", str(state), "subject-report", "P1", *more])
    return capsys.readouterr().out


def test_everything_about_a_patient_and_nothing_of_another(
    state: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each place with a number and a reason, who looked and why; that the report was made is in the audit itself."""
    found = json.loads(report(state, capsys, "--json"))
    held = {each["where"].removeprefix("records, table "): each["count"] for each in found["held"]}
    expected = {"audit_entries": 3, "studies": 1, "openings": 1, "assignments": 1, "break_glass": 1, "grants": 1}
    assert {**expected, "coverage": 2, str(state / "imaging" / "derived"): 1} == held
    assert {"coverage"} == {each["where"].split()[-1] for each in found["held"] if each["erasable"]}
    assert (["1.1"], ["NAME^P1"]) == (found["studies"], found["names"])
    assert "P2" not in json.dumps(found)
    (look, *_) = found["looks"]
    assert ("trainee", "1.1", ["treatment (TREAT)"]) == (look["person"], look["study"], look["purposes"])
    told = tables.audit_entries.c
    query = select(told.kind, told.patient_id).order_by(told.number.desc()).limit(1)
    assert ("audit-log-used", "P1") == tuple(store.read_and_wait(lambda connection: connection.execute(query).one()))


def test_what_the_gateway_has_listed_is_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An object in the folder of studies is found through the index, though nobody has opened it yet."""
    folder = state.parent / "studies"
    folder.mkdir()
    shutil.copy(get_testdata_file("CT_small.dcm"), folder)
    FolderSource(folder, state / "studies-index" / "index.sqlite").refresh()
    assert 0 == main(["--state", str(state), "subject-report", "1CT1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert 1 == len(found["studies"])
    assert (1, False) == next((each["count"], each["erasable"]) for each in found["held"] if "index" in each["where"])


def test_the_report_reads_as_a_page(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Words for a person: what, from when, where, why it stays, who saw it, and where else there may be copies."""
    said = report(state, capsys)
    expected = ("patient P1", "Name: NAME^P1", "2 images that a reader has seen, 2026-03-04", "May be erased")
    for words in (*expected, "Article 17(3)", "trainee  1.1  Study opened", "Not here: the images themselves"):
        assert words in said
    assert 0 == main(["--state", str(state), "subject-report", "P9"])
    assert "Studies: 0" in capsys.readouterr().out


def test_what_may_go_is_erased_and_what_must_stay_stays(
    state: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only this patient's marks of what was seen; both the wish and the deed are in the audit; again, there is nothing left."""
    before = {each.name: count(store, each) for each in tables.TABLES}
    said = report(state, capsys, "--erase")
    assert "Erased now: 2 marks" in said
    assert "May be erased" not in said
    after = {each.name: count(store, each) for each in tables.TABLES}
    assert {**before, "coverage": 2, "audit_entries": before["audit_entries"] + 3} == after
    assert "Erased now: 0 marks" in report(state, capsys, "--erase")
