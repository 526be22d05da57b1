"""The man in the middle, against a real WebSocket server and client."""

import asyncio
from collections.abc import Iterable

import numpy as np
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from readingroom.testing.interceptor import Interceptor
from readingroom.testing.relay import Relay


async def echo(connection: ServerConnection) -> None:
    """Send everything back; what begins with F in three fragments."""
    async for message in connection:
        if isinstance(message, bytes) and message.startswith(b"F"):
            await connection.send([message[:1], message[1:5], message[5:]])
        else:
            await connection.send(message)


def answers(messages: list[str | bytes], change: Interceptor, count: int) -> list[str | bytes]:
    """Return the ``count`` answers that arrive through the man in the middle."""

    async def run() -> list[str | bytes]:
        async with serve(echo, "127.0.0.1", 0, compression=None, max_size=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            with Relay(port, tap=lambda: change) as relay:
                async with connect(f"ws://127.0.0.1:{relay.port}", compression=None, max_size=None) as client:
                    for message in messages:
                        await client.send(message)
                    return [await asyncio.wait_for(client.recv(), 60) for _ in range(count)]

    return asyncio.run(run())


def test_an_honest_man_in_the_middle_changes_nothing() -> None:
    """Messages of every length of length, texts and fragments arrive as they were sent."""
    noise = np.random.default_rng(1).bytes
    sent = [b"", noise(125), noise(126), "text", noise(65_535), noise(65_536), b"F" + noise(300_000), "more", noise(3)]

    assert sent == answers(sent, Interceptor(lambda message: [message]), len(sent))


def test_messages_are_changed_dropped_and_added() -> None:
    """Each message is seen whole, once, and replaced by what the test says."""
    seen: list[bytes] = []

    def change(message: bytes) -> Iterable[bytes]:
        seen.append(message)
        return {b"a": [], b"b": [b"one", b"two"]}.get(message, [message.upper()])

    assert ["x", b"one", b"two", b"FRAGMENTED"] == answers(["x", b"a", b"b", b"Fragmented"], Interceptor(change), 4)
    assert [b"a", b"b", b"Fragmented"] == seen


def test_what_is_no_websocket_passes() -> None:
    """Pages and pictures of the same server come through untouched."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\x82\x01a"
    tap = Interceptor(lambda _message: [])

    assert answer == b"".join(tap(answer[at : at + 1]) for at in range(len(answer)))
