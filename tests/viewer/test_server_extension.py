"""What reaches the viewer process of a request: the identity that the hub vouches for, and no secret."""

from types import SimpleNamespace

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
