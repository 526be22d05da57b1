"""Whose turn it is to send a frame: the viewports of a page share one window of frames on their way.

The viewport under the pointer comes first, so that a hand feels one viewport however many are shown; the others take turns,
those that change before those that are at rest and owed an exact picture. Nobody waits for ever. Knows no socket, no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

IN_A_ROW = 3
"""Turns that the viewport under the pointer may have in a row while another waits, and changes while a rest waits."""


class Need(IntEnum):
    """What a viewport waits for: nothing, the exact picture of what it shows with loss, or another picture."""

    NOTHING = 0
    EXACT = 1
    CHANGE = 2


@dataclass(slots=True)
class Turns:
    """Gives turns to viewports by their names; remembers only who had the last ones."""

    first: str = ""
    """The viewport under the pointer, empty for none."""

    _count: int = 0
    _last: dict[str, int] = field(default_factory=dict)
    _first_in_a_row: int = 0
    _changes_in_a_row: int = 0

    def pointed(self, name: str, *, pointed: bool) -> None:
        """Note what a viewport says of the pointer: it is over this one, or not any more."""
        if pointed:
            self.first = name
        elif self.first == name:
            self.first = ""

    def next(self, needs: Mapping[str, Need], on_their_way: int, window: int) -> str | None:
        """Return whose turn it is and count it; None while ``window`` frames are on their way or nobody waits.

        The first viewport waits for one turn of the others at most; of ``n`` others that wait each has one within
        ``n * (IN_A_ROW + 1) ** 2`` turns.
        """
        waiting = {name: need for name, need in needs.items() if need}
        if not waiting or on_their_way >= window:
            return None
        chosen = self.first if self._is_firsts_turn(waiting) else self._among_others(waiting)
        self._count += 1
        self._last[chosen] = self._count
        return chosen

    def _is_firsts_turn(self, waiting: Mapping[str, Need]) -> bool:
        alone = len(waiting) == 1
        turn = self.first in waiting and (alone or self._first_in_a_row < IN_A_ROW)
        self._first_in_a_row = self._first_in_a_row + 1 if turn and not alone else 0
        return turn

    def _among_others(self, waiting: Mapping[str, Need]) -> str:
        others = {name: need for name, need in waiting.items() if name != self.first}
        kinds = set(others.values())
        kind = max(kinds)
        if len(kinds) > 1 and self._changes_in_a_row >= IN_A_ROW:
            kind = min(kinds)
        self._changes_in_a_row = self._changes_in_a_row + 1 if kind == Need.CHANGE and len(kinds) > 1 else 0
        return min((name for name, need in others.items() if need == kind), key=lambda name: self._last.get(name, 0))
