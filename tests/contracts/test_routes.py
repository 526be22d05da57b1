"""Every endpoint says who may call it: ours themselves, the others in a list, and docs/security.md shows them all."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from tests.contracts import matrix
from tests.routes.addresses import Route, address, of_imaging, of_invitations, of_records, of_single_user
from tornado.web import RequestHandler

import readingroom_hub
import readingroom_viewer
from readingroom_hub.handlers import undeclared
from readingroom_hub.routes import UnknownRouteError, given_public, hub_rule, server_rule

NO_IMPORT = ("__main__", "readingroom_hub.store.migrations.env", "readingroom_hub.store.migrations.versions")


def ours() -> Iterator[type[RequestHandler]]:
    """Return every Tornado handler that our packages define."""
    for package in (readingroom_hub, readingroom_viewer):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and not module.name.startswith(NO_IMPORT):
                importlib.import_module(module.name)
    waiting = [RequestHandler]
    while waiting:
        handler = waiting.pop()
        waiting += handler.__subclasses__()
        if handler.__module__.startswith(("readingroom_hub", "readingroom_viewer")):
            yield handler


def test_every_handler_of_ours_says_who_may_call_it() -> None:
    """Whoever adds an endpoint without a check learns it here."""
    found = set(ours())
    assert len(found) > 10
    assert [] == [str(error) for handler in found if not given_public(handler) for error in undeclared(handler)]


@pytest.mark.parametrize("kind", ["reading", "workbench"])
def test_every_handler_of_a_persons_server_is_in_the_list(kind: str) -> None:
    """A new version of Jupyter Server that brings a route fails the build until somebody has looked at it."""
    routes = of_single_user(kind)
    assert [] == [error for route in routes if route.methods for error in _unknown(kind, route)]


def _unknown(kind: str, route: Route) -> Iterator[str]:
    try:
        server_rule(kind, route.name)
    except UnknownRouteError as error:
        yield str(error)


def test_what_nobody_has_looked_at_has_no_rule() -> None:
    """Neither a new handler, nor a new method of a known one, nor a kernel in a reading server."""
    with pytest.raises(UnknownRouteError):
        hub_rule("/hub/new", "NewHandler", "GET")
    with pytest.raises(UnknownRouteError):
        hub_rule("/hub/home", "HomeHandler", "DELETE")
    with pytest.raises(UnknownRouteError):
        server_rule("reading", "MainKernelHandler")


def test_a_walk_has_an_address_for_every_route() -> None:
    """Each address is one that its pattern takes."""
    routes = [*of_records(), *of_imaging(), *of_invitations(), *of_single_user("workbench")]
    wrong = [
        (route.pattern, address(route.pattern))
        for route in routes
        if route.methods
        if not re.match(
            route.pattern.replace("{person}", "ann"), address(route.pattern).format(person="ann", study="1.2")
        )
    ]
    assert [] == wrong


@pytest.mark.parametrize("heading", matrix.written())
def test_what_the_product_says_stands_in_the_document(heading: str) -> None:
    """The matrix is up to date; ``python -m tests.contracts.matrix`` writes it."""
    document = matrix.DOCUMENT.read_text(encoding="utf-8")
    assert document == matrix.rewrite(document)
    assert f"\n## {heading}\n" in document
