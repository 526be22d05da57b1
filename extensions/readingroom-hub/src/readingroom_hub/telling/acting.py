"""The hub's API as a part of ours: it notes who acts, so that a change can be told with its author, and errs in our shape."""

import types
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from sqlalchemy.exc import SQLAlchemyError

from readingroom.wire.refusals import code_of, error_body, words_of


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service, or with no name the hub itself; ``address`` is where the request came from."""

    name: str = ""
    address: str = ""


ACTING: ContextVar[Actor] = ContextVar("acting", default=Actor())  # noqa: B039 - it is frozen


class _Acting:
    """Notes who asks before the method of a handler begins; each request is a task with a context of its own."""

    async def prepare(self: Any) -> None:
        await super().prepare()  # type: ignore[misc] # of the handler that this is mixed into
        ACTING.set(actor_of(self))

    def write_error(self: Any, status_code: int, **more: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Answer in our shape, beside the two words by which JupyterHub's own programs know an error."""
        if not isinstance(self, APIHandler):  # the page that asks whether a server may know who somebody is
            super().write_error(status_code, **more)  # type: ignore[misc]
            return
        error = more.get("exc_info", (None, None, None))[1]
        words = words_of(error, status_code) if status_code < 500 else "This has failed at the hub."  # noqa: PLR2004
        if isinstance(error, SQLAlchemyError):
            self.db.rollback()
        for name, value in (getattr(error, "headers", None) or {}).items():
            self.set_header(name, value)
        self.clear_header("Content-Length")
        self.set_header("Content-Type", "application/json")
        told = error_body(code_of(status_code), words, "Tell your administrator." if status_code >= 500 else "")  # noqa: PLR2004
        self.finish({**told, "status": status_code, "message": words})


def actor_of(handler: Any) -> Actor:  # noqa: ANN401
    """Return who is logged in in a request."""
    person = handler.current_user
    return Actor(person.name if person is not None else "", str(handler.request.remote_ip or ""))


def with_actors(handlers: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the same routes by handlers of the same names that note who asks."""
    return [(pattern, _with_actor(handler), *more) for pattern, handler, *more in handlers]


def _with_actor(handler: type[Any]) -> type[Any]:
    return types.new_class(
        handler.__name__, (_Acting, handler), exec_body=lambda space: space.update(__module__=handler.__module__)
    )
