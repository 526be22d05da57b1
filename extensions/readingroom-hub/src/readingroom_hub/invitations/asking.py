"""What the inviting service asks of others: of the records who may come in, of the hub that accounts come and go."""

import json
from typing import Any
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from readingroom_hub.errors import RefusalError

TIMEOUT_S = 20.0
OK, CREATED, ACCEPTED, GONE, NOT_FOUND, CONFLICT = 200, 201, 202, 204, 404, 409


class UnansweredError(RefusalError):
    """Hub or records did not do what the inviting service needs; whoever asked may ask again."""

    status = 503
    code = "records_unavailable"
    what_to_do = "Try again in a moment. If it goes on, tell whoever invited you."


async def ask(method: str, url: str, token: str, content: object = None) -> HTTPResponse:
    """Ask with a token; whatever status comes is returned. Raises ``UnansweredError`` when nothing does."""
    body = None if method in ("GET", "DELETE") else json.dumps(content if content is not None else {})
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    try:
        return await AsyncHTTPClient().fetch(
            url, method=method, headers=headers, body=body, raise_error=False, connect_timeout=TIMEOUT_S,
            request_timeout=TIMEOUT_S,
        )  # fmt: skip
    except (OSError, HTTPClientError) as error:
        raise UnansweredError("The service that looks after invitations does not answer.") from error


class Records:
    """The records, as the inviting service asks them."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = f"{url.rstrip('/')}/invitations", token

    async def attempt(self, verb: str, shown: dict[str, str]) -> dict[str, Any]:
        """Return what comes of an attempt: ``look`` uses nothing up, ``use`` does."""
        return await self._post(f"/{verb}", shown)

    async def over(self) -> list[tuple[str, str]]:
        """Return invitation and account of all that have to go; the audit has each end."""
        told = (await self._post("/over", {})).get("over", [])
        return [(str(each["invitation_id"]), str(each["person"])) for each in told]

    async def cleared(self, invitation_id: str) -> None:
        """Note that an account is gone."""
        await self._post(f"/{invitation_id}/cleared", {})

    async def _post(self, path: str, content: dict[str, str]) -> dict[str, Any]:
        answer = await ask("POST", self._url + path, self._token, content)
        told = json.loads(answer.body) if answer.code == OK else None
        if not isinstance(told, dict):
            raise UnansweredError("Who may come in cannot be asked and recorded just now, so nobody comes in.")
        return told


class Accounts:
    """The hub's accounts, as the inviting service makes and removes them; each step may be done again."""

    def __init__(self, hub_api_url: str, token: str) -> None:
        self._hub, self._token = hub_api_url.rstrip("/"), token

    async def make(self, person: str) -> None:
        """Make an account, unless it is there."""
        await self._do("POST", "users", person, "", (CREATED, CONFLICT))

    async def end_logins(self, person: str) -> None:
        """End every login and token of an account, so that no browser starts its server again."""
        await self._do("DELETE", "guests", person, "/logins", (GONE, NOT_FOUND))

    async def stop(self, person: str) -> bool:
        """Stop the reading server of an account; return whether it has stopped."""
        return await self._do("DELETE", "users", person, "/servers/reading", (GONE, ACCEPTED, NOT_FOUND)) != ACCEPTED

    async def remove(self, person: str) -> None:
        """Remove an account; its tokens and logins end with it."""
        await self._do("DELETE", "users", person, "", (GONE, NOT_FOUND))

    async def _do(self, method: str, kind: str, person: str, path: str, expected: tuple[int, ...]) -> int:
        answer = await ask(method, f"{self._hub}/{kind}/{quote(person, safe='')}{path}", self._token)
        if answer.code not in expected:
            raise UnansweredError(f"The hub answers {answer.code} to {method} of {person}{path}.")
        return answer.code
