"""An answer of the PACS passed on to a caller from socket to socket, a burst at a time, without a copy of it in between.

Tornado's own way of sending takes each piece to the event loop and back, which costs more than the copying.
"""

import asyncio
import select
import socket
from collections import deque
from collections.abc import Iterator

from readingroom_hub.imaging.errors import ClientGoneError

BURST = 2**24
"""Bytes after which it is asked again whether the caller may have more, and whose turn it is."""

CHUNK = 2**20
"""Bytes of a chunk of the answer (RFC 9112 7.1)."""

BLOCKED_MS = 20
"""How long a thread waits for a caller to take what is there before the thread does something else."""


class Passing:
    """The bytes of ``pieces``, sent in chunks on a socket of somebody else's that does not block and has nothing to send."""

    def __init__(self, pieces: Iterator[bytes], to: socket.socket) -> None:
        self._pieces = pieces
        self._to = to.dup()
        self._left: deque[memoryview] = deque()
        self._ended = False
        self._poll = select.poll()
        self._poll.register(self._to, select.POLLOUT)

    def burst(self) -> bool:
        """Send some and return whether there is more; raises ``ClientGoneError``, and what the source raises."""
        sent = 0
        try:
            while sent < BURST and self._fill() and self._poll.poll(BLOCKED_MS):
                some = self._to.sendmsg(self._left)
                sent += some
                self._drop(some)
        except ConnectionError as error:
            raise ClientGoneError from error
        return bool(self._left) or not self._ended

    async def taken(self, seconds: float) -> None:
        """Wait until the caller takes more; raises ``ClientGoneError`` for one that does not in time."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._to, ready.set)
        try:
            await asyncio.wait_for(ready.wait(), seconds)
        except TimeoutError as error:
            raise ClientGoneError from error
        finally:
            loop.remove_writer(self._to)

    def close(self) -> None:
        """Let go of the socket, which stays open for its owner."""
        self._to.close()

    def _fill(self) -> bool:
        """Take the next chunk where nothing is left of the last; return whether there is something to send."""
        if not self._left and not self._ended:
            taken: list[bytes] = []
            size = 0
            while size < CHUNK and (piece := next(self._pieces, b"")):
                taken.append(piece)
                size += len(piece)
            self._ended = not size
            self._left.extend(map(memoryview, (f"{size:x}\r\n".encode(), *taken, b"\r\n")))
        return bool(self._left)

    def _drop(self, sent: int) -> None:
        while self._left and sent >= len(self._left[0]):
            sent -= len(self._left.popleft())
        if sent:
            self._left[0] = self._left[0][sent:]
