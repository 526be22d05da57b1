"""Waiting for what a page does by itself, as long as a busy machine may need for it."""

from collections.abc import Callable

from playwright.sync_api import Page

from readingroom_hub.testing import PATIENCE_S, wait_for


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, and take in meanwhile what the page tells; where it never does the test fails."""

    def holds() -> bool:
        page.wait_for_timeout(20)
        return condition()

    assert wait_for(holds, PATIENCE_S, pause=0)
