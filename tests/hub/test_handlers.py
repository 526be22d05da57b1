"""Handlers of ours: who may call is said or it is not served; one error shape; nothing kept, embedded or logged."""

import asyncio
import json
import logging
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from threading import Event, Thread
from typing import ClassVar

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, HTTPError, RequestHandler

from readingroom.reading.permissions import Action
from readingroom_hub.errors import RefusalError
from readingroom_hub.handlers import (
    PERSON,
    Access,
    DoorHandler,
    Public,
    UndeclaredError,
    declared,
    log_function,
    methods,
    undeclared,
)

SECRET = "words-nobody-may-read"  # noqa: S105 - looked for in what is said


class RefusedError(RefusalError):
    """A refusal with all that a refusal can say."""

    status, code, what_to_do = 409, "not-now", "Wait."


class Failing(DoorHandler):
    """Fails as it is asked to."""

    action = Public("a test")

    def get(self, how: str) -> None:
        """Fail."""
        if how == "refused":
            raise RefusedError("Not just now.")
        if how == "unforeseen":
            raise ValueError(SECRET)
        if how != "well":
            raise HTTPError(int(how))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve the failing handler."""
    listening, number = bind_unused_port()
    started, ended = Event(), []

    async def serve() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        ended.append(lambda: loop.call_soon_threadsafe(end.set))
        server = HTTPServer(Application([(r"/(.*)", Failing)], log_function=log_function(logging.warning)))
        server.add_sockets([listening])
        started.set()
        await end.wait()
        server.stop()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    yield number
    ended[0]()
    thread.join()


def ask(port: int, path: str) -> tuple[HTTPResponse, str]:
    """Return an answer and its body."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_a_handler_that_does_not_say_who_may_call_cannot_be_defined() -> None:
    """Neither without any word nor with one method left out."""
    with pytest.raises(UndeclaredError, match="does not say who may GET it"):
        type("Silent", (DoorHandler,), {"get": lambda _self: None})
    with pytest.raises(UndeclaredError, match="does not say who may DELETE it"):
        type("Half", (DoorHandler,), {"get": Failing.get, "delete": Failing.get, "access": {"GET": PERSON}})


def test_what_a_handler_declares() -> None:
    """By one action, by method, or publicly; a subclass says what its parent says."""

    class Study(RequestHandler):
        action: ClassVar = Action.OPEN_STUDY

        def get(self) -> None: ...

    class Grants(RequestHandler):
        access: ClassVar = {"GET": PERSON, "POST": Access(services=frozenset({"imaging"}))}

        def get(self) -> None: ...

        def post(self) -> None: ...

    assert Access(people=True, action=Action.OPEN_STUDY) == declared(Study, "GET")
    assert ("GET", "POST") == methods(Grants)
    assert [PERSON, Access(services=frozenset({"imaging"}))] == [declared(Grants, each) for each in methods(Grants)]
    assert Public("a test") == declared(type("Heir", (Failing,), {}), "GET")
    assert [] == list(undeclared(Grants))


@pytest.mark.parametrize(
    ("how", "status", "told"),
    [
        ("refused", 409, {"code": "not-now", "message": "Not just now.", "what_to_do": "Wait."}),
        ("404", 404, {"code": "not-found", "message": "The request is refused: not found.", "what_to_do": ""}),
        (
            "unforeseen",
            500,
            {
                "code": "failed",
                "message": "This has failed here; nothing was changed.",
                "what_to_do": "Try again. If it goes on, tell your administrator.",
            },
        ),
    ],
)
def test_every_error_has_the_one_shape(port: int, how: str, status: int, told: dict[str, str]) -> None:
    """Three words for whoever asked; what an unforeseen error says stays in the log."""
    answer, body = ask(port, f"/{how}")
    assert (status, {"error": told}) == (answer.status, json.loads(body))


@pytest.mark.parametrize("path", ["/well", "/404", "/unforeseen"])
def test_nothing_is_kept_embedded_or_told_to_others(port: int, path: str) -> None:
    """The headers are on errors too, and none says which program answers."""
    headers = ask(port, path)[0].headers
    assert ("no-store", "nosniff", "same-origin") == tuple(
        headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Referrer-Policy")
    )
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (None, None) == (headers["Server"], headers["ETag"])


def test_no_argument_of_an_address_is_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """A code of a login travels there, and a log is read by many."""
    with caplog.at_level(logging.INFO):
        for how in ("well", "refused", "404", "500"):
            ask(port, f"/{how}?code={SECRET}")
    assert "GET /well" in caplog.text
    assert SECRET not in caplog.text
