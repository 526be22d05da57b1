"""A reader measures the screen, is told how it stands, and reads on a calibrated display from then on."""

import base64
import json
import os
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket
from tests.e2e.waiting import until

from readingroom.pixels.display_pattern import COLUMNS, QUALITY, ROWS, SQUARE, SQUARES, bars, pattern, square_corner
from readingroom.pixels.display_profile import DisplayProfile
from readingroom.reading.audit_codes import Kind
from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched, wait_for
from readingroom_hub.testing import log_in as log_in_without_a_window
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
    page.wait_for_selector(f"{PAGE} .rr-display-state >> text=measure it through the correction")

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
    page.locator('[data-testid="badge-review"]').wait_for(state="hidden")
    until(page, lambda: "◆ display calibrated today" == page.locator('[data-testid="display-state"]').inner_text())
    assert before != page.get_attribute(VIEWPORT, "data-pixels-sha256")
    photograph(page, "reading-calibrated")

    page.reload()
    page.wait_for_selector('[data-testid="study"], [data-testid="viewport"]')
    if not page.locator(VIEWPORT).is_visible():
        open_study(page, "PHANTOM")
    page.wait_for_selector(f'{VERIFIED}[data-display="calibrated"]')


def note(page: Page) -> str:
    """Return what is said beside the button that keeps a measurement."""
    return page.locator(f"{PAGE} .rr-display-save .rr-dim").inner_text()


def said(page: Page, words: str) -> None:
    """Wait until it is said."""
    place = page.locator(f"{PAGE} .rr-display-save .rr-dim").element_handle()
    page.wait_for_function("([e, words]) => e.innerText.includes(words)", arg=[place, words])


def test_wrong_numbers_are_named_and_never_kept(page: Page, product: Launched) -> None:
    """Letters, negative, falling, impossible and missing numbers are each said in words; what was measured stays typed."""
    log_in(page, product.url, PASSWORD, "researcher")
    page.click('[data-testid="display"]')
    page.wait_for_selector(SHOWN)
    page.fill(f"{PAGE} .rr-display-name", "Laptop")
    page.keyboard.press("Tab")
    good = light(np.array(SQUARES))
    enter(page, good)
    page.wait_for_selector(f'{PAGE} [data-testid="findings"][data-result="fail"]')
    save = page.locator('[data-testid="save-display"]')
    for field, typed, words in (
        ("level-45", "abc", "\u201cabc\u201d is no luminance (Level 45)"),
        ("level-45", "-5", "\u201c-5\u201d is no luminance"),
        ("level-45", "NaN", "\u201cNaN\u201d is no luminance"),
        ("bright-Centre", "high", "\u201chigh\u201d is no luminance (Bright field, centre)"),
        ("level-45", "", "1 of 18 levels are still to be measured"),
    ):
        before = page.input_value(f'{PAGE} input[name="{field}"]')
        page.fill(f'{PAGE} input[name="{field}"]', typed)
        said(page, words)
        assert save.is_disabled()
        page.fill(f'{PAGE} input[name="{field}"]', before)
    for field, typed, words in (
        ("level-45", "0", "The luminance falls"),
        ("level-255", "1000000000", "the GSDF is defined from"),
    ):
        before = page.input_value(f'{PAGE} input[name="{field}"]')
        page.fill(f'{PAGE} input[name="{field}"]', typed)
        said(page, words)
        save.click()
        said(page, words)
        page.fill(f'{PAGE} input[name="{field}"]', before)
    assert 0 == page.locator(f"{PAGE} .rr-records tbody tr").count()
    assert [str(one) for one in good[:3]] == [page.input_value(f'{PAGE} input[name="level-{n}"]') for n in (0, 15, 30)]


def test_a_measurement_outlives_a_killed_viewer(page: Page, product: Launched) -> None:
    """After kill -9 between typing and keeping the numbers are still there, keeping says what happened, and works again."""
    log_in(page, product.url, PASSWORD, "researcher")
    page.click('[data-testid="display"]')
    page.wait_for_selector(SHOWN)
    page.fill(f"{PAGE} .rr-display-name", "Ward")
    page.keyboard.press("Tab")
    enter(page, light(np.array(SQUARES)))
    page.wait_for_selector(f'{PAGE} [data-testid="findings"][data-result="fail"]')
    page.context.set_offline(True)
    for pid in product.below():
        if "readingroom_viewer.app" in arguments(pid):
            os.kill(pid, signal.SIGKILL)
    page.wait_for_selector(f'{PATTERN}[data-fidelity="stalled"]')
    page.click('[data-testid="save-display"]')
    said(page, "The connection was lost before the measurement was kept.")
    page.context.set_offline(False)
    page.wait_for_selector(SHOWN)
    said(page, "Your numbers are still here")
    page.click('[data-testid="save-display"]')
    page.wait_for_selector(f"{PAGE} .rr-records td >> text=as it is")
    assert 1 == page.locator(f"{PAGE} .rr-records tbody tr").count()


def test_a_colleague_sees_nothing_of_it(page: Page, product: Launched) -> None:
    """Two people of one hub on one screen: neither measurements nor names, nor what was read, are the other's."""
    for person, name in (("consultant", "Seminar room"), ("trainee", "")):
        log_in(page, product.url, PASSWORD, person)
        page.click('[data-testid="display"]')
        page.wait_for_selector(SHOWN)
        if name:
            page.fill(f"{PAGE} .rr-display-name", name)
            page.keyboard.press("Tab")
            enter(page, light(np.array(SQUARES)))
            keep(page, "fail")
            page.wait_for_selector(f"{PAGE} .rr-records td >> text=as it is")
            page.context.clear_cookies()
            continue
        page.fill(f"{PAGE} .rr-display-name", "Seminar room")
        page.keyboard.press("Tab")
        page.wait_for_timeout(500)
        assert 0 == page.locator(f"{PAGE} .rr-records tbody tr").count()
        assert "Seminar room" not in page.locator("#rr-displays option").evaluate_all(
            "all => all.map(one => one.value)"
        )


def test_without_an_audit_there_is_no_image(page: Page, product: Launched) -> None:
    """While the records service says nothing no study opens, and not even a thumbnail comes; then the reader opens it again."""
    pictures: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        if "/frames" in socket.url:
            socket.on("framereceived", lambda data: pictures.append(data) if isinstance(data, bytes) else None)

    page.on("websocket", listen)
    log_in(page, product.url, PASSWORD, "coordinator")
    (records,) = product.service("records")
    os.kill(records, signal.SIGSTOP)
    try:
        page.locator('[data-testid="study"]', has_text="PHANTOM").first.dblclick()
        page.wait_for_selector('[data-testid="note"] >> text=This study could not be opened')
        assert "cannot be asked and recorded" in page.locator('[data-testid="note"]').inner_text()
        photograph(page, "no-audit")
        assert [] == pictures
    finally:
        os.kill(records, signal.SIGCONT)
    session, _ = log_in_without_a_window(product.url, "coordinator")
    assert wait_for(lambda: session.get(f"{product.url}/services/records/grants", timeout=30).ok, PATIENCE_S)
    page.click('[data-testid="note"] >> text=Open again')
    page.wait_for_selector(VERIFIED)


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
    began = datetime.now(UTC).isoformat()
    open_study(page, "PHANTOM")
    sop_uid, sha256 = (page.get_attribute(VIEWPORT, f"data-{name}") for name in ("sop-uid", "pixels-sha256"))

    def kept(query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{product.state}/records/records.sqlite?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def lines() -> list[tuple[str, str]]:
        query = "SELECT body FROM audit_entries WHERE person = 'coordinator' AND kind = ? AND at > ?"
        told = [dict(json.loads(body)["details"]) for (body,) in kept(query, Kind.PICTURE_SEEN, began)]
        return [(line["sop_uid"], line["verified"]) for line in told if line["sha256"] == sha256]

    until(page, lambda: (sop_uid, "true") in lines())
    until(page, lambda: ("coordinator", sop_uid) in kept("SELECT person, sop_uid FROM coverage WHERE at > ?", began))


def test_the_page_can_be_opened_again(page: Page, product: Launched) -> None:
    """States asked for when it is opened a second time are newer than those of the first, or none would be shown."""
    asked: list[int] = []

    def note(payload: str | bytes) -> None:
        if isinstance(payload, str) and '"viewport":"display"' in payload and '"type":"view"' in payload:
            asked.append(json.loads(payload)["seq"])

    page.on("websocket", lambda socket: socket.on("framesent", note))
    log_in(page, product.url, PASSWORD)
    for _ in range(2):
        page.click('[data-testid="display"]')
        page.wait_for_selector(SHOWN)
        page.click('[data-testid="display"]')

    assert len(asked) >= 2
    assert sorted(set(asked)) == asked
