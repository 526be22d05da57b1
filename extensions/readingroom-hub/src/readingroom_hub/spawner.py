"""How a person's server is started on one machine: the policy as hooks, the confinement as a spawner.

The hooks know no bubblewrap and serve any spawner; :class:`LocalSpawner` is the local profile.
"""

import asyncio
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from jupyterhub import orm
from jupyterhub.spawner import SimpleLocalProcessSpawner
from jupyterhub.utils import utcnow
from tornado import web

from readingroom_hub.bound import bound
from readingroom_hub.sandbox import HOME, INDEX_FILE, NOTEBOOKS, RECORDS, STUDIES, sandbox_command
from readingroom_hub.servers import ServerKind, ServerRefusedError, choose_server
from readingroom_hub.settings import HubSettings

TOKEN_LIFETIME = timedelta(hours=12)
"""A server token does not expire by itself, and a crash leaves it valid: this is how long that may last.

While the hub sees the server run it renews the token (``renew_token``), so that nobody is cut off in the middle of a
reading; what ends a reader's access is the end of their login, of their server or of their right.
"""


class ServerEndedError(web.HTTPError):
    """A server that ended before it answered.

    JupyterHub shows its owner the words of an ``HTTPError`` at once and ``jupyterhub_message`` on the progress page;
    of any other exception it hides them.
    """

    def __init__(self, name: str) -> None:
        self.jupyterhub_message = f"The {name} server ended while it was starting. The reason is in the hub's log."
        super().__init__(500, "%s", self.jupyterhub_message)


def refuse_unknown_server(spawner: Any, _auth_state: object = None) -> None:  # noqa: ANN401 - JupyterHub has no types
    """Refuse, in words and with 403, a server that is not in the table or not for this person."""
    _server_kind(spawner)


def prepare_spawn(spawner: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
    """Before every start: refuse what nobody may start, and leave exactly one token that expires."""
    _server_kind(spawner)
    _keep_one_token(spawner)


def _server_kind(spawner: Any) -> ServerKind:  # noqa: ANN401
    groups = [group.name for group in spawner.user.orm_user.groups]
    try:
        return choose_server(spawner.name, groups)
    except ServerRefusedError as refusal:
        raise web.HTTPError(403, "%s", str(refusal)) from refusal


def _keep_one_token(spawner: Any) -> None:  # noqa: ANN401
    """Delete the tokens that earlier, perhaps crashed, starts of the same server left valid, and date the new one."""
    session = spawner.user.db
    token = orm.APIToken.find(session, spawner.api_token)
    if token is None:
        raise web.HTTPError(500, "The new server has no token. Start it again.")
    for older in list(spawner.user.orm_user.api_tokens):
        if older.note == token.note and older.id != token.id:
            session.delete(older)
    token.expires_at = utcnow(with_tz=False) + TOKEN_LIFETIME
    session.commit()


def renew_token(spawner: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
    """Give the token of a running server its whole life back once half of it is over; one that has ended stays so."""
    token = orm.APIToken.find(spawner.user.db, spawner.api_token)
    if token is None or token.expires_at is None:
        return
    now = utcnow(with_tz=False)
    if token.expires_at - now < TOKEN_LIFETIME / 2:
        token.expires_at = now + TOKEN_LIFETIME
        spawner.user.db.commit()


class LocalSpawner(SimpleLocalProcessSpawner):  # type: ignore[misc] # JupyterHub has no types
    """A server as a local process, inside bubblewrap where that can run, with a home of its own."""

    settings: HubSettings
    """Set by the configuration: ``LocalSpawner.settings = HubSettings.from_environment()``."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore no process: servers end with their run, and an old PID may name anything in the new namespace."""
        super().load_state({key: value for key, value in state.items() if key != "pid"})

    def make_preexec_fn(self, _name: str) -> Callable[[], None] | None:
        """Do nothing between fork and exec: the home is made in ``start`` and entered by the sandbox."""
        return None

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Add what the server is told: its home, its studies, and no user configuration."""
        return {**env, "USER": self.user.name, "HOME": self._seen_home(), **self._studies_env()}

    async def start(self) -> tuple[str, int]:
        """Make the home, build the command line and start the process."""
        kind = _server_kind(self)
        home = self._own_home(kind)
        server = [sys.executable, "-m", kind.module]
        if self.settings.isolated:
            kept = home if kind.keeps_home else None
            self.cmd = [*sandbox_command(self.settings, kind, kept, self._own_records()), *server]
        else:
            self._own_records()
            self.cmd = bound(server)
            self.popen_kwargs = {"cwd": str(home)}
        address: tuple[str, int] = await super().start()
        await self._wait_until_listening(*address)
        return address

    async def poll(self) -> int | None:
        """Return ``None`` while the process runs; the hub asks every 30 s, and the token lives on with the process."""
        status: int | None = await super().poll()
        if status is None and self.ready:
            renew_token(self)
        return status

    async def _wait_until_listening(self, host: str, port: int) -> None:
        """Notice at once a server that ends instead of starting; the hub alone would look for it until its timeout."""
        while await self.poll() is None:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
        raise ServerEndedError(self.name)

    @property
    def _home_on_disk(self) -> Any:  # noqa: ANN401
        return self.settings.homes / self.user.name / self.name

    def _seen_home(self) -> str:
        return HOME if self.settings.isolated else str(self._home_on_disk)

    def _own_home(self, kind: ServerKind) -> Any:  # noqa: ANN401
        """Return the home on disk, mode 0700; emptied at every start unless this kind of server keeps it."""
        home = self._home_on_disk
        if home.exists() and not kind.keeps_home:
            shutil.rmtree(home)
        for folder in (self.settings.homes, home.parent, home):
            folder.mkdir(mode=0o700, exist_ok=True)
        return home

    @property
    def _records_on_disk(self) -> Any:  # noqa: ANN401
        return self.settings.records / self.user.name / self.name

    def _own_records(self) -> Any:  # noqa: ANN401
        """Return the folder of this server's records, mode 0700: kept whatever becomes of the home."""
        folder = self._records_on_disk
        for each in (self.settings.records, folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _studies_env(self) -> dict[str, str]:
        """Name the studies as the server sees them: inside the sandbox, or on disk where there is none."""
        reading = _server_kind(self).opens_pixels
        studies = self.settings.reading_studies if reading else self.settings.workbench_studies
        inside = self.settings.isolated
        env = {
            "READINGROOM_STUDIES": STUDIES if inside else str(studies.path),
            "READINGROOM_INDEX": INDEX_FILE if inside else str(studies.index),
            "READINGROOM_STUDIES_KIND": studies.kind,
            "READINGROOM_RECORDS": f"{RECORDS if inside else self._records_on_disk}/records.sqlite",
            "READINGROOM_DISPLAY_DAYS": str(self.settings.display_days),
        }
        if self.settings.notebooks is not None and not reading:
            env["READINGROOM_NOTEBOOKS"] = NOTEBOOKS if inside else str(self.settings.notebooks)
        if self.settings.notice and reading:
            env["READINGROOM_NOTICE"] = self.settings.notice
        return env
