"""How many pixel values a person may read out: enough for any reader's hand, never enough for a picture.

One value at a time is a read-out that a reader asked for. All of a slice, one by one, would be the stored values that must
not leave. A hand that drags the probe gets ten values a second; so a slice of 512 by 512 takes more than seven hours, and
long before that, and for every slice anew, there is an alarm.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from readingroom.reading.audit import ReadOutAlarm

A_SECOND, AT_ONCE = 10.0, 30.0
"""Values that come back to a person every second, and that may be saved up."""

SLICE_PIXELS, STUDY_PIXELS = 2_000, 10_000
"""Different pixels of one slice, and of one study: three minutes of a hand that never rests, and a quarter of an hour."""

MEMORY = timedelta(hours=24)
SLICES_REMEMBERED = 1_024


@dataclass(frozen=True, slots=True)
class ReadPixel:
    """A pixel that was read out: whose, when, and which; ``sop_uid`` names a plane where it is no stored frame."""

    at: datetime
    person: str
    study_uid: str
    sop_uid: str
    frame: int
    column: int
    row: int


@dataclass(slots=True)
class _Budget:
    at: datetime
    left: float = AT_ONCE


@dataclass(slots=True)
class _Read:
    """Pixels of a slice since its first, or how many of a study."""

    first: datetime
    pixels: set[tuple[int, int]] = field(default_factory=set)
    count: int = 0
    said: bool = False


class ReadOutWatch:
    """Adds up what each person reads out. Knows no clock but that of what it is told."""

    def __init__(self) -> None:
        self._budgets: dict[str, _Budget] = {}
        self._read: OrderedDict[tuple[str, ...], _Read] = OrderedDict()

    def may_read(self, person: str, at: datetime) -> bool:
        """Return whether one more value may be read now, and count it."""
        budget = self._budgets.setdefault(person, _Budget(at))
        elapsed = max(0.0, (at - budget.at).total_seconds())
        budget.left, budget.at = min(AT_ONCE, budget.left + A_SECOND * elapsed), at
        if budget.left < 1:
            return False
        budget.left -= 1
        return True

    def add(self, pixel: ReadPixel) -> list[ReadOutAlarm]:
        """Take a pixel that was read; return the alarms that it raises, each once a day."""
        read = self._of(pixel, "slice", pixel.sop_uid, str(pixel.frame))
        if (pixel.column, pixel.row) in read.pixels or read.count >= SLICE_PIXELS:
            return []
        read.pixels.add((pixel.column, pixel.row))
        read.count += 1
        study = self._of(pixel, "study", pixel.study_uid)
        study.count += 1
        alarms = (self._alarm(pixel, read, "slice", SLICE_PIXELS), self._alarm(pixel, study, "study", STUDY_PIXELS))
        return [alarm for alarm in alarms if alarm is not None]

    def _of(self, pixel: ReadPixel, *what: str) -> _Read:
        key = (pixel.person, *what)
        known = self._read.get(key)
        if known is None or pixel.at - known.first > MEMORY:
            known = self._read[key] = _Read(pixel.at)
        self._read.move_to_end(key)
        if len(self._read) > SLICES_REMEMBERED:
            self._read.popitem(last=False)
        return known

    @staticmethod
    def _alarm(pixel: ReadPixel, read: _Read, kind: Literal["slice", "study"], most: int) -> ReadOutAlarm | None:
        if read.said or read.count < most:
            return None
        read.said = True
        return ReadOutAlarm(pixel.at, pixel.person, pixel.study_uid, pixel.sop_uid, pixel.frame, kind, read.count)
