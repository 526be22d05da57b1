"""What a reader sees of presentation states, other planes and doubtful geometry."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page
from tests.e2e.test_reading import shown
from tests.e2e.waiting import until

from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'


@pytest.fixture(scope="module")
def doubtful(launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> Launched:
    """Return a product over a series with a gap, one whose images hold no window, and one of many noisy slices."""
    folder, random = tmp_path_factory.mktemp("doubtful"), np.random.default_rng(8)
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.int16) * 3
    series: dict[str, dict[int, np.ndarray | None]] = {
        "A gap": dict.fromkeys((*range(1, 9), *range(12, 20))),
        "No window": {number: ramp * number for number in range(1, 6)},
        "Many slices": {number: random.integers(0, 1500, (256, 255)).astype(np.int16) for number in range(1, 61)},
    }
    for words, images in series.items():
        for number, pixels in images.items():
            image = small_image(number, pixels, replace(SMALL_STUDY, key=words, description=words))
            write(image, folder / words / f"{number}.dcm")
    return launch("--studies", str(folder), "--studies-kind", "teaching").wait_until_ready()


def reading(page: Page, product: Launched, words: str) -> None:
    """Log in as a trainee and open a study."""
    log_in(page, product.url, PASSWORD)
    open_study(page, words)


def letters(page: Page) -> list[str]:
    """Return the orientation letters from the top clockwise."""
    return [page.locator(f'[data-testid="edge-{side}"]').inner_text() for side in ("top", "right", "bottom", "left")]


def test_a_presentation_state_is_shown_whole(page: Page, product: Launched) -> None:
    """Chosen by its label, it jumps to its image, brings its window and draws its graphics; the image comes back as it was."""
    reading(page, product, "PHANTOM")
    menu = page.locator('[data-testid="presentation"]')
    uid = menu.locator("option").nth(1).get_attribute("value")
    own = page.locator(VIEWPORT).get_attribute("data-pixels-sha256")
    menu.select_option(uid)
    page.wait_for_selector(f'{VERIFIED}[data-presentation-uid="{uid}"]')
    page.wait_for_selector('[data-testid="graphics"] text')
    assert page.locator('[data-testid="graphics"] circle, [data-testid="graphics"] path').count() > 0
    assert own != page.locator(VIEWPORT).get_attribute("data-pixels-sha256")
    menu.select_option("")
    page.wait_for_selector('[data-testid="graphics"]:not(:has(g))', state="attached")


def test_letters_turn_with_the_picture(page: Page, product: Launched) -> None:
    """A quarter to the right, then mirrored: the letters say where the patient's sides have gone."""
    reading(page, product, "PHANTOM")
    until(page, lambda: ["A", "L", "P", "R"] == letters(page))
    page.keyboard.press(".")
    until(page, lambda: ["R", "A", "L", "P"] == letters(page))
    page.keyboard.press("h")
    until(page, lambda: ["R", "P", "L", "A"] == letters(page))


def test_another_plane_is_what_render_cuts(page: Page, product: Launched, tmp_path: Path) -> None:
    """The coronal plane on the screen equals ``render --reformat`` byte for byte, and scrolling moves it."""
    reading(page, product, "MR")
    page.locator('[data-testid="plane"]').select_option("coronal")
    page.wait_for_selector(f'{VERIFIED}[data-plane="coronal"][data-loaded="1"]')
    viewport = page.locator(VIEWPORT)
    first = int(viewport.get_attribute("data-position") or 0)
    place = page.locator('[data-testid="place"]')
    before = place.inner_text()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="{first + 1}"]')
    until(page, lambda: before != place.inner_text())  # words follow the picture with the next display frame
    side, millimetres = place.inner_text().split()[-3:-1]
    at = float(millimetres) * (1 if side == "P" else -1)
    series = viewport.get_attribute("data-series-uid")
    folder = product.state / "demo-studies" / "mr-brain"
    command = [
        Path(sys.executable).parent / "readingroom",
        "render",
        folder,
        "--series",
        series,
        f"--reformat=coronal@{at}mm",
    ]
    command += [
        "--window",
        f"{viewport.get_attribute('data-window-center')}/{viewport.get_attribute('data-window-width')}",
    ]
    subprocess.run([*command, "-o", tmp_path / "out.png"], check=True)
    assert np.asarray(Image.open(tmp_path / "out.png")).tobytes() == shown(viewport)


def test_missing_slices_are_said_over_the_image(page: Page, doubtful: Launched) -> None:
    """A series with a gap is shown with the words that tell of it."""
    reading(page, doubtful, "A gap")
    page.wait_for_selector('[data-testid="warnings"] >> text=missing')


def test_images_without_a_window_keep_one_and_say_so(page: Page, doubtful: Launched) -> None:
    """Scrolling through slices that hold no window changes none; what it stands on is written beside it."""
    reading(page, doubtful, "No window")
    viewport = page.locator(VIEWPORT)
    windows = []
    for position in range(3):
        page.wait_for_selector(f'{VERIFIED}[data-position="{position}"]')
        windows.append([viewport.get_attribute(f"data-window-{part}") for part in ("center", "width")])
        page.wait_for_selector(".rr-br >> text=no window in series: range of its middle")
        page.keyboard.press("ArrowDown")
    assert [["567.5", "1135"]] * 3 == windows


WATCH = """viewport => {
  window.moments = [];
  const words = selector => viewport.querySelector(selector)?.textContent ?? '';
  const look = () => {
    const zoom = words('.rr-br').match(/([\\d.]+)\\u00d7/)?.[1];
    const bar = viewport.querySelector('.rr-scale-line').style.width;
    window.moments.push([words('[data-testid="badge"]'), zoom, bar, viewport.pixels.length]);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_costly_slab_is_coarse_only_while_it_moves(page: Page, doubtful: Launched) -> None:
    """Scrolled fast, a thick slab says ``MOVING 4.0:1`` and nothing jumps; verified are all its pixels, and only those."""
    reading(page, doubtful, "Many slices")
    page.locator('[data-testid="plane"]').select_option("axial")
    page.wait_for_selector(f'{VERIFIED}[data-plane="axial"][data-loaded="1"]')
    page.locator('[data-testid="slab"]').select_option("20:mip")
    page.wait_for_selector(VERIFIED)
    viewport = page.locator(VIEWPORT)
    viewport.hover()
    start = int(viewport.get_attribute("data-position") or 0)
    viewport.evaluate(WATCH)
    page.keyboard.down("Shift")  # ten at a time: further than what is sent ahead

    def coarse() -> bool:
        for way in (1, -1) * 6:
            page.mouse.wheel(0, way * 100)
            page.wait_for_timeout(40)
        return bool(page.evaluate("window.moments.some(([badge]) => badge.startsWith('◐ MOVING 4.0:1'))"))

    until(page, coarse)
    page.keyboard.up("Shift")
    page.wait_for_selector(f'{VERIFIED}[data-position="{start}"]')
    moments = page.evaluate("window.moments")

    assert 1 == len({(zoom, bar) for _, zoom, bar, _ in moments})
    assert {256 * 255} == {size for badge, *_, size in moments if "verified" in badge}
