"""The pages of access in the running product: asked for, given, taken back; emergencies; no form from elsewhere."""

import re

import pytest
import requests

from readingroom_hub.testing import START_S, log_in, wait_for

from .rooms import IMAGING, Room
from .test_service import STUDY

STUDY_UID = "1.2.826.9"
ACCESSION = "ACC-PAGES"


@pytest.fixture(scope="module")
def people(room: Room) -> dict[str, requests.Session]:
    """Return everybody's browser, logged in; the gateway has told of the study."""
    assert wait_for(room.answers, START_S)
    question = {"person": "consultant", "groups": ["consultants"], "server": "reading", "study_uid": STUDY_UID}
    study = {**STUDY, "accession": ACCESSION}
    room.records(IMAGING, "decisions", {**question, "study": study, "action": "open-study"})
    names = ("consultant", "coordinator", "trainee", "guest", "researcher")
    return {name: log_in(room.launched.url, name)[0] for name in names}


def address(room: Room, path: str) -> str:
    """Return the address of a page of the records."""
    return f"{room.launched.url}/services/records/{path}"


def send(room: Room, session: requests.Session, page: str, path: str, **fields: str) -> requests.Response:
    """Fill in a form of ``page`` and send it to ``path``, as a browser does."""
    shown = session.get(address(room, page), timeout=30)
    token = re.search(r'name="_xsrf" value="([^"]+)"', shown.text)
    fields["_xsrf"] = token[1] if token else ""
    return session.post(address(room, path), data=fields, timeout=30)


def row(text: str, words: str) -> tuple[str, str]:
    """Return name and state of the grant whose row holds ``words``."""
    parts = re.findall(r'data-grant="(\w+)" data-state="(\w+)">(.*?)</tr>', text, re.DOTALL)
    return next((name, state) for name, state, content in parts if words in content)


def ask(room: Room, session: requests.Session, question: str, **more: str) -> requests.Response:
    """Ask for access for the guest to the study by its accession number."""
    fields = {"grantee": "guest", "studies": ACCESSION, "question": question, "purpose": "TREAT"}
    return send(room, session, "grants", "grants", **{**fields, "lasts": "2", "unit": "hours", "views": "", **more})


def test_a_grant_from_asking_to_its_end(room: Room, people: dict[str, requests.Session]) -> None:
    """A consultant asks, cannot give; a coordinator gives and takes back; each step is in the audit with who did it."""
    asked = ask(room, people["consultant"], "Second opinion?")
    grant, state = row(asked.text, "Second opinion?")
    assert ("proposed", True) == (state, STUDY_UID in asked.text)
    refused = send(room, people["consultant"], "grants", f"grants/{grant}/activate")
    assert 403 == refused.status_code
    given = send(room, people["coordinator"], "grants", f"grants/{grant}/activate")
    assert (grant, "active") == row(given.text, "Second opinion?")
    ended = send(room, people["coordinator"], "grants", f"grants/{grant}/revoke", note="answered")
    assert (grant, "revoked") == row(ended.text, "Second opinion?")
    kinds = [("grant-proposed", "consultant"), ("grant-activated", "coordinator"), ("grant-revoked", "coordinator")]
    assert kinds == [each for each in room.audit() if each in kinds][-3:]


def test_everybody_sees_what_concerns_them(room: Room, people: dict[str, requests.Session]) -> None:
    """A trainee finds nothing of another's grant; a guest has no page of the records at all."""
    ask(room, people["consultant"], "Whose business?")
    assert "Whose business?" in people["coordinator"].get(address(room, "grants"), timeout=30).text
    assert "Whose business?" not in people["trainee"].get(address(room, "grants"), timeout=30).text
    assert 403 == people["guest"].get(address(room, "grants"), timeout=30).status_code
    assert 403 == people["trainee"].get(address(room, "break-glass"), timeout=30).status_code


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lasts": "0"}, "whole numbers"),
        ({"lasts": "5000", "unit": "days"}, "lasts from 60 seconds"),
        ({"unit": "years"}, "Choose how long"),
        ({"grantee": "consultant"}, "Nobody gives access to themselves"),
        ({"studies": ""}, "at least one study"),
        ({"views": "-1"}, "whole numbers"),
        ({"question": "x" * 3000}, "characters fit here"),
    ],
)
def test_a_form_that_makes_no_sense_is_told(
    room: Room, people: dict[str, requests.Session], fields: dict[str, str], words: str
) -> None:
    """In words, on a page, and nothing is written."""
    before = people["consultant"].get(address(room, "grants"), timeout=30).text.count("data-grant=")
    refused = ask(room, people["consultant"], **{"question": "Nonsense", **fields})
    after = people["consultant"].get(address(room, "grants"), timeout=30).text.count("data-grant=")

    assert (True, before) == (words in refused.text, after)
    assert 400 <= refused.status_code < 500


def test_what_is_typed_stays_text(room: Room, people: dict[str, requests.Session]) -> None:
    """A question with markup is shown as it was typed."""
    shown = ask(room, people["consultant"], "<script>alert(1)</script>")
    assert ("<script>alert" in shown.text, "&lt;script&gt;alert" in shown.text) == (False, True)


def test_no_other_page_can_send_a_form(room: Room, people: dict[str, requests.Session]) -> None:
    """A login alone changes nothing, at the pages and at the API: the form's own value has to come with it."""
    fields = {"grantee": "guest", "studies": STUDY_UID, "question": "Forged", "purpose": "TREAT", "lasts": "1"}
    form = people["coordinator"].post(
        address(room, "grants"), data={**fields, "unit": "days", "issue": "1"}, timeout=30, allow_redirects=False
    )
    api = people["coordinator"].post(
        address(room, "api/grants"), json={**fields, "studies": [STUDY_UID], "issue": True}, timeout=30
    )

    assert "Forged" not in people["coordinator"].get(address(room, "grants"), timeout=30).text
    assert (401, 401) == (form.status_code, api.status_code)


def test_an_emergency_is_for_studies_that_are_not_open(room: Room, people: dict[str, requests.Session]) -> None:
    """Whoever is on the rota needs none and is told so; a coordinator finds the list; nobody reviews what never was."""
    reason = "Patient in resus, no colleague reachable"
    told = send(room, people["consultant"], "break-glass", "break-glass", study=ACCESSION, reason=reason)
    listed = people["coordinator"].get(address(room, "break-glass"), timeout=30)
    unknown = "break-glass/0123456789abcdef/review"
    reviewed = send(room, people["coordinator"], "grants", unknown, outcome="justified", note="")

    assert "This study is open to you already" in told.text
    assert "Nobody has opened a study in an emergency" in listed.text
    assert (404, True) == (reviewed.status_code, "There is no such emergency" in reviewed.text)
    assert 403 == send(room, people["consultant"], "grants", unknown, outcome="justified").status_code
