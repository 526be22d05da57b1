"""A reader measures the screen, is told how it stands, and reads on a calibrated display from then on."""

import base64
import json
import os
import sqlite3
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from readingroom.pixels.display_pattern import COLUMNS, QUALITY, ROWS, SQUARE, SQUARES, bars, pattern, square_corner
from readingroom.pixels.display_profile import DisplayProfile
from readingroom.reading.local import check_chain
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
PAGE = '[data-testid="display-page"]'
PATTERN = '[data-testid="display-viewport"]'
SHOWN = f'{PATTERN}[data-fidelity="verified"]'
VIEWPORT = '[data-testid="viewport"]'
EVEN = "100 95 97 99 96"


def light(levels: np.ndarray) -> list[float]:
    """Return what a meter reads of a gamma 2.2 screen at driving levels."""
    return [round(1.2 + 398.8 * (int(level) / 255) ** 2.2, 4) for level in levels]


def decoded(page: Page) -> np.ndarray:
    """Return the pattern as the browser decoded it."""
    text = page.locator(PATTERN).evaluate(
        "e => { let s = ''; const p = e.pixels; for (let i = 0; i < p.length; i += 32768)"
        " s += String.fromCharCode.apply(null, p.subarray(i, i + 32768)); return btoa(s); }"
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(ROWS, COLUMNS)


def fill(page: Page, field: str, numbers: str) -> None:
    """Paste a column of numbers into the fields from ``field`` on."""
    page.locator(f'{PAGE} input[name="{field}"]').evaluate(
        "(e, t) => { const data = new DataTransfer(); data.setData('text', t);"
        " e.focus(); e.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }",
        numbers,
    )


def enter(page: Page, levels: list[float]) -> None:
    """Enter a whole measurement."""
    fill(page, "level-0", "\n".join(map(str, levels)))
    page.fill(f'{PAGE} input[name="ambient"]', "0.1")
    fill(page, "dark-Centre", EVEN)
    fill(page, "bright-Centre", EVEN)


def keep(page: Page, result: str) -> None:
    """Wait for the result of the check and keep the measurement."""
    page.wait_for_selector(f'{PAGE} [data-testid="findings"][data-result="{result}"]')
    page.click('[data-testid="save-display"]')


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the page where whoever runs the tests wants to look at them."""
    if folder := os.environ.get("READINGROOM_SCREENSHOTS"):
        for width, height in ((1440, 900), (1280, 720)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            page.screenshot(path=Path(folder) / f"{name}-{width}.png")
        page.set_viewport_size({"width": 1440, "height": 900})


def test_a_screen_is_measured_and_read_on(page: Page, product: Launched) -> None:
    """Review only at first; gamma 2.2 fails, its correction passes, and the next image says calibrated, also after a reload."""
    log_in(page, product.url, PASSWORD, "consultant")
    open_study(page, "PHANTOM")
    assert "review-only" == page.get_attribute(VIEWPORT, "data-display")
    assert page.locator('[data-testid="badge-review"]').is_visible()
    before = page.get_attribute(VIEWPORT, "data-pixels-sha256")

    page.click('[data-testid="display"]')
    page.wait_for_selector(SHOWN)
    assert np.array_equal(pattern(QUALITY), decoded(page))
    photograph(page, "display-first")
    page.fill(f"{PAGE} .rr-display-name", "Desk left")
    page.keyboard.press("Tab")
    enter(page, light(np.array(SQUARES)))
    photograph(page, "display-fails")
    keep(page, "fail")
    page.wait_for_selector(f"{PAGE} .rr-records td >> text=as it is")
    assert "measure it through the correction" in page.locator(f"{PAGE} .rr-display-state").inner_text()

    page.check(f'{PAGE} input[value="corrected"]')
    page.wait_for_selector(f'{SHOWN}[data-series-uid="display-quality/corrected"][data-position="0"]')
    curve = DisplayProfile("Desk left", tuple(light(np.array(SQUARES))), 0.1, date(2026, 11, 1)).curve
    assert np.array_equal(curve.apply(pattern(QUALITY)), decoded(page))
    enter(page, light(curve.apply(np.array(SQUARES))))
    photograph(page, "display-passes")
    keep(page, "diagnostic")
    page.wait_for_selector(f"{PAGE} .rr-records td >> text=through correction")
    photograph(page, "display-kept")

    page.keyboard.press("Escape")
    page.wait_for_selector(f'{VERIFIED}[data-display="calibrated"]')
    assert not page.locator('[data-testid="badge-review"]').is_visible()
    assert "◆ display calibrated today" == page.locator('[data-testid="display-state"]').inner_text()
    assert before != page.get_attribute(VIEWPORT, "data-pixels-sha256")
    photograph(page, "reading-calibrated")

    page.reload()
    page.wait_for_selector('[data-testid="study"], [data-testid="viewport"]')
    if not page.locator(VIEWPORT).is_visible():
        open_study(page, "PHANTOM")
    page.wait_for_selector(f'{VERIFIED}[data-display="calibrated"]')


def test_all_squares_are_distinct_in_the_browser(page: Page, product: Launched) -> None:
    """The eighteen squares and their bars 5 levels off are all there in what the browser decoded, one to one on the screen."""
    log_in(page, product.url, PASSWORD)
    page.click('[data-testid="display"]')
    page.wait_for_selector(SHOWN)
    pixels = decoded(page)
    for number, level in enumerate(SQUARES):
        top, left = square_corner(number)
        assert {level, *bars(level)} == set(np.unique(pixels[top : top + SQUARE, left : left + SQUARE]).tolist())


def test_what_was_read_is_in_the_audit(page: Page, product: Launched) -> None:
    """The image that rested on the screen has its line: who, which, its hash, verified; and it counts as seen."""
    log_in(page, product.url, PASSWORD, "coordinator")
    open_study(page, "PHANTOM")
    page.wait_for_timeout(1500)
    told = {name: page.get_attribute(VIEWPORT, f"data-{name}") for name in ("sop-uid", "pixels-sha256", "frame")}
    path = product.state / "records" / "coordinator" / "reading" / "records.sqlite"
    connection = sqlite3.connect(path)
    entries = [json.loads(text) for (text,) in connection.execute("SELECT entry FROM audit")]
    seen = connection.execute("SELECT person, sop_uid FROM coverage").fetchall()
    connection.close()

    (line,) = [entry for entry in entries if entry["sha256"] == told["pixels-sha256"]]
    assert ("coordinator", told["sop-uid"], True) == (line["person"], line["sop_uid"], line["verified"])
    assert ("coordinator", told["sop-uid"]) in seen
    assert "" == check_chain(path).wrong
