"""Segmented Palette Color Lookup Table Data made into a table (PS3.3 C.7.9.2)."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def expand(data: bytes, count: int, *, narrow: bool, order: Literal["<", ">"]) -> NDArray[np.uint16]:
    """Return the ``count`` entries that segments of bytes (``narrow``) or of words in ``order`` stand for.

    Raises
    ------
    DamagedImageError
        When the segments make fewer entries, or do not follow the Standard.
    """
    size = 1 if narrow else 2
    stored = np.frombuffer(data, f"{order}u{size}", len(data) // size).tolist()
    expansion = _Expansion(stored, count, narrow=narrow, order=order)
    if len(expansion.entries) < count:
        raise DamagedImageError(
            f"The image's colour palette says it has {count} entries but its segments make {len(expansion.entries)}."
        )
    return np.array(expansion.entries[:count], np.uint16)


class _Expansion:
    """The entries so far, and where each segment began, for indirect segments to point at."""

    def __init__(self, stored: list[int], count: int, *, narrow: bool, order: str) -> None:
        self.entries: list[int] = []
        self._stored, self._count = stored, count
        self._narrow, self._order = narrow, order
        self._starts: set[int] = set()
        position = 0
        while position + 2 < len(stored) and len(self.entries) < count:
            self._starts.add(position)
            position = self._segment(position, may_point=True)

    def _segment(self, position: int, *, may_point: bool) -> int:
        """Add one segment's entries and return where the next one begins."""
        if position + 2 >= len(self._stored):
            raise DamagedImageError("A segment of the image's colour palette points beyond its end.")
        kind, length = self._stored[position : position + 2]
        if kind == _DISCRETE:
            self.entries += self._stored[position + 2 : position + 2 + length]
            return position + 2 + length
        if kind == _LINEAR and self.entries:
            last, end = self.entries[-1], self._stored[position + 2]
            steps = np.arange(1, length + 1)
            self.entries += np.floor(last + (end - last) * steps / max(length, 1) + 0.5).astype(int).tolist()
            return position + 3
        if kind == _INDIRECT and may_point:
            start, after = self._target(position + 2)
            for _ in range(length):
                start = self._segment(start, may_point=False)
                if len(self.entries) >= self._count:
                    break
            return after
        raise DamagedImageError("The image's colour palette has a segment that the Standard does not allow there.")

    def _target(self, position: int) -> tuple[int, int]:
        """Return the segment an indirect one points at, and what follows the pointer.

        The pointer counts bytes; some writers count entries, which is taken where bytes lead to no segment.
        """
        fields = 4 if self._narrow else 2
        pointer = self._stored[position : position + fields]
        if len(pointer) < fields:
            raise DamagedImageError("A segment of the image's colour palette is cut off.")
        if self._narrow:
            words = [
                int.from_bytes(bytes(pointer[at : at + 2]), "big" if self._order == ">" else "little") for at in (0, 2)
            ]
        else:
            words = pointer
        offset = words[0] | words[1] << 16
        places = [offset] if self._narrow else [offset // 2, offset]
        for place in places:
            if place in self._starts:
                return place, position + fields
        raise DamagedImageError("A segment of the image's colour palette points at none before it.")
