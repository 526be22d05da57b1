"""The records service as the product runs it: who may ask what, what is kept, and that it is back after it was killed."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from readingroom_hub.testing import PATIENCE_S, log_in, wait_for

from .rooms import IMAGING, TESTER, Room

STUDY = {"kind": "identifiable", "patient_id": "P1", "patient_name": "DOE^JANE", "accession": "A1"}
LINE = {
    "entry": "AuditLine",
    "at": "2026-01-01T00:00:00+00:00",
    "person": "somebody else",
    "study_uid": "1.2.3",
    "series_uid": "1.2.3.4",
    "sop_uid": "1.2.3.4.5",
    "frame": 1,
    "pipeline": "0" * 64,
    "sha256": "0" * 64,
    "verified": True,
    "moving": 0,
}


def decision(person: str, group: str, study_uid: str = "1.2.3") -> dict[str, Any]:
    """Return the gateway's question."""
    asked = {"person": person, "groups": [group], "server": "reading", "study_uid": study_uid, "action": "open-study"}
    return {**asked, "study": STUDY}


def lease(room: Room) -> dict[str, Any]:
    """Return the lease of the guest's study."""
    status, answer = room.records(room.token("guest"), "leases", {"study_uids": ["1.2.3"]})
    assert 200 == status
    return dict(answer["leases"][0])


def test_the_life_of_a_grant(room: Room) -> None:
    """A coordinator gives access, the gateway may show, the lease holds; taken back, it lapses with the reason."""
    before = len(room.audit())
    wish = {"grantee": "guest", "studies": ["1.2.3"], "purpose": "TREAT", "maximum_views": 1, "issue": True}
    status, grant = room.records(room.token("coordinator"), "grants", wish, key="one")
    assert (200, "active", 0) == (status, grant["state"], grant["views"])
    assert grant["grant_id"] == room.records(room.token("coordinator"), "grants", wish, key="one")[1]["grant_id"]
    for _ in range(3):
        status, answer = room.records(IMAGING, "decisions", decision("guest", "guests"))
        assert (200, True, "granted", grant["grant_id"]) == (
            status,
            answer["allowed"],
            answer["relation"],
            answer["grant_id"],
        )
    assert lease(room)["valid"]
    listed = room.records(room.token("guest"), "grants")[1]["grants"]
    assert [1] == [each["views"] for each in listed if each["grant_id"] == grant["grant_id"]]
    status, revoked = room.records(room.token("coordinator"), f"grants/{grant['grant_id']}/revoke", {"note": "enough"})
    assert (200, "revoked") == (status, revoked["state"])
    assert (False, "Your access to this study was taken back. Ask who invited you.") == (
        lease(room)["valid"],
        lease(room)["reason"],
    )
    kinds = [kind for kind, _ in room.audit()[before:]]
    for kind in ("grant-proposed", "grant-activated", "grant-revoked", "instances-accessed"):
        assert 1 == kinds.count(kind)


def test_strangers_are_refused_and_noted(room: Room) -> None:
    """Who is not who they should be gets one shape of refusal and an audit entry; nobody may ask in another's place."""
    guest, workbench = room.token("guest"), room.token("trainee", "workbench")
    refused = [
        (room.records("0" * 32, "grants"), 401, "unknown-caller"),
        (room.records(workbench, "leases", {"study_uids": []}), 403, "wrong-server"),
        (room.records(guest, "decisions", decision("guest", "guests")), 403, "wrong-server"),
        (room.records(TESTER, "decisions", decision("guest", "guests")), 403, "not-allowed"),
        (room.records(IMAGING, "leases", {"study_uids": []}), 403, "wrong-server"),
        (room.records(guest, "assignments", {"study_uid": "1.2.3", "person": "guest"}), 403, "not-allowed"),
        (room.records(guest, "break-glass", {"study_uid": "1.2.3", "reason": "an emergency"}), 403, "not-allowed"),
        (room.records(guest, "break-glass"), 403, "not-allowed"),
    ]
    for (status, told), expected, reason in refused:
        assert (expected, reason) == (status, told["error"]["reason"])
    assert all(told["error"]["message"] for (_, told), *_ in refused)
    # Of the whole audit: what another test was refused a moment ago is not noted again within the minute.
    assert len(refused) <= [kind for kind, _ in room.audit()].count("caller-refused")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("leases", []),
        ("leases", {"study_uids": [1]}),
        ("leases", {"study_uids": ["1\0"]}),
        ("grants", {"grantee": "\ud800", "studies": ["1.2.3"], "purpose": "TREAT"}),
        ("leases", {"study_uids": ["1"] * 300}),
        ("grants", {"grantee": "guest", "studies": ["1.2.3"], "purpose": "FUN"}),
        ("grants", {"grantee": "guest", "studies": ["1.2.3"], "purpose": "TREAT", "expires": "tomorrow"}),
        ("grants", {"grantee": "coordinator", "studies": ["1.2.3"], "purpose": "TREAT"}),
        ("audit", {"entries": [{"entry": "Unknown", "study_uid": "1"}]}),
        ("audit", {"entries": ["text"]}),
        ("coverage", {"frames": [{"read": "r", "frame": 0}]}),
        ("displays", {"display": "left", "luminance": [1, 2], "measured": "2026-01-01", "ambient": 0.1}),
    ],
)
def test_a_request_that_is_none_is_refused(room: Room, path: str, body: object) -> None:
    """Malformed requests end with 400, words that name what is wrong, and nothing written."""
    token, before = room.token("coordinator"), len(room.audit())
    status, answer = room.records(token, path, body)
    assert (400, "invalid_request") == (status, answer["error"]["code"])
    assert answer["error"]["message"]
    assert before == len(room.audit())


def test_a_browser_changes_nothing_without_its_own_form(room: Room) -> None:
    """A login at the hub reads; a change from another site's page, which lacks the form's value, is refused."""
    session, _ = log_in(room.launched.url, "coordinator")
    records = f"{room.launched.url}/services/records/"
    assert 401 == session.get(f"{records}api/grants", timeout=30).status_code
    session.get(f"{records}login", timeout=30)
    assert 200 == session.get(f"{records}api/grants", timeout=30).status_code
    body = {"study_uid": "1.2.55", "person": "trainee"}
    assert 401 == session.post(f"{records}api/assignments", json=body, timeout=30).status_code
    value = next(cookie.value for cookie in session.cookies if cookie.name == "_xsrf" and "records" in cookie.path)
    told = session.post(f"{records}api/assignments", json=body, headers={"X-XSRFToken": str(value)}, timeout=30)
    assert 200 == told.status_code
    assert 401 == session.post(f"{records}api/leases", json={"study_uids": []}, timeout=30).status_code


def test_a_damaged_name_does_not_hide_a_study(room: Room) -> None:
    """A name that no database keeps as it is does not keep anybody from the patient's images."""
    asked = decision("consultant", "consultants", "1.2.77")
    damaged = {**STUDY, "patient_name": "D\0E^\ud800" + "x" * 5000, "accession": "\udfff"}
    status, answer = room.records(IMAGING, "decisions", {**asked, "study": damaged})
    assert (200, True, "rota") == (status, answer["allowed"], answer["relation"])


def test_what_a_reading_leaves_is_kept_for_its_person(room: Room) -> None:
    """Audit lines are stamped with the token's person and kept once, coverage and displays come back."""
    token, before = room.token("guest"), len(room.audit())
    first = room.records(token, "audit", {"entries": [LINE, LINE]}, key="batch")
    assert first == room.records(token, "audit", {"entries": [LINE, LINE]}, key="batch")
    assert 2 == len(first[1]["numbers"])
    assert 2 == room.audit()[before:].count(("picture-seen", "guest"))
    assert (200, {"trouble": ""}) == room.records(token, "audit/trouble")
    frame = {name: LINE[name] for name in ("at", "study_uid", "series_uid", "sop_uid", "frame")} | {
        "read": "r1",
        "position": 0,
    }
    assert (200, {"kept": 2}) == room.records(token, "coverage", {"frames": [frame, frame]})
    assert [["1.2.3.4.5", 1]] == room.records(token, "coverage?series_uid=1.2.3.4&read=r1")[1]["seen"]
    assert [] == room.records(token, "coverage?series_uid=1.2.3.4&read=r2")[1]["seen"]
    levels = [0.5 * 1.3**step for step in range(18)]
    record = {
        "display": "left",
        "measured": "2026-01-01",
        "luminance": levels,
        "ambient": 0.1,
        "dark": [],
        "bright": [],
    }
    assert 200 == room.records(token, "displays", record)[0]
    assert [levels] == [each["luminance"] for each in room.records(token, "displays")[1]["records"]]


def test_other_services_tell_what_happened(room: Room) -> None:
    """The gateway's own events are in the audit, all of a batch or none."""
    event = {"kind": "queried", "at": "2026-01-01T00:00:00+00:00", "source": "imaging", "person": "guest"}
    before = len(room.audit())
    assert 400 == room.records(IMAGING, "events", {"events": [event, {**event, "kind": "unheard-of"}]})[0]
    assert before == len(room.audit())
    assert 200 == room.records(IMAGING, "events", {"events": [event]})[0]
    assert ("queried", "guest") == room.audit()[-1]


def test_a_locked_database_stops_what_would_be_unrecorded(room: Room) -> None:
    """While another program holds the database nothing is allowed that cannot be recorded; then it goes on by itself."""
    path, study = room.launched.state / "records" / "records.sqlite", decision("trainee", "trainees", "1.2.99")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, answer = room.records(IMAGING, "decisions", study)
        other.execute("ROLLBACK")
    told = answer["error"]
    assert (503, "records_unavailable", "database-locked") == (status, told["code"], told["reason"])
    assert "held by another program" in told["message"]
    assert (200, {"trouble": ""}) == room.records(room.token("guest"), "audit/trouble")
    assert 200 == room.records(IMAGING, "decisions", study)[0]


def test_a_second_copy_of_the_service_ends_with_words(room: Room) -> None:
    """Started again over the same database, the service says why it does not run, and the first one goes on."""
    given = Path(f"/proc/{room.service()}/environ").read_bytes().decode().split("\0")
    environment = dict(pair.split("=", 1) for pair in given if pair)
    command = [sys.executable, "-m", "readingroom_hub.records"]
    second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert 2 == second.returncode
    assert second.stderr.startswith("records: Another copy of the records service already writes to this database.")
    assert room.answers()


def test_a_killed_service_is_back(room: Room) -> None:
    """Killed, the service is started again before a lease is missed for long, and has lost nothing."""
    before, old = room.audit(), room.service()
    os.kill(old, signal.SIGKILL)
    assert wait_for(room.answers, PATIENCE_S)
    assert old != room.service()
    assert before == room.audit()[: len(before)]
