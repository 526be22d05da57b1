"""What every peer that is a Python server has in common."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from side import Server, module

from readingroom_hub.preflight import free_ports


class PeerServer:
    """Starts one of our modules as a server on a free port."""

    lossless = False
    ready = ""
    """The words with which it says that it listens."""

    def __init__(self, name: str, run: str, images: Path, *more: str) -> None:
        self.name, self.images = name, images
        self._run, self._more = run, more
        self._folder = tempfile.TemporaryDirectory()
        self._server: Server | None = None

    def start(self) -> int:
        """Start it and return its port once it listens."""
        port = free_ports(1)[0]
        self._server = Server(module(self._run, port, self.images, *self._more), Path(self._folder.name) / "said")
        self._server.start()
        self._server.wait_for(self.ready)
        return port

    def processes(self) -> Sequence[int]:
        """Return its processes."""
        return self._server.processes() if self._server else []

    def stop(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.stop()
        self._folder.cleanup()
