"""Where a secret could be read by somebody who should not: addresses, logs, process lists, environments, files."""

import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched, log_in, open_server, wait_for

pytestmark = pytest.mark.e2e
TOKEN = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - the name of a variable


def environment(process: int) -> dict[str, str]:
    """Return the environment that a process was started with, empty when it is gone."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        return dict(os.fsdecode(word).split("=", 1) for word in words if b"=" in word)
    return {}


@pytest.fixture(scope="module")
def used(product: Launched) -> Launched:
    """Return a product in which somebody logged in, mistyped, read and signed out."""
    session = open_server(product.url, "trainee")
    log_in(product.url, "researcher", f"{PASSWORD}-mistyped")
    other, _ = log_in(product.url, "researcher")
    other.get(f"{product.url}/hub/logout", timeout=30)
    assert session.get(f"{product.url}/user/trainee/reading/viewer/", timeout=30).ok
    return product


@pytest.fixture(scope="module")
def server_tokens(used: Launched) -> set[str]:
    """Return the tokens that any process of the run was given."""
    return {found for pid in used.below() if (found := environment(pid).get(TOKEN))}


def test_no_process_shows_the_password(used: Launched) -> None:
    """It stands in no command line and in no environment below the launcher, and its file is the owner's alone."""
    assert [] == [pid for pid in used.below() if PASSWORD in "\0".join(arguments(pid))]
    assert [] == [pid for pid in used.below() if PASSWORD in environment(pid).values()]
    assert 0o600 == (used.state / "demo-password").stat().st_mode & 0o777


def test_a_persons_processes_hold_their_own_expiring_token_alone(used: Launched, server_tokens: set[str]) -> None:
    """No other secret is in the environment of a reading server; the hub's database says when its token ends."""
    secret = re.compile("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL")
    for pid in used.below():
        told = environment(pid)
        if told.get("USER") == "trainee":
            named = {name for name in told if secret.search(name)}
            assert named <= {TOKEN, "JPY_API_TOKEN"}, named
            assert {told[name] for name in named} <= server_tokens
    with closing(sqlite3.connect(used.state / "jupyterhub.sqlite")) as database:
        ends = database.execute("select expires_at from api_tokens where note like 'Server at %'").fetchall()
    assert ends
    assert (None,) not in ends


def test_no_command_line_shows_a_token(used: Launched, server_tokens: set[str]) -> None:
    """Whoever lists processes learns no token."""
    assert server_tokens
    lines = ["\0".join(arguments(pid)) for pid in used.below()]
    assert [] == [line for line in lines for token in server_tokens if token in line]


def test_no_log_line_keeps_what_an_address_carries(used: Launched) -> None:
    """Refused, redirected or unknown, at the hub, the records and a person's server: logged or not, none with its secrets."""
    session = open_server(used.url, "trainee")
    secret, own, hub = "worth-hiding-1f4a", "/user/trainee/reading", "/hub/api/oauth2/authorize"
    asked = f"{hub}?client_id=jupyterhub-user-consultant-reading&response_type=code&state={secret}"
    addresses = [
        f"{asked}&redirect_uri=%2Fuser%2Fconsultant%2Freading%2Foauth_callback",
        f"{asked}&redirect_uri=https%3A%2F%2Felsewhere.example%2F",
        f"/hub/login?next={quote(asked, safe='')}",
        f"/hub/login?next={quote(f'https://elsewhere.example/?a=1&state={secret}', safe='')}",
        f"/hub/nothing?state={secret}",
        f"/hub/user/nobody/reading/?code={secret}",
        f"/user/consultant/reading/viewer/?token={secret}",
        f"{own}/oauth_callback?code={secret}&state={secret}",
        f"{own}/nothing?state={secret}",
        f"{own}/viewer/nothing?a=1&state={secret}",
        f"/services/records/oauth_callback?code={secret}&state={secret}",
        f"/services/records/audit/?code={secret}",
        f"/services/records/nothing?token={secret}",
    ]
    for address in addresses:
        from_there = {"Referer": f"{used.url}/hub/home?a=1&token={secret}"}
        session.get(f"{used.url}{address}", headers=from_there, timeout=30)
        requests.get(f"{used.url}{address}", headers=from_there, timeout=30)
    requests.get(f"{used.url}/hub/logout?token={secret}", timeout=30)
    log = used.state / "hub.log"
    paths = {path for path, _, _ in (each.partition("?") for each in addresses) if not path.startswith("/services/")}

    # A line is written after its answer is sent.
    assert wait_for(
        lambda: all(path in log.read_text(encoding="utf-8", errors="replace") for path in paths), PATIENCE_S
    )
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    assert [] == [line for line in lines if secret in line]


def test_the_logs_keep_no_secret(used: Launched, server_tokens: set[str]) -> None:
    """Neither password, right or mistyped, nor token, nor cookie, nor the word that a login form is signed with."""
    log = (used.state / "hub.log").read_text(encoding="utf-8", errors="replace")
    session, _ = log_in(used.url, "researcher")
    names_a_login = "jupyterhub-session-id"  # and opens nothing by itself: JupyterHub logs it with each form
    worth = {one.value for one in session.cookies if one.name != names_a_login and len(one.value or "") > 20}
    log += (used.state / "hub.log").read_text(encoding="utf-8", errors="replace")

    assert [] == [secret for secret in {PASSWORD, *server_tokens, *worth} if secret in log]
    assert [] == re.findall(r"[?&](?:token|code|state|password)=(?!\[secret\]|\.\.\.)[^&\s]+", log)


def test_the_proxys_files_hold_no_secret_to_use(used: Launched, server_tokens: set[str]) -> None:
    """Its password stands there as a hash, its environment has none, and nobody else may read the folder."""
    texts = [(used.state / name).read_text(encoding="utf-8") for name in ("traefik.toml", "traefik-rules.toml")]
    (proxy,) = [pid for pid in used.below() if Path(arguments(pid)[0]).name == "traefik"]

    assert [] == [secret for text in texts for secret in {PASSWORD, *server_tokens} if secret in text]
    assert re.search(r"hub:\$(apr1|2[aby])\$", texts[1])
    assert set(environment(proxy)) <= {"PATH", "HOME", "LANG", "LC_ALL", "TZ"}
    assert 0o700 == used.state.stat().st_mode & 0o777


def test_no_address_holds_a_secret(used: Launched) -> None:
    """On the way from the login to the page no redirect carries a token; the code of the login is worth nothing twice."""
    session, _ = log_in(used.url, "trainee")
    answer = session.get(f"{used.url}/user/trainee/reading/viewer/", timeout=30)
    addresses = [step.headers.get("Location", "") for step in answer.history] + [answer.url]
    assert [] == [address for address in addresses if "token=" in address]
    (callback,) = [address for address in addresses if "oauth_callback?code=" in address]
    again = requests.get(used.url + callback.removeprefix(used.url), timeout=30)

    assert not again.ok
