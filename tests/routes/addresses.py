"""Every route of every application of the product, and an address for each: what a walk walks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from jupyterhub.app import JupyterHub
from tornado.routing import PathMatches
from tornado.web import Application, RequestHandler

from readingroom_hub.handlers import Access, Method, Public, declared, methods
from readingroom_hub.imaging import service as imaging
from readingroom_hub.invitations import service as invitations
from readingroom_hub.records import service as records
from readingroom_hub.routes import given_public

DUMP = Path(__file__).with_name("dump.py")
NOTHING = "00000000-0000-0000-0000-000000000000"
EXAMPLES = {
    **dict.fromkeys(("users", "spawn", "spawn-pending", "shared", "shares", "share-codes", "guests"), "{person}"),
    **dict.fromkeys(("grants", "break-glass", "invitations"), "0123456789abcdef"),
    **dict.fromkeys(("kernels", "sessions"), NOTHING),
    **dict.fromkeys(("token", "tokens", "cookie"), "a0"),
    "user": "{person}/reading/",
    "{person}": "reading",
    "groups": "guests",
    "services": "indexer",
    "servers": "nowhere",
    "error": "404",
    "viewer": "",
    "studies": "{study}",
    "series": "1.2.3.4",
    "instances": "1.2.3.4.5",
    "frames": "1",
    "kernelspecs": "python3",
}
"""What stands in an address after a word, where the route takes anything there."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route: the pattern that it is served under, the class that answers, by its whole name, and its methods.

    ``says`` is what a handler of ours declares for each method.
    """

    pattern: str
    handler: str
    methods: tuple[Method, ...]
    says: Mapping[Method, Access | Public] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The class without its modules."""
        return self.handler.rpartition(".")[2]

    @property
    def of_a_person(self) -> bool:
        """Whether the address names a person first."""
        return "{person}" in address(self.pattern)


def as_route(pattern: str, handler: type[RequestHandler]) -> Route:
    """Return a route as Tornado is given it."""
    answers = methods(handler)
    given = given_public(handler)
    ours = handler.__module__.startswith("readingroom_")
    says = {method: given or declared(handler, method) for method in answers} if ours or given else {}
    return Route(pattern.removesuffix("$"), f"{handler.__module__}.{handler.__qualname__}", answers, says)


def address(pattern: str) -> str:
    """Return an address that a pattern takes, with ``{person}`` where it names one.

    What is optional is left out; a group takes the word that ``EXAMPLES`` has for what stands before it.
    """
    parts, rest = [""], pattern.replace("\\.", ".").replace("\\-", "-")
    while "(" in rest:
        before, _, after = rest.partition("(")
        parts.append(before.removesuffix("?"))
        inside, rest = _closed(after)
        if rest.startswith("?"):
            rest = rest[1:]
        elif not inside.startswith("?!"):
            parts.append(_example(inside, "".join(parts)))
    return re.sub(r"(/\?|\.\*|\?)$", "", "".join([*parts, rest])).replace("/.*/", "/nothing/") or "/"


def _closed(text: str) -> tuple[str, str]:
    """Return what stands before and after the bracket that closes."""
    depth = 1
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return text[:place], text[place + 1 :]
    raise ValueError(text)


def _example(inside: str, before: str) -> str:
    inside = re.sub(r"^\?P<\w+>|^\?:", "", inside)
    if re.fullmatch(r"[a-z.]+(\|[a-z.*/]+)+", inside) or re.fullmatch(r"[\w.]+", inside):
        return inside.split("|")[0]
    if "/" in inside.replace("[^/]", "") and not inside.startswith("frames"):
        return "/nothing"
    words = [word for word in before.split("/") if word]
    return EXAMPLES.get(words[-1] if words else "", "nothing")


def of_single_user(kind: str) -> list[Route]:
    """Return the routes of a person's server, as its own program makes them: the program is started, and asked."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, str(DUMP), kind], capture_output=True, text=True, check=True, env=environment, timeout=180
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return [Route(pattern, handler, tuple(answers)) for pattern, handler, answers in told]


def of_hub(hub: JupyterHub) -> list[Route]:
    """Return the routes of a hub that was made from the real configuration."""
    return list(distinct(as_route(each[0], each[1]) for each in hub.handlers))


def of_records() -> list[Route]:
    """Return the routes of the records, as their program makes them."""
    return _of_application(records.make_application(cast("Any", None), "/services/records/"))


def of_imaging() -> list[Route]:
    """Return the routes of the gateway, as its program makes them."""
    return _of_application(imaging.make_application(cast("Any", None)))


def of_invitations() -> list[Route]:
    """Return the routes of the inviting service, as its program makes them."""
    return _of_application(invitations.make_application(cast("Any", None), cast("Any", None)))


def _of_application(application: Application) -> list[Route]:
    return [
        as_route(rule.matcher.regex.pattern, rule.target)
        for rule in application.wildcard_router.rules
        if isinstance(rule.matcher, PathMatches)
    ]


def distinct(routes: Iterable[Route]) -> Iterator[Route]:
    """Return routes without those that are never reached, because one of the same pattern stands before."""
    seen = set()
    for route in routes:
        if route.pattern not in seen:
            seen.add(route.pattern)
            yield route
