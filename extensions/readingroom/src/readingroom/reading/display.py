"""Is this screen fit to read on? The record of its measurement, the limits it is held to, and until when it holds.

Software proves pixels, never photons: what is judged here are the numbers that a person read off a luminance meter.
The limits follow the guidance of ACR, AAPM and SIIM and of AAPM TG18 and TG270; a site may set its own.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal, Protocol

from readingroom.pixels.display_profile import CHECKED_LEVELS, DisplayProfile, InvalidProfileError, gsdf_conformance
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.reading.audit import canonical

Result = Literal["diagnostic", "review", "fail"]
RESULTS: tuple[Result, ...] = ("diagnostic", "review", "fail")
"""From the best to the worst; the worst finding is the result of a measurement."""

UNIFORMITY_POINTS = 5
"""The centre and the four corners."""

DDL_STEP = 255 // (CHECKED_LEVELS - 1)
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class DisplayLimits:
    """What a screen is held to; luminance in cd/m², shares as fractions, ``max_age`` in days.

    The first number of a pair is for diagnostic reading, the second for review.
    """

    contrast: tuple[float, float] = (0.10, 0.20)
    brightest: tuple[float, float] = (350.0, 250.0)
    ratio: tuple[float, float] = (250.0, 100.0)
    ambient: tuple[float, float] = (0.25, 1.0)
    uniformity: tuple[float, float] = (0.30, 0.30)
    max_age: int = 90


LIMITS = DisplayLimits()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: its measured value in words, the limit in words, and the verdict."""

    name: str
    value: str
    limit: str
    verdict: Result


@dataclass(frozen=True)
class DisplayRecord:
    """A screen as one person measured it on one day.

    ``luminance`` are the 18 driving levels 0, 15, … 255 in cd/m² without ambient light, ``ambient`` the room light that
    the dark screen reflects. ``dark`` and ``bright`` are five points of an even field each (centre and corners), empty
    where they were not measured. ``through`` is the digest of the record whose curve corrected the screen while it was
    measured, empty for a screen as it is.

    Raises
    ------
    InvalidProfileError
        For numbers that cannot be those of a screen; the message says which.
    """

    person: str
    display: str
    measured: date
    luminance: tuple[float, ...]
    ambient: float
    dark: tuple[float, ...] = ()
    bright: tuple[float, ...] = ()
    through: str = ""

    def __post_init__(self) -> None:
        if not self.display.strip() or len(self.display) > MAX_NAME:
            raise InvalidProfileError(f"Give the display a name of at most {MAX_NAME} characters.")
        if len(self.luminance) != CHECKED_LEVELS:
            raise InvalidProfileError(f"Measure all {CHECKED_LEVELS} levels, from 0 to 255 in steps of {DDL_STEP}.")
        for field in (self.dark, self.bright):
            if len(field) not in (0, UNIFORMITY_POINTS) or not all(math.isfinite(one) and one >= 0 for one in field):
                raise InvalidProfileError("Measure uniformity at five points, or at none, in cd/m² from 0 upwards.")
        assert self.profile  # noqa: S101 - its construction checks the luminances and the ambient light

    @cached_property
    def profile(self) -> DisplayProfile:
        """Return the luminances as the profile that a display curve is made from."""
        return DisplayProfile(self.display, self.luminance, self.ambient, self.measured)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the measurement: it names the record, and the curve made from it."""
        return hashlib.sha256(canonical({**asdict(self), "measured": self.measured.isoformat()})).hexdigest()

    @property
    def total(self) -> tuple[float, float]:
        """Return what is seen of the darkest and the brightest level, ambient light included, in cd/m²."""
        return self.luminance[0] + self.ambient, self.luminance[-1] + self.ambient


def findings(record: DisplayRecord, limits: DisplayLimits = LIMITS) -> tuple[Finding, ...]:
    """Return everything that is checked of a measurement, the contrast response first."""
    darkest, brightest = record.total
    worst, deviation = worst_step(record)
    share = record.ambient / record.luminance[0] if record.luminance[0] > 0 else math.inf
    at = f"at levels {worst * DDL_STEP}-{(worst + 1) * DDL_STEP}"
    return (
        Finding("Contrast against the GSDF", f"{abs(deviation):.1%} {'high' if deviation > 0 else 'low'} {at}",
                f"≤ {limits.contrast[0]:.0%}, review ≤ {limits.contrast[1]:.0%}", _most(abs(deviation), limits.contrast)),
        Finding("Brightest level", f"{brightest:.4g} cd/m²",
                f"≥ {limits.brightest[0]:g}, review ≥ {limits.brightest[1]:g}", _least(brightest, limits.brightest)),
        Finding("Luminance ratio", f"{brightest / darkest:.0f} : 1",
                f"≥ {limits.ratio[0]:g}, review ≥ {limits.ratio[1]:g}", _least(brightest / darkest, limits.ratio)),
        Finding("Ambient light", f"{share:.2f} of the darkest level",
                f"< {limits.ambient[0]:g}, review < {limits.ambient[1]:g}", _most(share, limits.ambient, worst="review")),
        _uniformity("Uniformity, dark field", record.dark, limits),
        _uniformity("Uniformity, bright field", record.bright, limits),
    )  # fmt: skip


def worst_step(record: DisplayRecord) -> tuple[int, float]:
    """Return the step from one level to the next, from 0 to 16, whose contrast is furthest from the GSDF, and by how much.

    The departure is δ/δ_GSDF - 1: 0.1 is 10 % too much contrast.
    """
    steps = gsdf_conformance(record.profile).steps
    worst = max(range(len(steps)), key=lambda number: abs(steps[number]))
    return worst, steps[worst]


def result(record: DisplayRecord, limits: DisplayLimits = LIMITS) -> Result:
    """Return the worst of all findings."""
    return max((finding.verdict for finding in findings(record, limits)), key=RESULTS.index)


def _uniformity(name: str, points: tuple[float, ...], limits: DisplayLimits) -> Finding:
    limit = f"≤ {limits.uniformity[0]:.0%}"
    if not points:
        return Finding(name, "not measured", limit, "review")
    spread = 2 * (max(points) - min(points)) / (max(points) + min(points)) if max(points) > 0 else 0.0
    return Finding(name, f"{spread:.0%}", limit, _most(spread, limits.uniformity))


def _most(value: float, limits: tuple[float, float], worst: Result = "fail") -> Result:
    return "diagnostic" if value <= limits[0] else "review" if value <= limits[1] else worst


def _least(value: float, limits: tuple[float, float]) -> Result:
    return _most(-value, (-limits[0], -limits[1]))


@dataclass(frozen=True)
class DisplayState:
    """What holds for a screen today: whether it may be read on, the record whose curve corrects it, and words for both."""

    calibrated: bool
    words: str
    correction: DisplayRecord | None = None
    judged: DisplayRecord | None = None

    @property
    def curve(self) -> DisplayCurve | None:
        """Return the curve that pictures for this screen go through, None without a measurement."""
        return None if self.correction is None else self.correction.profile.curve

    @property
    def digest(self) -> str:
        """Return what names the curve in audit lines, empty without one."""
        return "" if self.correction is None else self.correction.digest


UNKNOWN = DisplayState(calibrated=False, words="display not calibrated: review only")


def display_state(records: Sequence[DisplayRecord], today: date, limits: DisplayLimits = LIMITS) -> DisplayState:
    """Return what holds for a screen from all its records, oldest first.

    The newest measurement of the screen as it is makes the curve. It is judged by the newest measurement **through that
    curve**; without one by itself, because a curve that nobody has measured proves nothing. A screen that passes as it is
    is corrected all the same, which changes little. An old curve goes on correcting, but what is shown is review only.
    """
    native = next((record for record in reversed(records) if not record.through), None)
    if native is None:
        return UNKNOWN
    judged = next((record for record in reversed(records) if record.through == native.digest), native)
    calibrated, words = _verdict(judged, today, limits)
    if not calibrated and not judged.through and words.endswith("fails"):
        words += " as it is; measure it through the correction"
    return DisplayState(calibrated, words, native, judged)


def expires(record: DisplayRecord, limits: DisplayLimits = LIMITS) -> date:
    """Return the last day on which a measurement holds."""
    return record.measured + timedelta(days=limits.max_age)


def _verdict(record: DisplayRecord, today: date, limits: DisplayLimits) -> tuple[bool, str]:
    age = (today - record.measured).days
    if age < 0:
        return False, "display measured in the future: review only"
    if today > expires(record, limits):
        return False, f"display calibration expired, {age} d old: review only"
    outcome = result(record, limits)
    if outcome == "diagnostic":
        return True, "display calibrated today" if age == 0 else f"display calibrated {age} d ago"
    return False, "display passes for review only" if outcome == "review" else "display check fails"


class DisplayRecords(Protocol):
    """Keeps the measurements of a person's screens, for ever: a new one supersedes, none is changed."""

    def save(self, record: DisplayRecord) -> None:
        """Keep a record; returns when it cannot be lost any more. Raises ``RecordsUnavailableError``."""

    def records(self, person: str, display: str) -> Sequence[DisplayRecord]:
        """Return a person's records of one screen in the order they were saved; raises ``RecordsUnavailableError``."""

    def displays(self, person: str) -> Sequence[str]:
        """Return the names of the screens that a person has measured."""
