"""The audit's pages in a real browser: by the keyboard alone, small, large and zoomed, and on paper."""

import os
from typing import Any

import pytest
from playwright.sync_api import Page

from readingroom_hub.testing import PASSWORD, Launched, log_in

pytestmark = pytest.mark.e2e
PATIENT = "RR-DEMO-0001"
SHOWN = '[data-testid="audit"] tr[data-number]'
A4_BETWEEN_MARGINS = 680
"""CSS pixels of 180 mm."""

FOCUS = "document.activeElement?.textContent.trim() || document.activeElement?.name || ''"


@pytest.fixture(scope="module")
def used(product: Launched) -> Launched:
    """Return a product whose audit holds more than two pages: looking at it is itself recorded."""
    session, _ = log_in(product.url, "coordinator")
    for number in range(110):
        patient = f"?patient={PATIENT}" if number % 2 else ""
        assert session.get(f"{product.url}/services/records/audit{patient}", timeout=30).ok
    for _ in range(3):
        session.get(f"{product.url}/services/records/patient?patient={PATIENT}", timeout=30)
    log_in(product.url, "trainee", "mistyped-words")
    return product


def opened(page: Page, url: str, path: str) -> Page:
    """Open a page of the records as the coordinator."""
    page.goto(f"{url}/services/records/{path}")
    page.fill("#username_input", "coordinator")
    page.fill("#password_input", PASSWORD)
    page.press("#password_input", "Enter")
    page.wait_for_url(f"**/services/records/{path}")
    return page


def tab_to(page: Page, words: str, most: int = 200) -> None:
    """Press Tab until something is in focus that is called so; each step must be seen to be in focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words == page.evaluate(FOCUS):
            assert "none" != page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            return
    raise AssertionError(f"no Tab leads to {words}")


def picture(page: Page, name: str, **more: Any) -> None:
    """Keep a picture of the page where somebody wants to look at it: READINGROOM_PICTURES names the folder."""
    if folder := os.environ.get("READINGROOM_PICTURES"):
        page.screenshot(path=f"{folder}/audit-{name}.png", **more)


def numbers(page: Page) -> list[int]:
    """Return the numbers of the entries that are shown."""
    return page.locator(SHOWN).evaluate_all("rows => rows.map(row => Number(row.dataset.number))")  # type: ignore[no-any-return]


def test_the_keyboard_alone_finds_an_entry(page: Page, used: Launched) -> None:
    """Skip the bar, search, open what an entry holds, and turn pages there and back, without a mouse."""
    opened(page, used.url, "audit")
    picture(page, "first")
    tab_to(page, "Skip to the page", 1)
    page.keyboard.press("Enter")
    tab_to(page, "Older")
    first = numbers(page)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    second = numbers(page)
    assert (50, 50, first[-1] - 1) == (len(first), len(second), second[0])
    tab_to(page, "Newer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert first == numbers(page)

    tab_to(page, "person")
    page.keyboard.type("trainee")
    tab_to(page, "words")
    page.keyboard.type("WRONG")
    page.keyboard.press("Enter")
    page.wait_for_url("**words=WRONG*")
    tab_to(page, "The password was wrong, or this account may not log in.")
    page.keyboard.press("Enter")
    assert "127.0.0.1" in page.locator(SHOWN).first.inner_text()
    assert "happened" not in page.inner_text("main")
    picture(page, "searched")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (3840, 2160), (720, 450)])
def test_nothing_is_wider_than_the_window(page: Page, used: Launched, width: int, height: int) -> None:
    """On a small screen, a very large one, and at 200 % zoom of 1440 by 900, which is half as many pixels."""
    page.set_viewport_size({"width": width, "height": height})
    opened(page, used.url, "audit")
    picture(page, f"{width}")
    for path in ("audit", f"patient?patient={PATIENT}", "break-glass", "grants"):
        page.goto(f"{used.url}/services/records/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_report_fits_on_paper(page: Page, used: Launched) -> None:
    """Black on white, as wide as A4 between its margins, with the head of the table on each sheet and no search form."""
    opened(page, used.url, f"patient?patient={PATIENT}")
    picture(page, "report")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_BETWEEN_MARGINS, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_BETWEEN_MARGINS
    assert not page.is_visible(".records-search")
    assert not page.is_visible(".records-bar")
    style = "element => [getComputedStyle(element).color, getComputedStyle(element).display]"
    assert ["rgb(0, 0, 0)", "table-header-group"] == page.locator("thead").evaluate(style)
    assert "rgb(255, 255, 255)" == page.evaluate("getComputedStyle(document.body).backgroundColor")
    picture(page, "paper", full_page=True)
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
