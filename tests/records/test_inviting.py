"""Guests' accounts in a real hub: killed at any step, nothing is left half, and only the inviting service makes them."""

import asyncio
import html
import re
from contextlib import suppress

import pytest
import requests

from readingroom_hub.invitations.asking import Accounts, Records
from readingroom_hub.invitations.doorway import Doorway
from readingroom_hub.testing import START_S, log_in, wait_for

from .rooms import IMAGING, INVITING, TESTER, Room
from .test_grants_pages import send

STUDY_UID = "1.2.826.10"


class KilledError(Exception):
    """The service ended here."""


class KilledAfterMaking(Accounts):
    """The accounts of a service that is killed once the account is there, before the link is used up."""

    async def make(self, person: str) -> None:
        """Make it and end."""
        await super().make(person)
        raise KilledError(person)


class KilledAfterStopping(Accounts):
    """The accounts of a service that is killed before an account is removed."""

    async def remove(self, person: str) -> None:
        """End."""
        raise KilledError(person)


class KilledAfterRemoving(Accounts):
    """The accounts of a service that is killed before the records know that an account is gone."""

    async def remove(self, person: str) -> None:
        """Remove it and end."""
        await super().remove(person)
        raise KilledError(person)


def doorway(room: Room, accounts: type[Accounts] = Accounts) -> Doorway:
    """Return the inviting service of this room, started anew."""
    api = f"{room.launched.url}/services/records/api"
    return Doorway(Records(api, INVITING), accounts(f"{room.launched.url}/hub/api", INVITING), told_s=0)


@pytest.fixture(scope="module")
def coordinator(room: Room) -> requests.Session:
    """Return a coordinator's browser, logged in."""
    assert wait_for(room.answers, START_S)
    return log_in(room.launched.url, "coordinator")[0]


def invite(room: Room, coordinator: requests.Session, **more: str) -> tuple[dict[str, str], requests.Response]:
    """Send the form of the page; return what the guest shows, and the page that came."""
    form = coordinator.get(f"{room.launched.url}/services/records/guests", timeout=30).text
    one_form = re.search(r'name="one_form" value="(\w+)"', form)
    assert one_form
    fields = {"one_form": one_form[1], "name": "Dr Ada Lovelace", "email": "ada@example.org", "study": STUDY_UID,
              "question": "?", "purpose": "TREAT", "lasts": "1", "unit": "hours", "views": ""}  # fmt: skip
    page = send(room, coordinator, "guests", "guests", **{**fields, **more})
    found = dict(re.findall(r'data-testid="(link|code)">([^<]+)<', html.unescape(page.text)))
    link = found.get("link", "").partition("#")[2]
    shown = {"link": link, "code": found.get("code", "").replace(" ", ""), "browser": "own", "address": ""}
    return shown, page


def account(room: Room, person: str) -> int:
    """Return what the hub answers about an account."""
    headers = {"Authorization": f"token {TESTER}"}
    return requests.get(f"{room.launched.url}/hub/api/users/{person}", headers=headers, timeout=30).status_code


def grants_of(room: Room, coordinator: requests.Session, person: str) -> str:
    """Return the access that an account was given."""
    page = coordinator.get(f"{room.launched.url}/services/records/grants", timeout=30).text
    return next(name for name, row in re.findall(r'data-grant="(\w+)"(.*?)</tr>', page, re.DOTALL) if person in row)


def test_a_killed_service_leaves_no_link_half_used_and_no_account(room: Room, coordinator: requests.Session) -> None:
    """The link works after the account was made; after the end the account goes, whichever step was the last."""
    shown, _ = invite(room, coordinator)
    with pytest.raises(KilledError):
        asyncio.run(doorway(room, KilledAfterMaking).enter(shown))
    person = asyncio.run(doorway(room).enter(shown))["person"]
    assert 200 == account(room, person)
    assert "used" == asyncio.run(doorway(room).enter({**shown, "browser": "another"}))["outcome"]
    asyncio.run(doorway(room).clear())
    assert 200 == account(room, person)
    asyncio.run(
        Accounts(f"{room.launched.url}/hub/api", INVITING).end_logins("coordinator")
    )  # who is no guest, and stays

    send(room, coordinator, "guests", f"grants/{grants_of(room, coordinator, person)}/revoke")
    for killed, left in ((KilledAfterStopping, 200), (KilledAfterRemoving, 404), (Accounts, 404)):
        with suppress(KilledError):
            asyncio.run(doorway(room, killed).clear())
        assert left == account(room, person)
    assert "removed" in coordinator.get(f"{room.launched.url}/services/records/guests", timeout=30).text
    assert "ended" == asyncio.run(doorway(room).enter(shown))["outcome"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "nobody"}, "e-mail address"),
        ({"name": " "}, "guest&#39;s name"),
        ({"question": ""}, "the question"),
        ({"study": "A-NUMBER-NOBODY-KNOWS"}, "has been opened here"),
        ({"one_form": "<script>"}, "not complete"),
        ({"lasts": "91", "unit": "days"}, "90 days"),
    ],
)
def test_a_form_that_makes_no_sense_invites_nobody(
    room: Room, coordinator: requests.Session, fields: dict[str, str], words: str
) -> None:
    """It is told in words, with no link and no code."""
    shown, page = invite(room, coordinator, **fields)
    assert ("", "", True) == (shown["link"], shown["code"], words in page.text)
    assert 400 == page.status_code


def test_only_the_inviting_service_asks_for_invitations_and_makes_accounts(room: Room) -> None:
    """Neither another service nor a person's server comes in at the records' addresses or the hub's."""
    for token in (IMAGING, room.token("coordinator")):
        for path in ("look", "use", "over", "0123456789abcdef/cleared"):
            assert 403 == room.records(token, f"invitations/{path}", {})[0]
        made = requests.post(
            f"{room.launched.url}/hub/api/users/guest-abcdefgh", headers={"Authorization": f"token {token}"}, timeout=30
        )
        assert 403 == made.status_code
        ended = requests.delete(
            f"{room.launched.url}/hub/api/guests/guest-abcdefgh/logins",
            headers={"Authorization": f"token {token}"},
            timeout=30,
        )
        assert ended.status_code in (403, 404)
    assert 404 == account(room, "guest-abcdefgh")


def test_an_account_of_a_guest_has_no_password(room: Room, coordinator: requests.Session) -> None:
    """Nobody logs in to it at the login page, with the house's own password either."""
    shown, _ = invite(room, coordinator)
    person = asyncio.run(doorway(room).enter(shown))["person"]
    _, page = log_in(room.launched.url, person)
    assert (403, True) == (page.status_code, "name or the password is wrong" in page.text)
