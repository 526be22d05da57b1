"""The inner end of the passage (``readingroom.wire.passage``): what makes a server without a network find its hub."""

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

from readingroom.wire.passage import HUB, SERVER, answers, from_port, from_socket, to_port, to_socket

LOOK_S = 0.05


def open_passage(environment: Mapping[str, str] = os.environ) -> None:
    """Open the passage that ``READINGROOM_PASSAGE`` names, in a thread of its own; without one there is a network."""
    folder = environment.get("READINGROOM_PASSAGE")
    if not folder:
        return
    hub, own = (urlparse(environment[name]).port for name in ("JUPYTERHUB_API_URL", "JUPYTERHUB_SERVICE_URL"))
    if hub is None or own is None:
        raise ValueError("The hub's address and this server's own must name their ports.")
    ready = threading.Event()
    threading.Thread(target=asyncio.run, args=(_carry(Path(folder), hub, own, ready),), daemon=True).start()
    ready.wait()


async def _carry(folder: Path, hub_port: int, own_port: int, ready: threading.Event) -> None:
    """Listen where the hub is thought to be; let others in once this server itself listens."""
    hub = await from_port(hub_port, to_socket(folder, HUB))
    ready.set()
    own = to_port(own_port)
    while not await answers(own):  # noqa: ASYNC110 - a port gives no event
        await asyncio.sleep(LOOK_S)
    server = await from_socket(folder, SERVER, own)
    await asyncio.gather(hub.serve_forever(), server.serve_forever())
