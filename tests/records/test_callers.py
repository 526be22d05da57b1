"""Whose token it is: asked of a real hub with real servers, and of a hub that is away."""

import asyncio
import time

import pytest

from readingroom_hub.callers import (
    AHEAD_S,
    HOLDS_S,
    Callers,
    HubUnreachableError,
    SupersededTokenError,
    UnknownCallerError,
    WrongServerError,
)

from .rooms import SCOPE, TESTER, Room


def test_the_reading_server_is_its_owner(room: Room) -> None:
    """The token of a running reading server stands for its person, with the groups that the hub knows."""
    caller = room.ask(room.token("trainee"))
    assert ("user", "trainee", frozenset({"trainees"}), "reading") == (
        caller.kind,
        caller.person,
        caller.groups,
        caller.server,
    )
    assert SCOPE in caller.scopes


def test_another_server_of_the_same_person_is_refused(room: Room) -> None:
    """A workbench, where code of anybody's writing runs, gets nothing with its own token."""
    with pytest.raises(WrongServerError):
        room.ask(room.token("trainee", "workbench"))


def test_a_service_is_no_person(room: Room) -> None:
    """The token of a service opens nothing by itself, and a person's token makes no service."""
    assert "tester" == asyncio.run(room.callers().service(TESTER)).name
    with pytest.raises(WrongServerError):
        room.ask(TESTER)
    with pytest.raises(WrongServerError):
        asyncio.run(room.callers().service(room.token("trainee")))


@pytest.mark.parametrize("token", ["", "0" * 32, "with\nline", "ü"])
def test_a_token_that_nobody_gave_is_refused(room: Room, token: str) -> None:
    """A token that the hub never made, or that is none, is nobody's."""
    with pytest.raises(UnknownCallerError):
        room.ask(token)


def test_only_the_newest_token_counts(room: Room) -> None:
    """Once there is a newer token of the same server, the older is refused, though the hub still knows it."""
    _, name = room.mint(60)
    try:
        with pytest.raises(SupersededTokenError):
            room.ask(room.token("trainee"))
    finally:
        room.hub("DELETE", f"/users/trainee/tokens/{name}")
    assert "trainee" == room.ask(room.token("trainee")).person


def test_a_token_ends_within_what_is_remembered(room: Room) -> None:
    """A token that expires while it is used is refused as soon as what the hub said of it no longer holds."""
    lives_s = 4

    async def ask_before_and_after(token: str) -> None:
        callers = room.callers()
        assert "trainee" == (await callers.of(token)).person
        await asyncio.sleep(lives_s + HOLDS_S)
        with pytest.raises(UnknownCallerError):
            await callers.of(token)

    asyncio.run(ask_before_and_after(room.mint(lives_s)[0]))


def test_nobody_waits_while_the_hub_is_asked_anew(room: Room) -> None:
    """Shortly before the answer ends the next one is fetched behind whoever comes, and holds as long again."""

    async def ask_again_and_again(token: str) -> None:
        callers = room.callers()
        first = await callers.of(token)
        (known,) = callers._known.values()
        await asyncio.sleep(known.until - time.monotonic() - AHEAD_S / 2)
        assert first == await callers.of(token)
        await asyncio.gather(*callers._renewing)
        (renewed,) = callers._known.values()
        assert renewed.until > known.until
        assert first == await callers.of(token)

    asyncio.run(ask_again_and_again(room.token("trainee")))


def test_a_hub_that_is_away_is_said() -> None:
    """Nobody is known while the hub cannot be asked, and it is asked again at once when it can."""
    callers = Callers("http://127.0.0.1:1/hub/api", TESTER)
    with pytest.raises(HubUnreachableError) as refusal:
        asyncio.run(callers.of("0" * 32))
    assert 503 == refusal.value.status
    assert not callers._known


def test_a_stopped_server_is_nobody(room: Room) -> None:
    """When the reading server is stopped, its token and any copy of it are refused."""
    room.token("trainee")
    copy, _ = room.mint(60)
    assert "trainee" == room.ask(copy).person
    room.hub("DELETE", "/users/trainee/servers/reading")
    with pytest.raises(WrongServerError, match="stopped"):
        room.ask(copy)
    with pytest.raises(UnknownCallerError):
        room.ask(room.tokens.pop(("trainee", "reading")))
