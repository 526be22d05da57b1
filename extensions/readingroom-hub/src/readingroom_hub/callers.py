"""Who is calling a service: the hub says whose token it is, and whether it is still the token of a server that runs.

Used by every service that a person's reading server calls. An answer of the hub holds for ``HOLDS_S`` seconds, so that a
token that was taken back, a server that was stopped or a group that somebody left shows within that time.
"""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from readingroom.wire.refusals import TRY_AGAIN
from readingroom_hub.errors import RefusalError
from readingroom_hub.roles import PIXELS
from readingroom_hub.servers import READING

HOLDS_S = 2.0
AHEAD_S = 0.5
"""So long before an answer ends the hub is asked anew by whoever comes, who need not wait for that."""

REMEMBERED = 1024
"""Tokens that are remembered, the right ones and the wrong ones, by their SHA-256."""

TIMEOUT_S = 5.0
_FORBIDDEN = (401, 403)
_NOT_FOUND = 404


class CallerError(RefusalError):
    """A caller who is refused; the words are for the person whose server called.

    ``person`` and ``server`` say for the audit whose token it is or was; they are empty where it was nobody's.
    """

    code = "access_refused"
    reason = "caller-refused"
    status = 403
    what_to_do = "Stop your reading server and start it again from the hub's page."
    person: str = ""
    server: str = ""


class UnknownCallerError(CallerError):
    """No token, or one that the hub does not know, or knows no more."""

    reason = "unknown-caller"
    status = 401


class WrongServerError(CallerError):
    """A token that the hub knows, but not that of a person's reading server that runs."""

    reason = "wrong-server"


class SupersededTokenError(CallerError):
    """The token of an earlier start of the server."""

    reason = "superseded-token"


class HubUnreachableError(CallerError):
    """The hub cannot be asked, so nobody is known."""

    code = "records_unavailable"
    reason = "hub-unreachable"
    status = 503
    what_to_do = TRY_AGAIN


@dataclass(frozen=True, slots=True)
class Caller:
    """A person by their server, or a service: ``name`` is theirs, ``server`` that of the person's server, else empty."""

    kind: Literal["user", "service"]
    name: str
    groups: frozenset[str]
    server: str
    scopes: frozenset[str]
    token_id: str

    @property
    def person(self) -> str:
        """The person; empty for a service."""
        return self.name if self.kind == "user" else ""


@dataclass(slots=True)
class _Known:
    until: float
    answer: "asyncio.Task[Caller]"
    renewed: bool = False


class Callers:
    """Asks the hub at ``hub_api_url`` who callers are; ``service_token`` is that of the service that asks."""

    def __init__(self, hub_api_url: str, service_token: str) -> None:
        self._hub = hub_api_url.rstrip("/")
        self._own_token = service_token
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._renewing: set[asyncio.Task[None]] = set()
        self._owners: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def of(self, token: str) -> Caller:
        """Return the person whose running reading server holds this token, the newest of that server.

        Raises
        ------
        UnknownCallerError, WrongServerError, SupersededTokenError, HubUnreachableError
            Each a ``CallerError`` with its words, code and HTTP status.
        """
        return await self._remembered("reading", token)

    async def service(self, token: str) -> Caller:
        """Return the service whose token this is; raises ``CallerError`` for anybody else's."""
        return await self._remembered("service", token)

    async def _remembered(self, way: Literal["reading", "service"], token: str) -> Caller:
        """Ask once for all who ask at the same time; a refusal is remembered too, a hub that is away is not."""
        key = f"{way}:{_digest(token)}"
        known = self._known.get(key)
        if known is None or known.until < time.monotonic():
            known = self._known[key] = self._asked(way, token)
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        elif known.until - time.monotonic() < AHEAD_S and not known.renewed:
            known.renewed = True
            self._renewing.add(renewing := asyncio.ensure_future(self._renew(key, way, token)))
            renewing.add_done_callback(self._renewing.discard)
        try:
            return await asyncio.shield(known.answer)
        except HubUnreachableError:
            if self._known.get(key) is known:
                del self._known[key]
            raise

    def _asked(self, way: Literal["reading", "service"], token: str) -> _Known:
        return _Known(time.monotonic() + HOLDS_S, asyncio.ensure_future(self._ask(way, token)))

    async def _renew(self, key: str, way: Literal["reading", "service"], token: str) -> None:
        """Ask anew while the old answer holds; a hub that is away changes nothing before that has ended."""
        asked = self._asked(way, token)
        await asyncio.wait({asked.answer})
        if not isinstance(asked.answer.exception(), HubUnreachableError) and key in self._known:
            self._known[key] = asked

    async def _ask(self, way: Literal["reading", "service"], token: str) -> Caller:
        key = _digest(token)
        try:
            told = await self._whoami(token)
            self._keep_owner(key, told)
            return await self._reading(told) if way == "reading" else _service(told)
        except CallerError as error:
            error.person, error.server = self._owners.get(key, ("", ""))
            raise

    def _keep_owner(self, key: str, told: Mapping[str, Any]) -> None:
        """Remember whose token it is, for when the hub does not know it any more."""
        if told.get("kind") == "user":
            self._owners[key] = (name := str(told.get("name"))), _server_of(name, told.get("scopes", ()))
            self._owners.move_to_end(key)
            while len(self._owners) > REMEMBERED:
                self._owners.popitem(last=False)

    async def _reading(self, told: Mapping[str, Any]) -> Caller:
        name = str(told.get("name"))
        wanted = f"{PIXELS}!server={name}/{READING.name}"
        if told.get("kind") != "user" or wanted not in told.get("scopes", ()):
            raise WrongServerError(
                "Images are given to a person's own reading server only, and this is another program."
            )
        path = f"/users/{quote(name, safe='')}"
        person, tokens = await asyncio.gather(self._own(path), self._own(f"{path}/tokens"))
        _check_live(person.get("servers", {}))
        _check_newest(str(told.get("token_id")), wanted, tokens.get("api_tokens", ()))
        return _caller(told, "user", READING.name, person.get("groups", ()))

    async def _whoami(self, token: str) -> dict[str, Any]:
        if not (token and token.isascii() and token.isprintable()):
            raise UnknownCallerError("No token was given with the request, or none that can be read.")
        response = await self._get("/user", token)
        if response.code in (*_FORBIDDEN, _NOT_FOUND):
            raise UnknownCallerError(
                "The hub does not know this server's token any more: it has ended or was taken back."
            )
        return _object(response)

    async def _own(self, path: str) -> dict[str, Any]:
        """Ask with the service's own token about a person."""
        response = await self._get(path, self._own_token)
        if response.code == _NOT_FOUND:
            raise UnknownCallerError("The hub does not know this person any more.")
        return _object(response)

    async def _get(self, path: str, token: str) -> HTTPResponse:
        headers = {"Authorization": f"token {token}"}
        try:
            return await AsyncHTTPClient().fetch(
                self._hub + path,
                headers=headers,
                raise_error=False,
                connect_timeout=TIMEOUT_S,
                request_timeout=TIMEOUT_S,
            )
        except (OSError, HTTPClientError) as error:
            raise HubUnreachableError(
                "The hub does not answer, so it cannot be told who asks. Nothing was opened."
            ) from error


def _service(told: Mapping[str, Any]) -> Caller:
    if told.get("kind") != "service":
        raise WrongServerError("Only a service of this hub may ask this.")
    return _caller(told, "service", "", ())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _server_of(name: str, scopes: Iterable[str]) -> str:
    """Return the one server of a person that a token's scopes speak of, empty for none or several."""
    found = {scope.partition(f"!server={name}/")[2] for scope in scopes} - {""}
    return found.pop() if len(found) == 1 else ""


def _object(response: HTTPResponse) -> dict[str, Any]:
    """Return a JSON object; whatever else the hub says is a hub that cannot be asked."""
    if response.code == 200:  # noqa: PLR2004 - the one good answer
        try:
            told = json.loads(response.body)
        except ValueError:
            told = None
        if isinstance(told, dict):
            return told
    raise HubUnreachableError(f"The hub answers {response.code}, so it cannot be told who asks. Nothing was opened.")


def _check_live(servers: Mapping[str, Any]) -> None:
    """Refuse a person whose reading server does not run; one that is starting asks already."""
    server = servers.get(READING.name, {})
    if not (server.get("ready") or server.get("pending") == "spawn"):
        raise WrongServerError("The reading server that asks has been stopped.")


def _check_newest(token_id: str, scope: str, tokens: Any) -> None:  # noqa: ANN401 - JSON of the hub
    """Refuse any but the newest token of the server: an older one is a copy of an earlier start's."""
    ids = [str(each["id"]) for each in tokens if scope in each.get("scopes", ())]
    if token_id not in ids or token_id != max(ids, key=_age):
        raise SupersededTokenError("The reading server that asks was started again since, and this is its old token.")


def _age(token_id: str) -> int:
    """Return the number within an id of the hub, as in ``a12``: later tokens have larger ones."""
    return int("".join(filter(str.isdigit, token_id)) or 0)


def _caller(told: Mapping[str, Any], kind: Literal["user", "service"], server: str, groups: Any) -> Caller:  # noqa: ANN401
    scopes = frozenset(str(scope) for scope in told.get("scopes", ()))
    return Caller(kind, str(told["name"]), frozenset(map(str, groups)), server, scopes, str(told.get("token_id")))
