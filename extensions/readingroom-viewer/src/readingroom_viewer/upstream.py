"""The viewer process of a person's server: started, watched, and reached over a private unix socket."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import WebSocketClientConnection

from readingroom_viewer.settings import TOKEN

MAX_MESSAGE_BYTES = 64 * 2**20
"""An uncompressed colour frame of 20 megapixels passes; Tornado's default of 10 MiB would close the socket."""

START_TIMEOUT_S = 60.0
RESTART_PAUSES_S = (0.2, 1.0, 5.0, 15.0)

log = logging.getLogger(__name__)


class ViewerProcess:
    """Keeps one viewer process alive; a crash costs its pages a reconnect, not the server."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="readingroom-"))
        self.socket_path = self._folder / "viewer.sock"
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process and go on restarting it, ever more slowly while it keeps failing."""
        self._keeper = asyncio.ensure_future(self._keep())

    async def stop(self) -> None:
        """End the process and remove its socket."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def ready(self) -> None:
        """Wait until the process answers; raises ``TimeoutError`` after a minute."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await self._answers():  # noqa: ASYNC110 - a socket file gives no event
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(str(self.socket_path))
            writer.close()
            return True
        return False

    async def _keep(self) -> None:
        for attempt in range(sys.maxsize):
            self.socket_path.unlink(missing_ok=True)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "readingroom_viewer.app", str(self.socket_path), env=_environment()
            )
            code = await self._process.wait()
            pause = RESTART_PAUSES_S[min(attempt, len(RESTART_PAUSES_S) - 1)]
            log.error("the viewer process ended with code %s; it starts again in %s s", code, pause)
            await asyncio.sleep(pause)


def _environment() -> dict[str, str]:
    """Return the environment without the hub token, which only a viewer needs that asks the hub's services for images."""
    asks = bool(os.environ.get("READINGROOM_IMAGING_URL"))
    hidden = ("JPY_API_TOKEN", "JUPYTERHUB_CLIENT_ID", *(() if asks else (TOKEN,)))
    return {name: value for name, value in os.environ.items() if name not in hidden}


class UnixResolver(Resolver):
    """Sends every host name to one unix socket."""

    def initialize(self, path: Path) -> None:
        """Take the path of the socket."""
        self._path = str(path)

    async def resolve(self, host: str, port: int, family: int = socket.AF_UNSPEC) -> list[tuple[int, Any]]:  # noqa: ARG002
        """Return the unix socket, whatever was asked."""
        return [(socket.AF_UNIX, self._path)]

    def close(self) -> None:
        """Nothing is held."""


async def fetch(process: ViewerProcess, request: HTTPRequest) -> HTTPResponse:
    """Ask the viewer process for a page or a file; error answers are returned, not raised."""
    client = SimpleAsyncHTTPClient(
        force_instance=True, resolver=UnixResolver(path=process.socket_path), max_body_size=MAX_MESSAGE_BYTES
    )
    try:
        return await client.fetch(request, raise_error=False)
    finally:
        client.close()


async def connect(process: ViewerProcess, request: HTTPRequest, subprotocols: list[str]) -> WebSocketClientConnection:
    """Open a WebSocket to the viewer process."""
    connection = WebSocketClientConnection(
        request,
        max_message_size=MAX_MESSAGE_BYTES,
        subprotocols=subprotocols,
        resolver=UnixResolver(path=process.socket_path),
    )
    await connection.connect_future
    return connection
