"""The inviting service put together: one address, for the hub alone, and the rounds that remove what has ended."""

import json
from typing import Any, ClassVar

from tornado.web import Application, HTTPError

from readingroom_hub.callers import CallerError, Callers
from readingroom_hub.handlers import Access, DoorHandler, log_function
from readingroom_hub.invitations.doorway import Doorway

HUB = "hub"
MAX_BODY = 2**14
_FIELDS = ("link", "code", "browser", "address")


class NotTheHubError(CallerError):
    """Somebody else than the hub."""


class Enter(DoorHandler):
    """Somebody wants to come in."""

    access: ClassVar = {"POST": Access(services=frozenset({HUB}))}

    def initialize(self, doorway: Doorway, callers: Callers) -> None:
        """Take what all requests share."""
        self._doorway, self._callers = doorway, callers

    async def prepare(self) -> None:
        """Refuse everybody but the hub."""
        word, _, token = self.request.headers.get("Authorization", "").partition(" ")
        caller = await self._callers.service(token.strip() if word.lower() == "token" else "")
        if caller.name != HUB:
            raise NotTheHubError(f"The service {caller.name} may not ask this.")

    def check_xsrf_cookie(self) -> None:
        """Check nothing: no browser comes here, and no cookie is read."""

    async def post(self) -> None:
        """Answer with the account, or with the words of a refusal."""
        given = _object(self.request.body)
        shown = {name: given.get(name, "") for name in _FIELDS}
        if not all(isinstance(value, str) for value in shown.values()):
            raise HTTPError(400)
        self.finish(await self._doorway.enter(shown))


class NothingHere(DoorHandler):
    """Every other address."""

    action: ClassVar = None

    def prepare(self) -> None:
        """Say that there is nothing."""
        raise HTTPError(404)


def make_application(doorway: Doorway, callers: Callers) -> Application:
    """Return the routes."""
    routes = [("/enter", Enter, {"doorway": doorway, "callers": callers})]
    return Application(routes, default_handler_class=NothingHere, log_function=log_function())


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise HTTPError(400)
    return given
