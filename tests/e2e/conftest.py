"""The whole product as a person starts it, and a real browser in front of it."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from readingroom_hub.testing import PATIENCE_S
from readingroom_viewer.testing import CHROMIUM_FLAGS

Window = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium; without it the test fails, it is never skipped.

    Of one module: Playwright keeps an event loop running, which other tests must not find.
    """
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """Return what opens a window of 1440 by 900 with cookies of its own, as another browser would; each is closed.

    It waits for what has to come as long as a busy machine may need.
    """
    contexts: list[BrowserContext] = []

    def open_one(**more: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **more}))
        contexts[-1].set_default_timeout(1000 * PATIENCE_S)
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(window: Window) -> Page:
    """Return a new window."""
    return window()
