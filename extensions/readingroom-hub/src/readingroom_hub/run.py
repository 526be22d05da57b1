"""One run of the hub and everything below it, from the first process to the last."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from readingroom_hub.bound import adopt_orphans, bound
from readingroom_hub.preflight import HOST
from readingroom_hub.processes import arguments, children, descendants, send
from readingroom_hub.sandbox import run_command
from readingroom_hub.settings import PROXY_FILES, HubSettings

START_SECONDS = 120
RECORDS_SECONDS = 30
STOP_SECONDS = 10
_KEPT_VARIABLES = ("LANG", "LC_ALL", "TZ", "TMPDIR")


class HubRun:
    """The hub, its proxy, services and servers as one thing that is started and ended together."""

    def __init__(self, settings: HubSettings, configuration: Path) -> None:
        self._settings = settings
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None
        self._init: int | None = None
        self.log = settings.state / "hub.log"

    def start(self) -> None:
        """Start the hub in a session of its own, so that Ctrl-C reaches the launcher alone."""
        hub = [sys.executable, "-m", "jupyterhub", "-f", str(self._configuration)]
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        for name in PROXY_FILES:
            # The proxy merges what it finds here over what it is told: a killed run's password and routes would win.
            (self._settings.state / name).unlink(missing_ok=True)
        if self._settings.isolated:
            self._start_in_namespace(hub)
        else:
            adopt_orphans()
            self._process = self._popen(bound(hub))

    def _start_in_namespace(self, hub: list[str]) -> None:
        reading, writing = os.pipe()
        try:
            command = run_command(shutil.which("bwrap") or "bwrap", writing) + hub
            self._process = self._popen(command, writing)
            os.close(writing)
            self._init = _read_child_pid(reading)
        finally:
            os.close(reading)

    def _popen(self, command: list[str], *kept_descriptors: int) -> "subprocess.Popen[bytes]":
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._settings.state,
                env=self._environment(),
                pass_fds=kept_descriptors,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        """Return a small environment made here: nothing of the caller's shell reaches the hub by accident."""
        home = self._settings.state / "hub-home"
        home.mkdir(mode=0o700, exist_ok=True)
        return {
            **{name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            **self._told(),
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONNOUSERSITE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _told(self) -> dict[str, str]:
        """Return what the hub is told, with the password in a file: an environment is inherited, listed and inspected."""
        told = self._settings.to_environment()
        file = self._settings.state / "demo-password"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(told.pop("READINGROOM_DEMO_PASSWORD"))
        return {**told, "READINGROOM_DEMO_PASSWORD_FILE": str(file)}

    def wait_until_ready(self) -> bool:
        """Return whether the hub answered through the public port before it ended or the time was up."""
        return _wait_for(lambda: not self.alive() or self._answers(), START_SECONDS) and self.alive()

    def wait_for_records(self) -> bool:
        """Return whether the records answer through the public port, which is when the first image can be shown."""
        if not self._settings.records_port:
            return True
        return _wait_for(lambda: not self.alive() or self._answers("/services/records/health"), RECORDS_SECONDS)

    def alive(self) -> bool:
        """Return whether the process that holds the run together still runs."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Wait until the run ends by itself."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End the run in order: the hub first, which ends its servers and proxy, then whatever is left."""
        if self._process is None:
            return
        hub = self._hub()
        if hub is not None:
            send(hub, signal.SIGTERM)
            _wait_for(lambda: not self.alive(), STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End every process of the run at once, and return when the kernel has taken them all away."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._init is not None:
            send(self._init, signal.SIGKILL)
            _wait_for(lambda: not Path(f"/proc/{self._init}").exists(), STOP_SECONDS)
        elif self._process is not None:
            for process in descendants(os.getpid()):
                send(process, signal.SIGKILL)

    def _hub(self) -> int | None:
        """Return the PID of the hub as seen from here: in a namespace it is a child of the first process there."""
        if self._process is None or not self.alive():
            return None
        if self._init is None:
            return self._process.pid
        return next((pid for pid in children(self._init) if str(self._configuration) in arguments(pid)), None)

    def _answers(self, path: str = "/hub/health") -> bool:
        connection = self._connection()
        try:
            connection.request("GET", path, headers=self._host())
            return connection.getresponse().status == 200  # noqa: PLR2004 - healthy
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _host(self) -> dict[str, str]:
        """Return the host that is asked for: where people have subdomains, the proxy knows no other."""
        asked = urlsplit(self._settings.subdomain_host).netloc
        return {"Host": asked} if asked else {}

    def _connection(self) -> HTTPConnection:
        if self._settings.tls_cert is None:
            return HTTPConnection(HOST, self._settings.port, timeout=2)
        # The certificate names the trust's address, not this one; no secret is sent.
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(HOST, self._settings.port, timeout=2, context=anyone)

    def last_words(self, count: int = 6) -> list[str]:
        """Return the last lines of the log that say something, for a hub that ended by itself."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return [line.strip() for line in lines if line.strip()][-count:]


def _read_child_pid(descriptor: int) -> int | None:
    """Read what bubblewrap says of its namespace: one JSON object; ``None`` when it ended without a word."""
    text = b""
    while part := os.read(descriptor, 4096):
        text += part
        if text.rstrip().endswith(b"}"):
            return int(json.loads(text)["child-pid"])
    return None


def _wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
