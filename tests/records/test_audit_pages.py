"""The audit's pages in the running product: who may look, what they find, and that every look is recorded before it."""

import os
import re
import signal

import pytest
import requests

from readingroom.cli import main
from readingroom_hub.__main__ import main as prune
from readingroom_hub.testing import AS_A_BROWSER, PATIENCE_S, log_in, wait_for

from .rooms import IMAGING, Room
from .test_service import STUDY

STUDY_UID = "1.2.826.7"


def page(room: Room, person: str, path: str) -> requests.Response:
    """Open a page of the records as a browser does that is logged in."""
    session, _ = log_in(room.launched.url, person)
    with session:
        return session.get(f"{room.launched.url}/services/records/{path}", timeout=30)


def numbers(text: str) -> list[int]:
    """Return the numbers of the entries that a page shows, in its order."""
    return [int(number) for number in re.findall(r'data-number="(\d+)"', text)]


def seen(room: Room) -> None:
    """Have the gateway ask about a study for two people: one may see it, the other may not."""
    for person, group in (("trainee", "trainees"), ("researcher", "researchers")):
        question = {"person": person, "groups": [group], "server": "reading", "study_uid": STUDY_UID, "study": STUDY}
        status, _ = room.records(IMAGING, "decisions", {**question, "action": "open-study"})
        assert 200 == status


def refusals(room: Room, after: int) -> list[str]:
    """Return whom the audit names in the refusals since."""
    return [person for kind, person in room.audit()[after:] if kind == "caller-refused"]


def test_coordinator_looks_things_up(room: Room) -> None:
    """The log newest first, a search by patient and person, a page that is full, and the look itself at the top."""
    seen(room)
    shown = page(room, "coordinator", "audit")
    assert 200 == shown.status_code
    found = numbers(shown.text)
    assert sorted(found, reverse=True) == found
    assert ("audit-log-used", "coordinator") in room.audit()[found[0] - 1 :]
    narrow = page(room, "coordinator", f"audit?patient={STUDY['patient_id']}&person=trainee&kind=instances-accessed")
    entries = [room.audit()[number - 1] for number in numbers(narrow.text)]
    assert {("instances-accessed", "trainee")} == set(entries)
    for address in ("audit?since=2026-13-01", "audit?kind=everything", f"audit?person={'x' * 300}"):
        refused = page(room, "coordinator", address)
        assert (400, True) == (refused.status_code, "This page cannot be shown" in refused.text)
    assert "Nothing in the audit is like this" in page(room, "coordinator", "audit?person=%3Cscript%3E").text
    assert "<script>" not in page(room, "coordinator", "audit?person=%3Cscript%3E").text


def test_patient_report_names_who_saw_what(room: Room) -> None:
    """Person, study, day and deed; a refusal is told as one; the making of the report is in the audit, and in the report."""
    seen(room)
    report = page(room, "administrator", f"patient?patient={STUDY['patient_id']}")
    assert 200 == report.status_code
    for words in ("trainee", "Study opened", "researcher", "Study refused", STUDY["accession"], "administrator"):
        assert words in report.text
    assert "holds nothing of this patient" not in report.text
    assert ("audit-log-used", "administrator") in room.audit()


def test_others_see_no_entry(room: Room) -> None:
    """A trainee and a guest are refused, and whoever is not logged in is sent to the login; the page loads nothing foreign."""
    for person in ("trainee", "guest"):
        refused = page(room, person, "audit")
        assert (403, []) == (refused.status_code, numbers(refused.text))
    anybody = requests.get(f"{room.launched.url}/services/records/audit", timeout=30)
    assert "/hub/login" in anybody.url
    assert "default-src 'none'" in page(room, "administrator", "audit").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["audit", "patient", "grants", "guests", "break-glass"])
def test_on_the_way_to_the_login_nobody_is_refused(room: Room, path: str) -> None:
    """A browser in which nobody is logged in is led to the login and leaves no line; a wrong token leaves one."""
    address = f"{room.launched.url}/services/records/{path}"
    before = len(room.audit())
    anybody = requests.get(address, headers=AS_A_BROWSER, timeout=30)
    assert "/hub/login" in anybody.url
    assert [] == refusals(room, before)

    wrong = requests.get(address, headers={"Authorization": f"token {path:0>32}"}, timeout=30)
    assert (401, address) == (wrong.status_code, wrong.url)
    assert [""] == refusals(room, before)


def test_somebody_without_the_role_is_refused_with_a_line(room: Room) -> None:
    """A person who is logged in and may not open a page is named in the audit; so is the owner of another server's token."""
    before = len(room.audit())
    assert 403 == page(room, "researcher", "guests").status_code
    foreign = {"Authorization": f"token {room.token('trainee', 'workbench')}"}
    assert 403 == requests.get(f"{room.launched.url}/services/records/guests", headers=foreign, timeout=30).status_code
    assert ["researcher", "trainee"] == refusals(room, before)


def test_what_is_due_to_be_pruned_is_said_to_administrators(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the daily look found stands over the log with the command, for whom it concerns, until it was pruned."""
    old = {
        "read": "r",
        "study_uid": "1.2",
        "series_uid": "1.2.3",
        "frame": 1,
        "position": 0,
        "at": "2000-01-01T00:00:00Z",
    }
    frames = [{**old, "sop_uid": f"1.2.3.{number}"} for number in range(3)]
    administrator, _ = log_in(room.launched.url, "administrator")
    address = f"{room.launched.url}/services/records/audit"
    due, said = "Older than their period", "which images a reader has seen (3, kept 2 years)"
    with administrator:
        assert due not in administrator.get(address, timeout=30).text
        assert 200 == room.records(room.token("trainee"), "coverage", {"frames": frames})[0]
        os.kill(room.service(), signal.SIGKILL)
        assert wait_for(lambda: said in administrator.get(address, timeout=30).text, PATIENCE_S)
        assert "<code>readingroom-hub prune</code>" in administrator.get(address, timeout=30).text
        assert due not in page(room, "coordinator", "audit").text
        monkeypatch.setenv("READINGROOM_RECORDS_DB", f"sqlite:///{room.launched.state}/records/records.sqlite")
        assert 0 == prune(["--state", str(room.launched.state), "prune"])
        assert due not in administrator.get(address, timeout=30).text


def test_records_of_the_running_product_are_whole(room: Room) -> None:
    """The service has signed at its start, in its database and in the second place; the command finds nothing wrong."""
    records = room.launched.state / "records"
    assert wait_for((records / "audit_checkpoints.jsonl").exists, PATIENCE_S)
    checkpoints = str(records / "audit_checkpoints.jsonl")
    assert 0 == main(["audit", "verify", str(records / "records.sqlite"), "--checkpoints", checkpoints])
