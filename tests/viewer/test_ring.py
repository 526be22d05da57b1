"""What is sent ahead of a reader: only neighbours of what was looked at, never too many, never before what is wanted."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.viewer.test_viewports import Browser, run, settled

from readingroom.errors import NotFoundError
from readingroom.reading.display import DisplayState
from readingroom.wire import Ahead, Painted, ViewRequest, Walked, unpack_frame
from readingroom_viewer.link import LinkState
from readingroom_viewer.outgoing import Rendered
from readingroom_viewer.ring import LOST_S, MOST_ON_THEIR_WAY, Ring

LOOK = ViewRequest("small", 7, "1.2", 50, inverted=True, moving=True)
FAST = LinkState(1e9, 0.0, 0.001)


def ring(*positions: int, look: int = 7) -> Ring:
    """Return a ring of the look above, asked for these positions."""
    made = Ring()
    made.viewed(LOOK)
    made.ahead(Ahead("small", look, positions))
    return made


def sent(made: Ring, link: LinkState = FAST, size: int = 100_000, now: float = 0.0) -> list[int]:
    """Return the positions that may leave now."""
    found = []
    while (request := made.next(now, link, size)) is not None:
        found.append(request.position)
    return [one for one in found if one is not None]


def test_a_neighbour_is_the_look_at_another_position() -> None:
    """Nothing but the position differs from what the page was last sent, and no hand moves it."""
    request = ring(51).next(0.0, FAST, 1)

    assert request == ViewRequest("small", 7, "1.2", 51, inverted=True)


def test_another_look_than_the_last_is_refused() -> None:
    """A page cannot ask ahead for what it did not look at."""
    assert [] == sent(ring(51, look=6))
    assert [] == sent(Ring())


def test_few_are_on_their_way() -> None:
    """However many are asked for, six at most are unacknowledged; each that arrives lets the next one out."""
    made = ring(*range(51, 61))

    assert list(range(51, 51 + MOST_ON_THEIR_WAY)) == sent(made)
    made.ahead(Ahead("small", 7, tuple(range(53, 63))))
    assert [57, 58] == sent(made)


def test_one_that_is_lost_is_sent_again() -> None:
    """A page that says nothing any more holds nothing up for ever."""
    made = ring(51)
    assert [51] == sent(made)
    assert [] == sent(made, now=LOST_S / 2)

    assert [51] == sent(made, now=LOST_S)


def test_a_new_look_ends_the_old_one() -> None:
    """What was asked ahead of another look never leaves."""
    made = ring(51, 52)
    request = made.next(0.0, FAST, 1)
    assert request is not None
    made.viewed(ViewRequest("small", 8, "1.2", 50))

    assert not made.is_of_look(request)
    assert [] == sent(made)


@pytest.mark.parametrize(("bits_per_s", "at_once"), [(1e9, 6), (100e6, 6), (30e6, 1), (10e6, 1), (4e6, 0)])
def test_a_thin_link_keeps_its_room(bits_per_s: float, at_once: int) -> None:
    """A link carries only so much ahead that a wanted picture is not kept waiting, and nothing when one takes too long."""
    assert at_once == len(sent(ring(*range(51, 61)), LinkState(bits_per_s, 0.0, 0.001)))


class Neighbourly(Browser):
    """A page that keeps the kinds, numbers and positions of what arrives."""

    broken: int | None = None

    def rendered(self, request: ViewRequest, display: DisplayState) -> Rendered:
        """Return a picture of the position, unless it is the broken one."""
        if request.position == self.broken:
            raise NotFoundError("There is no such image.")
        made = super().rendered(request, display)
        return type(made)(type(made.header)(**{**_fields(made), "position": request.position}), made.pixels)

    async def send(self, message: bytes) -> None:
        """Take in a message."""
        header = unpack_frame(message)[0]
        self.arrived.append((header["type"], header["seq"], header["position"]))


def _fields(made: Rendered) -> dict[str, object]:
    return {name: getattr(made.header, name) for name in made.header.__slots__}


def play(scenario: Callable[[Neighbourly], Awaitable[None]], broken: int | None = None) -> list[tuple[str, int, int]]:
    """Play a scenario; return what arrived."""

    async def all_of_it() -> list[tuple[str, int, int]]:
        browser = Neighbourly()
        browser.broken = broken
        await scenario(browser)
        browser.viewports.close()
        for task in list(browser.tasks):
            task.cancel()
        await settled()
        return browser.arrived

    return asyncio.run(all_of_it())


def test_what_is_wanted_comes_first() -> None:
    """Neighbours leave only once no viewport waits for its picture and none is on its way."""

    async def scenario(browser: Neighbourly) -> None:
        browser.want("small", 1)
        browser.viewports.handle(Ahead("small", 1, (1, 2)))
        await settled()
        assert [("frame", 1, 0)] == browser.arrived
        browser.viewports.handle(Painted("small", 1, verified=True))
        await settled()

    assert [("frame", 1, 0), ("ahead", 1, 1), ("ahead", 1, 2)] == play(scenario)


def test_a_picture_that_cannot_be_made_is_left_out() -> None:
    """The neighbours after it come; it is not tried again and again."""

    async def scenario(browser: Neighbourly) -> None:
        browser.want("small", 1)
        await settled()
        browser.viewports.handle(Painted("small", 1, verified=True))
        for _ in range(3):
            browser.viewports.handle(Ahead("small", 1, (1, 2)))
            await settled()

    assert [("frame", 1, 0), ("ahead", 1, 2)] == play(scenario, broken=1)


def test_nothing_is_owed_for_a_picture_that_was_walked_past() -> None:
    """A page that has painted a newer state from its ring is not sent the one before."""

    async def scenario(browser: Browser) -> None:
        browser.want("small", 1)
        await settled()
        browser.viewports.handle(Walked("small", 5, 3, verified=True))
        browser.want("small", 4)
        await settled()

    assert [("small", 1, 0)] == run(scenario).arrived
