"""``readingroom-hub leaver``: a colleague leaves; what they opened ends, what they hold goes to somebody or to nobody.

It talks to the hub and the records while they run. Each step is in the audit before the next; ended in the middle, it is
simply run again, and does what is left.
"""

import argparse
import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from readingroom.reading.permissions import Action, Relation, decide, role_of
from readingroom_hub.store.errors import StoreError

TIMEOUT_S = 60


class LeaverError(StoreError):
    """Something that cannot be done, or that the hub or the records refuse; what was done before stands."""

    reason = "leaver-refused"
    what_to_do = "Put that right and run the command again: it does what is left."


@dataclass(frozen=True)
class House:
    """The hub and the records as they run, and the command's own token."""

    url: str
    token: str = field(repr=False)

    def hub(self, method: str, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the hub; None for what it does not know."""
        return self._ask(method, f"{self.url}/hub/api/{path}", {} if method == "POST" else None)

    def records(self, body: Mapping[str, Any] | None = None, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Ask the records about leavers, by POST where there is a body."""
        return self._ask("GET" if body is None else "POST", f"{self.url}/services/records/api/leavers", body, query)

    def _ask(self, method: str, address: str, body: Mapping[str, Any] | None, query: Mapping[str, str] = {}) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"token {self.token}"}
        try:
            answer = requests.request(method, address, json=body, params=query, headers=headers, timeout=TIMEOUT_S)
            told = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as error:
            raise LeaverError(
                f"Reading Room does not answer at {self.url}. See that it runs, or name it with --url."
            ) from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not answer.ok:
            why = told.get("error", {}).get("message") if isinstance(told.get("error"), dict) else told.get("message")
            raise LeaverError(str(why or f"Reading Room answered {answer.status_code}."))
        return told


def add_leaver(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--to", default="", metavar="NAME", help="who takes over the studies to read and the drafts")
    grants = parser.add_mutually_exclusive_group()
    grants.add_argument(
        "--grants-to", default="", metavar="NAME", help="a coordinator who answers for grants they gave"
    )
    grants.add_argument("--revoke-grants", action="store_true", help="take back the grants they gave to others")
    parser.add_argument("--look", action="store_true", help="say what they hold, and change nothing")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the address of Reading Room")


def do_leaver(chosen: argparse.Namespace, _address: str) -> str:
    """Do it, and say what was done and what is left; raises ``LeaverError``."""
    file = chosen.state / "keeper-token"
    if not file.is_file():
        raise LeaverError(f"There is no {file}. Run this on the hub's machine, with its --state.")
    house = House(chosen.url.rstrip("/"), file.read_text())
    chosen.what = chosen.what.strip().lower()  # as the hub writes names
    if chosen.look:
        return "\n".join([f"{chosen.what} holds:", *_left(house.records(person=chosen.what))])
    _check(house, chosen.to, Action.OPEN_STUDY, "may not read studies that are given to them")
    _check(house, chosen.grants_to, Action.ISSUE_GRANT, "may not give access")
    plan = {"person": chosen.what, "to": chosen.to, "grants_to": chosen.grants_to, "account": getpass.getuser()}
    plan = {name: value for name, value in plan.items() if value} | {"revoke": chosen.revoke_grants}
    house.records({**plan, "step": "begin"})
    ended = house.hub("POST", f"readingroom/leavers/{quote(chosen.what, safe='')}")
    count = {"tokens": ended["tokens"], "servers": len(ended["servers"])}
    house.records({**plan, "step": "closed", **count})
    done = house.records({**plan, "step": "hand-over"})
    return "\n".join(
        [*_ended(chosen.what, ended), *_done(done, chosen), "", "Left:", *_left(done["left"]), *_by_hand(chosen)]
    )


def _check(house: House, name: str, action: Action, words: str) -> None:
    """Refuse a name that nobody has here, or that may not do what is left to it."""
    if not name:
        return
    person = house.hub("GET", f"users/{quote(name, safe='')}")
    if person is None:
        raise LeaverError(f"Nobody here is called {name}. Nothing was done.")
    role = role_of(person.get("groups", ()))
    if role is None or not decide(role, action, [Relation.ASSIGNED]).allowed:
        raise LeaverError(f"{name} {words}. Name somebody else; nothing was done.")


def _ended(name: str, ended: Mapping[str, Any]) -> list[str]:
    lines = [f"{name}: the account {'is' if ended['closed'] else 'was already'} closed to logins"]
    if not ended["known"]:
        return [*lines, "nobody of this name has logged in here"]
    lines.append(f"{ended['tokens']} tokens and every login ended")
    lines.append(f"servers ended: {', '.join(ended['servers']) or 'none ran'}")
    return lines + [f"the server {server} is still starting or ending: run this again" for server in ended["ending"]]


def _done(done: Mapping[str, Any], chosen: argparse.Namespace) -> list[str]:
    before, left = done["before"], done["left"]
    to = f"given to {chosen.to}" if chosen.to else "withdrawn"
    lines = [f"{name}: {len(held)} {to}" for name, held in before["work"].items()]
    lines.append(f"access that they had: {len(before['held'])} revoked")
    gone = len(before["given"]) - len(left["given"])
    how = f"handed over to {chosen.grants_to}" if chosen.grants_to else "revoked"
    return [*lines, f"access that they gave: {gone} {how}"]


def _left(left: Mapping[str, Any]) -> list[str]:
    lines = [f"{name}: {len(held)}" for name, held in left["work"].items()]
    lines.append(f"access that they have: {len(left['held'])}")
    lines.append(f"access that they gave: {len(left['given'])}")
    for each in left["given"]:
        until = each["expires"][:16].replace("T", " ")
        words = f"  {each['grant_id']}: {each['grantee']} until {until} UTC, {each['question']}"
        lines.append(words.rstrip(", "))
    if left["given"]:
        lines.append("  It ends by itself; --grants-to NAME or --revoke-grants does it now.")
    return lines


def _by_hand(chosen: argparse.Namespace) -> list[str]:
    home = Path(chosen.state).resolve() / "homes" / str(chosen.what)
    return [f"files: {home}: look through it, then remove it by hand"] if home.is_dir() else []
