"""What every handler of the records does: find out who asks, refuse in one shape, and keep refusals in the audit.

Who may call a method is declared as ``readingroom_hub.handlers`` has it.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, ClassVar

from jupyterhub.services.auth import HubOAuth, HubOAuthenticated
from sqlalchemy import Connection, text
from tornado import web
from tornado.httputil import url_concat

from readingroom.errors import ReadingRoomError
from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.break_glass import BreakGlassError
from readingroom.reading.grants import GrantTransitionError
from readingroom_hub.callers import CallerError, Callers, HubUnreachableError, UnknownCallerError
from readingroom_hub.errors import RefusalError
from readingroom_hub.handlers import Access, DoorHandler, Public
from readingroom_hub.records import fields, rows
from readingroom_hub.records.asking import Asker, about, may
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.once import MAX_KEY, Request, once
from readingroom_hub.records.refusals import NotAllowedError, NotPossibleError, RequestError
from readingroom_hub.repeats import Repeats
from readingroom_hub.retention.daily import Daily
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.store import Store

log = logging.getLogger(__name__)


@dataclass
class Context:
    """What all handlers share."""

    store: Store
    clock: LatestClock
    callers: Callers
    browsers: HubOAuth
    rota: frozenset[str]
    daily: Daily
    refusals: Repeats = field(default_factory=Repeats)


class RecordsHandler(HubOAuthenticated, DoorHandler):  # type: ignore[misc] # JupyterHub has no types
    """A handler with an asker."""

    access: ClassVar[Mapping[str, Access | Public]] = {}
    asker: Asker

    def initialize(self, context: Context) -> None:
        """Take what all handlers share."""
        self.context = context

    @property
    def hub_auth(self) -> HubOAuth:
        """The hub as a browser logs in at it."""
        return self.context.browsers

    async def prepare(self) -> None:
        """Find out who asks, or refuse."""
        access = self.access.get(str(self.request.method))
        if not isinstance(access, Access):
            raise web.HTTPError(405)
        try:
            self.asker = await self._who(access)
            if access.action is not None and access.people:
                may(self.asker, access.action)
        except (CallerError, NotAllowedError) as error:
            await self.refuse(error)

    async def _who(self, access: Access) -> Asker:
        token = _token(self.request.headers.get("Authorization", ""))
        address = str(self.request.remote_ip or "")
        if access.services:
            service = await self.context.callers.service(token)
            if service.name not in access.services:
                raise NotAllowedError(f"The service {service.name} may not ask this.")
            return Asker(service.name, frozenset(), address=address)
        if token or not access.browser:
            caller = await self.context.callers.of(token)
            return Asker(caller.person, caller.groups, caller.server, address)
        return await self._browser(address)

    async def _browser(self, address: str) -> Asker:
        """Return who is logged in at the hub in the browser that asks; a change needs the form's own XSRF value."""
        model = await self.hub_auth.get_user(self, sync=False)
        if not model or model.get("kind") != "user" or not self.hub_auth.check_scopes(self.hub_scopes, model):
            raise UnknownCallerError("Nobody is logged in in this browser. Log in at the hub and try again.")
        return Asker(str(model["name"]), frozenset(model.get("groups", ())), "browser", address)

    async def refuse(self, error: CallerError | NotAllowedError) -> None:
        """Refuse a caller once the audit has it; where that fails the caller is refused all the same."""
        if not isinstance(error, HubUnreachableError):
            await self._keep_refusal(error)
        raise error

    async def _keep_refusal(self, error: CallerError | NotAllowedError) -> None:
        person, server = (error.person, error.server) if isinstance(error, CallerError) else ("", "")
        address = str(self.request.remote_ip or "")
        asker = getattr(self, "asker", Asker(person, frozenset(), server, address))
        key = (asker.person, asker.server, asker.address, error.reason, self.request.method, type(self).__name__)
        if not self.context.refusals.is_new(key):
            return
        details = (("path", self.request.path[:200]), ("reason", error.reason))
        try:
            await self.context.store.write(
                lambda connection: rows.add_event(
                    connection,
                    about(
                        Kind.CALLER_REFUSED,
                        self.context.clock.keep(connection),
                        asker,
                        outcome=Outcome.SERIOUS_FAILURE,
                        words=str(error),
                        details=details,
                    ),
                )
            )
        except StoreError as trouble:
            self.context.refusals.forget(key)
            log.warning("a refusal could not be recorded: %s", trouble)

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object; raises ``RequestError``."""
        return fields.object_of(self.request.body)

    async def change(self, do: Callable[[Connection], Any]) -> None:
        """Do something once, durably, and answer with what it returns."""
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > MAX_KEY:
            raise RequestError(f"An Idempotency-Key has at most {MAX_KEY} characters.")
        request = Request(self.asker.person, key, self.request.path, self.request.body)
        self.answer(
            await self.context.store.write(lambda connection: once(connection, self.context.clock, request, do))
        )

    async def look(self, read: Callable[[Connection], Any]) -> None:
        """Answer with what a read returns."""
        self.answer(await self.context.store.read(read))

    def answer(self, content: object) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(content, separators=(",", ":"), allow_nan=False))

    def write_error(self, status_code: int, **more: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Answer with the one shape of errors."""
        error = more.get("exc_info", (None, None, None))[1]
        status, told = _told(error, status_code)
        self.set_status(status)
        self.answer({"error": told})


def _token(header: str) -> str:
    word, _, token = header.partition(" ")
    return token.strip() if word.lower() in ("token", "bearer") else ""


def _told(error: BaseException | None, status: int) -> tuple[int, dict[str, str]]:
    """Return the HTTP status of an error and how it is told."""
    if isinstance(error, ReadingRoomError) and not isinstance(error, RefusalError):
        error = _BY_RULE.get(type(error), RequestError)(str(error))
    if isinstance(error, RefusalError):
        told = {"code": error.code, "reason": error.reason, "message": str(error), "what_to_do": error.what_to_do}
        return error.status, told
    words = f"{responses.get(status, 'Error')}." if isinstance(error, web.HTTPError) else "The records service failed."
    code = "not_found" if status == 404 else "failed"  # noqa: PLR2004 - no such address
    return status, {"code": code, "reason": code, "message": words, "what_to_do": "Tell your administrator."}


_BY_RULE: dict[type[ReadingRoomError], type[RequestError]] = {
    BreakGlassError: NotAllowedError,
    GrantTransitionError: NotPossibleError,
}


class Login(RecordsHandler):
    """Where a page sends a browser that is not logged in here: to the hub, and back to ``next`` below this service."""

    access: ClassVar = {"GET": Public("It leads to the hub's own login and does nothing else.")}

    async def prepare(self) -> None:
        """Ask nobody who they are yet."""

    def get(self) -> None:
        """Lead to the hub's login; give the browser the value that its forms must send back."""
        wanted, own = self.get_query_argument("next", ""), self.hub_auth.base_url
        state = self.hub_auth.set_state_cookie(self, next_url=wanted if wanted.startswith(own) else own)
        self.xsrf_token  # noqa: B018 - its cookie is set when it is asked for
        self.redirect(url_concat(self.hub_auth.login_url, {"state": state}))


class Health(RecordsHandler):
    """Whether the service runs and its database can be read, for the launcher and for a site's monitoring."""

    access: ClassVar = {"GET": Public("It says that the service runs, and nothing else.")}

    async def prepare(self) -> None:
        """Ask nobody who they are."""

    async def get(self) -> None:
        """Answer once the database has answered."""
        await self.context.store.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
        self.answer({"status": "healthy"})


class NoSuchAddress(RecordsHandler):
    """Everything that is not served."""

    async def prepare(self) -> None:
        """Refuse before anybody is asked who they are."""
        raise web.HTTPError(404)


def routes(
    prefix: str, handlers: Mapping[str, type[RecordsHandler]], context: Context
) -> list[tuple[str, type[web.RequestHandler], dict[str, Any]]]:
    """Return Tornado's routes below a prefix."""
    return [(prefix + path, handler, {"context": context}) for path, handler in handlers.items()]
