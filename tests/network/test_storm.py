"""A page that does not keep up, in front of the real viewer process: nothing queues, and memory stays where it was."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.network.storm import RATE, ROWS, connected, opened_study, run_storm, say, view, viewer
from websockets.exceptions import ConnectionClosed

from readingroom.wire import unpack_frame
from readingroom_viewer.link import LONGEST_WINDOW

SECONDS = 10
MOST_GROWTH_MIB = 16
"""A few pictures and what the allocator keeps of them; a queue of one second of this storm would be 30 MiB."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Return the PID and the socket of one viewer process."""
    with viewer(tmp_path_factory.mktemp("storm")) as started:
        yield started


@pytest.mark.parametrize("kind", ["slow", "stalled"])
def test_a_storm_leaves_no_queue_and_no_memory(process: tuple[int, Path], kind: str) -> None:
    """Of 200 changes a second for 10 s only what was on its way comes after the last one, and then its own picture."""
    report = run_storm(*process, kind, SECONDS)

    assert SECONDS * RATE == report.last
    assert report.last + 1 == report.after[-1]
    assert len(report.after) <= LONGEST_WINDOW + 1
    assert report.growth < MOST_GROWTH_MIB


def test_a_page_that_takes_no_words_in_is_let_go(process: tuple[int, Path]) -> None:
    """Answers to a page that asks and never reads do not pile up without an end: the connection is closed."""

    async def ask_for_ever() -> None:
        async with connected(process[1]) as page:
            for number in count():
                await say(page, type="ping", sent=number, round_trip_ms=1)

    with pytest.raises(ConnectionClosed):
        asyncio.run(asyncio.wait_for(ask_for_ever(), 60))


def test_the_picture_comes_before_the_thumbnails(process: tuple[int, Path]) -> None:
    """Small pictures wait until the one that the reader asked for is on the screen, so that a slow link carries it first."""

    async def rows_before_it() -> int:
        async with connected(process[1]) as page:
            series = await opened_study(page)
            await say(page, **view(series, 1))
            await say(page, type="thumbnail", series_uid=series)
            rows = 0
            async for message in page:
                if isinstance(message, str):
                    continue
                header, _ = unpack_frame(message)
                if header["type"] == "thumbnail":
                    break
                first, more = header["strip"]["first_row"], header["strip"]["rows"]
                rows += more
                await say(page, type="received", viewport="main", seq=1, first_row=first, arrived_ms=1)
                if rows == ROWS:
                    await say(page, type="painted", viewport="main", seq=1, verified=True, arrived_ms=1, busy_ms=1)
            return rows

    assert ROWS == asyncio.run(rows_before_it())
