"""``jupyter_rfb`` where it lives: a widget in a notebook cell of JupyterLab."""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from images import SIZES
from playwright.sync_api import Page
from side import HERE, Server

from readingroom_hub.preflight import free_ports

TOKEN = "bench"  # noqa: S105 - of a server that lives for one measurement
KERNEL_IS_IDLE = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
CELL = """
import sys
sys.path.insert(0, {here!r})
from peers.rfb_widget import show
show({folder!r}, {edge}, {quality})
"""
TARGET = """
() => {
  bench.target = () => document.querySelector(".renderview-wrapper img");
}
"""


class JupyterRfb:
    """One JupyterLab and one notebook an image size; quality 100 makes it send PNG always."""

    def __init__(self, images: Path, codec: str) -> None:
        self.name, self.images, self.lossless = f"jupyter_rfb, {codec.upper()}", images, codec == "png"
        self._quality = 100 if self.lossless else 80
        self._folder = tempfile.TemporaryDirectory()
        self._server: Server | None = None

    def start(self) -> int:
        """Write the notebooks and start JupyterLab."""
        home = Path(self._folder.name)
        for size in SIZES:
            source = CELL.format(here=str(HERE), folder=str(self.images), edge=size.edge, quality=self._quality)
            (home / f"{size.edge}.ipynb").write_text(_notebook(source), encoding="utf-8")
        port = free_ports(1)[0]
        settings = {
            "ServerApp.port": port,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.root_dir": str(home),
            "IdentityProvider.token": TOKEN,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "LabApp.expose_app_in_browser": True,
        }
        command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in settings.items())]
        self._server = Server(command, home / "said")
        self._server.start()
        self._server.wait_for("is running at")
        return port

    def show(self, page: Page, origin: str, edge: int) -> None:
        """Open the notebook, run it and wait for the widget's first picture."""
        page.goto(f"{origin}/lab/workspaces/w{edge}/tree/{edge}.ipynb?token={TOKEN}")
        page.wait_for_function("window.jupyterapp", timeout=60_000)
        page.wait_for_function(KERNEL_IS_IDLE, timeout=60_000)
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_selector(".renderview-wrapper img", timeout=60_000)
        page.evaluate(TARGET)
        page.wait_for_function("bench.gray > 0", timeout=60_000)
        page.click(".renderview-wrapper img")  # it takes the wheel only while it has the focus

    def processes(self) -> Sequence[int]:
        """Return server and kernels."""
        return self._server.processes() if self._server else []

    def stop(self) -> None:
        """End server and kernels."""
        if self._server is not None:
            self._server.stop()
        self._folder.cleanup()


def _notebook(source: str) -> str:
    cell = {"cell_type": "code", "id": "one", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
