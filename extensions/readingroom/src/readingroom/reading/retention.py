"""How long what is kept of reading stays, as a value: a period for each kind, from a day to for ever.

The usual periods follow what NHS organisations do: a child's record stays until the 25th birthday, an adult's for 8 years
after it was last needed, and the trail of who saw it must not end before it does. docs/retention.md gives each its reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from readingroom.errors import ReadingRoomError

DAYS_OF_YEAR = 365.25
LONGEST_YEARS = 200
_WRITTEN = re.compile(r"([0-9]{1,5}) (day|year)s?")


class RetentionError(ReadingRoomError):
    """A period that makes no sense; the message says which and how one is written."""


class Kept(StrEnum):
    """What is kept. ``DRAFTS`` and ``RECORDINGS`` have periods before they have tables."""

    AUDIT = "audit"
    ACCESS = "access"
    READS = "reads"
    DISPLAYS = "displays"
    DRAFTS = "drafts"
    RECORDINGS = "recordings"

    @property
    def words(self) -> str:
        """What it is, for a person."""
        return _WORDS[self]


_WORDS = {
    Kept.AUDIT: "audit entries, and the names of studies that they need",
    Kept.ACCESS: "access grants that ended, assignments that were withdrawn, emergencies that were reviewed",
    Kept.READS: "which images a reader has seen",
    Kept.DISPLAYS: "measurements of displays",
    Kept.DRAFTS: "drafts of reports that were never signed",
    Kept.RECORDINGS: "recordings of shared sessions",
}


@dataclass(frozen=True, slots=True)
class Period:
    """A time that something stays; ``days`` is None for ever.

    Raises
    ------
    RetentionError
        For less than a day or more than 200 years.
    """

    days: int | None

    def __post_init__(self) -> None:
        if self.days is not None and not 1 <= self.days <= LONGEST_YEARS * DAYS_OF_YEAR:
            raise RetentionError(f"{self.days} days is no period: it lasts from 1 day to {LONGEST_YEARS} years.")

    @classmethod
    def read(cls, text: str) -> "Period":
        """Read ``30 days``, ``8 years`` or ``forever``; raises ``RetentionError``."""
        if text == "forever":
            return FOREVER
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise RetentionError(f"{text!r} is no period. Write it as in 30 days, 8 years, or forever.")
        number = int(found[1])
        return cls(number if found[2] == "day" else years(number).days)

    def __str__(self) -> str:
        if self.days is None:
            return "forever"
        whole = round(self.days / DAYS_OF_YEAR)
        number, unit = (whole, "year") if whole and years(whole).days == self.days else (self.days, "day")
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"

    def before(self, now: datetime) -> datetime | None:
        """Return the time before which what was kept may go; None while nothing may."""
        if self.days is None:
            return None
        try:
            return now - timedelta(days=self.days)
        except OverflowError:
            return None


def years(number: int) -> Period:
    """Return so many years, leap days counted on average; raises ``RetentionError``."""
    return Period(int(number * DAYS_OF_YEAR))


FOREVER = Period(None)

USUAL: Mapping[Kept, Period] = MappingProxyType(
    {
        Kept.AUDIT: years(30),
        Kept.ACCESS: years(8),
        Kept.READS: years(2),
        Kept.DISPLAYS: years(8),
        Kept.DRAFTS: years(1),
        Kept.RECORDINGS: Period(90),
    }
)
"""The periods of a site that sets none."""


@dataclass(frozen=True, slots=True)
class Retention:
    """The periods of a site. ``periods`` are those that it sets; the others are ``USUAL``."""

    periods: Mapping[Kept, Period] = field(default_factory=dict, hash=False)  # part of settings that are hashed

    def of(self, kind: Kept) -> Period:
        """Return how long a kind stays."""
        return self.periods.get(kind, USUAL[kind])

    def before(self, kind: Kept, now: datetime) -> datetime | None:
        """Return the time before which what is of a kind may go; None while nothing may."""
        return self.of(kind).before(now)
