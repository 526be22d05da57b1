"""Sends the pictures of one viewport: renders the state whose turn it is, in the codec that the link can carry."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from readingroom.errors import ReadingRoomError
from readingroom.reading.display import DisplayState
from readingroom.wire import FrameHeader, Painted, Received, ViewRequest
from readingroom_viewer.codec_choice import CodecChoice
from readingroom_viewer.link import LinkEstimate, LinkState
from readingroom_viewer.outgoing import (
    Outgoing,
    Rendered,
    first_strip_bytes,
    next_strip_bytes,
    outgoing,
    strips_on_their_way,
)
from readingroom_viewer.stream import ACKNOWLEDGEMENT_TIMEOUT_S, ViewportStream
from readingroom_viewer.turns import Need

Result = TypeVar("Result")


class Page(Protocol):
    """What a viewport needs of the page's socket."""

    @property
    def display(self) -> DisplayState:
        """The screen that the page is on."""

    async def may_send(self) -> None:
        """Return when pictures may leave: their study is open, and what is sent can be recorded."""

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

    def start(self, work: Coroutine[Any, Any, None]) -> object:
        """Start a task that ends with the page."""


class Others(Protocol):
    """What a viewport needs of those that it shares the window of frames with."""

    @property
    def sharing(self) -> int:
        """How many viewports have something to send or on its way."""

    def advance(self) -> None:
        """Give the turns there are."""

    def is_held_up(self, sender: "ViewportSender") -> bool:
        """Return whether a picture that ``sender`` is still sending keeps a change of another viewport waiting."""


class ViewportSender:
    """One viewport of one page: takes its requests and acknowledgements, and sends a frame when it has a turn."""

    def __init__(self, name: str, page: Page, link: LinkEstimate, others: Others) -> None:
        self.name = name
        self.stream = ViewportStream(link)
        self._page = page
        self._others = others
        self._codec = CodecChoice()
        self._sending = False
        self._held: ViewRequest | None = None
        self._strips: dict[tuple[int, int], tuple[int, float]] = {}
        self._progress = asyncio.Event()
        self._broken_off = False

    def want(self, request: ViewRequest) -> None:
        """Take a state that the page wants to see."""
        self.stream.want(request, self._now())
        self._progress.set()

    def painted(self, painted: Painted) -> None:
        """Take the page's word that a frame is on the screen."""
        self.stream.acknowledge(painted, self._now())

    def received(self, received: Received) -> None:
        """Take the page's word that a strip has arrived."""
        size, at = self._strips.pop((received.seq, received.first_row), (0, 0.0))
        if size:
            self.stream.link.arrival(size, received.arrived_ms, self._now() - at)
        self._progress.set()

    def need(self, now: float) -> Need:
        """Return what a turn would send: the rest of a picture that was held, or what the stream says."""
        if self._held is not None:
            return Need.CHANGE if self._held.moving else Need.EXACT
        return Need.NOTHING if self._sending else self.stream.need(now)

    def wake_at(self, now: float) -> float | None:
        """Return when to look at this viewport again although nothing arrives, None when there is nothing to send."""
        if self._sending:
            return None if self._held is None else now
        return self.stream.wake_at(now)

    def take_turn(self) -> None:
        """Send the next frame, or go on with a picture that was held."""
        if self._held is not None:
            self.stream.sent(self._held, 0, self._now(), exact=True, whole=False)
            self._held = None
            self._progress.set()
        elif (request := self.stream.next(self._now())) is not None:
            self._sending = True
            self._page.start(self._send(request))

    async def _send(self, request: ViewRequest) -> None:
        try:
            await self._send_frame(request)
        finally:
            self._sending = False
            self._others.advance()

    async def _send_frame(self, request: ViewRequest) -> None:
        display = self._page.display
        try:
            made, first = await self._page.run(
                self._make, request, display, self.stream.link.state, self._others.sharing
            )
        except ReadingRoomError as error:
            self.stream.dropped(request.seq)
            self._page.refuse(request, str(error))
            return
        if not made.is_whole and not await self._room_for_a_strip(request, self._now()):
            self.stream.dropped(request.seq)
            return
        self._page.leaves(made.header, display)
        self.stream.sent(request, len(first), self._now(), exact=made.exact, whole=made.is_whole)
        if made.is_whole:
            self._broken_off = False
            self._codec.note(made.choice.codec, made.pixels.nbytes, len(first))
            await self._page.send(first)
        else:
            await self._send_strips(request, made, first)

    def _make(
        self, request: ViewRequest, display: DisplayState, link: LinkState, sharing: int
    ) -> tuple[Outgoing, bytes]:
        """Render, choose and encode: one hop to the threads and back."""
        rendered = self._page.rendered(request, display)
        choice = self._codec.choose(rendered.pixels.shape, request.moving, link, sharing, behind=self._broken_off)
        size = first_strip_bytes(link.goodput, self._codec.ratios[choice.codec])
        made = outgoing(rendered, choice, request.focus, size)
        return made, made.message(0)

    async def _send_strips(self, request: ViewRequest, made: Outgoing, message: bytes) -> None:
        """Send strip after strip as the page takes them in; leave the rest out when the reader has moved on."""
        begun, total = self._now(), 0
        while True:
            total += len(message)
            self._strips[request.seq, made.strips[-1].first_row] = (len(message), self._now())
            self.stream.sent(request, total, self._now(), exact=made.exact, whole=False)
            await self._page.send(message)
            if made.complete:
                break
            if not await self._may_go_on(request, begun):
                self.stream.dropped(request.seq)
                self._broken_off = request.moving
                return
            message = await self._page.run(self._next_strip, made, self.stream.link.state)
        self._broken_off = False
        self._codec.note(made.choice.codec, made.pixels.nbytes, total)

    def _next_strip(self, made: Outgoing, link: LinkState) -> bytes:
        """Cut and encode one more strip, for the link as it is now."""
        choice = self._codec.exact(link)
        last = made.strips[-1].rows * made.pixels[0].nbytes
        made.cut(next_strip_bytes(link.goodput, self._codec.ratios[choice.codec], last))
        return made.message(len(made.strips) - 1, choice)

    def _is_overtaken(self, request: ViewRequest, begun: float) -> bool:
        """Return whether the rest may be left out; of two moving pictures in a row one arrives whole, so that some do."""
        if request.moving and self._broken_off:
            return False
        return self.stream.is_overtaken(request, self._now() - begun)

    async def _may_go_on(self, request: ViewRequest, begun: float) -> bool:
        """Wait for room and for the others; return whether the reader still wants the rest."""
        if not await self._room_for_a_strip(request, begun):
            return False
        await self._let_others_change(request)
        return not self._is_overtaken(request, begun)

    async def _room_for_a_strip(self, request: ViewRequest, begun: float) -> bool:
        """Wait until the page has taken in enough; one more is let out when it says nothing for too long.

        Return whether the picture is still worth it.
        """
        while len(self._strips) >= self._most_strips:
            if self._is_overtaken(request, begun):
                return False
            self._progress.clear()
            try:
                await asyncio.wait_for(self._progress.wait(), ACKNOWLEDGEMENT_TIMEOUT_S)
            except TimeoutError:
                self._strips.pop(next(iter(self._strips)))
        return True

    @property
    def _most_strips(self) -> int:
        """How many strips may be unacknowledged."""
        link = self.stream.link.state
        sizes = [size for size, _ in self._strips.values()]
        strip_s = 8 * max(sizes) / link.goodput if sizes and link.goodput else 0.0
        return strips_on_their_way(link.base_trip, strip_s)

    async def _let_others_change(self, request: ViewRequest) -> None:
        """Hold a large picture, out of the window, until this viewport has a turn again."""
        if not self._others.is_held_up(self):
            return
        self._held = request
        self.stream.dropped(request.seq)
        self._others.advance()
        while self._held is not None:
            self._progress.clear()
            await self._progress.wait()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
