"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a port of its own on loopback."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from readingroom_hub.preflight import free_ports

START_S = 60
STOP_S = 30
ACCOUNT = "postgres"
"""PostgreSQL refuses to run as root; the Debian package brings this account."""


@dataclass(frozen=True)
class PostgreSQL:
    """A cluster that runs; its owner may make databases and roles."""

    port: int
    password: str = field(repr=False)
    numbers: Iterator[int] = field(default_factory=count, repr=False)

    def address(self, database: str = "postgres") -> str:
        """Return the libpq address of a database, as its owner."""
        return f"postgresql://{ACCOUNT}:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its SQLAlchemy URL, as its owner."""
        name = f"test_{next(self.numbers)}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name).replace("postgresql:", "postgresql+psycopg:", 1)


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server that is installed, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return found[-1].parent if found else None


@contextmanager
def running_postgresql(binaries: Path) -> Iterator[PostgreSQL]:
    """Make a cluster in a temporary folder, start it, and end it with its folder."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    cluster = PostgreSQL(free_ports(1)[0], secrets.token_urlsafe(16))
    try:
        _make(binaries, folder, cluster.password)
        with _server(binaries, folder, cluster):
            yield cluster
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run one cluster for all tests; on CI, which has to have one, a missing part is a failure."""
    binaries = programs()
    if binaries is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("no PostgreSQL server is installed: postgresql")
    with running_postgresql(binaries) as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """Return the SQLAlchemy URL of an empty database of this test's own."""
    return postgresql.new_database()


def _account() -> str | None:
    """Return the account that the server must run as, None for this one."""
    return ACCOUNT if os.geteuid() == 0 else None


def _make(binaries: Path, folder: Path, password: str) -> None:
    key = folder / "password"
    key.touch(0o600)
    key.write_text(password)
    if _account():
        owner = pwd.getpwnam(ACCOUNT)
        for path in (folder, key):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    command = [str(binaries / "initdb"), "--pgdata", str(folder / "data"), "--username", ACCOUNT, "--pwfile", str(key),
               "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"]  # fmt: skip
    made = subprocess.run(command, cwd="/", user=_account(), check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


@contextmanager
def _server(binaries: Path, folder: Path, cluster: PostgreSQL) -> Iterator[None]:
    """Run the server: it loses nothing when a client is killed; that this machine may lose power is not tested."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": cluster.port,
        "unix_socket_directories": "",
        "fsync": "off",
        "shared_buffers": "32MB",
        "max_connections": 100,
    }
    command = [str(binaries / "postgres"), "-D", str(folder / "data")]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, cwd="/", user=_account(), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        _wait_for(cluster, process, folder / "said")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # a fast shutdown: open connections are ended
        process.wait(STOP_S)


def _wait_for(cluster: PostgreSQL, process: "subprocess.Popen[bytes]", said: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(cluster.address()).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start: {said.read_text(errors='replace')}")
