"""Cornerstone3D: the values are downloaded once, and the browser renders them on its CPU.

Run as a module, it is the server: the page, the list of a series, and its slices as raw 16-bit values.
"""

import asyncio
import json
import sys
from functools import cache
from pathlib import Path

from images import files
from peers.served import PeerServer
from playwright.sync_api import Page
from pydicom import dcmread
from side import HERE
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

BUNDLE = HERE / "cornerstone" / "dist" / "app.js"
PAGE = """<!doctype html><meta charset="utf-8"><title>Cornerstone3D</title><link rel="icon" href="data:,">
<style>body { margin: 0; background: black } #view { width: 800px; height: 800px }</style>
<div id="view"></div><script type="module" src="/app.js"></script>"""


class Cornerstone(PeerServer):
    """A stack viewport; every slice that is scrolled through was downloaded before."""

    lossless = True
    ready = "listening"

    def __init__(self, images: Path) -> None:
        super().__init__("Cornerstone3D, CPU", __name__, images)

    def load(self, page: Page, origin: str, edge: int) -> None:
        """Bring the page with its program into the browser; no series is open yet."""
        page.goto(f"{origin}/?edge={edge}")
        page.wait_for_function("window.ready", timeout=60_000)
        page.evaluate("bench.target = () => document.getElementById('view')")

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Open the series and download what a drag or the wheel will show."""
        self.load(page, origin, edge)
        page.evaluate("openSeries(0)")
        page.evaluate("fetchAll()")
        page.wait_for_function("bench.gray > 0", timeout=60_000)


@cache
def values(folder: Path, edge: int, index: int) -> bytes:
    """Return a slice's stored values, little endian, row by row."""
    return dcmread(files(folder, edge)[index]).PixelData


def series(folder: Path, edge: int) -> dict[str, object]:
    """Return what the page must know of a series before its first image."""
    headers = [dcmread(path, stop_before_pixels=True) for path in files(folder, edge)]
    return {
        "positions": [float(each.ImagePositionPatient[2]) for each in headers],
        "spacing": float(headers[0].PixelSpacing[0]),
        "intercept": float(headers[0].RescaleIntercept),
    }


class Answer(RequestHandler):
    """Answers page, program, list and slices."""

    def initialize(self, folder: Path, lists: dict[int, bytes]) -> None:
        """Take the images and what is known of each series."""
        self._folder, self._lists = folder, lists

    async def get(self, path: str) -> None:
        """Answer."""
        self.request.connection.stream.set_nodelay(True)  # type: ignore[union-attr]
        match path.split("/"):
            case [""]:
                self.finish(PAGE)
            case ["app.js"]:
                self.set_header("Content-Type", "text/javascript")
                self.finish(BUNDLE.read_bytes())
            case ["series", name]:
                self.set_header("Content-Type", "application/json")
                self.finish(self._lists[int(name.removesuffix(".json"))])
            case ["frame", edge, index]:
                self.set_header("Content-Type", "application/octet-stream")
                self.set_header("Cache-Control", "no-store")
                try:
                    await self.finish(values(self._folder, int(edge), int(index)))
                except StreamClosedError:
                    return
            case _:
                self.send_error(404)


async def serve(port: int, folder: Path, lists: dict[int, bytes]) -> None:
    """Serve until killed."""
    Application([("/(.*)", Answer, {"folder": folder, "lists": lists})]).listen(port, "127.0.0.1")
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    FOLDER = Path(sys.argv[2])
    LISTS = {int(each.name): json.dumps(series(FOLDER, int(each.name))).encode() for each in FOLDER.iterdir()}
    asyncio.run(serve(int(sys.argv[1]), FOLDER, LISTS))
