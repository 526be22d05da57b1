"""One to one is one image pixel on one pixel of the screen, whatever the browser's scale, and zoom and filter are said."""

import io
import math
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page
from tests.e2e.test_reading import VIEWPORT, shown
from tests.e2e.waiting import until

from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched
from readingroom_viewer.testing import CHROMIUM_FLAGS, log_in, open_study

pytestmark = pytest.mark.e2e
ONLY_THE_IMAGE = (
    "viewport => { for (const part of viewport.children) if (part.tagName !== 'CANVAS') part.style.display = 'none'; }"
)


def decoded(page: Page) -> NDArray[np.uint8]:
    """Return the pixels of the image, as the browser decoded them."""
    pixels = np.frombuffer(shown(page.locator(VIEWPORT)), np.uint8)
    return pixels.reshape(math.isqrt(len(pixels)), -1)


def on_the_screen(page: Page) -> NDArray[np.uint8]:
    """Return what the screen shows of the viewport, in the screen's own pixels, RGB."""
    page.locator(VIEWPORT).evaluate(ONLY_THE_IMAGE)
    box, scale = page.locator(VIEWPORT).bounding_box(), page.evaluate("devicePixelRatio")
    assert box is not None
    left, top, width, height = (round(box[name] * scale) for name in ("x", "y", "width", "height"))
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    return screen[top : top + height, left : left + width]


def holds(screen: NDArray[np.uint8], image: NDArray[np.uint8]) -> bool:
    """Return whether the middle of an image is in the middle of the screen, byte for byte, up to a shift of five pixels."""
    side = min(*image.shape, *screen.shape[:2]) // 2
    top, left = (np.array(image.shape) - side) // 2
    wanted = np.repeat(image[top : top + side, left : left + side, None], 3, axis=2)
    at = (np.array(screen.shape[:2]) - side) // 2
    shifts = [(down, across) for down in range(-5, 6) for across in range(-5, 6)]
    return any(
        np.array_equal(wanted, screen[at[0] + down : at[0] + down + side, at[1] + across : at[1] + across + side])
        for down, across in shifts
    )


@pytest.fixture
def scaled(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a window on a screen that the system scales, which is not what a browser does that plays another screen."""
    scale, size = request.param
    flags = [*CHROMIUM_FLAGS, f"--force-device-scale-factor={scale}", f"--window-size={size}"]
    own = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags)
    page = own.new_context(no_viewport=True).new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    yield page
    own.close()


@pytest.mark.parametrize(
    "scaled", [(1, "1440,900"), (1.25, "1367,811"), (1.5, "1283,777"), (2, "1367,811")], indirect=True, ids=str
)
def test_one_to_one_is_the_screens_own_pixel(scaled: Page, product: Launched) -> None:
    """At 1:1 the screen holds the decoded pixels themselves, at every scale of the system, also after a pan."""
    log_in(scaled, product.url, PASSWORD)
    open_study(scaled, "PHANTOM")
    scaled.keyboard.press("=")
    until(scaled, lambda: scaled.locator(".rr-br").inner_text().endswith("1.0\u00d7 1:1"))
    box = scaled.locator(VIEWPORT).bounding_box()
    assert box is not None
    image = decoded(scaled)
    until(scaled, lambda: holds(on_the_screen(scaled), image))
    before = on_the_screen(scaled)
    scaled.mouse.move(box["x"] + 300, box["y"] + 300)
    scaled.mouse.down(button="middle")
    scaled.mouse.move(box["x"] + 301, box["y"] + 302)
    scaled.mouse.up(button="middle")
    until(scaled, lambda: not np.array_equal(before, on_the_screen(scaled)))
    until(scaled, lambda: holds(on_the_screen(scaled), image))
