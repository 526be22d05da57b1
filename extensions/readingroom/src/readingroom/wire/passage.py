"""How a server without a network is reached all the same: bytes carried between its ports and two sockets in one folder.

A workbench runs its owner's code. In a network of its own that code reaches neither the gateway, the records, the proxy nor
anybody's server, and cannot take a port that one of them is about to listen on. The folder holds ``hub.sock``, which leads to
the hub alone, and ``server.sock``, which leads to the server.
"""

import asyncio
import contextlib
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

HUB, SERVER = "hub.sock", "server.sock"
LOOPBACK = "127.0.0.1"
PIECE = 2**16

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Stream]]


def to_port(port: int) -> Connect:
    """Return what connects to a port of this network."""
    return lambda: asyncio.open_connection(LOOPBACK, port)


def to_socket(folder: Path, name: str) -> Connect:
    """Return what connects to a socket in a folder; raises ``OSError`` for a link or a file that was put in its place.

    The folder's other side may be hostile: what it puts there must not lead anywhere else.
    """

    async def connect() -> Stream:
        descriptor = os.open(folder / name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                raise OSError(f"{name} is no socket")
            return await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)

    return connect


async def from_port(port: int, connect: Connect) -> asyncio.Server:
    """Listen on a port of this network and carry whatever comes."""
    return await asyncio.start_server(_carrier(connect), LOOPBACK, port)


async def from_socket(folder: Path, name: str, connect: Connect) -> asyncio.Server:
    """Listen on a socket in a folder and carry whatever comes; the folder's path may be longer than a socket's."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=descriptor)
        return await asyncio.start_unix_server(_carrier(connect), f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)


async def answers(connect: Connect) -> bool:
    """Return whether there is somebody at the other end."""
    try:
        _, writer = await connect()
    except OSError:
        return False
    writer.close()
    return True


def _carrier(connect: Connect) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            writer.close()
            return
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the passage ends, and with it whatever is on its way
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    return carry


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end; a broken connection ends it like an orderly one."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
