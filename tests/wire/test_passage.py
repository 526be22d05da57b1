"""The passage of a server without a network: it leads where it should, and nowhere else."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path

import pytest
from tornado.testing import bind_unused_port

from readingroom.wire.passage import HUB, SERVER, Connect, answers, from_port, from_socket, to_port, to_socket


async def said(connect: Connect, words: bytes) -> bytes:
    """Send words, say that they are all, and return everything that comes back."""
    reader, writer = await connect()
    writer.write(words)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def shouting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer in capitals once everything has been said."""
    writer.write((await reader.read()).upper())
    writer.write_eof()
    writer.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    listening, port = bind_unused_port()
    listening.close()
    return port


def test_bytes_pass_from_port_to_port(tmp_path: Path) -> None:
    """A megabyte goes through port, socket and port, both directions end on their own, and the answer is whole."""
    folder = tmp_path / ("a long name " * 10)
    folder.mkdir()

    async def steps() -> bytes:
        async with await asyncio.start_server(shouting, "127.0.0.1", 0) as server:
            far = to_port(server.sockets[0].getsockname()[1])
            near = free_port()
            async with await from_socket(folder, HUB, far), await from_port(near, to_socket(folder, HUB)):
                return await asyncio.wait_for(said(to_port(near), b"a" * 2**20), 60)

    assert b"A" * 2**20 == asyncio.run(steps())


@pytest.mark.parametrize("put", ["link", "file", "nothing"])
def test_what_was_put_in_place_of_a_socket_leads_nowhere(tmp_path: Path, put: str) -> None:
    """A hostile server cannot have the outer end connect to another socket of the machine."""
    (tmp_path / "inside").mkdir()

    async def steps() -> tuple[bool, bool]:
        with closing(socket.socket(socket.AF_UNIX)) as listening:
            listening.bind(str(tmp_path / "elsewhere"))
            listening.listen()
            if put == "link":
                (tmp_path / "inside" / SERVER).symlink_to(tmp_path / "elsewhere")
            elif put == "file":
                (tmp_path / "inside" / SERVER).write_text("no socket")
            elsewhere, inside = to_socket(tmp_path, "elsewhere"), to_socket(tmp_path / "inside", SERVER)
            return await answers(elsewhere), await answers(inside)

    assert (True, False) == asyncio.run(steps())


def test_a_socket_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    """A folder that a killed run left behind does not keep the next one from starting."""

    async def steps() -> bytes:
        (tmp_path / HUB).write_text("left")
        async with await asyncio.start_server(shouting, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with await from_socket(tmp_path, HUB, to_port(port)):
                return await said(to_socket(tmp_path, HUB), b"again")

    assert b"AGAIN" == asyncio.run(steps())
