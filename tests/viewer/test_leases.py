"""The right to show a study: asked for anew, closed when it lapses, and never served from memory after that."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from websockets.asyncio.client import ClientConnection, connect

from readingroom.dicom.folder import FolderSource
from readingroom.errors import AccessRefusedError, RecordsUnavailableError, StudyClosedError
from readingroom.reading.local import LocalRecords
from readingroom.testing.files import small_image, write
from readingroom_viewer.leases import EVERY_S, SILENCE_S, Closing, Lease, LeaseKeeper
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.server_extension import USER_HEADER
from readingroom_viewer.settings import ServerSettings
from readingroom_viewer.socket import FrameSocket


@dataclass
class Words:
    """What records say of every study at the moment, and the time."""

    refusal: str = ""
    error: Exception | None = None
    now: float = 100.0
    asked: list[Sequence[str]] = field(default_factory=list)

    def ask(self, study_uids: Sequence[str]) -> list[Lease]:
        """Answer as records do."""
        self.asked.append(study_uids)
        if self.error is not None:
            raise self.error
        return [Lease(uid, not self.refusal, self.refusal) for uid in study_uids]

    def clock(self) -> float:
        """Return the time."""
        return self.now


@dataclass(eq=False)
class Page:
    """A page that notes what is closed."""

    closed: list[Closing] = field(default_factory=list)

    def close_study(self, closing: Closing) -> None:
        """Note it."""
        self.closed.append(closing)


def walk(steps: Callable[[Words, LeaseKeeper, Page], Any], forgotten: list[str] | None = None) -> Page:
    """Run steps with a keeper whose page has opened study 1.2; nothing is asked but what the steps ask."""

    async def run() -> Page:
        words, page = Words(), Page()
        keeper = LeaseKeeper(words.ask, (forgotten if forgotten is not None else []).append, words.clock)
        keeper.hold("1.2", page)
        await steps(words, keeper, page)
        keeper.let_go(page)
        return page

    return asyncio.run(run())


def is_open(keeper: LeaseKeeper, study_uid: str = "1.2") -> bool:
    """Return whether a study may be shown."""
    try:
        keeper.check(study_uid)
    except StudyClosedError:
        return False
    return True


def test_a_refused_study_is_closed_for_every_page_in_the_words_of_the_refusal() -> None:
    """Both pages are told why; what the server keeps is dropped once, and nothing of it can be rendered any more."""
    forgotten: list[str] = []

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        other = Page()
        keeper.hold("1.2", other)
        keeper.hold("1.3", other)
        await keeper.ask_once()
        assert is_open(keeper)
        words.refusal = "Dr Smith has withdrawn your access."
        await keeper.ask_once()
        assert not is_open(keeper)
        assert {"1.2", "1.3"} == {one.study_uid for one in other.closed}

    page = walk(steps, forgotten)
    assert [Closing("1.2", "Dr Smith has withdrawn your access.")] == page.closed
    assert ["1.2", "1.3"] == forgotten


def test_records_that_say_nothing_close_a_study_after_ten_seconds() -> None:
    """A restart of records is lived through; longer silence closes what is open, and says that it opens again by itself."""

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        await keeper.ask_once()
        words.error = RecordsUnavailableError("no answer")
        words.now += SILENCE_S - 1
        await keeper.ask_once()
        assert [] == page.closed
        assert is_open(keeper)
        words.now += 2
        assert not is_open(keeper), "nobody had the time to close it yet"
        await keeper.ask_once()
        assert not is_open(keeper)

    (closing,) = walk(steps).closed
    assert closing.again
    assert "has not answered for 10 s" in closing.reason


def test_an_answer_counts_from_when_it_was_asked_for() -> None:
    """An answer that was on its way for long says nothing about now."""

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        def slow(study_uids: Sequence[str]) -> list[Lease]:
            words.now += SILENCE_S + 1
            return [Lease(uid, valid=True) for uid in study_uids]

        keeper._ask = slow
        await keeper.ask_once()

    assert ["1.2"] == [closing.study_uid for closing in walk(steps).closed]


def test_a_server_that_is_refused_itself_shows_nothing() -> None:
    """A token that was superseded or has ended closes every study at once."""

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        words.error = AccessRefusedError("This server has been replaced by a newer one.")
        await keeper.ask_once()

    assert [Closing("1.2", "This server has been replaced by a newer one.")] == walk(steps).closed


def test_a_study_that_is_opened_again_is_asked_for_anew() -> None:
    """A refusal that was on its way when the study was opened again, with a new grant, does not close it."""

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        words.refusal = "It ended."

        def opened_meanwhile(study_uids: Sequence[str]) -> list[Lease]:
            words.now += 1
            keeper.hold("1.2", page)
            return [Lease(uid, valid=False, reason="It ended.") for uid in study_uids]

        keeper._ask = opened_meanwhile
        await keeper.ask_once()
        assert is_open(keeper)

    assert [] == walk(steps).closed


def test_what_no_page_looks_at_is_not_asked_about() -> None:
    """The last page that goes takes the study's lease with it."""

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        keeper.let_go(page)
        await keeper.ask_once()
        assert [()] == words.asked
        assert not is_open(keeper)

    walk(steps)


def test_what_is_looked_up_for_a_page_stays_though_the_last_other_page_goes() -> None:
    """A page that is reloaded opens its study while the old one still goes; forgotten is what no page holds in the end."""
    forgotten: list[str] = []

    async def steps(words: Words, keeper: LeaseKeeper, page: Page) -> None:
        with keeper.opening("1.2"):
            keeper.let_go(page)
            assert [] == forgotten
            keeper.hold("1.2", page)
        assert [] == forgotten
        with pytest.raises(AccessRefusedError), keeper.opening("1.3"):
            raise AccessRefusedError("Not yours.")
        assert ["1.3"] == forgotten

    walk(steps, forgotten)
    assert ["1.3", "1.2"] == forgotten


@asynccontextmanager
async def reading(folder: Path, words: Words) -> AsyncIterator[tuple[ClientConnection, LeaseKeeper, str, str]]:
    """Return the socket of a page over a study of three images, the keeper, and the UIDs of study and series."""
    images = [small_image(number) for number in range(1, 4)]
    for number, image in enumerate(images):
        write(image, folder / "studies" / f"{number}.dcm")
    source = FolderSource(folder / "studies", folder / "index.sqlite")
    source.refresh()
    kept = ServerRecords.local(folder / "records.sqlite", 90)
    settings = ServerSettings(folder / "studies", folder / "index.sqlite", "teaching", "/", folder / "records.sqlite")
    keeper = LeaseKeeper(words.ask)
    with ThreadPoolExecutor(2) as pool:
        served = {"source": source, "settings": settings, "records": kept, "leases": keeper, "pool": pool}
        server = HTTPServer(Application([("/frames", FrameSocket, served)]))
        listening, port = bind_unused_port()
        server.add_socket(listening)
        async with connect(f"ws://127.0.0.1:{port}/frames", additional_headers={USER_HEADER: "trainee"}) as socket:
            yield socket, keeper, str(images[0].StudyInstanceUID), str(images[0].SeriesInstanceUID)
        server.stop()
        await server.close_all_connections()
    assert isinstance(kept.audit, LocalRecords)
    kept.audit.close()
    source.close()


async def said(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next text message of a kind."""
    while True:
        message = await asyncio.wait_for(socket.recv(), 60)
        if isinstance(message, str) and (found := json.loads(message))["type"] == kind:
            return dict(found)


async def picture(socket: ClientConnection) -> bytes:
    """Return the next picture."""
    while True:
        message = await asyncio.wait_for(socket.recv(), 60)
        if isinstance(message, bytes):
            return message


@pytest.mark.parametrize("what", ["view", "thumbnail", "readout", "ahead"])
def test_nothing_leaves_from_memory_once_the_lease_has_lapsed(tmp_path: Path, what: str) -> None:
    """A picture that was shown a moment ago is not rendered again, as no view, thumbnail, neighbour or value of a pixel."""
    words = Words()

    async def steps() -> list[str]:
        async with reading(tmp_path, words) as (socket, _, study, series):
            await socket.send(json.dumps({"type": "open", "study_uid": study}))
            await said(socket, "study")
            await socket.send(json.dumps(asks(series, "view", 1)))
            await picture(socket)
            await socket.send(json.dumps({"type": "painted", "viewport": "a", "seq": 1, "verified": True}))
            words.refusal = "It was withdrawn."
            closed = await said(socket, "closed")
            assert (study, "It was withdrawn.", False) == (closed["study_uid"], closed["message"], closed["again"])
            await socket.send(json.dumps(asks(series, what, 2)))
            await socket.send(json.dumps({"type": "ping", "sent": 7, "round_trip_ms": None}))
            kinds: list[str] = []
            async with asyncio.timeout(60):
                while "pong" not in kinds or (len(kinds) < 2 and what in ("view", "readout")):
                    message = await socket.recv()
                    assert isinstance(message, str), "a picture left"
                    kinds.append(json.loads(message)["type"])
                    if kinds[-1] == "readout":
                        assert "" == json.loads(message)["text"]
            await asyncio.sleep(0.3)
            return kinds

    assert "closed" not in asyncio.run(steps())


def asks(series: str, what: str, seq: int) -> dict[str, Any]:
    """Return a request about the middle image of a series."""
    return {
        "view": {"type": "view", "viewport": "a", "seq": seq, "series_uid": series, "position": 1},
        "thumbnail": {"type": "thumbnail", "series_uid": series},
        "ahead": {"type": "ahead", "viewport": "a", "look": 1, "positions": [0, 2]},
        "readout": {
            "type": "readout", "viewport": "a", "number": 1, "series_uid": series, "position": 1, "column": 1, "row": 1,
        },
    }[what]  # fmt: skip


def test_a_study_that_was_closed_can_be_opened_again(tmp_path: Path) -> None:
    """With a new right it is shown as if for the first time, on the same connection."""
    words = Words()

    async def steps() -> None:
        async with reading(tmp_path, words) as (socket, _, study, series):
            for seq in (1, 2):
                await socket.send(json.dumps({"type": "open", "study_uid": study}))
                await said(socket, "study")
                await socket.send(json.dumps(asks(series, "view", seq)))
                assert await picture(socket)
                if seq == 1:
                    words.refusal = "It was withdrawn."
                    await said(socket, "closed")
                    words.refusal = ""

    asyncio.run(steps())


def test_a_study_that_may_not_be_opened_stays_closed(tmp_path: Path) -> None:
    """Whatever the source still hands out, a page is given no study that records refuse, and is told why."""
    words = Words(refusal="It was withdrawn.")

    async def steps() -> None:
        async with reading(tmp_path, words) as (socket, keeper, study, _):
            await socket.send(json.dumps({"type": "open", "study_uid": study}))
            told = await said(socket, "error")
            assert ("It was withdrawn.", study) == (told["message"], told["study_uid"])
            assert not is_open(keeper, study)

    asyncio.run(steps())


def test_leases_are_asked_for_every_second() -> None:
    """Two seconds is what an ended right may last: half of it is spent on asking."""
    assert EVERY_S <= 1
