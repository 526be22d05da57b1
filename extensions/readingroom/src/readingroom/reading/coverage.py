"""Which images of a series a reader has really had on the screen, lossless and proved: part of the read's record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

FrameKey = tuple[str, int]
"""SOP Instance UID and frame number (1-based): positions move when images arrive late, these never do."""


@dataclass(frozen=True, slots=True)
class PaintedFrame:
    """A frame that was painted lossless with an equal hash: by whom, in which read, when, and where it then lay.

    ``read`` names one sitting (one connection of one page); ``position`` counts from 0 in reading order at that time.
    """

    at: datetime
    person: str
    read: str
    study_uid: str
    series_uid: str
    sop_uid: str
    frame: int
    position: int

    @property
    def key(self) -> FrameKey:
        """Return what names the frame whatever else arrives."""
        return self.sop_uid, self.frame


class CoverageLog(Protocol):
    """Keeps what was painted. Both may raise ``RecordsUnavailableError``."""

    def painted(self, frame: PaintedFrame) -> None:
        """Note a painted frame; the first time of a read counts, later ones change nothing. Never waits."""

    def seen(self, person: str, series_uid: str, read: str = "") -> frozenset[FrameKey]:
        """Return the frames of a series that a person has seen, in one read or, without its name, in all of them."""


def positions_of(frames: Sequence[FrameKey], seen: Iterable[FrameKey]) -> tuple[int, ...]:
    """Return the positions, from 0, of the frames of a series in reading order that were seen."""
    known = frozenset(seen)
    return tuple(position for position, key in enumerate(frames) if key in known)


def as_ranges(positions: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return positions as runs, first and last included: (3, 4, 5, 9) is ((3, 5), (9, 9))."""
    runs: list[tuple[int, int]] = []
    for position in sorted(set(positions)):
        if runs and position == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    return tuple(runs)
