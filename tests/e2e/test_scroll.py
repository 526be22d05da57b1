"""Scrolling in front of the whole product: slice after slice, each exact and in order, and a bar that tells what was seen."""

import json
import os
import signal
import sqlite3
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.e2e.waiting import until

from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, WALK, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'
COVERAGE = '[data-testid="coverage"]'
STARVED_MS, STALE_MS = 490, 1990
"""After these a walk ends and the page jumps (``walk.ts``), less what a timer is early."""


class Reader:
    """Somebody who looks at the phantom's first slice, whose neighbours have come."""

    def __init__(self, page: Page, product: Launched, person: str) -> None:
        self.page = page
        self.lacking: list[list[int]] = []
        page.on("websocket", lambda socket: socket.on("framesent", self._note))
        log_in(page, product.url, PASSWORD, person)
        open_study(page, "PHANTOM")
        self.begin()
        self.viewport = page.locator(VIEWPORT).first.element_handle()

    def begin(self) -> None:
        """Go to the first slice."""
        self.lacking.clear()
        self.page.keyboard.press("Home")
        self.page.wait_for_selector(f'{VERIFIED}[data-position="0"]')
        until(self.page, lambda: any(places and max(places) <= 10 for places in self.lacking))
        self.wait_for_ring()

    def wait_for_ring(self) -> None:
        """Wait until the page says that its ring lacks nothing."""
        until(self.page, lambda: self.lacking[-1:] == [[]])

    def walk(self, steps: int, pace_ms: float) -> tuple[int, list[dict[str, Any]]]:
        """Turn the wheel; return where it began, and what was painted, as position, fidelity, hash and display frame.

        A page that a busy machine gives nothing for a while jumps, as it should: then the reader begins again.
        """
        for _ in range(5):
            start = int(self.page.locator(VIEWPORT).first.get_attribute("data-position") or 0)
            found = dict(self.page.evaluate(WALK, [self.viewport, steps, pace_ms]))
            if not may_have_jumped(start, found):
                break
            self.begin()
        return start, found["painted"]

    def _note(self, payload: str | bytes) -> None:
        if isinstance(payload, str) and '"type":"ahead"' in payload:
            self.lacking.append(json.loads(payload)["positions"])


def may_have_jumped(start: int, walk: dict[str, Any]) -> bool:
    """Return whether slices are missing where nothing came for ``STARVED_MS``, or they were ``STALE_MS`` behind the hand."""
    painted, turned = walk["painted"], walk["turned"]
    times = [turned[0], *(one["at"] for one in painted)]
    seen = {one["position"] for one in painted}
    missing = [times[-1] - at for number, at in enumerate(turned, start + 1) if number not in seen]
    starved = any(after - before >= STARVED_MS for before, after in pairwise(times))
    return bool(missing) and (starved or max(missing) >= STALE_MS)


def seen_by(product: Launched, person: str) -> set[int]:
    """Return the positions of the record."""
    query = "SELECT position FROM coverage WHERE person = ?"
    found: set[int] = set()
    for records in product.state.rglob("records.sqlite"):
        with sqlite3.connect(f"file:{records}?mode=ro", uri=True) as connection:
            found |= {position for (position,) in connection.execute(query, (person,))}
    return found


@pytest.mark.parametrize(("pace_ms", "person"), [(1000 / 30, "trainee"), (0, "consultant")])
def test_a_hundred_notches_skip_nothing(page: Page, product: Launched, pace_ms: float, person: str) -> None:
    """At 30 notches a second and at one a display frame, every slice is painted once, in order, with an equal hash."""
    _, painted = Reader(page, product, person).walk(100, pace_ms)

    assert list(range(1, 101)) == [one["position"] for one in painted]
    assert 100 == len({one["frame"] for one in painted})
    assert 100 == len({one["hash"] for one in painted} - {""})
    assert "verified" == page.locator(VIEWPORT).first.get_attribute("data-fidelity")
    until(page, lambda: "0-100" in str(page.locator(COVERAGE).first.get_attribute("data-seen")))
    until(page, lambda: set(range(101)) <= seen_by(product, person))


def test_what_a_jump_passes_is_unseen_and_an_earlier_read_is_told_apart(page: Page, product: Launched) -> None:
    """A page down leaves nine slices hollow; a reader who comes back sees what was seen before, as before."""
    Reader(page, product, "administrator")
    page.keyboard.press("PageDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="10"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="11"]')
    bar = page.locator(COVERAGE).first
    until(page, lambda: bar.get_attribute("data-seen") == "0,10-11,100")
    until(page, lambda: {0, 10, 11, 100} <= seen_by(product, "administrator"))
    page.reload()
    page.wait_for_selector('[data-testid="study"]')
    open_study(page, "PHANTOM")

    until(page, lambda: bar.get_attribute("data-before") == "0,10-11")
    assert "100" == bar.get_attribute("data-seen")


def test_the_ring_ends_with_the_window(page: Page, product: Launched) -> None:
    """After a change of the window every slice that is painted has the new one."""
    reader = Reader(page, product, "trainee")
    page.keyboard.press("2")
    changed = page.evaluate(
        "element => new Promise(done => { const wait = () => element.dataset.windowWidth !== '400' "
        "&& element.dataset.fidelity === 'verified' ? done(element.dataset.windowWidth) : setTimeout(wait, 5); wait(); })",
        reader.viewport,
    )
    _, painted = reader.walk(15, 0)

    assert list(range(1, 16)) == [one["position"] for one in painted]
    assert {changed} == {one["width"] for one in painted}


def test_a_viewer_that_is_killed_in_the_middle_of_a_walk_is_replaced(page: Page, product: Launched) -> None:
    """After kill -9 while slices run by, the slice that is wanted is verified again, and scrolling goes on from there."""
    reader = Reader(page, product, "trainee")
    page.evaluate(f"([element]) => {{ window.walk = ({WALK})([element, 60, 50]); }}", [reader.viewport])
    page.wait_for_function("element => Number(element.dataset.position) >= 20", arg=reader.viewport)
    for pid in product.below():
        if "readingroom_viewer.app" in arguments(pid):
            os.kill(pid, signal.SIGKILL)
    page.wait_for_selector(f'{VIEWPORT}[data-fidelity="stalled"]')
    reader.lacking.clear()
    page.wait_for_selector(f'{VERIFIED}[data-position="60"]')
    reader.wait_for_ring()
    start, painted = reader.walk(10, 33)

    assert list(range(start + 1, start + 11)) == [one["position"] for one in painted]
