"""The stream, against its peers: ``make bench-stream``.

Product and peers show the same images in browsers of their own, each behind the same emulated network, and take turns.
``--quick`` measures two sizes over two links, ``--all`` the peers over every link too; ``--write`` puts the tables into
docs/performance.md. Without a peer's packages that peer is left out, and the table says so.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

import first_image
import images
import scale
from links import EVERY_CELL, FIRST_IMAGE_CELLS, HOME, LOOPBACK, PEER_CELLS, Cell
from measure import Figures, Rounds, cell, gate_round
from peers.cornerstone import Cornerstone
from peers.jupyter_rfb import JupyterRfb
from peers.panel_pane import PanelPane
from peers.trame_rca import TrameRca
from playwright.sync_api import Playwright, sync_playwright
from product_side import Product
from side import Opened, Side, open_side
from table import Results, document

DOCUMENT = Path(__file__).parents[3] / "docs" / "performance.md"
GATE_EDGES = (512, 1024)
GATE_ROUNDS = 2


def sides(folder: Path) -> list[Side]:
    """Return everything that is compared, the product first."""
    return [
        Product(folder),
        Cornerstone(folder),
        TrameRca(folder, "jpeg"),
        TrameRca(folder, "png"),
        JupyterRfb(folder, "jpeg"),
        JupyterRfb(folder, "png"),
        PanelPane(folder, "jpeg"),
        PanelPane(folder, "png"),
    ]


def start(playwright: Playwright, wanted: list[Side], results: Results, running: list[Opened]) -> None:
    """Start every side with its first image; one that cannot be started is left out and named."""
    for side in wanted:
        opened = None
        try:
            opened = open_side(side, playwright)
            opened.page(GATE_EDGES[0])
        except Exception as error:
            if opened is not None:
                opened.close()
            if isinstance(side, Product):
                raise
            results.missing[side.name] = str(error).strip().splitlines()[-1][:120]
            continue
        running.append(opened)
        say(f"{side.name} runs")


def measure_gates(running: list[Opened], results: Results, rounds: int) -> None:
    """Measure what the gates compare, in turns that begin with another side each time."""
    for number in range(rounds):
        first = number % len(running)
        for opened in running[first:] + running[:first]:
            gate_round(opened, GATE_EDGES, number, results.rounds.setdefault(opened.side.name, Rounds()))
        say(f"round {number + 1} of {rounds} of the gates")


def measure_cells(
    running: list[Opened], results: Results, sizes: list[images.Size], cells: dict[bool, list[Cell]]
) -> None:
    """Measure every cell: sides take turns at each size and link."""
    for size in sizes:
        for over in cells[True]:
            if time.monotonic() > results.deadline:
                say("the time is up; the cells that are left stay empty")
                return
            for opened in running:
                if over in cells[isinstance(opened.side, Product)]:
                    results.cells[opened.side.name, size.name, over] = _cell(opened, size, over)
            say(f"{size.name} over {over}")


def _cell(opened: Opened, size: images.Size, over: Cell) -> Figures | None:
    if size.edge in opened.failed:
        return None
    try:
        return cell(opened, size, over)
    except Exception as error:  # noqa: BLE001 - a peer that fails at a size is a line of the table, not the end of it
        opened.failed[size.edge] = str(error)
        say(f"{opened.side.name} gave up on {size.name}: {str(error).splitlines()[0]}")
        return None


def measure_pages(
    playwright: Playwright, folder: Path, results: Results, cells: dict[bool, list[Cell]], *, quick: bool
) -> None:
    """Measure everything that needs browsers; ``cells`` are the links of the product (True) and of its peers."""
    running: list[Opened] = []
    try:
        start(playwright, sides(folder), results, running)
        measure_gates(running, results, 1 if quick else GATE_ROUNDS)
        results.first = first_image.measure(running[0], running[1], FIRST_IMAGE_CELLS, 1 if quick else 2)
        say("first images")
        measure_cells(running, results, results.sizes, cells)
    finally:
        for opened in running:
            opened.close()


def say(words: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for flag in ("--quick", "--all", "--write"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--minutes", type=float, default=15, help="no further cell is measured after so long")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended whatever ends us
    sizes = list(images.SIZES[:2] if asked.quick else images.SIZES)
    cells = [LOOPBACK, HOME] if asked.quick else list(EVERY_CELL)
    peers = cells if asked.quick or asked.all else list(PEER_CELLS)
    results = Results(sizes, cells, time.monotonic() + 60 * asked.minutes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images.write(folder)
        say("images written")
        results.scale = scale.measure(folder)
        say("readers on one core")
        with sync_playwright() as playwright:
            measure_pages(playwright, folder, results, {True: cells, False: peers}, quick=asked.quick)
    text = document(results)
    print(text)
    if asked.write:
        DOCUMENT.write_text(_replaced(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


def _replaced(before: str, section: str) -> str:
    """Return the document with our section in place of the one it held, or at its end."""
    title = section.splitlines()[0]
    kept, found, after = before.partition(title)
    rest = after.partition("\n## ")[2] if found else ""
    return kept.rstrip() + "\n\n" + section.rstrip() + "\n" + (f"\n## {rest}" if rest else "")


if __name__ == "__main__":
    main()
