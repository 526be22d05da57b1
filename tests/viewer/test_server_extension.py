"""Who passes the door, and what reaches the viewer process of a request.

The end-to-end tests ask the same of the running product, where JupyterHub's own scope check refuses a stranger first.
"""

from types import SimpleNamespace

import pytest
from tornado import web
from tornado.httputil import HTTPHeaders

from readingroom_viewer.server_extension import _OwnersOnly

SENT = {
    "Host": "room.example",
    "Cookie": "jupyterhub-session-id=secret",
    "Authorization": "token secret",
    "Accept-Language": "cy",
    "X-Readingroom-User": "mallory",
    "x-readingroom-groups": "consultants",
    "X-ReadingRoom-Anything": "forged",
}


def passed_on() -> HTTPHeaders:
    """Return the headers that the viewer process gets for ``SENT``, asked by the trainee."""
    user = SimpleNamespace(username="trainee", hub_user={"groups": ["trainees"]})
    request = SimpleNamespace(headers=HTTPHeaders(SENT), host="room.example")
    return _OwnersOnly.headers_for_viewer(SimpleNamespace(request=request, current_user=user))  # type: ignore[arg-type]


def test_forged_identity_is_overridden() -> None:
    """Whatever a browser says it is, the viewer process learns what the hub says, once."""
    headers = passed_on()

    assert ["trainee"] == headers.get_list("X-Readingroom-User")
    assert ["trainees"] == headers.get_list("X-Readingroom-Groups")
    assert "X-ReadingRoom-Anything" not in headers


def test_no_secret_reaches_the_viewer_process() -> None:
    """Cookies and tokens end at the door; what a page needs passes."""
    headers = passed_on()

    assert [] == [value for value in headers.values() if "secret" in value]
    assert "cy" == headers["Accept-Language"]


@pytest.mark.parametrize(
    ("username", "origin", "words"),
    [
        (None, "http://room.example", "Log in"),
        ("consultant", "http://room.example", "somebody else"),
        ("trainee", "http://evil.example", "another site"),
        ("trainee", "null", "another site"),
        ("trainee", "", "another site"),
    ],
)
def test_strangers_are_refused(monkeypatch: pytest.MonkeyPatch, username: str | None, origin: str, words: str) -> None:
    """No login, another person's login and another site's page are each refused in words."""
    with pytest.raises(web.HTTPError, match=words) as refused:
        ask(monkeypatch, username, {"Origin": origin})
    assert 403 == refused.value.status_code


def test_the_same_host_without_tls_is_another_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads by TLS is not reached by a page that anybody on the way could have written."""
    for came in ("https", "wss"):
        with pytest.raises(web.HTTPError, match="another site"):
            ask(monkeypatch, "trainee", {"Origin": "http://room.example", "X-Forwarded-Proto": came})
        ask(monkeypatch, "trainee", {"Origin": "https://room.example", "X-Forwarded-Proto": came})


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://room.example"}, {"Origin": "http://ROOM.example"}])
def test_the_owner_passes(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> None:
    """The refusals above are refusals of strangers, not of everybody."""
    ask(monkeypatch, "trainee", headers)


def ask(monkeypatch: pytest.MonkeyPatch, username: str | None, headers: dict[str, str]) -> None:
    """Knock at the trainee's door."""
    monkeypatch.setenv("JUPYTERHUB_USER", "trainee")
    user = None if username is None else SimpleNamespace(username=username)
    request = SimpleNamespace(headers=HTTPHeaders(headers), host="room.example")
    _OwnersOnly.refuse_strangers(SimpleNamespace(request=request, current_user=user))  # type: ignore[arg-type]
