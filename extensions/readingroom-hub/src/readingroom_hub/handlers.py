"""What every Tornado handler of ours declares and does, whichever application it is served by.

A handler says for each of its methods who may call it; one that says nothing cannot be defined. It answers in the one
error shape, tells browsers to keep nothing and to embed it nowhere, and writes no secret into a log.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from tornado.web import RequestHandler

from readingroom.errors import ReadingRoomError
from readingroom.reading.permissions import Action
from readingroom.wire.browser import Page, response_headers
from readingroom.wire.refusals import code_of, error_body
from readingroom_hub.errors import refusal_of

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
METHODS: tuple[Method, ...] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_log = logging.getLogger(__name__)


class UndeclaredError(TypeError):
    """A handler that does not say who may call one of its methods; nothing of it is served."""


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may call, without a login, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a method.

    ``services`` names the hub's services that may. ``people`` is for a person by the token of their reading server,
    ``browser`` by their login at the hub too. ``action`` is what the table must give them; with None the method itself
    asks the table about everything that it names.
    """

    services: frozenset[str] = frozenset()
    people: bool = False
    browser: bool = False
    action: Action | None = None


PERSON = Access(people=True)
"""A person by the token of their reading server; the method asks about each study that it would name."""


def methods(handler: type[RequestHandler]) -> tuple[Method, ...]:
    """Return the methods that a handler answers."""
    missing = RequestHandler._unimplemented_method  # noqa: SLF001 - what Tornado marks them with
    return tuple(method for method in METHODS if getattr(handler, method.lower()) is not missing)


def declared(handler: type[RequestHandler], method: Method) -> Access | Public:
    """Return who may call a method of a handler.

    The handler has either ``access``, for each of its methods, or ``action`` for all of them: an ``Action``, ``Public``, or
    None where the method asks the table itself about each study that it would name.

    Raises
    ------
    UndeclaredError
        When it says nothing.
    """
    access = getattr(handler, "access", None)
    if isinstance(access, Mapping) and access:
        if method in access:
            return access[method]  # type: ignore[no-any-return] # an Access, or one that looks like it
    elif hasattr(handler, "action"):
        action = handler.action
        return action if isinstance(action, Public) else Access(people=True, action=action)
    raise UndeclaredError(f"{handler.__module__}.{handler.__qualname__} does not say who may {method} it.")


def undeclared(handler: type[RequestHandler]) -> Iterator[UndeclaredError]:
    """Return an error for each method of a handler that does not say who may call it."""
    for method in methods(handler):
        try:
            declared(handler, method)
        except UndeclaredError as error:
            yield error


def log_function(log: Callable[..., None] = _log.info) -> Callable[[RequestHandler], None]:
    """Return Tornado's ``log_function``: method, path, status and time, and never what follows the question mark."""

    def say(handler: RequestHandler) -> None:
        request = handler.request
        log("%s %s %d %.0f ms", request.method, request.path, handler.get_status(), 1000 * request.request_time())

    return say


class DoorHandler(RequestHandler):
    """A handler of ours. A subclass with a method declares ``action`` or ``access``, or cannot be defined."""

    page: ClassVar[Page] = "data"
    what_to_do: ClassVar[str] = "Try again. If it goes on, tell your administrator."

    def __init_subclass__(cls, **more: Any) -> None:  # noqa: ANN401 - as Python has it
        super().__init_subclass__(**more)
        for error in undeclared(cls):
            raise error

    def set_default_headers(self) -> None:
        """Say that nothing may be kept, guessed at, embedded, or told to other sites; and not what serves it."""
        self.clear_header("Server")
        for name, value in response_headers(self.page).items():
            self.set_header(name, value)

    def compute_etag(self) -> str | None:
        """Return none: nothing is kept on the way, so that nothing can be compared."""
        return None

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Log what was not foreseen, with its trace but without the request's arguments; a refusal in one line."""
        where = f"{self.request.method} {self.request.path}"
        if isinstance(value, ReadingRoomError):
            _log.info("%s: %s", where, value)
        elif getattr(value, "status_code", 500) >= 500:  # noqa: PLR2004 - ours to mend
            _log.error("%s failed", where, exc_info=(typ, value, tb))

    def write_error(self, status_code: int, **more: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Answer in the one shape, with words of ours alone: what an unforeseen error says is for the log."""
        refusal = refusal_of(more.get("exc_info", (None, None, None))[1])
        if refusal is not None:
            self.set_status(refusal.status)
            told = (refusal.code, str(refusal), refusal.what_to_do)
        elif status_code < 500:  # noqa: PLR2004
            told = (code_of(status_code), f"The request is refused: {code_of(status_code).replace('-', ' ')}.", "")
        else:
            told = ("failed", "This has failed here; nothing was changed.", self.what_to_do)
        self.set_header("Content-Type", "application/json")
        self.finish(error_body(*told))
