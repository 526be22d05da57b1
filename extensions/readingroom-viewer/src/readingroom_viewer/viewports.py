"""The viewports of one page: each gets what concerns it, and its turn to send while the shared window has room."""

import asyncio

from readingroom.errors import WireError
from readingroom.wire import Ahead, Painted, Received, ViewRequest, Walked
from readingroom_viewer.link import LinkEstimate
from readingroom_viewer.prefetch import Prefetch
from readingroom_viewer.sending import Page, ViewportSender
from readingroom_viewer.turns import Need, Turns

MAX_VIEWPORTS = 16
"""The largest layout is 3 by 4; a page that asks for more is not ours."""


class Viewports:
    """Holds the senders of a page by the names that the page gave its viewports."""

    def __init__(self, page: Page, link: LinkEstimate) -> None:
        self._page = page
        self._link = link
        self._senders: dict[str, ViewportSender] = {}
        self._turns = Turns()
        self._prefetch = Prefetch(page, link, lambda: bool(self.waiting()) or self._on_their_way > 0)
        self._giving = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    def handle(self, request: ViewRequest | Painted | Received | Ahead | Walked) -> None:
        """Give a request to its viewport; raises ``WireError`` for one viewport too many and what the viewport refuses."""
        sender = self._sender(request.viewport)
        match request:
            case ViewRequest():
                self._turns.pointed(request.viewport, pointed=request.pointed)
                sender.want(request)
                self._prefetch.viewed(request)
            case Painted():
                sender.painted(request)
            case Received():
                sender.received(request)
            case Ahead():
                self._prefetch.ahead(request)
            case Walked():
                sender.stream.walked(request.seq)
        self.advance()
        self._prefetch.advance()

    def advance(self) -> None:
        """Give the turns there are, unless that is already going on."""
        if not self._giving and not self._closed:
            self._giving = True
            self._page.start(self._give_turns())

    def is_held_up(self, sender: ViewportSender) -> bool:
        """Return whether a picture that ``sender`` is still sending keeps a change of another viewport waiting."""
        needs = self._needs()
        return (
            any(need == Need.CHANGE for name, need in needs.items() if name != sender.name)
            and self._on_their_way >= self._window
        )

    def waiting(self) -> list[str]:
        """Return the names of the viewports that something could be sent to."""
        return [name for name, need in self._needs().items() if need]

    @property
    def busy(self) -> bool:
        """Whether a picture is wanted or on its way."""
        return any(self._needs().values()) or self._on_their_way > 0

    def close(self) -> None:
        """Give no more turns."""
        self._closed = True
        self._prefetch.close()
        if self._timer is not None:
            self._timer.cancel()

    async def _give_turns(self) -> None:
        try:
            while True:
                await self._page.may_send()
                name = self._turns.next(self._needs(), self._on_their_way, self._window)
                if name is None:
                    break
                self._senders[name].take_turn()
        finally:
            self._giving = False
        self._wake_later()

    def _wake_later(self) -> None:
        """Look again when a frame is given up, or when a hand that rests is owed an exact picture."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        times = [at for sender in self._senders.values() if (at := sender.wake_at(loop.time())) is not None]
        if times and self._on_their_way >= self._window:
            times = [at for sender in self._senders.values() if (at := sender.stream.times_out_at) is not None]
        self._timer = loop.call_at(min(times), self.advance) if times else None

    def _sender(self, name: str) -> ViewportSender:
        if name not in self._senders:
            if len(self._senders) >= MAX_VIEWPORTS:
                raise WireError(f"A page may have at most {MAX_VIEWPORTS} viewports.")
            self._senders[name] = ViewportSender(name, self._page, self._link, self)
        return self._senders[name]

    def _needs(self) -> dict[str, Need]:
        now = asyncio.get_running_loop().time()
        return {name: sender.need(now) for name, sender in self._senders.items()}

    @property
    def _on_their_way(self) -> int:
        return sum(sender.stream.on_their_way for sender in self._senders.values())

    @property
    def _window(self) -> int:
        return self._link.window_for(max(1, self.sharing))

    @property
    def sharing(self) -> int:
        """How many viewports have something to send or on its way."""
        return sum(sender.stream.waiting or sender.stream.on_their_way > 0 for sender in self._senders.values())
