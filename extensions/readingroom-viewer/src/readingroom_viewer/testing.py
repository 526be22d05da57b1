"""The steps that every reading in a real browser begins with, for tests and measurements; ``page`` is Playwright's."""

from typing import Any

VERIFIED = '[data-testid="viewport"][data-fidelity="verified"]'
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
"""A browser that runs as root, in a container, and asks nobody outside for anything."""


def log_in(
    page: Any,  # noqa: ANN401 - Playwright is a test tool
    url: str,
    password: str,
    person: str = "trainee",
    study_list: str = '[data-testid="study"]',
) -> None:
    """Log in and wait for the study list of the person's own reading server, or for what it shows in place of a row."""
    page.goto(url)
    page.fill("#username_input", person)
    page.fill("#password_input", password)
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{person}/reading/**", timeout=90_000)
    page.wait_for_selector(study_list, timeout=60_000)


def open_study(page: Any, words: str) -> None:  # noqa: ANN401
    """Open the study whose row holds ``words`` and wait for its first verified image."""
    page.locator('[data-testid="study"]', has_text=words).first.dblclick()
    page.wait_for_selector(VERIFIED, timeout=60_000)


# Runs in the page: turns the wheel by so many notches, one in so many milliseconds (0 is one a display frame), and tells
# what was painted and when, and when each notch was turned. An observer is told of every picture; a loop that looks would
# miss some.
WALK = """
async ([element, notches, pace]) => {
  const painted = [], turned = [];
  let frame = 0, running = true;
  const count = () => { frame += 1; if (running) requestAnimationFrame(count); };
  const observer = new MutationObserver((changes) => {
    if (!changes.some((one) => one.attributeName === "data-position")) return;
    const { position, fidelity, pixelsSha256, windowWidth } = element.dataset;
    const at = performance.now();
    painted.push({ position: Number(position), fidelity, hash: pixelsSha256, width: windowWidth, frame, at });
  });
  const canvas = element.querySelector("canvas.rr-canvas");
  const notch = { deltaY: 100, bubbles: true, composed: true, cancelable: true };
  const turn = () => canvas.dispatchEvent(new WheelEvent("wheel", notch));
  const goal = String(Number(element.dataset.position) + notches);
  await new Promise(requestAnimationFrame);
  observer.observe(element, { attributes: true, attributeFilter: ["data-position"] });
  requestAnimationFrame(count);
  const start = performance.now();
  for (let i = 1; i <= notches; i++) {
    turned.push(performance.now());
    turn();
    if (pace === 0) await new Promise(requestAnimationFrame);
    else await new Promise((done) => setTimeout(done, Math.max(0, start + i * pace - performance.now())));
  }
  const arrived = () => element.dataset.position === goal && element.dataset.fidelity === "verified";
  while (!arrived() && performance.now() < start + 60000) await new Promise((done) => setTimeout(done, 2));
  const seconds = (performance.now() - start) / 1000, frames = frame;
  running = false;
  observer.disconnect();
  return { painted, turned, seconds, frames };
}
"""
