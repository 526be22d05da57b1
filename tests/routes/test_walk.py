"""Every route of the running product, asked by every person, by nobody and with tokens of servers, against the table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from jupyterhub.app import JupyterHub
from tests.routes.addresses import Route, address, of_hub, of_imaging, of_invitations, of_records, of_single_user
from tests.routes.conftest import WORKBENCH_OF, House
from tests.routes.rules import By, Question, expected
from tests.routes.walk import Asker, let_through

from readingroom.reading.permissions import Role
from readingroom.wire.gateway import parse_studies
from readingroom_hub.handlers import Method

LEFT_OUT = {"LoginHandler", "LogoutHandler", "SignOut", "Lock", "JupyterHubLogoutHandler", "LicensesHandler"}
"""Asking these would end the walk: the end of a login ends the walker's own, and JupyterLab's licences give whoever is
refused no answer at all, because its ``finish`` is a coroutine that nobody awaits."""

WAITS = {"CheckForUpdateHandler", "NewsHandler", "BuildHandler", "ExtensionHandler", "PluginHandler"}
"""JupyterLab works for seconds at these, and for nobody else meanwhile."""

GONE_WRONG = {"TokenAPIHandler", "PublicStaticFileHandler", "NbconvertFileHandler"}
"""JupyterHub and Jupyter Server fail at these instead of saying that there is nothing."""

FAILED = 500


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody who asks, and with what."""

    asker: Asker
    by: By

    def asks(self, where: str, route: Route, method: Method, url: str, *, own: bool = False) -> str:
        """Ask, and return a line about what was not as the table says; empty where it was."""
        role = Role(self.asker.name) if self.asker.name else None
        must = expected(where, Question(route, method, role, self.by, own))
        answer = self.asker.ask(method, url)
        failed = answer.status_code >= FAILED
        if failed and route.name in GONE_WRONG:
            return ""
        wrong = must is not None and must != let_through(answer, hides=where == "hub")
        who = f"{self.asker.name or 'nobody'} ({self.by}{', own' if own else ''})"
        return f"{method} {url} as {who}: {answer.status_code}, but may: {must}" if wrong or failed else ""


def logins(house: House) -> list[Walker]:
    """Return the six by their logins, and nobody."""
    return [Walker(asker, "login" if asker.name else "nobody") for asker in house.logins()]


def tokens(house: House) -> list[Walker]:
    """Return the six by the tokens of their reading servers."""
    return [Walker(asker, "reading-token") for asker in house.tokens()]


def by_token_of(house: House, name: str) -> Walker:
    """Return one of them."""
    return next(walker for walker in tokens(house) if walker.asker.name == name)


def about(asker: Asker, of_a_person: bool) -> Iterator[tuple[bool, str]]:
    """Return about whom a question is asked: themselves, and somebody else."""
    other = "trainee" if asker.name != "trainee" else "coordinator"
    if of_a_person and asker.name:
        yield True, asker.name
    yield False, other


def safe(path: str, method: Method) -> str:
    """Return an address at which success ends nobody's server: one that runs is started, one that is not is ended."""
    return path if method == "DELETE" else path.replace("/servers/nowhere", "/servers/reading")


def worth_asking(routes: Iterable[Route]) -> Iterator[tuple[Route, Method]]:
    """Return each route with each of its methods, but the few that would end the walk."""
    return ((route, method) for route in routes if route.name not in LEFT_OUT for method in route.methods)


def test_the_hub_lets_through_whom_the_table_says(house: House, hub: JupyterHub) -> None:
    """Pages and JSON of JupyterHub: by login, by nobody, and with the token of somebody's server."""
    wrong = [
        walker.asks("hub", route, method, house.product.url + safe(path, method).format(person=person), own=own)
        for route, method in worth_asking(of_hub(hub))
        for path in [address(route.pattern)]
        for walker in [*logins(house), by_token_of(house, "researcher")]
        for own, person in about(walker.asker, route.of_a_person)
    ]
    assert "" == "\n".join(filter(None, wrong))


def of_a_server(kind: str) -> list[Route]:
    """Return the routes that the proxy brings to a person's server."""
    return [route for route in of_single_user(kind) if route.of_a_person]


def test_a_reading_server_holds_the_viewer_for_its_owner_alone(house: House) -> None:
    """No route of files, kernels or sessions passes anybody, the owner included; nothing passes another."""
    wrong = [
        walker.asks("reading", route, method, house.product.url + address(route.pattern).format(person=person), own=own)
        for route, method in worth_asking(of_a_server("reading"))
        for walker in [*logins(house), by_token_of(house, "researcher")]
        for own, person in about(walker.asker, True)
        if not (own and walker.by == "reading-token")
    ]
    assert "" == "\n".join(filter(None, wrong))


def test_a_workbench_is_its_owners_alone(house: House) -> None:
    """Every route of JupyterLab, its files and kernels refuses everybody else, with a login or with a token."""
    strangers = [each for each in [*logins(house), by_token_of(house, "guest")] if each.asker.name != WORKBENCH_OF]
    owner = Walker(Asker(WORKBENCH_OF, house.sessions[WORKBENCH_OF]), "login")
    wrong = []
    for route, method in worth_asking(of_a_server("workbench")):
        url = house.product.url + address(route.pattern).format(person=WORKBENCH_OF)
        wrong += [stranger.asks("workbench", route, method, url) for stranger in strangers]
        if method == "GET" and route.name not in WAITS:  # what changes something is the owner's own business
            wrong.append(owner.asks("workbench", route, method, url, own=True))
    assert "" == "\n".join(filter(None, wrong))


@pytest.mark.parametrize("name", ["guest", "coordinator", "administrator"])
def test_who_may_run_no_code_gets_no_workbench(house: House, name: str) -> None:
    """The hub refuses to start one, in words."""
    asker = Asker(name, house.sessions[name])
    answer = asker.ask("POST", f"{house.product.url}/hub/api/users/{name}/servers/workbench")
    assert (403, True) == (answer.status_code, "The workbench server is for" in answer.text)


def test_the_records_let_through_whom_the_table_says(house: House) -> None:
    """Each method asked by the six reading servers, by a workbench, by logins and by nobody."""
    workbench = Walker(house.workbench_token(), "workbench-token")
    wrong = [
        walker.asks("records", route, method, house.product.url + address(route.pattern))
        for route, method in worth_asking(of_records())
        for walker in [*tokens(house), workbench, *logins(house)]
    ]
    assert "" == "\n".join(filter(None, wrong))


def test_the_gateway_lets_through_whom_the_table_says(house: House) -> None:
    """Each route over a teaching study, asked by the six reading servers, by a workbench and by nobody."""
    base = house.reading["trainee"].get("READINGROOM_IMAGING_URL", "").rstrip("/")
    assert base
    everybody = [*tokens(house), Walker(house.workbench_token(), "workbench-token"), Walker(Asker(""), "nobody")]
    told = by_token_of(house, "trainee").asker.ask("GET", f"{base}/readingroom/studies")
    study = parse_studies(told.content)[0].uid
    wrong = [
        walker.asks("imaging", route, method, base + address(route.pattern).format(study=study))
        for route, method in worth_asking(of_imaging())
        for walker in everybody
    ]
    assert "" == "\n".join(filter(None, wrong))


def test_the_inviting_service_answers_the_hub_alone(house: House) -> None:
    """Whoever finds its internal address, with whatever token, makes no account there; no account comes of the public port."""
    port = next(
        told for pid in house.product.service("invitations") for told in _told(pid, "READINGROOM_INVITATIONS_PORT")
    )
    everybody = [*tokens(house), Walker(house.workbench_token(), "workbench-token"), Walker(Asker(""), "nobody")]
    wrong = [
        walker.asks("invitations", route, method, f"http://127.0.0.1:{port}{address(route.pattern)}")
        for route, method in worth_asking(of_invitations())
        for walker in everybody
    ]
    assert "" == "\n".join(filter(None, wrong))
    outside = requests.post(
        f"{house.product.url}/services/invitations/enter", json={}, timeout=30, allow_redirects=False
    )
    assert outside.status_code in (302, 403, 404)


def _told(pid: int, name: str) -> list[str]:
    """Return what a process was told under a name."""
    lines = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def test_the_gateway_has_no_public_address(house: House) -> None:
    """Whatever is asked below the public port for a study ends at the hub, which knows no such page."""
    for path in ("/dicom-web/studies", "/services/imaging/dicom-web/studies", "/readingroom/studies"):
        answer = requests.get(house.product.url + path, timeout=30, allow_redirects=True)
        assert "dicom" not in answer.headers.get("Content-Type", "")
        assert answer.url.startswith(f"{house.product.url}/hub/")
