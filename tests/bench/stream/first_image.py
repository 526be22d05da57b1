"""From a click on a CT of 500 slices to its first image, from there to any other slice, and what the browser holds then.

The product's image counts when it is verified, Cornerstone3D's when it is painted. Both pages are loaded before.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from images import SIZES
from links import LOOPBACK, Cell
from peers.cornerstone import Cornerstone
from playwright.sync_api import Page
from product_side import WATCH, Product
from side import Opened

from readingroom_hub.processes import arguments, descendants

EDGE = 512
CT = next(size for size in SIZES if size.edge == EDGE)
FIRST = """
async (name) => {
  const inside = function* (root) {
    for (const each of root.querySelectorAll("*")) {
      yield each;
      if (each.shadowRoot) yield* inside(each.shadowRoot);
    }
  };
  const found = (test) => { for (const each of inside(document)) if (test(each)) return each; };
  const row = found((each) => each.dataset.testid === "study" && each.textContent.includes(name));
  const viewport = () => found((each) => each.dataset.testid === "viewport" && each.dataset.fidelity === "verified");
  const start = performance.now();
  row.dispatchEvent(new MouseEvent("dblclick", { bubbles: true, composed: true, cancelable: true }));
  while (!viewport()) await new Promise((done) => setTimeout(done, 1));
  return performance.now() - start;
}
"""
JUMPS = """
async (rounds) => {
  const element = bench.element, times = [];
  for (let i = 0; i < rounds; i++) {
    const before = element.dataset.position;
    const start = performance.now();
    const there = new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (element.dataset.position === before || element.dataset.fidelity !== "verified") return;
        observer.disconnect();
        done();
      });
      observer.observe(element, { attributes: true });
    });
    const key = ["Home", "End"][i % 2];
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
    await there;
    times.push(performance.now() - start);
    await new Promise((done) => setTimeout(done, 150));
  }
  return times;
}
"""
CORNERSTONE_FIRST = """
async (index) => {
  const start = performance.now();
  const painted = new Promise((done) => (bench.onpaint = () => bench.gray > 20 && done(performance.now() - start)));
  await openSeries(index);
  const time = await painted;
  bench.onpaint = null;
  return time;
}
"""


@dataclass
class FirstImages:
    """Milliseconds by link, and megabytes of the process that shows the page."""

    product: dict[Cell, list[float]] = field(default_factory=dict)
    peer: dict[Cell, list[float]] = field(default_factory=dict)
    jumps: dict[Cell, list[float]] = field(default_factory=dict)
    product_megabytes: float = 0.0
    peer_megabytes: float = 0.0


def measure(product: Opened, peer: Opened, cells: Sequence[Cell], rounds: int = 3) -> FirstImages:
    """Measure both in turns."""
    found = FirstImages()
    for _ in range(rounds):
        for cell in cells:
            found.peer.setdefault(cell, []).append(_peer(peer, cell))
            found.product.setdefault(cell, []).append(_product(product, cell, found))
    found.peer_megabytes = _peer_with_all_slices(peer)
    return found


def _product(opened: Opened, cell: Cell, found: FirstImages) -> float:
    side = opened.side
    if not isinstance(side, Product):
        raise TypeError(side)
    before = _renderers(opened)
    page = opened.new_page()
    opened.relay.use(LOOPBACK.link)
    side.log_in(page, opened.origin)
    page.wait_for_timeout(1500)  # thumbnails and the display's record have come
    opened.relay.use(cell.link)
    page.wait_for_timeout(300)
    first = float(page.evaluate(FIRST, CT.patient.partition("^")[2]))
    page.evaluate(WATCH)
    found.jumps.setdefault(cell, []).extend(page.evaluate(JUMPS, 6))
    page.evaluate("bench.storm({ kind: 'wheel', hz: 60, seconds: 4, way: -1 })")
    found.product_megabytes = max(found.product_megabytes, _megabytes(_renderers(opened) - before))
    _close(page)
    return first


def _peer(opened: Opened, cell: Cell) -> float:
    page = _peer_page(opened, cell)
    first = float(page.evaluate(CORNERSTONE_FIRST, CT.slices // 2))
    _close(page)
    return first


def _peer_page(opened: Opened, cell: Cell) -> Page:
    side = opened.side
    if not isinstance(side, Cornerstone):
        raise TypeError(side)
    page = opened.new_page()
    opened.relay.use(LOOPBACK.link)
    side.load(page, opened.origin, EDGE)
    page.wait_for_timeout(300)
    opened.relay.use(cell.link)
    return page


def _peer_with_all_slices(opened: Opened) -> float:
    """Download every slice, as scrolling at will needs; return the megabytes then."""
    before = _renderers(opened)
    page = _peer_page(opened, LOOPBACK)
    page.evaluate(CORNERSTONE_FIRST, CT.slices // 2)
    page.evaluate("fetchAll()")
    megabytes = _megabytes(_renderers(opened) - before)
    _close(page)
    return megabytes


def _close(page: Page) -> None:
    page.context.close()


def _renderers(opened: Opened) -> set[int]:
    """Return the browser's processes that show pages: one for each page."""
    return {pid for pid in descendants(opened.browser_pid) if any("--type=renderer" in each for each in arguments(pid))}


def _megabytes(processes: set[int]) -> float:
    """Return the proportional set size of the largest process, in megabytes."""
    sizes = [0.0]
    for process in processes:
        with suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
            sizes += [int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")]
    return max(sizes)
