"""What a reader sees over a slow, far or broken link: the whole product, Chromium, and a relay between them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.test_reading import rendered, shown

from readingroom.testing.files import small_image, write
from readingroom.testing.link import Link
from readingroom.testing.packages import find_one
from readingroom.testing.relay import Relay
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.link import LONGEST_WINDOW
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'
FAR = Link(delay_s=0.040, rate_bit_s=20e6)
THIN = Link(delay_s=0.005, rate_bit_s=5e6)
THINNEST = Link(delay_s=0.005, rate_bit_s=200e3)
STALLED = f'{VIEWPORT}[data-fidelity="stalled"]'
PACKAGES = Path(__file__).resolve().parents[2] / ".make" / "demo-packages"

# Before the page's own scripts: note what its socket says and hears, in order.
LISTEN = """
window.heard = [];
window.neverReloaded = Math.random();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.url.includes("/frames")) return send.call(this, data);
  const said = JSON.parse(data);
  if (said.type === "view" || said.type === "painted") window.heard.push([said.type, said.seq, said.window?.width]);
  if (!this.isHeard) {
    this.isHeard = true;
    this.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const length = new DataView(data).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 36, length)));
      const { type, seq, codec, strip, rows } = head;
      if (type === "frame" || type === "strip") window.heard.push([type, seq, codec, strip, rows]);
    });
  }
  return send.call(this, data);
};
"""

# Every word of the badge, in order.
WATCH = """
element => {
  window.said = [];
  const badge = element.getRootNode().querySelector('[data-testid="badge"]');
  const note = () => window.said.push(badge.textContent);
  new MutationObserver(note).observe(badge, { childList: true, characterData: true, subtree: true });
}
"""


Reach = Callable[[Launched, Link], tuple[Page, Relay]]


@pytest.fixture
def reach(browser: Browser) -> Iterator[Reach]:
    """Return a function that logs in through a relay as far away as a link, in a window that listens to its own socket."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(LISTEN)
    relays: list[Relay] = []

    def logged_in(product: Launched, link: Link) -> tuple[Page, Relay]:
        relay = Relay(product.port, Link(delay_s=link.delay_s)).__enter__()
        relays.append(relay)
        page = context.new_page()
        log_in(page, f"http://127.0.0.1:{relay.port}", PASSWORD)
        return page, relay

    yield logged_in
    context.close()
    for relay in relays:
        relay.__exit__(None, None, None)


@pytest.fixture(scope="module")
def own(launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> tuple[Launched, Path]:
    """Return a product over a raw MR image of 1 MiB and two mammograms, one of a lossy source; and their folder."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "mr.dcm").write_bytes(find_one(PACKAGES, "MR2_UNCR.dcm").read_bytes())
    chance = np.random.default_rng(7)
    breast = np.add.outer(np.arange(1500), np.arange(1200)).astype(np.int16) + chance.integers(
        0, 90, (1500, 1200), np.int16
    )
    mammogram = small_image(1, breast)
    write(mammogram, folder / "mg.dcm", Modality="MG", StudyDescription="Mammogram lossless")
    lossy = small_image(2, breast)
    changes = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "10.5", "SeriesInstanceUID": "2.25.100"}
    write(
        lossy,
        folder / "lossy.dcm",
        Modality="MG",
        StudyDescription="Mammogram lossy",
        StudyInstanceUID="2.25.99",
        **changes,
    )
    return launch("--studies", str(folder), "--studies-kind", "teaching").wait_until_ready(), folder


def opened(page: Page, relay: Relay, words: str, link: Link) -> None:
    """Open a study, then make the link what it is to be, and begin to watch and to listen."""
    open_study(page, words)
    relay.use(link)
    page.locator(VIEWPORT).evaluate(WATCH)
    page.evaluate("window.heard.length = 0")


def pressed(page: Page) -> tuple[float, float]:
    """Press the button in the middle of the image and return where that is."""
    box = page.locator(VIEWPORT).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def dragged(page: Page, steps: int = 40, first: int = 0) -> None:
    """Drag the window to and fro, 40 steps a second."""
    x, y = pressed(page) if first == 0 else (720.0, 450.0)
    for step in range(first + 1, first + steps + 1):
        page.mouse.move(x - 30 * np.sin(step / 12), y + step / 4)
        page.wait_for_timeout(25)


def released(page: Page) -> None:
    """Let the button go and wait for the truth."""
    page.mouse.up()
    page.wait_for_selector(VERIFIED, timeout=60_000)


def said(page: Page) -> list[str]:
    """Return the badge's words so far, without their signs."""
    return [text[2:] for text in page.evaluate("window.said")]


def heard(page: Page, *kinds: str) -> list[list[Any]]:
    """Return what the socket said and heard of some kinds."""
    return [entry for entry in page.evaluate("window.heard") if entry[0] in kinds]


def heard_last(page: Page, *kinds: str) -> list[list[Any]]:
    """Return what the socket heard of some kinds after it had asked for its last view."""
    everything = page.evaluate("window.heard")
    start = max(at for at, entry in enumerate(everything) if entry[0] == "view")
    return [entry for entry in everything[start:] if entry[0] in kinds]


def is_true(page: Page, studies: Path, folder: Path) -> bool:
    """Return whether the window shown is the one asked for last, and its pixels are those of the command line."""
    viewport = page.locator(VIEWPORT)
    wanted = heard(page, "view")[-1][2]
    same = wanted is None or float(viewport.get_attribute("data-window-width") or 0) == wanted
    return same and rendered(viewport, studies, folder).tobytes() == shown(viewport)


def test_a_drag_80_ms_away_is_previewed_and_leaves_no_queue(reach: Reach, product: Launched, tmp_path: Path) -> None:
    """At 20 Mbit/s the hand sees previews; after the last wish no more frames come than the window, then the truth."""
    page, relay = reach(product, FAR)
    opened(page, relay, "PHANTOM", FAR)
    dragged(page)
    released(page)
    words, frames = said(page), [entry[1] for entry in heard_last(page, "frame")]

    assert "PREVIEW" in words
    assert "LOSSLESS verified" == words[-1]
    assert len(frames) <= LONGEST_WINDOW + 1
    assert heard(page, "view")[-1][1] == frames[-1]
    assert is_true(page, product.state / "demo-studies", tmp_path)


def test_a_large_radiograph_moves_with_loss_and_rests_without(reach: Reach, product: Launched, tmp_path: Path) -> None:
    """At 5 Mbit/s 3.6 million pixels move in few bytes and say how few; at rest they come exact, outwards from the pointer."""
    page, relay = reach(product, THIN)
    opened(page, relay, "CR", THIN)
    dragged(page, 80)
    released(page)
    words = said(page)
    last = heard(page, "view")[-1][1]
    parts = [entry for entry in heard_last(page, "frame", "strip") if entry[1] == last and entry[3] is not None]
    cut = [one for _, _, _, one, _ in parts]
    middle = cut[0]["first_row"] + cut[0]["rows"] / 2
    away = [max(0, one["first_row"] - middle, middle - one["first_row"] - one["rows"]) for one in cut]

    assert [word for word in words if re.fullmatch(r"MOVING \d+(\.\d)?:1", word)]
    assert "LOSSLESS verified" == words[-1]
    assert {"png"} == {entry[2] for entry in parts}
    assert len(parts) > 10
    assert np.diff(away).min() >= -1
    assert is_true(page, product.state / "demo-studies", tmp_path)


def test_a_picture_in_strips_survives_a_cut(reach: Reach, product: Launched, tmp_path: Path) -> None:
    """Cut after its second strip, the picture is called stalled, and the exact one comes when the link is there again."""
    page, relay = reach(product, THIN)
    opened(page, relay, "CR", THIN)
    dragged(page, 20)
    page.mouse.up()
    page.wait_for_function("() => window.heard.some(([kind, , codec]) => kind === 'strip' && codec === 'png')")
    relay.cut(4)
    page.wait_for_selector(STALLED)
    page.wait_for_selector(VERIFIED, timeout=60_000)

    assert is_true(page, product.state / "demo-studies", tmp_path)


def test_at_200_kbit_the_picture_at_rest_is_exact(reach: Reach, product: Launched, tmp_path: Path) -> None:
    """The slice arrives, late, in small exact strips; until then the badge does not call it verified."""
    page, relay = reach(product, THINNEST)
    opened(page, relay, "PHANTOM", THINNEST)
    dragged(page, 20)
    released(page)
    words = said(page)

    assert "LOSSLESS verified" == words[-1]
    assert {"PENDING", "STALLED"} & set(words)
    assert is_true(page, product.state / "demo-studies", tmp_path)


def test_ten_seconds_without_a_network(reach: Reach, product: Launched, tmp_path: Path) -> None:
    """Cut in the middle of a drag, the image says that it is stalled; then the wanted window comes, without a reload."""
    page, relay = reach(product, FAR)
    opened(page, relay, "PHANTOM", FAR)
    loaded = page.evaluate("window.neverReloaded")
    dragged(page, 20)
    relay.cut(10)
    dragged(page, 20, first=20)
    page.wait_for_selector(STALLED, timeout=5_000)
    page.mouse.up()
    page.wait_for_timeout(6_000)
    assert "stalled" == page.locator(VIEWPORT).get_attribute("data-fidelity")
    page.wait_for_selector(VERIFIED, timeout=60_000)

    assert loaded == page.evaluate("window.neverReloaded")
    assert is_true(page, product.state / "demo-studies", tmp_path)


def test_a_raw_image_of_a_mebibyte_comes_in_strips(reach: Reach, own: tuple[Launched, Path], tmp_path: Path) -> None:
    """MR of 1024 by 1024 becomes verified when it is opened, and after a window drag over it."""
    product, folder = own
    page, relay = reach(product, Link())
    opened(page, relay, "MR2", Link())
    dragged(page)
    released(page)

    assert heard(page, "strip")
    assert is_true(page, folder, tmp_path)


def test_a_mammogram_with_loss_is_not_for_interpretation(reach: Reach, own: tuple[Launched, Path]) -> None:
    """The words are on the image while it moves, gone once it is verified, and stay where the source has lost something."""
    product, _ = own
    words = '[data-testid="badge-purpose"]'
    page, relay = reach(product, THIN)
    opened(page, relay, "Mammogram lossless", THIN)
    assert page.locator(words).is_hidden()
    dragged(page)
    page.wait_for_selector('[data-testid="badge"]:has-text("MOVING")')
    assert "▲ not for primary interpretation" == page.locator(words).inner_text().lower()
    released(page)
    assert page.locator(words).is_hidden()
    relay.use(Link())
    page.reload()
    open_study(page, "Mammogram lossy")
    assert page.locator(words).is_visible()
