"""Whatever refuses in the running product, a program is told in one shape: hub, records, and a person's own server."""

import pytest
import requests

from readingroom_hub.testing import open_server

from .rooms import TESTER, Room


@pytest.mark.parametrize(
    ("path", "status", "token"),
    [
        ("/hub/api/users/nobody", 404, TESTER),
        ("/hub/api/users", 403, ""),
        ("/hub/api/shutdown", 405, TESTER),
        ("/services/records/api/grants", 401, ""),
        ("/services/records/api/nothing", 404, ""),
        ("/user/trainee/reading/viewer/frames", 403, ""),
        ("/user/trainee/reading/viewer/static/viewer.js", 403, ""),
    ],
)
def test_a_program_is_told_in_one_shape(room: Room, path: str, status: int, token: str) -> None:
    """A code, what happened, what to do; nothing of the machine, and nothing of what was asked."""
    open_server(room.launched.url, "trainee").close()
    headers = {"Authorization": f"token {token}"} if token else {}
    answer = requests.get(f"{room.launched.url}{path}?state=secret", headers=headers, timeout=30)
    told = answer.json()["error"]

    assert status == answer.status_code
    assert {"code", "message", "what_to_do"} <= told.keys()
    assert told["code"]
    assert told["message"].endswith((".", "!", "?")) or " " in told["message"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_jupyterhubs_own_programs_still_read_theirs(room: Room) -> None:
    """They know an error of the hub's API by ``status`` and ``message``."""
    answer = requests.get(f"{room.launched.url}/hub/api/users", timeout=30).json()
    assert (403, answer["error"]["message"]) == (answer["status"], answer["message"])


def test_a_person_who_opens_a_page_gets_a_page(room: Room) -> None:
    """Somebody else's reading room answers a browser in words on a page."""
    session = open_server(room.launched.url, "consultant")
    open_server(room.launched.url, "trainee").close()
    answer = session.get(f"{room.launched.url}/user/trainee/reading/viewer/", timeout=30)
    assert 403 == answer.status_code
    assert answer.headers["Content-Type"].startswith("text/html")
