"""Where a guest comes in: a page of the hub for the code of an invitation, whose link's secret no log and no server sees.

The secret stands behind the link's ``#``, which browsers send to nobody; the page puts it into the form. To fetch the link,
as mail scanners do, uses nothing up.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.web import HTTPError

from readingroom.reading.permissions import Role
from readingroom_hub.attempts import Limit, TooManyAttemptsError
from readingroom_hub.handlers import Access, Public
from readingroom_hub.roles import INVITATIONS
from readingroom_hub.sessions import end_sessions, is_guest
from readingroom_hub.telling.teller import Teller

PER_ADDRESS = Limit(failures=20, window_s=15 * 60)
BROWSER = "readingroom-guest"
"""A signed cookie with a secret of this browser: with the code it leads a guest back, and by itself nowhere."""

BROWSER_DAYS = 90
TIMEOUT_S = 30.0
MOST_TYPED = 200
OK = 200
COOKIES = (
    "This browser keeps no cookies for this page, so it cannot be recognised. Allow them and open your link again."
)
SILENT = "Invitations cannot be looked at just now. Nothing was used up; try again in a moment."


@dataclass(frozen=True, slots=True)
class Doorman:
    """The inviting service, as the hub asks it at its internal address with the hub's own token."""

    url: str
    teller: Teller

    async def enter(self, shown: dict[str, str]) -> tuple[str, str]:
        """Return the account of somebody who comes in, else words. Raises ``HTTPError`` when the service does not answer."""
        headers = {"Authorization": f"token {self.teller.token}", "Content-Type": "application/json"}
        try:
            answer = await AsyncHTTPClient().fetch(
                f"{self.url}/enter", method="POST", headers=headers, body=json.dumps(shown), raise_error=False,
                connect_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S,
            )  # fmt: skip
            told = json.loads(answer.body) if answer.code == OK else {}
        except (OSError, ValueError, HTTPClientError):
            told = {}
        if not told:
            return "", SILENT
        return str(told.get("person", "")), str(told.get("words", ""))


class GuestPage(BaseHandler):  # type: ignore[misc] # JupyterHub has no types
    """The page for the code of an invitation."""

    action: ClassVar = Public("asks for link and code of an invitation; without both it opens nothing")

    def prepare(self) -> Any:  # noqa: ANN401 - as JupyterHub has it
        """Answer only where guests are invited."""
        if self.authenticator.doorman is None:
            raise HTTPError(404)
        return super().prepare()

    async def get(self) -> None:
        """Show the form; nothing is used up."""
        if not self._browser():
            secure = self.request.protocol == "https"
            self.set_secure_cookie(
                BROWSER, secrets.token_urlsafe(32), expires_days=BROWSER_DAYS,
                path=self.hub.base_url, httponly=True, secure=secure, samesite="Lax",
            )  # fmt: skip
        await self._show()

    async def post(self) -> None:
        """Let somebody in, or say why not."""
        if self.current_user is not None:
            await self._show("", 409)
            return
        address, attempts = ("invitation", self.request.remote_ip), self.authenticator.attempts
        try:
            attempts.begin(((address, PER_ADDRESS),))
        except TooManyAttemptsError as error:
            self.set_header("Retry-After", str(int(error.wait_s)))
            await self._show(error.words, 429)
            return
        typed = {name: self.get_body_argument(name, "")[:MOST_TYPED] for name in ("link", "code")}
        shown = {**typed, "browser": self._browser(), "address": str(self.request.remote_ip)}
        person, words = await self.authenticator.doorman.enter(shown) if shown["browser"] else ("", COOKIES)
        if words == SILENT or person:
            attempts.took_back(address)
        if not person:
            await self._show(words, 503 if words == SILENT else 403)
            return
        await self._let_in(person)

    async def _let_in(self, person: str) -> None:
        user = self.find_user(person)
        if user is None or not is_guest(person):
            await self._show(SILENT, 503)
            return
        if self.authenticator.logins is not None:
            await self.authenticator.logins.succeeded(self, person)
        user.sync_groups([Role.GUEST.group])
        self.set_login_cookie(user)
        self.log.info("The guest %s came in", person)
        # With an empty fragment of its own: browsers would else carry the link's secret through to the guest's server.
        self.redirect(f"{self.hub.base_url}user-redirect/#")

    def _browser(self) -> str:
        found = self.get_secure_cookie(BROWSER, max_age_days=BROWSER_DAYS)
        return found.decode() if found else ""

    async def _show(self, refusal: str = "", status: int = 200) -> None:
        self.set_status(status)
        came = self.get_query_argument("came", "")
        shown = {"refusal": refusal, "came": came, "page": f"{self.hub.base_url}invitation"}
        self.finish(await self.render_template("guest.html", xsrf=self.xsrf_token.decode("ascii"), **shown))


class GuestLogins(APIHandler):  # type: ignore[misc] # JupyterHub has no types
    """The logins of a guest, ended by the inviting service before the server and the account go."""

    access: ClassVar = {"DELETE": Access(services=frozenset({INVITATIONS}))}

    @needs_scope("delete:users")  # type: ignore[untyped-decorator]
    def delete(self, user_name: str) -> None:
        """End every cookie and token of a guest; nobody else's."""
        user = self.find_user(user_name) if is_guest(user_name) else None
        if user is None:
            raise HTTPError(404)
        end_sessions(self.db, user.orm_user)
        self.set_status(204)
