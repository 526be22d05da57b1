"""Reading Room started as a person starts it, for tests and measurements: the launcher, its words, its front door."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from readingroom_hub.preflight import free_ports
from readingroom_hub.processes import arguments, descendants

PASSWORD = "right-words"  # noqa: S105 - of hubs that live for one test session
START_S = 180
SPAWN_S = 60
PATIENCE_S = 60
"""For what has to come by itself: on a busy machine it takes its time, and a long limit costs nothing where all is well."""
AS_A_BROWSER = {"Accept": "text/html"}


@dataclass(frozen=True)
class Launched:
    """A launcher that was started on a free port, with everything that it prints."""

    process: "subprocess.Popen[str]"
    port: int
    state: Path
    output: Path
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The public address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Return everything printed so far."""
        return self.output.read_text(encoding="utf-8")

    def wait_until_ready(self) -> "Launched":
        """Wait for the line that a person waits for; raises ``AssertionError`` with all that was said instead."""
        wait_for(lambda: "is ready" in self.said() or self.process.poll() is not None, START_S)
        if "is ready" not in self.said():
            raise AssertionError(self.said())
        return self

    def below(self) -> list[int]:
        """Return every process that the launcher has started, as far down as they go."""
        return descendants(self.process.pid)

    def service(self, name: str) -> list[int]:
        """Return the PIDs of a service of ours, seen from outside its namespace; none for some moments after it was killed."""
        return [pid for pid in self.below() if arguments(pid)[1:] == ["-m", f"readingroom_hub.{name}"]]

    def hub(self) -> int:
        """Return the PID of the hub, seen from outside its namespace."""
        return next(pid for pid in self.below() if arguments(pid)[1:3] == ["-m", "jupyterhub"])


def launch_command(port: int, state: Path, *more: str) -> list[str]:
    """Return the command line that the Makefile runs."""
    return [sys.executable, "-m", "readingroom_hub.launch", "--port", str(port), "--state", str(state), *more]


def launch(
    folder: Path,
    *more: str,
    state: Path | None = None,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Launched:
    """Start the launcher and return at once; ``folder`` holds its output and, unless named, its state."""
    port = port or free_ports(1)[0]
    state = state or folder / "state"
    inherited = {name: value for name, value in os.environ.items() if name != "HOME"}
    output = folder / f"said-{port}"
    with output.open("w") as file:
        process = subprocess.Popen(
            launch_command(port, state, *more),
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            env={**inherited, "READINGROOM_DEMO_PASSWORD": PASSWORD, **(environment or {})},
        )
    return Launched(process, port, state, output, "https" if "--tls-cert" in more else "http")


def log_in(
    url: str, name: str, password: str = PASSWORD, cookies: Mapping[str, str] | None = None
) -> tuple[requests.Session, requests.Response]:
    """Fill in the login form as a browser does; return the session and the page that came after."""
    session = requests.Session()
    session.cookies.update(cookies or {})
    session.headers.update(AS_A_BROWSER)
    form = session.get(f"{url}/hub/login", timeout=30)
    token = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    if token is None:
        raise AssertionError(form.text)
    fields = {"username": name, "password": password, "_xsrf": token[1]}
    return session, session.post(f"{url}/hub/login?next=%2Fhub%2Fhome", data=fields, timeout=30)


def open_server(
    url: str, name: str, server: str = "reading", session: requests.Session | None = None
) -> requests.Session:
    """Log in, unless ``session`` has, start a server and wait until its own page answers; return the session."""
    session = session or log_in(url, name)[0]
    address = f"{url}/hub/spawn/{name}/{server}"

    def opened() -> bool:
        answer = session.get(address, timeout=90)
        return answer.ok and answer.url.startswith(f"{url}/user/{name}/{server}/")

    if not wait_for(opened, SPAWN_S, pause=0.2):
        raise AssertionError(f"the {server} server of {name} did not come up")
    return session


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def gone(processes: Iterable[int]) -> bool:
    """Return whether every process has ended; a zombie that nobody collected has ended too."""
    return all(_state(pid) in ("", "Z") for pid in processes)


def _state(process: int) -> str:
    """Return the kernel's letter for what a process does, empty when it is no more."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""
