"""Large pictures at rest beside a moving hand: the viewports of a page over a real event loop."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from tests.viewer.test_outgoing import rendered

from readingroom.reading.display import UNKNOWN, DisplayState
from readingroom.wire import FrameHeader, Painted, Received, ViewRequest, unpack_frame
from readingroom_viewer.link import LinkEstimate
from readingroom_viewer.outgoing import Rendered, strips_on_their_way
from readingroom_viewer.viewports import Viewports

Result = TypeVar("Result")
LARGE, SMALL = (2500, 2048), (64, 64)


class Browser:
    """A page whose browser takes in what comes when the test says so."""

    display: DisplayState = UNKNOWN

    def __init__(self, trip_s: float = 0.001) -> None:
        link = LinkEstimate()
        link.frame(time.monotonic(), trip_s)  # the event loop's own clock: it is not forgotten on a busy machine
        self.viewports = Viewports(self, link)
        self.arrived: list[tuple[str, int, int]] = []
        self.rows: list[int] = []
        self.codecs: list[str] = []
        self.there: Counter[int] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def whole(self) -> list[int]:
        """Return which large pictures are there with all their rows."""
        return [seq for seq, rows in self.there.items() if rows == LARGE[0]]

    async def may_send(self) -> None:
        """Let everything out."""

    def rendered(self, request: ViewRequest, display: DisplayState) -> Rendered:  # noqa: ARG002
        """Return noise: large in the viewport called large."""
        picture = rendered(LARGE if request.viewport == "large" else SMALL)
        return replace(picture, header=replace(picture.header, viewport=request.viewport, seq=request.seq))

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function here, after a while."""
        for _ in range(5):
            await asyncio.sleep(0)
        return function(*arguments)

    def leaves(self, header: FrameHeader, display: DisplayState) -> None:
        """Write nothing down."""

    async def send(self, message: bytes) -> None:
        """Take in a message."""
        header = unpack_frame(message)[0]
        strip = header["strip"]
        self.arrived.append((header["viewport"], header["seq"], 0 if strip is None else strip["first_row"]))
        self.codecs.append(header["codec"])
        if strip is not None:
            self.rows += range(strip["first_row"], strip["first_row"] + strip["rows"])
            self.there[header["seq"]] += strip["rows"]

    def refuse(self, request: ViewRequest, why: str) -> None:  # noqa: ARG002
        """Fail: every state here can be shown."""
        raise AssertionError(why)

    def start(self, work: Coroutine[Any, Any, None]) -> object:
        """Start a task."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def want(self, viewport: str, seq: int, *, moving: bool = False) -> None:
        """Ask for a picture."""
        self.viewports.handle(ViewRequest(viewport, seq, "1.2", 0, moving=moving, pointed=viewport == "small"))

    def take_in(self) -> tuple[str, int, int]:
        """Say that the strip which came last has arrived."""
        name, seq, row = self.arrived[-1]
        self.viewports.handle(Received(name, seq, row, 0.0))
        return name, seq, row


async def settled() -> None:
    """Let everything happen that waits for nobody."""
    for _ in range(60):
        await asyncio.sleep(0)


def run(scenario: Callable[[Browser], Awaitable[None]], trip_s: float = 0.001) -> Browser:
    """Play a scenario and close the page."""

    async def play() -> Browser:
        browser = Browser(trip_s)
        await scenario(browser)
        browser.viewports.close()
        for task in list(browser.tasks):
            task.cancel()
        await settled()
        return browser

    return asyncio.run(play())


async def large_begun(browser: Browser) -> None:
    """Let the large picture fill what the page takes in at once, then move the hand over the small viewport."""
    browser.want("large", 1)
    await settled()
    browser.want("small", 1, moving=True)
    await settled()


def test_a_large_picture_is_held_for_the_hand_elsewhere() -> None:
    """The frame under the pointer goes between two strips of another viewport's picture, not after the last of them."""

    async def scenario(browser: Browser) -> None:
        await large_begun(browser)
        assert {"large"} == {name for name, _, _ in browser.arrived}
        browser.take_in()
        await settled()
        assert ("small", 1, 0) == browser.arrived[-1]

    run(scenario)


def test_a_held_picture_becomes_whole() -> None:
    """While the hand goes on, every row of the held picture arrives, each once."""

    async def scenario(browser: Browser) -> None:
        await large_begun(browser)
        for seq in range(2, 200):
            name, number, row = browser.arrived[-1]
            if name == "small":
                browser.viewports.handle(Painted(name, number, verified=True))
                browser.want("small", seq, moving=True)
            else:
                browser.viewports.handle(Received(name, number, row, 0.0))
            await settled()

    assert list(range(LARGE[0])) == sorted(run(scenario).rows)


def test_a_held_picture_is_broken_off_when_its_reader_wants_another() -> None:
    """What is held is not sent any more once its own viewport wants something else, which comes in its turn."""

    async def scenario(browser: Browser) -> None:
        await large_begun(browser)
        browser.take_in()
        await settled()
        begun = len([one for one in browser.arrived if one[:2] == ("large", 1)])
        browser.want("large", 2)
        browser.viewports.handle(Painted("small", 1, verified=True))
        await settled()

        assert begun == len([one for one in browser.arrived if one[:2] == ("large", 1)])
        assert ("large", 2) in {one[:2] for one in browser.arrived}

    run(scenario)


def test_every_viewport_is_sent_its_picture() -> None:
    """Twelve viewports that ask at once are all answered, one frame after the other is painted."""

    async def scenario(browser: Browser) -> None:
        for number in range(12):
            browser.want(str(number), 1)
        for painted in range(12):
            await settled()
            assert painted + 1 == len(browser.arrived)
            name, seq, _ = browser.arrived[-1]
            browser.viewports.handle(Painted(name, seq, verified=True))

    assert {(str(number), 1, 0) for number in range(12)} == set(run(scenario).arrived)


def test_the_next_frame_follows_by_itself_where_the_window_has_room() -> None:
    """A state that came while the frame before was made is sent after it, though the page says nothing more."""

    async def scenario(browser: Browser) -> None:
        browser.want("small", 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        browser.want("small", 2)
        await settled()

    assert [("small", 1, 0), ("small", 2, 0)] == run(scenario, trip_s=0.2).arrived


async def received(browser: Browser) -> None:
    """Say that every strip which came has arrived, and that a picture is on the screen once all its rows are there."""
    for name, seq, row in list(browser.arrived):
        browser.viewports.handle(Received(name, seq, row, 0.0))
    for seq in browser.whole:
        browser.viewports.handle(Painted("large", seq, verified=True))
    await settled()


def test_a_large_moving_picture_gives_way_to_the_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes longer than two frames is broken off for the newest state; that one comes with loss, and whole."""
    monkeypatch.setattr("readingroom_viewer.stream.PATIENCE_S", 0.0)

    async def scenario(browser: Browser) -> None:
        browser.want("large", 1, moving=True)
        await settled()
        begun = len(browser.arrived)
        browser.want("large", 2, moving=True)
        await received(browser)
        assert [("large", 2, 0)] == browser.arrived[begun:]
        assert "jpeg" == browser.codecs[-1]

    run(scenario)


def test_of_two_moving_pictures_in_a_row_one_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a picture is too wide for loss a steady hand still sees some."""
    monkeypatch.setattr("readingroom_viewer.stream.PATIENCE_S", 0.0)
    monkeypatch.setattr("readingroom_viewer.codec_choice.JPEG_EDGE", 10)

    async def scenario(browser: Browser) -> None:
        for seq in range(1, 100):
            browser.want("large", seq, moving=True)
            await received(browser)

    browser = run(scenario)

    assert len(browser.whole) > 2
    assert len(browser.there) > len(browser.whole)


def test_a_reader_who_turns_pages_quickly_makes_no_queue() -> None:
    """Ten large pictures at rest in a row, and a page that takes nothing in: no more strips leave than may be on their way."""

    async def scenario(browser: Browser) -> None:
        for seq in range(1, 11):
            browser.want("large", seq)
            await settled()
        assert len(browser.arrived) <= strips_on_their_way(None)

    run(scenario)
