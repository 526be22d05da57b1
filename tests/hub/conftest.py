"""Real hubs on free ports in temporary state folders, and the real configuration loaded in memory."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from readingroom_hub.preflight import free_ports
from readingroom_hub.processes import arguments, descendants
from readingroom_hub.settings import HubSettings

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIGURATION = REPOSITORY / "hub_config" / "jupyterhub_config.py"
PASSWORD = "right-words"  # noqa: S105 - of a hub that lives for one test

# The hub's half is tested with JupyterHub's own single-user server: the viewer's servers have their own tests.
STAND_IN = f"""
from dataclasses import replace
from readingroom_hub.servers import SERVERS
for name, kind in list(SERVERS.items()):
    SERVERS[name] = replace(kind, module="jupyterhub.singleuser")
load_subconfig({str(CONFIGURATION)!r})
"""


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    """Return valid settings of a run that is never started."""
    return HubSettings(
        state=tmp_path / "state", port=8000, hub_port=8001, proxy_api_port=8002, password=PASSWORD, isolated=True
    )


@dataclass
class Launched:
    """A launcher as a person starts it, with what it has printed so far."""

    process: "subprocess.Popen[str]"
    port: int
    output: Path

    @property
    def url(self) -> str:
        """Return the public address."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Return everything printed so far."""
        return self.output.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        """Wait for the line that a person waits for."""
        wait_for(lambda: "is ready" in self.said() or self.process.poll() is not None, 60)
        assert "is ready" in self.said(), self.said()

    def hub(self) -> int:
        """Return the PID of the hub, seen from outside its namespace."""
        below = descendants(self.process.pid)
        return next(pid for pid in below if arguments(pid)[1:3] == ["-m", "jupyterhub"])


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def gone(processes: list[int]) -> bool:
    """Return whether every process has ended; a zombie that nobody collected has ended too."""
    states = (Path(f"/proc/{pid}/stat") for pid in processes)
    return all(not path.exists() or path.read_text().rpartition(")")[2].split()[0] == "Z" for path in states)


def launch_command(port: int, state: Path, *more: str) -> list[str]:
    """Return the command line that the Makefile runs."""
    return [sys.executable, "-m", "readingroom_hub.launch", "--port", str(port), "--state", str(state), *more]


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Launched]]:
    """Start launchers; every one is ended with the session."""
    started: list[Launched] = []

    def start(*more: str, state: Path | None = None, environment: dict[str, str] | None = None) -> Launched:
        folder = tmp_path_factory.mktemp("a run")  # a path with a space, as people have them
        config = folder / "config.py"
        config.write_text(STAND_IN, encoding="utf-8")
        (port,) = free_ports(1)
        command = launch_command(port, state or folder / "state", "--config", str(config), *more)
        inherited = {name: value for name, value in os.environ.items() if name != "HOME"}
        with (folder / "output").open("w") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                env={**inherited, "READINGROOM_DEMO_PASSWORD": PASSWORD, **(environment or {})},
            )
        started.append(Launched(process, port, folder / "output"))
        return started[-1]

    yield start
    for each in started:
        each.process.send_signal(signal.SIGTERM)
    for each in started:
        each.process.wait(30)


def log_in(url: str, name: str, password: str = PASSWORD) -> tuple[requests.Session, requests.Response]:
    """Fill in the login form as a browser does."""
    session = requests.Session()
    form = session.get(f"{url}/hub/login", timeout=10)
    token = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    assert token is not None
    fields = {"username": name, "password": password, "_xsrf": token[1]}
    return session, session.post(f"{url}/hub/login?next=", data=fields, timeout=30)


def open_server(url: str, name: str, server: str = "reading") -> requests.Session:
    """Log in, start a server and wait until its own page answers."""
    session, _ = log_in(url, name)
    address = f"{url}/hub/spawn/{name}/{server}"
    assert wait_for(lambda: f"/user/{name}/{server}" in session.get(address, timeout=30).url.split("?")[0], 60)
    return session
