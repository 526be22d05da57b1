"""Accounts that are closed because their owner has left: nobody logs in with one, whatever the directory says.

The hub ends what is open: cookies, tokens and servers. Who may ask it to is the ``keeper``, which is nobody's account: the
administrator's command on this machine, by a token in the state folder.
"""

import os
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from typing import Any, ClassVar

from jupyterhub.apihandlers.base import APIHandler
from tornado.web import HTTPError

from readingroom_hub.handlers import Access
from readingroom_hub.roles import KEEPER, KEEPER_SCOPES, LEAVERS
from readingroom_hub.sessions import end_sessions

CLOSED = "This account has been closed. If you are back, ask your administrator to open it again."


class ClosedAccounts:
    """A file with a name in each line; a line taken out opens the account again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Return the accounts that are closed."""
        return self._path.read_text(encoding="utf-8").split("\n")[:-1] if self._path.exists() else []

    def close(self, name: str) -> bool:
        """Close an account, on the disk when this returns; return whether it was open."""
        if name in self.names():
            return False
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{name}\n")
            file.flush()
            os.fsync(descriptor)
        return True

    def refuse(self, name: str) -> None:
        """Raise HTTP 403, in words, for an account that is closed."""
        if name in self.names():
            raise HTTPError(HTTPStatus.FORBIDDEN, "%s", CLOSED)


def keeper_token(state: Path) -> str:
    """Return the token of the administrator's command, made once, readable by the hub's account alone."""
    path = state / "keeper-token"
    if not path.exists():
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token_hex(32))
        unfinished.replace(path)
    return path.read_text()


def keeper(state: Path) -> dict[str, object]:
    """Return the keeper as ``JupyterHub.services`` takes it: nothing runs for it."""
    return {"name": KEEPER, "api_token": keeper_token(state), "display": False}


def keeper_role() -> dict[str, object]:
    """Return what the keeper may, as ``JupyterHub.load_roles`` takes it: end accounts, and look who somebody is."""
    return {"name": KEEPER, "description": "Close a leaver's account", "scopes": KEEPER_SCOPES, "services": [KEEPER]}


class EndAccount(APIHandler):  # type: ignore[misc] # JupyterHub has no types
    """Ends everything of an account: logins first, so that nothing is opened anew behind it."""

    access: ClassVar = {"POST": Access(services=frozenset({KEEPER}))}

    def initialize(self, closed: ClosedAccounts) -> None:
        """Take the list."""
        self.closed = closed

    async def post(self, name: str) -> None:
        """Close it, end its cookies and tokens, stop its servers; say how many there were and what still ends."""
        if LEAVERS not in self.parsed_scopes:
            raise HTTPError(
                HTTPStatus.FORBIDDEN, "%s", "Only the administrator's command on this machine ends an account."
            )
        name = self.authenticator.normalize_username(name)
        if not name.isprintable():
            raise HTTPError(HTTPStatus.BAD_REQUEST, "%s", "No account has such a name.")
        newly = self.closed.close(name)
        user = self.find_user(name)
        told: dict[str, Any] = {"closed": newly, "known": user is not None, "tokens": 0, "servers": [], "ending": []}
        if user is not None:
            running = {server: spawner for server, spawner in user.spawners.items() if spawner.active}
            told["tokens"] = end_sessions(self.db, user.orm_user)
            for server, spawner in running.items():
                if spawner.pending:
                    told["ending"].append(server)
                else:
                    told["servers"].append(server)
                    await self.stop_single_user(user, server)
        self.write(told)
