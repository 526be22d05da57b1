"""Sends the pictures of one viewport: renders the state whose turn it is, in the codec that the link can carry."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from readingroom.errors import ReadingRoomError
from readingroom.reading.display import DisplayState
from readingroom.wire import FrameHeader, Painted, Received, ViewRequest
from readingroom_viewer.codec_choice import CodecChoice
from readingroom_viewer.link import LinkEstimate, LinkState
from readingroom_viewer.outgoing import Outgoing, Rendered, outgoing, strip_bytes_for, strips_on_their_way
from readingroom_viewer.stream import ACKNOWLEDGEMENT_TIMEOUT_S, ViewportStream

Result = TypeVar("Result")


class Page(Protocol):
    """What a viewport needs of the page's socket."""

    @property
    def display(self) -> DisplayState:
        """The screen that the page is on."""

    async def may_send(self, viewport: str) -> None:
        """Return when a picture may leave: no audit, no pixels."""

    def rendered(self, request: ViewRequest, display: DisplayState) -> Rendered:
        """Return a picture; called in a thread."""

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function in the threads that render."""

    def leaves(self, header: FrameHeader, display: DisplayState) -> None:
        """Note that a picture leaves now."""

    async def send(self, message: bytes) -> None:
        """Send a binary message; returns once the socket took it."""

    def refuse(self, request: ViewRequest, why: str) -> None:
        """Say in words why a state cannot be shown."""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task that ends with the page."""


class ViewportSender:
    """One viewport of one page: takes its requests and acknowledgements, and sends its frames."""

    def __init__(self, name: str, page: Page, link: LinkEstimate) -> None:
        self.stream = ViewportStream(link)
        self._name = name
        self._page = page
        self._codec = CodecChoice()
        self._sending = False
        self._timer: asyncio.TimerHandle | None = None
        self._strips: dict[tuple[int, int], tuple[int, float]] = {}
        self._progress = asyncio.Event()

    def want(self, request: ViewRequest) -> None:
        """Take a state that the page wants to see."""
        self.stream.want(request, self._now())
        self._progress.set()
        self.advance()

    def painted(self, painted: Painted) -> None:
        """Take the page's word that a frame is on the screen."""
        self.stream.acknowledge(painted, self._now())
        self.advance()

    def received(self, received: Received) -> None:
        """Take the page's word that a strip has arrived."""
        size, at = self._strips.pop((received.seq, received.first_row), (0, 0.0))
        if size:
            self.stream.link.arrival(size, received.arrived_ms, self._now() - at)
        self._progress.set()

    def advance(self) -> None:
        """Send what may be sent, unless that is already going on."""
        if not self._sending:
            self._sending = True
            self._page.start(self._send_frames())

    def close(self) -> None:
        """Wake up no more."""
        if self._timer is not None:
            self._timer.cancel()

    async def _send_frames(self) -> None:
        try:
            while True:
                await self._page.may_send(self._name)
                request = self.stream.next(self._now())
                if request is None:
                    break
                await self._send_frame(request)
        finally:
            self._sending = False
        if self._timer is not None:
            self._timer.cancel()
        wake = self.stream.wake_at(self._now())
        self._timer = None if wake is None else asyncio.get_running_loop().call_at(wake, self.advance)

    async def _send_frame(self, request: ViewRequest) -> None:
        display = self._page.display
        try:
            made, first = await self._page.run(self._make, request, display, self.stream.link.state)
        except ReadingRoomError as error:
            self.stream.dropped(request.seq)
            self._page.refuse(request, str(error))
            return
        self._page.leaves(made.header, display)
        whole = len(made.strips) == 1
        self.stream.sent(request, len(first), self._now(), exact=made.choice.exact, whole=whole)
        if whole:
            self._codec.note(made.choice.codec, made.pixels.nbytes, len(first))
            await self._page.send(first)
        else:
            await self._send_strips(request, made, first)

    def _make(self, request: ViewRequest, display: DisplayState, link: LinkState) -> tuple[Outgoing, bytes]:
        """Render, choose and encode: one hop to the threads and back."""
        rendered = self._page.rendered(request, display)
        choice = self._codec.choose(rendered.pixels.shape, request.moving, link)
        size = strip_bytes_for(link.goodput, self._codec.ratios[choice.codec])
        made = outgoing(rendered, choice, request.focus, size)
        return made, made.message(0)

    async def _send_strips(self, request: ViewRequest, made: Outgoing, message: bytes) -> None:
        """Send strip after strip as the page takes them in; leave the rest out when the reader has moved on."""
        self._strips.clear()
        total = 0
        for number, strip in enumerate(made.strips):
            if number:
                await self._room_for_a_strip(request)
                if self.stream.is_overtaken(request):
                    self.stream.dropped(request.seq)
                    return
                message = await self._page.run(made.message, number)
            total += len(message)
            self._strips[request.seq, strip.first_row] = (len(message), self._now())
            self.stream.sent(request, total, self._now(), exact=made.choice.exact, whole=False)
            await self._page.send(message)
        self._codec.note(made.choice.codec, made.pixels.nbytes, total)

    async def _room_for_a_strip(self, request: ViewRequest) -> None:
        """Wait until the page has taken in enough; one more is let out when it says nothing for too long."""
        most = strips_on_their_way(self.stream.link.base_trip)
        while len(self._strips) >= most and not self.stream.is_overtaken(request):
            self._progress.clear()
            try:
                await asyncio.wait_for(self._progress.wait(), ACKNOWLEDGEMENT_TIMEOUT_S)
            except TimeoutError:
                self._strips.pop(next(iter(self._strips)))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
