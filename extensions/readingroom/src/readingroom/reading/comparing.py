"""What was done to a list: compared with the list as it was written, entry by entry, by the hashes of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Deed(StrEnum):
    """What happened to an entry."""

    EDITED = "edited"
    REMOVED = "removed"
    INSERTED = "inserted"
    MOVED = "moved"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry to which something was done: its index as it was written, or as it is found where it was put in.

    ``now`` is the index at which a moved entry is found, or that of the entry which one that was put in repeats; -1 for none.
    Indices count from 0.
    """

    deed: Deed
    index: int
    now: int = -1


def changes(found: Sequence[bytes], written: Sequence[bytes]) -> list[Change]:
    """Return what makes the list that is found out of the one that was written; what follows at its end is no change."""
    return _Comparison(found, written).run()


class _Comparison:
    """Both lists with a finger on each."""

    def __init__(self, found: Sequence[bytes], written: Sequence[bytes]) -> None:
        self.found, self.written = found, written
        self.place_now = {leaf: index for index, leaf in enumerate(found)}
        self.place_then = {leaf: index for index, leaf in enumerate(written)}
        self.here = self.there = 0
        self.changes: list[Change] = []
        self.moved: set[bytes] = set()
        self.matched: set[bytes] = set()

    def run(self) -> list[Change]:
        while self.there < len(self.written):
            while self.here < len(self.found) and self.found[self.here] in self.moved:
                self.here += 1
            if self.written[self.there] in self.moved:
                self.there += 1
            elif self.here >= len(self.found):
                self._cut()
            elif self.found[self.here] == self.written[self.there]:
                self.matched.add(self.found[self.here])
                self.here, self.there = self.here + 1, self.there + 1
            else:
                self._differ()
        return self.changes

    def _cut(self) -> None:
        leaf = self.written[self.there]
        if leaf in self.place_now:
            self._note(Deed.MOVED, self.there, self.place_now[leaf])
        else:
            self._note(Deed.CUT, self.there)
        self.there += 1

    def _differ(self) -> None:
        new, old = self.found[self.here], self.written[self.there]
        if old not in self.place_now:
            replaced = new not in self.place_then
            self._note(Deed.EDITED if replaced else Deed.REMOVED, self.there)
            self.here, self.there = self.here + replaced, self.there + 1
        elif new not in self.place_then or new in self.matched:
            self._note(Deed.INSERTED, self.here, self.place_then.get(new, -1))
            self.here += 1
        else:
            self._moved(new, old)

    def _moved(self, new: bytes, old: bytes) -> None:
        """Say which of two entries has left its place: the one after which the lists agree again."""
        if self.found[self.here + 1 : self.here + 2] == [old] or self.place_then[new] < self.there:
            self._note(Deed.MOVED, self.place_then[new], self.here)
            self.moved.add(new)
            self.here += 1
        else:
            self._note(Deed.MOVED, self.there, self.place_now[old])
            self.moved.add(old)
            self.there += 1

    def _note(self, deed: Deed, index: int, now: int = -1) -> None:
        self.changes.append(Change(deed, index, now))
