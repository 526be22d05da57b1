"""trame's remote view without VTK: ``trame-rca`` pushing JPEG or PNG pictures as its own scheduler and encoder make them.

Run as a module, it is the server.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from images import PIXELS_A_STATE, REST_STATE, Stack
from numpy.typing import NDArray
from peers.served import PeerServer
from playwright.sync_api import Page

VIEW_EDGE = 512
TARGET = """
() => {
  bench.target = () => document.querySelector(".bench-view img").closest("div");
}
"""


class TrameRca(PeerServer):
    """A page that holds one remote controlled area."""

    ready = "App running at"

    def __init__(self, images: Path, codec: str) -> None:
        super().__init__(f"trame-rca, {codec.upper()}", __name__, images, codec)
        self.lossless = codec == "png"

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Open the page of one image and wait for its first picture."""
        page.goto(f"{origin}/index.html?edge={edge}")
        page.wait_for_selector(".bench-view img", timeout=30_000)
        page.evaluate(TARGET)
        # One process shows one image to everybody: the page says which by turning the state.
        page.evaluate("(edge) => window.trame.state.set('edge', edge)", edge)
        page.wait_for_function("bench.gray > 0", timeout=30_000)


class Screen:
    """What the area shows: the newest state and slice that events asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stacks: dict[int, Stack] = {}
        self.edge, self.state, self.slice = 512, REST_STATE, 0

    @property
    def img_cols_rows(self) -> tuple[NDArray[np.uint8], int, int]:
        """Render what is wanted now."""
        if self.edge not in self._stacks:
            self._stacks[self.edge] = Stack(self._folder, self.edge)
            self._stacks[self.edge].load()
        picture = self._stacks[self.edge].render(self.slice, self.state)
        return picture, picture.shape[1], picture.shape[0]

    def process_resize_event(self, width: int, height: int) -> None:
        """Nothing: pictures travel at the image's own size, as the product's do."""

    def process_interaction_event(self, event: dict[str, Any]) -> None:
        """Take the place of the pointer, or a notch of the wheel."""
        if "Wheel" in event["type"]:
            self.slice += (event.get("spinY", 0) > 0) - (event.get("spinY", 0) < 0)
        elif "position" in event or "y" in event:
            # vtk.js counts from below.
            down = VIEW_EDGE / 2 - event.get("y", event.get("position", {}).get("y", 0))
            self.state = REST_STATE + round(down / PIXELS_A_STATE)


def serve(port: int, folder: Path, codec: str) -> None:
    """Serve until killed."""
    from trame.app import get_server
    from trame.ui.html import DivLayout
    from trame.widgets import rca
    from trame_rca.utils import RcaRenderScheduler, RcaViewAdapter

    server = get_server(client_type="vue3")
    screen = Screen(folder)
    style = f"width: {VIEW_EDGE}px; height: {VIEW_EDGE}px"
    with DivLayout(server) as layout:
        layout.root.classes, layout.root.style = "bench-view", style
        area = rca.RemoteControlledArea(
            name="view", display="image", send_mouse_move=True, event_throttle_ms=0, style=style
        )

    @server.controller.on_server_ready.add
    def _ready(**_: object) -> None:
        adapter = RcaViewAdapter(screen, "view", scheduler=RcaRenderScheduler(screen, rca_encoder=codec))
        area.add_view_handler(adapter)
        server.state.change("edge")(lambda edge, **_: (setattr(screen, "edge", int(edge)), adapter.update()))

    server.state.edge = 512
    server.start(port=port, host="127.0.0.1", open_browser=False, show_connection_info=True, timeout=0)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
