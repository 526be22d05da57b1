"""One side of the comparison: a server, a page in a browser of its own, a relay in between that is the network."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from links import LOOPBACK, Cell
from page import HARNESS
from playwright.sync_api import Browser, Page, Playwright

from readingroom.testing.relay import Relay
from readingroom_hub.processes import arguments, descendants
from readingroom_viewer.testing import CHROMIUM_FLAGS

HERE = Path(__file__).parent
VIEW = {"width": 1440, "height": 900}
TICKS = os.sysconf("SC_CLK_TCK")


class Side(Protocol):
    """What is compared. ``name`` is its row; ``lossless`` tells whether its moving pictures are exact on any link."""

    name: str
    lossless: bool
    images: Path

    def start(self) -> int:
        """Start the server and return its port."""

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Bring the image of that edge onto the page and add what ``bench`` needs."""

    def processes(self) -> Sequence[int]:
        """Return the server's processes."""

    def stop(self) -> None:
        """End the server."""


@dataclass
class Server:
    """A server in a process group of its own, started from this folder, its words in a file."""

    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                self.command, cwd=HERE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until it has said ``words``; raises ``RuntimeError`` with what it said instead."""
        deadline = time.monotonic() + seconds
        while words not in (said := self.log.read_text(errors="replace")):
            if time.monotonic() > deadline or (self.process and self.process.poll() is not None):
                raise RuntimeError(f"{' '.join(self.command)}\n{said}")
            time.sleep(0.1)

    def processes(self) -> Sequence[int]:
        """Return its processes."""
        return [self.process.pid, *descendants(self.process.pid)] if self.process else []

    def stop(self) -> None:
        """End it and what it has started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def module(name: str, *arguments: object) -> list[str]:
    """Return the command line that runs one of our modules as a server."""
    return [sys.executable, "-m", name, *map(str, arguments)]


@dataclass
class Opened:
    """A side that is running, with its relay and a browser that nothing else draws in."""

    side: Side
    relay: Relay
    browser: Browser
    browser_pid: int
    pages: dict[int, Page] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    front: int = 0

    @property
    def origin(self) -> str:
        """Where a page finds the side, through the relay."""
        return f"http://127.0.0.1:{self.relay.port}"

    def page(self, edge: int) -> Page:
        """Return the page that shows the image of that edge, in front of the others."""
        if edge not in self.pages:
            self.relay.use(LOOPBACK.link)
            self.pages[edge] = self.new_page()
            self.side.show(self.pages[edge], self.origin, edge)
        if self.front != edge:
            self.pages[edge].bring_to_front()
            self.front = edge
        return self.pages[edge]

    def new_page(self) -> Page:
        """Return an empty page in a context of its own that keeps the time."""
        context = self.browser.new_context(viewport=VIEW)
        context.add_init_script(HARNESS)
        return context.new_page()

    def ask(self, edge: int, cell: Cell, call: str, **given: Any) -> Any:
        """Return what ``bench.<call>`` measured over a link."""
        page = self.page(edge)
        self.relay.use(cell.link)
        return page.evaluate(f"(given) => bench.{call}(given)", given)

    def close(self) -> None:
        """End everything."""
        with suppress(Exception):
            self.browser.close()
        self.relay.__exit__(None, None, None)
        self.side.stop()


def open_side(side: Side, playwright: Playwright) -> Opened:
    """Start a side, its relay and its browser; whatever was started is ended if a later step fails."""
    try:
        relay = Relay(side.start()).__enter__()
    except BaseException:
        side.stop()
        raise
    before = _browsers()
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
    return Opened(side, relay, browser, (_browsers() - before).pop())


def _browsers() -> set[int]:
    """Return the main processes of our browsers: those that are no process of one."""
    ours = {pid: arguments(pid) for pid in descendants(os.getpid())}
    return {pid for pid, words in ours.items() if "--headless=new" in words and not any("--type=" in w for w in words)}


def processor_s(processes: Sequence[int]) -> float:
    """Return the seconds of processor time that processes have used so far."""
    total = 0
    for process in processes:
        with suppress(OSError):
            spent = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
            total += sum(map(int, spent))
    return total / TICKS
