"""The product as it runs, with services of the tests' own and the tokens of people's servers."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from readingroom_hub.callers import Caller, Callers
from readingroom_hub.processes import arguments, descendants
from readingroom_hub.roles import PIXELS, SERVICE_SCOPES
from readingroom_hub.testing import Launched, open_server

TESTER = "tester-of-callers-0123456789"
IMAGING = "gateway-of-the-tests-0123456789"
CONFIGURATION = Path(__file__).resolve().parents[2] / "hub_config" / "jupyterhub_config.py"
INVITING = "inviting-of-the-tests-0123456789"
UNKNOWN = 401
SCOPE = f"{PIXELS}!server=trainee/reading"


def configure(folder: Path) -> Path:
    """Write a configuration that adds a tester and stands in for two services, whose tokens are then known."""
    path = folder / "jupyterhub_config.py"
    scopes = [*SERVICE_SCOPES, "tokens!user=trainee", "delete:servers!user=trainee"]
    path.write_text(
        f"load_subconfig({str(CONFIGURATION)!r})\nc = get_config()\n"
        "standing = ('imaging', 'invitations')\n"
        "c.JupyterHub.services = [each for each in c.JupyterHub.services if each['name'] not in standing]\n"
        f"c.JupyterHub.services += [{{'name': 'tester', 'api_token': {TESTER!r}}}]\n"
        f"c.JupyterHub.services += [{{'name': 'imaging', 'api_token': {IMAGING!r}}}]\n"
        f"c.JupyterHub.services += [{{'name': 'invitations', 'api_token': {INVITING!r}}}]\n"
        f"c.JupyterHub.load_roles += [{{'name': 'tester', 'services': ['tester'], 'scopes': {scopes!r}}}]\n"
    )
    return path


@dataclass(frozen=True)
class Room:
    """A hub that runs."""

    launched: Launched
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def token(self, person: str, server: str = "reading") -> str:
        """Return the token of a person's server, started where it does not run: whoever runs code in it finds it there."""
        if (person, server) not in self.tokens:
            open_server(self.launched.url, person, server).close()
            self.tokens[person, server] = next(self._found(person, server))
        return self.tokens[person, server]

    def _found(self, person: str, server: str) -> Iterator[str]:
        for pid in descendants(self.launched.process.pid):
            if arguments(pid)[1:3] == ["-m", f"readingroom_viewer.{server}_server"]:
                pairs = (pair.partition("=") for pair in Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0"))
                told = {name: value for name, _, value in pairs}
                if told["JUPYTERHUB_USER"] == person:
                    yield told["JUPYTERHUB_API_TOKEN"]

    def callers(self) -> Callers:
        """Return what has asked nothing yet."""
        return Callers(f"{self.launched.url}/hub/api", TESTER)

    def ask(self, token: str) -> Caller:
        """Ask who holds a token."""
        return asyncio.run(self.callers().of(token))

    def mint(self, seconds: int) -> tuple[str, str]:
        """Have the hub make another token like that of the reading server; return it and its name."""
        answer = self.hub("POST", "/users/trainee/tokens", {"scopes": [SCOPE], "expires_in": seconds})
        return str(answer["token"]), str(answer["id"])

    def hub(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        """Call the hub's API as the test's own service."""
        answer = self._send(method, f"{self.launched.url}/hub/api{path}", TESTER, body)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}

    def records(self, token: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        """Ask the records, by POST where there is a body; return status and answer."""
        address = f"{self.launched.url}/services/records/api/{path}"
        answer = self._send("GET" if body is None else "POST", address, token, body, key)
        return answer.status_code, answer.json()

    def _send(self, method: str, address: str, token: str, body: object, key: str = "") -> requests.Response:
        headers = {"Authorization": f"token {token}"} | ({"Idempotency-Key": key} if key else {})
        return requests.request(method, address, json=body, headers=headers, timeout=30)

    def audit(self) -> list[tuple[str, str]]:
        """Return kind and person of all audit entries, read from the database beside the service."""
        path = self.launched.state / "records" / "records.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [
                (kind, person)
                for kind, person in connection.execute("SELECT kind, person FROM audit_entries ORDER BY number")
            ]

    def answers(self) -> bool:
        """Return whether the records answer at all."""
        with suppress(requests.RequestException, ValueError):
            return self.records("0" * 32, "grants")[0] == UNKNOWN
        return False

    def service(self) -> int:
        """Return the PID of the records service."""
        wanted = ["-m", "readingroom_hub.records"]
        return next(pid for pid in descendants(self.launched.process.pid) if arguments(pid)[1:] == wanted)
