"""Round trip and first image through hub and proxy, as ratios to the floor of the same run: ``make bench``.

The floor of a round trip is the same page's own ping over the same socket: everything but rendering, compressing,
hashing and painting. Figures are medians; the machine is whatever it is, so read the ratios.
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from readingroom_hub.testing import PASSWORD, launch
from readingroom_viewer.testing import CHROMIUM_FLAGS, VERIFIED, WALK, open_study

ROUNDS = 60
STEPS = 120

# Runs in the page: change the window by a key, note when the viewport is drawn and verified, and when the display
# frame that shows it begins. An observer is told of the change; a loop that looks would take the core that it measures.
# The pauses differ, so that the key meets the display's clock at every phase.
ROUND_TRIPS = """
async ([element, rounds]) => {
  const drawn = [], shown = [];
  for (let i = 0; i < rounds; i++) {
    const before = element.dataset.windowWidth;
    const verified = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (element.dataset.windowWidth === before || element.dataset.fidelity !== "verified") return;
        observer.disconnect();
        done(performance.now());
      });
      observer.observe(element, { attributes: true });
    });
    const start = performance.now();
    element.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "1" : "2", bubbles: true, composed: true }));
    drawn.push((await verified) - start);
    await new Promise(requestAnimationFrame);
    shown.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 30 + 17 * Math.random()));
  }
  return [drawn, shown];
}
"""

PINGS = """
async ([path, rounds]) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + path);
  await new Promise((done) => (socket.onopen = done));
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    const answer = new Promise((done) => (socket.onmessage = done));
    socket.send(JSON.stringify({ type: "ping", sent: start }));
    await answer;
    times.push(performance.now() - start);
  }
  socket.close();
  return times;
}
"""


def first_image(page: Page, url: str) -> float:
    """Return the seconds from the click on the login button to the first verified image of the CT phantom."""
    page.goto(url)
    page.fill("#username_input", "trainee")
    page.fill("#password_input", PASSWORD)
    start = time.monotonic()
    page.click("#login_submit")
    page.wait_for_selector('[data-testid="study"]', timeout=90_000)
    open_study(page, "PHANTOM")
    return time.monotonic() - start


def walk(page: Page, pace_ms: float) -> tuple[float, float, int]:
    """Return distinct verified slices a second, their share of the display frames, and how many were skipped or repeated."""
    page.keyboard.press("Home")
    page.wait_for_selector(f'{VERIFIED}[data-position="0"]')
    page.wait_for_timeout(1_000)
    found = page.evaluate(WALK, [page.locator('[data-testid="viewport"]').element_handle(), STEPS, pace_ms])
    right = sum(one["position"] == number and one["hash"] != "" for number, one in enumerate(found["painted"], 1))
    return right / found["seconds"], right / found["frames"], abs(STEPS - right) + len(found["painted"]) - right


def measure() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        product = launch(Path(folder)).wait_until_ready()
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
            seconds = []
            for _ in range(4):
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                seconds.append(first_image(page, product.url))
            viewport = page.locator('[data-testid="viewport"]')
            path = "/user/trainee/reading/viewer/frames"
            floor = statistics.median(page.evaluate(PINGS, [path, ROUNDS]))
            viewport.focus()
            drawn, shown = page.evaluate(ROUND_TRIPS, [viewport.element_handle(), ROUNDS])
            walks = [(pace, [walk(page, pace) for _ in range(3)]) for pace in (1000 / 30, 1000 / 60, 0)]
            browser.close()
        finally:
            product.process.terminate()
            product.process.wait(30)
    print(f"{'what':44} {'median':>10} {'ratio to floor':>15}")
    print(f"{'ping over the frame socket (floor)':44} {floor:8.1f} ms {1:15.1f}")
    for what, times in (("drawn and verified", drawn), ("in a display frame", shown)):
        trip = statistics.median(times)
        print(f"{f'window change -> {what}, CT 512²':44} {trip:8.1f} ms {trip / floor:15.1f}")
    print(f"{'login -> first verified image, cold':44} {seconds[0]:8.1f} s")
    warm = statistics.median(seconds[1:])
    print(f"{'login -> first verified image, server running':44} {warm:8.1f} s {warm / seconds[0]:14.2f}x of cold")
    for pace, rounds in walks:
        rate, share, wrong = (statistics.median(one) for one in zip(*rounds, strict=True))
        notches = f"{1000 / pace:.0f} notches/s" if pace else "a notch a display frame"
        what = f"scrolling 512², {notches}: distinct exact slices"
        print(f"{what:60} {rate:5.1f}/s, {share:.2f} a display frame, {wrong:.0f} skipped or repeated")
