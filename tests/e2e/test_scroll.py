"""Scrolling in front of the whole product: slice after slice, each exact and in order, and a bar that tells what was seen."""

import os
import signal
import sqlite3
from typing import Any

import pytest
from playwright.sync_api import Page

from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, Launched, wait_for
from readingroom_viewer.testing import VERIFIED, WALK, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'
COVERAGE = '[data-testid="coverage"]'


def opened(page: Page, product: Launched, person: str) -> Any:
    """Open the phantom at its first slice and return the viewport, its ring filled."""
    log_in(page, product.url, PASSWORD, person)
    open_study(page, "PHANTOM")
    page.keyboard.press("Home")
    page.wait_for_selector(f'{VERIFIED}[data-position="0"]')
    page.wait_for_timeout(1_500)
    return page.locator(VIEWPORT).first.element_handle()


def walked(page: Page, viewport: Any, steps: int, pace_ms: float) -> dict[str, Any]:
    """Turn the wheel; return what was painted, as position, fidelity, hash and display frame."""
    found = page.evaluate(WALK, [viewport, steps, pace_ms])
    return dict(found)


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
    viewport = opened(page, product, person)
    painted = walked(page, viewport, 100, pace_ms)["painted"]

    assert list(range(1, 101)) == [one["position"] for one in painted]
    assert 100 == len({one["frame"] for one in painted})
    assert 100 == len({one["hash"] for one in painted} - {""})
    assert "verified" == page.locator(VIEWPORT).first.get_attribute("data-fidelity")
    assert "0-100" in str(page.locator(COVERAGE).first.get_attribute("data-seen"))
    wait_for(lambda: set(range(101)) <= seen_by(product, person), 10)


def test_what_a_jump_passes_is_unseen_and_an_earlier_read_is_told_apart(page: Page, product: Launched) -> None:
    """A page down leaves nine slices hollow; a reader who comes back sees what was seen before, as before."""
    opened(page, product, "administrator")
    page.keyboard.press("PageDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="10"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="11"]')
    bar = page.locator(COVERAGE).first
    wait_for(lambda: bar.get_attribute("data-seen") == "0,10-11,100", 5)
    wait_for(lambda: {0, 10, 11, 100} <= seen_by(product, "administrator"), 10)
    page.reload()
    page.wait_for_selector('[data-testid="study"]')
    open_study(page, "PHANTOM")

    wait_for(lambda: bar.get_attribute("data-before") == "0,10-11", 10)
    assert "100" == bar.get_attribute("data-seen")


def test_the_ring_ends_with_the_window(page: Page, product: Launched) -> None:
    """After a change of the window every slice that is painted has the new one."""
    viewport = opened(page, product, "trainee")
    page.keyboard.press("2")
    changed = page.evaluate(
        "element => new Promise(done => { const wait = () => element.dataset.windowWidth !== '400' "
        "&& element.dataset.fidelity === 'verified' ? done(element.dataset.windowWidth) : setTimeout(wait, 5); wait(); })",
        viewport,
    )
    painted = walked(page, viewport, 15, 0)["painted"]

    assert list(range(1, 16)) == [one["position"] for one in painted]
    assert {changed} == {one["width"] for one in painted}


def test_a_viewer_that_is_killed_in_the_middle_of_a_walk_is_replaced(page: Page, product: Launched) -> None:
    """After kill -9 while slices run by, the slice that is wanted is verified again, and scrolling goes on from there."""
    viewport = opened(page, product, "trainee")
    page.evaluate(f"([element]) => {{ window.walk = ({WALK})([element, 60, 50]); }}", [viewport])
    page.wait_for_function("element => Number(element.dataset.position) >= 20", arg=viewport)
    for pid in product.below():
        if "readingroom_viewer.app" in arguments(pid):
            os.kill(pid, signal.SIGKILL)
    page.wait_for_selector(f'{VIEWPORT}[data-fidelity="stalled"]', timeout=20_000)
    page.wait_for_selector(f'{VERIFIED}[data-position="60"]', timeout=40_000)
    page.wait_for_timeout(1_000)
    painted = walked(page, viewport, 10, 33)["painted"]

    assert list(range(61, 71)) == [one["position"] for one in painted]
