"""A loopback TCP relay that behaves like a distant network, for tests and measurements where the kernel has no netem.

It carries bytes and knows no protocol, so it stands in front of a hub, a frame socket or another product alike.
"""

import asyncio
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from readingroom.testing.link import SEGMENT_BYTES, Cut, Direction, Link

LARGEST_PIECE = 64 * 1024
PIECE_S = 0.002
"""On a slow link data is passed on in pieces of this length, so that a message arrives as gradually as it would."""

SYN_RETRIES_S = (1.0, 3.0, 7.0, 15.0, 31.0)
"""When Linux asks again for a connection that nobody answers, from the first attempt (RFC 6298 timeouts doubling from 1 s)."""

Tap = Callable[[bytes], bytes]
"""Sees what the far side sends on one connection, piece by piece, and returns what is to be sent on instead."""


class Relay:
    """Listens on ``port`` of 127.0.0.1 and passes everything on to a port there, over a link. A context manager.

    ``tap`` makes, for each connection, what sees and may change all that comes down it.

    It runs in a thread of its own, on a select loop: epoll rounds waits up to whole milliseconds.
    """

    def __init__(
        self, target: int, link: Link | None = None, port: int = 0, seed: int = 0, tap: Callable[[], Tap] | None = None
    ) -> None:
        link = link or Link()
        self._target = target
        self._tap = tap
        self.up = Direction(link, seed)
        self.down = Direction(link, seed + 1)
        self._asked_port = port
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop every connection and stop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def use(self, link: Link) -> None:
        """Change the link for what is sent from now on; open connections stay."""
        self._loop.call_soon_threadsafe(self._use, link)

    def cut(self, seconds: float) -> None:
        """Let nothing through for so long; connections stay open, as on a real network that is unplugged."""
        self._loop.call_soon_threadsafe(self._cut, seconds)

    def _use(self, link: Link) -> None:
        self.up.link = self.down.link = link

    def _cut(self, seconds: float) -> None:
        now = self._loop.time()
        self.up.cut = self.down.cut = Cut(now, now + seconds)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._asked_port, limit=LARGEST_PIECE)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._tasks.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side left, or the relay ends: both sides are closed below
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = self._loop.time()
        for after in (0.0, *SYN_RETRIES_S):
            await asyncio.sleep(asked + after - self._loop.time())
            if not self.up.cut.start <= self._loop.time() < self.up.cut.end:
                break
        await asyncio.sleep(2 * self.up.link.delay_s)  # the handshake
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=LARGEST_PIECE)
        for each in (writer, far_writer):
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_Pipe(self._loop, self.up, reader, far_writer).run())
                tap = self._tap() if self._tap else None
                group.create_task(_Pipe(self._loop, self.down, far_reader, writer, tap).run())
        except* OSError:
            pass  # a reset ends both directions
        finally:
            far_writer.close()


@dataclass(slots=True)
class _Pipe:
    """One direction of one connection: pieces with the moment at which each arrives."""

    loop: asyncio.AbstractEventLoop
    direction: Direction
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tap: Tap | None = None
    _waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _last: float = 0.0

    async def run(self) -> None:
        """Carry until the sender closes."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take())
            group.create_task(self._deliver())

    async def _take(self) -> None:
        data = b"?"
        while data:
            if wait := self.direction.wait(self.loop.time()):
                await asyncio.sleep(wait)
            data = await self.reader.read(self._piece())
            if data and self.tap is not None and not (data := self.tap(data)):
                data = b"?"
                continue
            # A piece that comes later never overtakes: a TCP stream is in order.
            self._last = max(self._last, self.direction.pass_through(len(data), self.loop.time()))
            self._waiting.append((self._last, data))
            self._filled.set()

    async def _deliver(self) -> None:
        while True:
            await self._filled.wait()
            due, data = self._waiting.popleft()
            if not self._waiting:
                self._filled.clear()
            if (ahead := due - self.loop.time()) > 0:
                await asyncio.sleep(ahead)
            if not data:
                self.writer.write_eof()
                return
            self.writer.write(data)
            await self.writer.drain()

    def _piece(self) -> int:
        rate = self.direction.link.rate_bit_s
        return LARGEST_PIECE if rate is None else min(LARGEST_PIECE, max(SEGMENT_BYTES, int(rate * PIECE_S / 8)))
