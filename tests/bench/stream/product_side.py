"""The product, as a person starts it, through the hub's proxy."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from images import SIZES
from playwright.sync_api import Page

from readingroom_hub.testing import PASSWORD, Launched, launch
from readingroom_viewer.testing import VERIFIED, log_in, open_study

# The viewport says in attributes what it shows; "exact" is its own word for an equal hash of the state wanted.
WATCH = """
() => {
  const element = bench.element = (function find(root) {
    for (const each of root.querySelectorAll("*")) {
      if (each.dataset.testid === "viewport") return each;
      const inside = each.shadowRoot && find(each.shadowRoot);
      if (inside) return inside;
    }
  })(document);
  bench.blind = true;
  bench.buttons = 1;
  bench.target = () => element.querySelector("canvas.rr-canvas");
  bench.shown = (n) => Number(element.dataset.windowCenter) === bench.center(n);
  bench.exact = (n) => bench.shown(n) && element.dataset.fidelity === "verified";
  bench.state = () => element.dataset.windowCenter;
  bench.slice = () => (element.dataset.pixelsSha256 === "" ? "" : element.dataset.position);
  new MutationObserver(() => bench.painted()).observe(element, { attributes: true });
}
"""


class Product:
    """Reading Room with the studies of the benchmark in place of its own."""

    name = "Reading Room"
    lossless = True

    def __init__(self, images: Path) -> None:
        self.images = images
        self._folder = tempfile.TemporaryDirectory()
        self._launched: Launched | None = None

    def start(self) -> int:
        """Start launcher, hub and proxy."""
        self._launched = launch(Path(self._folder.name), "--studies", str(self.images))
        return self._launched.wait_until_ready().port

    def log_in(self, page: Page, origin: str) -> None:
        """Bring the study list onto the page."""
        log_in(page, origin, PASSWORD)

    def open(self, page: Page, edge: int) -> None:
        """Open a study from the list and wait for its first verified image."""
        open_study(page, next(size.patient for size in SIZES if size.edge == edge).partition("^")[2])

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Open the study and lay the hand on its image."""
        self.log_in(page, origin)
        self.open(page, edge)
        page.evaluate(WATCH)
        self.press(page)

    def press(self, page: Page) -> None:
        """Hold the left button down on the middle of the image."""
        page.locator(VERIFIED).press("1")
        page.wait_for_selector(VERIFIED)
        box = page.locator(f"{VERIFIED} canvas.rr-canvas").bounding_box()
        if box is None:
            raise RuntimeError("the viewport has no canvas")
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()

    def processes(self) -> Sequence[int]:
        """Return launcher, hub, proxy, reading server and viewer."""
        return [self._launched.process.pid, *self._launched.below()] if self._launched else []

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._launched is not None:
            self._launched.process.terminate()
            self._launched.process.wait(30)
        self._folder.cleanup()
