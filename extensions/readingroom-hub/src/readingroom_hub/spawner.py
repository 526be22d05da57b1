"""How a person's server is started on one machine: the policy as hooks, the confinement as a spawner.

The hooks know no bubblewrap and serve any spawner; :class:`LocalSpawner` is the local profile.
"""

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from jupyterhub import orm
from jupyterhub.spawner import SimpleLocalProcessSpawner
from jupyterhub.utils import random_port, utcnow
from tornado import web

from readingroom_hub.bound import bound
from readingroom_hub.passage import passage_command
from readingroom_hub.processes import arguments, descendants, send
from readingroom_hub.sandbox import HOME, INDEX_FILE, NOTEBOOKS, PASSAGE, RECORDS, STUDIES, sandbox_command
from readingroom_hub.servers import SERVERS, ServerKind, ServerRefusedError, choose_server
from readingroom_hub.settings import HubSettings, StudyFolder
from readingroom_hub.telling.logins import Logins

TOKEN_LIFETIME = timedelta(hours=12)
"""A server token does not expire by itself, and a crash leaves it valid: this is how long that may last.

While the hub sees the server run it renews the token (``renew_token``), so that nobody is cut off in the middle of a
reading; what ends a reader's access is the end of their login, of their server or of their right.
"""


STOP_S = 3.0
"""How long a server may take to end in order."""


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


async def tell_of_end(spawner: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
    """After every end of a server, by whomever and of whatever."""
    if spawner.logins is not None:
        await spawner.logins.server_stopped(spawner.user.name, spawner.name)


def renew_token(spawner: Any) -> None:  # noqa: ANN401 - JupyterHub has no types
    """Give the token of a running server its whole life back once half of it is over; one that has ended stays so."""
    token = orm.APIToken.find(spawner.user.db, spawner.api_token)
    if token is None or token.expires_at is None:
        return
    now = utcnow(with_tz=False)
    if token.expires_at - now < TOKEN_LIFETIME / 2:
        token.expires_at = now + TOKEN_LIFETIME
        spawner.user.db.commit()


def _is_server(process: int) -> bool:
    """Return whether a process is a person's server, as against the sandbox around it."""
    words = arguments(process)
    return words[:2] == [sys.executable, "-m"] and words[2] in {kind.module for kind in SERVERS.values()}


class LocalSpawner(SimpleLocalProcessSpawner):  # type: ignore[misc] # JupyterHub has no types
    """A server as a local process, inside bubblewrap where that can run, with a home of its own."""

    settings: HubSettings
    """Set by the configuration: ``LocalSpawner.settings = HubSettings.from_environment()``."""

    logins: Logins | None = None
    """Set by the configuration: what tells the audit of servers."""

    port: int
    """JupyterHub's own: 0 until a free port has been chosen."""

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
        records = None if kind.opens_pixels else self._own_records()
        if self.settings.isolated:
            kept = home if kind.keeps_home else None
            passage = None if kind.opens_pixels else self._own_passage()
            self.cmd = [*sandbox_command(self.settings, kind, kept, records, passage), *server]
            if passage is not None:
                self.port = self.port or random_port()
                self.cmd = passage_command(passage, self.port, self.settings.hub_port, self.cmd)
        else:
            self.cmd = bound(server)
            self.popen_kwargs = {"cwd": str(home)}
        address: tuple[str, int] = await super().start()
        await self._wait_until_listening(*address)
        if self.logins is not None:
            await self.logins.server_started(self.user.name, self.name)
        return address

    async def stop(self, now: bool = False) -> None:
        """End the server itself first, so that its pages are told and its records closed; then whatever is left of it.

        A signal to bubblewrap would kill everything inside at once.
        """
        inside = [] if now else [pid for pid in descendants(self.pid or 0) if _is_server(pid)]
        for process in inside:
            send(process, signal.SIGTERM)
        for _ in range(round(STOP_S / 0.05)):
            if not any(arguments(process) for process in inside):
                break
            await asyncio.sleep(0.05)
        await super().stop(now)

    def delete_forever(self) -> None:
        """Take the home away with the account, as a guest's is."""
        shutil.rmtree(self._home_on_disk, ignore_errors=True)

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
    def _home_on_disk(self) -> Path:
        return self.settings.homes / str(self.user.name) / str(self.name)

    def _seen_home(self) -> str:
        return HOME if self.settings.isolated else str(self._home_on_disk)

    def _own_home(self, kind: ServerKind) -> Path:
        """Return the home on disk, mode 0700; emptied at every start unless this kind of server keeps it."""
        home = self._home_on_disk
        if home.exists() and not kind.keeps_home:
            shutil.rmtree(home)
        for folder in (self.settings.homes, home.parent, home):
            folder.mkdir(mode=0o700, exist_ok=True)
        return home

    @property
    def _records_on_disk(self) -> Path:
        return self.settings.records / str(self.user.name) / str(self.name)

    def _own_records(self) -> Path:
        """Return the folder of this server's records, mode 0700: kept whatever becomes of the home."""
        folder = self._records_on_disk
        for each in (self.settings.records, folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _own_passage(self) -> Path:
        """Return the folder of the passage to this server, mode 0700, made anew."""
        folder = self.settings.passages / str(self.user.name) / str(self.name)
        shutil.rmtree(folder, ignore_errors=True)
        for each in (self.settings.passages, folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _studies_env(self) -> dict[str, str]:
        """Say where studies come from and records go: to and from the hub's services, or for a workbench in folders."""
        reading = _server_kind(self).opens_pixels
        studies = self.settings.reading_studies if reading else self.settings.workbench_studies
        env = {
            "READINGROOM_STUDIES_KIND": self.settings.reading_kind if reading else studies.kind,
            "READINGROOM_DISPLAY_DAYS": str(self.settings.display_days),
            "READINGROOM_LOCK_MINUTES": str(self.settings.lock_minutes),
        }
        if not reading:
            return {**env, **self._folders_env(studies)}
        env |= {
            "READINGROOM_IMAGING_URL": self.settings.imaging_url,
            "READINGROOM_RECORDS_URL": self.settings.records_api,
        }
        return {**env, "READINGROOM_NOTICE": self.settings.notice} if self.settings.notice else env

    def _folders_env(self, studies: StudyFolder) -> dict[str, str]:
        """Name the folders as a workbench sees them: inside the sandbox, or on disk where there is none."""
        inside = self.settings.isolated
        env = {
            "READINGROOM_STUDIES": STUDIES if inside else str(studies.path),
            "READINGROOM_INDEX": INDEX_FILE if inside else str(studies.index),
            "READINGROOM_RECORDS": f"{RECORDS if inside else self._records_on_disk}/records.sqlite",
        }
        if inside:
            env["READINGROOM_PASSAGE"] = PASSAGE
        if self.settings.notebooks is not None:
            env["READINGROOM_NOTEBOOKS"] = NOTEBOOKS if inside else str(self.settings.notebooks)
        return env
