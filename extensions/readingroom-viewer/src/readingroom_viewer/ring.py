"""What one viewport is sent ahead of the reader: which neighbours are asked for, which are on their way, and how many may be.

Never more than the page's ring holds, never another look than the one it was sent last.
"""

from dataclasses import dataclass, field, replace

from readingroom.wire import Ahead, ViewRequest
from readingroom_viewer.link import LinkState

MOST_ON_THEIR_WAY = 6
"""Enough to keep renderer, link and browser at work at once; a wanted picture never waits behind more."""

ROOM_S = 0.05
"""What is on its way ahead fills the link for no longer than one frame of motion: so late is a wanted picture at most."""

SLOWEST_S = 0.1
"""A link that takes longer for one neighbour has no room for any."""

LOST_S = 2.0
"""A neighbour that the page says nothing of for so long is not counted any more."""


@dataclass(slots=True)
class Ring:
    """The neighbours that one viewport's page asks for. Knows no socket and no clock; seconds and bytes."""

    _look: ViewRequest | None = None
    _asked: tuple[int, ...] = ()
    _sent: dict[int, tuple[float, int]] = field(default_factory=dict)
    _failed: set[int] = field(default_factory=set)

    def viewed(self, request: ViewRequest) -> None:
        """Take the newest state that the page asked for: what was on its way ahead of another look is of no more use."""
        self._look = request
        self._asked = ()
        self._sent.clear()
        self._failed.clear()

    def ahead(self, ahead: Ahead) -> None:
        """Take what the page still lacks; of another look than the last, or of one in a series' middle, it is nothing."""
        if self._look is None or ahead.look != self._look.seq:
            return
        self._asked = ahead.positions
        self._sent = {position: one for position, one in self._sent.items() if position in ahead.positions}

    def next(self, now: float, link: LinkState, size: int) -> ViewRequest | None:
        """Return the neighbour to send now, as the picture that shows it; None while none is asked for or fits.

        ``size`` is what one takes in bytes, as far as that is known.
        """
        self._sent = {position: one for position, one in self._sent.items() if now - one[0] < LOST_S}
        waiting = [one for one in self._asked if one not in self._sent and one not in self._failed]
        if self._look is None or not waiting or not self._has_room(link, size):
            return None
        self._sent[waiting[0]] = (now, size)
        return replace(self._look, position=waiting[0], moving=False)

    def is_of_look(self, request: ViewRequest) -> bool:
        """Return whether a neighbour may still leave: the page has asked for no other look meanwhile."""
        return self._look is not None and request.seq == self._look.seq

    def sent(self, position: int, size: int, now: float) -> None:
        """Note that a neighbour left with ``size`` bytes."""
        self._sent[position] = (now, size)

    def failed(self, position: int) -> None:
        """Note that there is no such picture: it is not tried again for this look; who comes there is told why."""
        self._failed.add(position)
        self._sent.pop(position, None)

    @property
    def wants(self) -> bool:
        """Whether a neighbour waits to be sent."""
        return any(one not in self._sent and one not in self._failed for one in self._asked)

    def _has_room(self, link: LinkState, size: int) -> bool:
        if len(self._sent) >= MOST_ON_THEIR_WAY:
            return False
        if link.goodput is None:
            return True
        if 8 * size > link.goodput * SLOWEST_S:
            return False
        on_their_way = sum(size for _, size in self._sent.values())
        return not self._sent or 8 * (on_their_way + size) <= link.goodput * (ROOM_S + (link.base_trip or 0.0))
