"""The launcher as a person meets it: real processes, real ports, real signals."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests

from readingroom_hub.preflight import EPHEMERAL, check_port, check_studies, free_ports
from readingroom_hub.processes import arguments, descendants
from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched, gone, launch_command, log_in, open_server, wait_for

from .conftest import CONFIGURATION

SERVERS_THAT_END = f"""
from dataclasses import replace
from readingroom_hub.servers import SERVERS
for name, kind in list(SERVERS.items()):
    SERVERS[name] = replace(kind, module="no_such_module")
load_subconfig({str(CONFIGURATION)!r})
"""


@pytest.fixture(scope="module")
def running(launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> Launched:
    """One run that serves a small identifiable folder."""
    studies = tmp_path_factory.mktemp("the studies")
    (studies / "not-dicom.txt").write_text("nothing to see", encoding="utf-8")
    return launch("--studies", str(studies)).wait_until_ready()


def test_the_ready_line_and_the_accounts(running: Launched) -> None:
    """One line with the address, then the accounts and their password."""
    lines = running.said().splitlines()
    assert lines.count(f"Reading Room is ready: {running.url}") == 1
    assert "trainee, consultant, guest, researcher, coordinator, administrator" in running.said()
    assert PASSWORD in running.said()


def test_a_person_gets_their_own_reading_server(running: Launched) -> None:
    """Log in, spawn, and the page answers to its owner alone."""
    owner = open_server(running.url, "trainee")
    page = f"{running.url}/user/trainee/reading/viewer/"
    assert owner.get(page, timeout=30).status_code == 200
    stranger, _ = log_in(running.url, "consultant")
    assert stranger.get(page, timeout=30).status_code == 403
    assert requests.get(page, timeout=30, allow_redirects=False).status_code == 403


@pytest.mark.usefixtures("bubblewrap")
def test_what_a_reading_server_sees(running: Launched) -> None:
    """Inside the reading server: no study, no index, no records, no state folder, and of the services their addresses."""
    open_server(running.url, "guest")
    inside = next(pid for pid in running.below() if _environment(pid).get("USER") == "guest")
    inner = max(pid for pid in [inside, *descendants(inside)])
    root = Path(f"/proc/{inner}/root")
    assert [name for name in ("studies", "index", "records", "notebooks") if (root / name).exists()] == []
    assert not (root / running.state.relative_to("/")).exists()
    assert not (root / "etc" / "shadow").exists()
    told = {name for name in _environment(inner) if name.startswith("READINGROOM_")}
    allowed = {"STUDIES_KIND", "DISPLAY_DAYS", "LOCK_MINUTES", "IMAGING_URL", "RECORDS_URL"}
    assert told <= {f"READINGROOM_{name}" for name in allowed}
    assert _environment(inner)["READINGROOM_STUDIES_KIND"] == "identifiable"
    assert "READINGROOM_DEMO_PASSWORD" not in _environment(inner)


def test_a_proxy_that_ends_comes_back(running: Launched) -> None:
    """Its routes too: a reader's page answers again without a new start."""
    owner = open_server(running.url, "coordinator")
    (proxy,) = [pid for pid in running.below() if Path(arguments(pid)[0]).name == "traefik"]
    os.kill(proxy, signal.SIGKILL)

    assert wait_for(lambda: _answers(owner, f"{running.url}/user/coordinator/reading/viewer/"), PATIENCE_S, pause=0.3)


def _answers(session: requests.Session, address: str) -> bool:
    try:
        return session.get(address, timeout=30).ok
    except requests.ConnectionError:
        return False


def _environment(process: int) -> dict[str, str]:
    try:
        words = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended a moment ago
        return {}
    return dict(os.fsdecode(word).split("=", 1) for word in words if b"=" in word)


@pytest.mark.parametrize("path", ["/hub/login", "/hub/home", "/hub/token", "/hub/nowhere", "/hub/spawn/trainee/evil"])
def test_hub_pages_are_ours_and_load_nothing_from_elsewhere(running: Launched, path: str) -> None:
    """The wordmark in text, no JupyterHub logo, no link to the token page, no foreign host."""
    session = requests.Session() if path.endswith("login") else log_in(running.url, "trainee")[0]
    answer = session.get(f"{running.url}{path}", timeout=30)
    assert "Reading Room" in answer.text
    assert "jpy-logo" not in answer.text
    assert 'href="/hub/token"' not in answer.text
    loaded = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']+)""", answer.text)
    assert loaded
    assert [address for address in loaded if not address.startswith(("/", "data:", "#"))] == []
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_login_page_says_what_this_is(running: Launched) -> None:
    """What it is, who runs it, and that access is recorded."""
    text = requests.get(f"{running.url}/hub/login", timeout=30).text
    for words in ("Radiology images", "Run by", "Access is recorded"):
        assert words in text


@pytest.mark.parametrize("password", ["wrong-words", "wörter", ""])
def test_a_wrong_password_is_told(running: Launched, password: str) -> None:
    """In words, whatever was typed."""
    _, answer = log_in(running.url, "trainee", password)
    assert answer.status_code == 403
    assert "The name or the password is wrong" in answer.text


def test_an_unknown_account_is_refused(running: Launched) -> None:
    """The right password opens only the accounts of the table."""
    _, answer = log_in(running.url, "mallory")
    assert answer.status_code == 403


def test_guessing_ends_and_keeps_nobody_out(running: Launched) -> None:
    """After ten wrong passwords strangers wait, even with the right one; a browser that the person used gets in.

    The account is closed to strangers for a quarter of an hour, so it is one that no other test of this run logs in with.
    """
    home, _ = log_in(running.url, "researcher")
    known = {cookie.name: cookie.value for cookie in home.cookies if cookie.name == "readingroom-known-browser"}
    answers = [log_in(running.url, "researcher", "wrong-words")[1].status_code for _ in range(10)]
    _, late = log_in(running.url, "researcher")

    assert [403] * 10 == answers
    assert (429, True) == (late.status_code, "Too many attempts" in late.text)
    assert int(late.headers["Retry-After"]) <= 15 * 60
    own, entered = log_in(running.url, "researcher", cookies=known)
    assert (200, True) == (entered.status_code, own.get(f"{running.url}/hub/home", timeout=30).ok)


def test_a_second_run_on_the_same_state_is_refused(running: Launched) -> None:
    """The state folder is locked by the run that uses it."""
    (port,) = free_ports(1)
    done = _refused(port, running.state)
    assert "Another run uses the state folder" in done.stderr


def test_ports_lie_where_the_kernel_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in a row, below those of outgoing connections; a block in which one is taken is passed over."""
    ports = free_ports(6)
    assert list(range(ports[0], ports[0] + 6)) == ports
    assert ports[-1] < int(EPHEMERAL.read_text().split()[0])
    blocks = iter([0, 1])
    monkeypatch.setattr("readingroom_hub.preflight.secrets.randbelow", lambda _: next(blocks))
    monkeypatch.setattr("readingroom_hub.preflight._is_free", lambda port: port != 20_003)
    assert list(range(20_008, 20_014)) == free_ports(6)


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """The line names the port and what to type instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _refused(port, tmp_path)
    assert f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}\n" == done.stderr


def test_a_missing_study_folder_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """The line says why, and what is served in its place."""
    assert check_studies(tmp_path / "missing", Path("/state"))[0] is None
    assert "it does not exist. Serving the demo studies only." in str(
        check_studies(tmp_path / "missing", Path("/s"))[1]
    )
    assert "is empty" in str(check_studies(tmp_path, Path("/state"))[1])


def test_state_inside_the_studies_is_refused(tmp_path: Path) -> None:
    """Otherwise every reading server would be shown the hub's database."""
    (port,) = free_ports(1)
    assert "lies inside" in _refused(port, tmp_path / "state", "--studies", str(tmp_path)).stderr


def _refused(port: int, state: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        launch_command(port, state, *more), capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 2
    return done


@pytest.mark.parametrize(
    ("victim", "path"),
    [("launcher", ""), ("bwrap", ""), ("hub", "/nowhere"), ("launcher", "/nowhere")],
    ids=["launcher", "bwrap", "hub without bubblewrap", "launcher without bubblewrap"],
)
def test_sigkill_leaves_nothing(
    launch: Callable[..., Launched], request: pytest.FixtureRequest, tmp_path: Path, victim: str, path: str
) -> None:
    """After kill -9 of the launcher, of bubblewrap or of an unconfined hub no process is left, and the port is free."""
    if not path:
        request.getfixturevalue("bubblewrap")
    run = launch("--studies", str(tmp_path), environment={"PATH": path} if path else None).wait_until_ready()
    assert ("not isolated from each other" in run.said()) == bool(path)
    assert (f"Studies: {tmp_path}" in run.said()) != bool(path)
    open_server(run.url, "trainee")
    below = run.below()
    victims = {"hub": run.hub(), "launcher": run.process.pid, "bwrap": min(below)}
    os.kill(victims[victim], signal.SIGKILL)
    assert wait_for(lambda: gone(below), PATIENCE_S)
    assert (-signal.SIGKILL if victim == "launcher" else 1) == run.process.wait(PATIENCE_S)
    check_port(run.port)


def test_ctrl_c_ends_everything(launch: Callable[..., Launched]) -> None:
    """An orderly end, status 0, nothing left."""
    run = launch().wait_until_ready()
    open_server(run.url, "consultant", "workbench")
    below = run.below()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(PATIENCE_S) == 0
    assert wait_for(lambda: gone(below), PATIENCE_S)
    check_port(run.port)


def test_a_crash_leaves_no_process_and_no_second_token(launch: Callable[..., Launched]) -> None:
    """After kill -9 of the hub nothing is left; the same state starts again, and its new server has the only token."""
    crashed = launch().wait_until_ready()
    open_server(crashed.url, "trainee")
    below = crashed.below()
    os.kill(crashed.hub(), signal.SIGKILL)
    assert wait_for(lambda: gone(below), PATIENCE_S)
    assert 1 == crashed.process.wait(PATIENCE_S)
    check_port(crashed.port)

    again = launch(state=crashed.state).wait_until_ready()
    open_server(again.url, "trainee")
    with closing(sqlite3.connect(again.state / "jupyterhub.sqlite")) as database:
        rows = database.execute("select expires_at from api_tokens where note = 'Server at /user/trainee/reading/'")
        (expiry,) = [row[0] for row in rows]
    assert expiry is not None


def test_a_server_that_ends_at_start_is_told_at_once(launch: Callable[..., Launched], tmp_path: Path) -> None:
    """Its owner reads words, not a progress bar that ends after two minutes."""
    config = tmp_path / "ending.py"
    config.write_text(SERVERS_THAT_END, encoding="utf-8")
    run = launch("--config", str(config)).wait_until_ready()
    session, _ = log_in(run.url, "trainee")
    session.get(f"{run.url}/hub/spawn/trainee/reading", timeout=60)
    page = f"{run.url}/hub/spawn-pending/trainee/reading"
    assert wait_for(lambda: "server ended while it was starting" in session.get(page, timeout=30).text, PATIENCE_S)


def test_a_hub_that_dies_at_start_says_why(launch: Callable[..., Launched], tmp_path: Path) -> None:
    """The last lines of its log, and status 1."""
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('no such luck')\n", encoding="utf-8")
    run = launch("--config", str(broken))
    assert run.process.wait(PATIENCE_S) == 1
    assert "no such luck" in run.said()
