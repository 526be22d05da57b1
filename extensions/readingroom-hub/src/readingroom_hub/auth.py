"""The login of any authenticator, guarded: attempts limited, guests by invitation, and our own ways of ending a session.

``guarded(SomeAuthenticator)`` is what ``c.JupyterHub.authenticator_class`` is given; the settings of the wrapped class
stay where they were (``c.SomeAuthenticator.…``).
"""

import types
from collections.abc import Hashable, Mapping
from hashlib import sha256
from typing import Any

from jupyterhub.apihandlers import default_handlers
from tornado.web import HTTPError

from readingroom_hub.attempts import Attempts, Limit, TooManyAttemptsError
from readingroom_hub.guest_page import Doorman, GuestLogins, GuestPage
from readingroom_hub.leavers import ClosedAccounts, EndAccount
from readingroom_hub.pages import theme_route
from readingroom_hub.sessions import Lock, SignOut, is_guest
from readingroom_hub.telling.acting import with_actors
from readingroom_hub.telling.logins import Logins
from readingroom_hub.telling.teller import Teller

PER_ACCOUNT = Limit(failures=10, window_s=15 * 60)
PER_BROWSER = Limit(failures=10, window_s=15 * 60)
PER_ADDRESS = Limit(failures=50, window_s=15 * 60)
"""A trust may sit behind one address: it fails more often than one person does."""

KNOWN_BROWSER = "readingroom-known-browser"
"""A signed cookie, given at each login: the name whose password this browser has shown that it knows."""

KNOWN_DAYS = 90


def guarded(
    authenticator: type[Any],
    teller: Teller | None = None,
    closed: ClosedAccounts | None = None,
    doorman: Doorman | None = None,
) -> type[Any]:
    """Return a subclass of ``authenticator`` with limited attempts and with sign-out and lock as this house means them.

    With a teller every login is in the audit, or it is none; nobody logs in with an account that is ``closed``; with a
    doorman guests come in by invitation, whatever the authenticator is.
    """
    members = {
        "__doc__": GuardedLogin.__doc__,
        "attempts": Attempts(),
        "teller": teller,
        "closed": closed,
        "logins": None if teller is None else Logins(teller),
        "doorman": doorman,
    }
    made: type[Any] = types.new_class(
        f"Guarded{authenticator.__name__}", (GuardedLogin, authenticator), exec_body=lambda space: space.update(members)
    )
    return made


class GuardedLogin:
    """Counts failed logins by account, by browser that is known to the account, and by address."""

    attempts: Attempts
    teller: Teller | None
    logins: Logins | None
    closed: ClosedAccounts | None
    doorman: Doorman | None

    async def get_authenticated_user(self, handler: Any, data: Mapping[str, str]) -> Any:  # noqa: ANN401 - JupyterHub's signature
        """Let the wrapped authenticator decide, and tell of it before anybody is let in."""
        typed = str(data.get("username") or "").strip().lower() if data else ""
        try:
            found = await super().get_authenticated_user(handler, data)  # type: ignore[misc]
            if found is not None and self.closed is not None:
                self.closed.refuse(found["name"])
        except HTTPError as error:
            if self.logins is not None:
                await self.logins.failed(handler, typed, error)
            raise
        if self.logins is not None:
            if found is None:
                await self.logins.failed(handler, typed, None)
            else:
                await self.logins.succeeded(handler, found["name"])
        return found

    async def authenticate(self, handler: Any, data: Mapping[str, str]) -> Any:  # noqa: ANN401 - JupyterHub's signature
        """Let the wrapped authenticator decide, unless too many attempts have failed: then 429, in words."""
        account = str(data.get("username") or "").strip().lower() if data else ""
        who = _who(handler, account)
        address = ("address", handler.request.remote_ip)
        try:
            self.attempts.begin(((who, PER_BROWSER if who[0] == "browser" else PER_ACCOUNT), (address, PER_ADDRESS)))
        except TooManyAttemptsError as error:
            raise refusal(error) from error
        found = await _await(super().authenticate(handler, data))  # type: ignore[misc] # of the class this is mixed into
        if found is not None and is_guest(_name_of(found)):
            return None  # the account of a guest: it has no password, whatever a directory may hold under its name
        if found is not None:
            self.attempts.succeeded(who)
            self.attempts.took_back(address)
            _remember(handler, account)
        return found

    def get_handlers(self, app: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        """Return the pages of the wrapped authenticator after our own, which take precedence; the hub's database is open."""
        told = {"logins": self.logins}
        ours: list[tuple[Any, ...]] = [("/logout", SignOut, told), ("/lock", Lock, told), ("/invitation", GuestPage)]
        ours.append(theme_route())
        if self.closed is not None:
            ours.append(("/api/readingroom/leavers/([^/]+)", EndAccount, {"closed": self.closed}))
        ours.append(("/api/guests/([^/]+)/logins", GuestLogins))
        if self.teller is not None:
            self.teller.begin(app.db)
            ours += with_actors(default_handlers)
        return [*ours, *super().get_handlers(app)]  # type: ignore[misc]

    def add_user(self, user: Any) -> Any:  # noqa: ANN401
        """Tell the wrapped authenticator of everybody but guests, who are none of its people."""
        return None if is_guest(user.name) else super().add_user(user)  # type: ignore[misc]

    def delete_user(self, user: Any) -> Any:  # noqa: ANN401
        """Likewise."""
        return None if is_guest(user.name) else super().delete_user(user)  # type: ignore[misc]

    async def refresh_user(self, user: Any, handler: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """Let a guest stay: the invitation ends the account, and the wrapped authenticator does not know it."""
        return True if is_guest(user.name) else await _await(super().refresh_user(user, handler, **more))  # type: ignore[misc]


def refusal(error: TooManyAttemptsError) -> HTTPError:
    """Return the answer to an attempt that is not taken."""
    answer = HTTPError(429, "%s", error.words)
    answer.headers = {"Retry-After": str(int(error.wait_s))}  # type: ignore[attr-defined] # JupyterHub sends them
    return answer


def _name_of(found: Any) -> str:  # noqa: ANN401
    """Return the account that an authenticator found: it answers with a name, or with a dictionary that holds one."""
    return str(found.get("name", "") if isinstance(found, Mapping) else found)


def _who(handler: Any, account: str) -> tuple[Hashable, ...]:  # noqa: ANN401
    """Return what a failure counts against: a browser that knew this account's secret before, else the account."""
    cookie = handler.get_secure_cookie(KNOWN_BROWSER, max_age_days=KNOWN_DAYS)
    if cookie is not None and cookie.decode() == _known(account):
        raw = handler.get_cookie(KNOWN_BROWSER)
        return ("browser", account, sha256(raw.encode()).hexdigest())
    return ("account", account)


def _remember(handler: Any, account: str) -> None:  # noqa: ANN401
    """Let this browser show next time that the account is at home in it; the cookie logs nobody in."""
    if account:
        secure = handler.request.protocol == "https"
        handler.set_secure_cookie(
            KNOWN_BROWSER, _known(account), expires_days=KNOWN_DAYS,
            path=handler.hub.base_url, httponly=True, secure=secure, samesite="Lax",
        )  # fmt: skip


def _known(account: str) -> str:
    return sha256(f"known browser of {account}".encode()).hexdigest()


async def _await(answer: Any) -> Any:  # noqa: ANN401
    """Return what an authenticator answers, be it a coroutine or not."""
    return await answer if hasattr(answer, "__await__") else answer
