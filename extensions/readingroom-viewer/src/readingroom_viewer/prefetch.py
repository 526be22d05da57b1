"""Sends neighbours ahead of the reader, exact and whole, whenever no picture that is wanted needs the link or the threads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from readingroom.errors import ReadingRoomError
from readingroom.reading.display import DisplayState
from readingroom.wire import Ahead, FrameHeader, ViewRequest
from readingroom_viewer.codec_choice import CodecChoice
from readingroom_viewer.link import LinkEstimate, LinkState
from readingroom_viewer.outgoing import outgoing
from readingroom_viewer.ring import Ring
from readingroom_viewer.sending import Page

WORKERS = 2
"""While one neighbour is sent, the next one is rendered."""

FIRST_SIZE = 128 * 2**10
"""Bytes that a neighbour is thought to take before one was sent: a 512 by 512 CT slice."""


@dataclass(slots=True)
class _Neighbours:
    ring: Ring = field(default_factory=Ring)
    codec: CodecChoice = field(default_factory=CodecChoice)
    size: int = FIRST_SIZE


class Prefetch:
    """The rings of all viewports of a page; they share the link, and wait while any viewport waits for its picture."""

    def __init__(self, page: Page, link: LinkEstimate, is_wanted: Callable[[], bool]) -> None:
        self._page = page
        self._link = link
        self._is_wanted = is_wanted
        self._viewports: dict[str, _Neighbours] = {}
        self._working = 0
        self._closed = False

    def viewed(self, request: ViewRequest) -> None:
        """Take the newest state that a viewport wants; its viewport is known to be one of the page's."""
        self._viewports.setdefault(request.viewport, _Neighbours()).ring.viewed(request)

    def ahead(self, ahead: Ahead) -> None:
        """Take what a page still lacks; a viewport that never asked for a picture gets none."""
        known = self._viewports.get(ahead.viewport)
        if known is not None:
            known.ring.ahead(ahead)
        self.advance()

    def advance(self) -> None:
        """Go on where there is something to send and room for it."""
        while self._working < WORKERS and not self._closed and any(one.ring.wants for one in self._viewports.values()):
            self._working += 1
            self._page.start(self._work())

    def close(self) -> None:
        """Send no more."""
        self._closed = True

    async def _work(self) -> None:
        try:
            while not self._closed:
                await self._page.may_send()
                chosen = None if self._is_wanted() else self._next()
                if chosen is None:
                    return
                await self._send(*chosen)
        finally:
            self._working -= 1

    def _next(self) -> tuple[_Neighbours, ViewRequest] | None:
        now = asyncio.get_running_loop().time()
        for known in self._viewports.values():
            request = known.ring.next(now, self._link.state, known.size)
            if request is not None:
                return known, request
        return None

    async def _send(self, known: _Neighbours, request: ViewRequest) -> None:
        display, position = self._page.display, request.position or 0
        try:
            header, message = await self._page.run(self._make, known, request, display, self._link.state)
        except ReadingRoomError:
            known.ring.failed(position)
            return
        if header.loaded < 1:  # a plane of a volume that still fills would be another one later
            known.ring.failed(position)
        elif known.ring.is_of_look(request) and display is self._page.display:
            self._page.leaves(header, display)
            known.size = len(message)
            known.ring.sent(position, len(message), asyncio.get_running_loop().time())
            await self._page.send(message)

    def _make(
        self, known: _Neighbours, request: ViewRequest, display: DisplayState, link: LinkState
    ) -> tuple[FrameHeader, bytes]:
        """Render and encode in one hop to the threads and back; whole, because it is shown from memory later."""
        rendered = self._page.rendered(request, display)
        rendered = replace(rendered, header=replace(rendered.header, type="ahead"))
        choice = known.codec.choose(rendered.pixels.shape, moving=False, link=link)
        made = outgoing(rendered, choice, strip_bytes=max(1, rendered.pixels.nbytes))
        message = made.message(0)
        known.codec.note(choice.codec, rendered.pixels.nbytes, len(message))
        return made.header, message
