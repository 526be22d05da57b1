"""The logins of the hub in its audit: who came in, who was not let in, who left, and what their servers did."""

from typing import Any

from tornado.web import HTTPError

from readingroom.reading.audit_codes import Kind, Outcome
from readingroom_hub.repeats import Repeats
from readingroom_hub.telling.acting import ACTING
from readingroom_hub.telling.spool import NotKeptError
from readingroom_hub.telling.teller import Teller

TOO_MANY = 429
NOT_KEPT = (
    "This login cannot be recorded just now, so nobody is let in. Try again in a moment; if it goes on, tell your "
    "administrator."
)


class Logins:
    """Tells of logins. Raises HTTP 503 in words where one cannot be kept: no audit, no login."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._refused = Repeats()

    async def succeeded(self, handler: Any, person: str) -> None:  # noqa: ANN401 - JupyterHub has no types
        """Somebody has shown who they are, and will be let in."""
        await self._tell(Kind.LOGGED_IN, person, address=_address(handler))

    async def failed(self, handler: Any, typed: str, error: HTTPError | None) -> None:  # noqa: ANN401
        """Somebody has not; a name that is no account's may be a password in the wrong place, and is not kept."""
        known = handler.find_user(typed) is not None
        name, address = (typed if known else ""), _address(handler)
        outcome, words = Outcome.MINOR_FAILURE, "The password was wrong, or this account may not log in."
        if not known:
            words = "A name was given that no account here has."
        if error is not None:
            outcome, words = Outcome.SERIOUS_FAILURE, str(error.args[0] if error.args else error.reason or error)[:500]
        if error is None or error.status_code != TOO_MANY or self._refused.is_new((name, address)):
            await self._tell(Kind.LOGGED_IN, name, address=address, outcome=outcome, words=words)

    async def left(self, handler: Any, person: str, words: str = "") -> None:  # noqa: ANN401
        """Somebody has logged out; that ends even where it cannot be kept."""
        event = self._teller.event(Kind.LOGGED_OUT, person, address=_address(handler), words=words)
        await self._teller.tell_if_possible(event)

    async def server_started(self, person: str, server: str) -> None:
        """Their server runs."""
        actor = ACTING.get()
        event = self._teller.event(Kind.SERVER_STARTED, person, server=server, address=actor.address)
        await self._teller.tell(event)

    async def server_stopped(self, person: str, server: str) -> None:
        """Their server has ended, by whomever."""
        actor = ACTING.get()
        other = actor.name not in ("", person)
        event = self._teller.event(
            Kind.SERVER_STOPPED,
            actor.name if other else person,
            server=server,
            address=actor.address,
            subject=person if other else "",
            words=f"The server of {person} was stopped by {actor.name}." if other else "",
        )
        await self._teller.tell_if_possible(event)

    async def _tell(self, kind: Kind, person: str, **more: Any) -> None:  # noqa: ANN401 - the event's own fields
        try:
            await self._teller.tell(self._teller.event(kind, person, **more))
        except NotKeptError as error:
            raise HTTPError(503, "%s", NOT_KEPT) from error


def _address(handler: Any) -> str:  # noqa: ANN401
    return str(handler.request.remote_ip or "")
