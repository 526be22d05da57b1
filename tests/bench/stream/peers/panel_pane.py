"""A Panel image pane: a slider's value goes up as Panel sends it, the picture comes down as Panel sends it.

Run as a module, it is the server.
"""

import io
import sys
from pathlib import Path

from images import REST_STATE, Stack
from peers.served import PeerServer
from PIL import Image
from playwright.sync_api import Page

VIEW_EDGE = 512
# A hand on the picture moves the two values that the server listens to.
TARGET = """
() => {
  const models = [...Bokeh.documents[0]._all_models.values()];
  const [state, slice] = models.filter((model) => model.type === "Spinner");
  const target = document.createElement("div");
  target.style = "position: fixed; inset: 0 auto auto 0; width: 512px; height: 512px";
  document.body.append(target);
  target.addEventListener("pointermove", (event) => (state.value = 20 + Math.round((event.clientY - 256) / 4)));
  target.addEventListener("wheel", (event) => (slice.value += Math.sign(event.deltaY)));
  bench.target = () => target;
}
"""


class PanelPane(PeerServer):
    """``pn.pane.JPG`` or ``pn.pane.PNG`` in a Panel server."""

    ready = "Launching server at"

    def __init__(self, images: Path, codec: str) -> None:
        super().__init__(f"Panel pane, {codec.upper()}", __name__, images, codec)
        self.lossless = codec == "png"

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Open the app and wait for its first picture."""
        page.goto(f"{origin}/?edge={edge}")
        page.wait_for_function("bench.gray > 0", timeout=60_000)
        page.evaluate(TARGET)


def encoded(stack: Stack, index: int, state: int, codec: str) -> bytes:
    """Return a picture as Pillow writes it without being told more."""
    file = io.BytesIO()
    Image.fromarray(stack.render(index, state)).save(file, "JPEG" if codec == "jpeg" else "PNG")
    return file.getvalue()


def serve(port: int, folder: Path, codec: str) -> None:
    """Serve until killed."""
    import panel as pn

    pn.extension()
    stacks: dict[int, Stack] = {}

    def app() -> pn.viewable.Viewable:
        edge = int(pn.state.session_args["edge"][0])
        stack = stacks.setdefault(edge, Stack(folder, edge))
        state = pn.widgets.IntInput(value=REST_STATE, name="state")
        index = pn.widgets.IntInput(value=0, name="slice")
        kind = pn.pane.JPG if codec == "jpeg" else pn.pane.PNG
        pane = kind(encoded(stack, 0, REST_STATE, codec), width=VIEW_EDGE, height=VIEW_EDGE)

        def render(*_: object) -> None:
            pane.object = encoded(stack, index.value, state.value, codec)

        state.param.watch(render, "value")
        index.param.watch(render, "value")
        return pn.Column(pane, state, index)

    pn.serve(app, port=port, address="127.0.0.1", show=False, websocket_origin="*", verbose=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
