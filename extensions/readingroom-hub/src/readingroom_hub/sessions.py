"""How a login ends: one browser locked, or a person signed out everywhere.

Signing out ends everything that was opened with the login, in every browser: cookies, tokens, servers and their sockets.
A lock ends this browser's session alone, and asks for the login again on the hub's own page, so that no password ever
passes through a person's container.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LogoutHandler
from tornado.web import HTTPError

from readingroom.reading.invitations import ACCOUNTS
from readingroom_hub.handlers import Public
from readingroom_hub.telling.logins import Logins


def refuse_foreign(handler: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
    """Refuse a request that another site's page makes: a link elsewhere must not sign anybody out."""
    if handler.request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise HTTPError(403, "%s", "This link comes from another site. Log out with the button on your own page.")


def is_guest(name: str) -> bool:
    """Return whether an account is that of an invited guest."""
    return name.startswith(ACCOUNTS)


def end_sessions(db: Any, person: orm.User) -> int:  # noqa: ANN401
    """Make every cookie and every token of ``person`` worthless, those of their servers too; return how many tokens."""
    tokens = list(person.api_tokens)
    for token in tokens:
        db.delete(token)
    person.cookie_id = orm.new_token()
    db.commit()
    return len(tokens)


class SignOut(LogoutHandler):  # type: ignore[misc] # JupyterHub has no types
    """Signs a person out everywhere: other browsers too, and the servers that ran for them."""

    action: ClassVar = Public("the end of a login; without one it ends nothing")

    def initialize(self, logins: Logins | None) -> None:
        """Take what tells of logins."""
        self.logins = logins

    async def get(self) -> None:
        """End cookies and tokens first, so that nothing answers while the servers still stop."""
        refuse_foreign(self)
        await super().get()

    async def default_handle_logout(self) -> None:
        """End everything of this person; a request without a login ends nothing."""
        user = self.current_user
        if user is None:
            return
        self._backend_logout_cleanup(user.name)
        count = end_sessions(self.db, user.orm_user)
        self.log.info("%s signed out; %s tokens ended", user.name, count)
        if self.logins is not None:
            await self.logins.left(self, user.name, "Signed out everywhere.")
        await self._shutdown_servers(user)


class Lock(BaseHandler):  # type: ignore[misc]
    """Ends this browser's session and asks for the login again; what runs for the person goes on running."""

    action: ClassVar = Public("a redirect to the login; without a login it ends nothing")

    def initialize(self, logins: Logins | None) -> None:
        """Take what tells of logins."""
        self.logins = logins

    async def get(self) -> None:
        """Clear the cookies and the tokens of this session, then show the login with the reason and the way back."""
        refuse_foreign(self)
        user = self.current_user
        asked = {"locked": "1", "next": self.get_argument("next", "")}
        if user is not None:
            asked["username"] = user.name
            self.clear_login_cookie()
            self.log.info("%s: the screen was locked", user.name)
            if self.logins is not None:
                await self.logins.left(self, user.name, "The screen was locked.")
            if is_guest(user.name):
                self.redirect(f"{self.hub.base_url}invitation?came=locked")
                return
        self.redirect(f"{self.settings['login_url']}?{urlencode(asked)}")
