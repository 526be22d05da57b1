"""How long the dose decayed before the scan that a PET image is corrected to.

After the vendor-neutral pseudo-code of the Quantitative Imaging Biomarkers Alliance: Series Time where it is the start
of the scan, else what vendors keep of it. Times are without a zone unless the image gives one.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pydicom import Dataset

from readingroom.dicom.attributes import number, text
from readingroom.dicom.quantities.converted import frame_acquisition_times
from readingroom.dicom.quantities.private import private_text
from readingroom.errors import NotMeasurableError

DAY = timedelta(days=1)
MS = 1000.0
MANY_HALF_LIVES = 10
"""A dose a thousand times weaker is not imaged: such a difference comes from altered dates."""

LONG_LIVED_S = 6 * 3600.0
"""With a longer half-life the patient may be scanned a day or more after the injection."""

SAME_DECAY = 2e-3
"""Two decays that differ by less than a fifth of a per cent are one."""

_FIRST_YEAR = 1900
_NO_DATE = date(_FIRST_YEAR, 1, 1)
_DATE_DIGITS, _TIME_DIGITS = 8, 6


@dataclass(frozen=True, slots=True)
class Decay:
    """Seconds from the injection to the time that activities are corrected to, and what was doubtful about it."""

    seconds: float
    warnings: tuple[str, ...] = ()


def decay_to_scan(
    dataset: Dataset, administration: Dataset, half_life: float, earliest_acquisition: datetime | None = None
) -> Decay:
    """Return how long the dose decayed until the start of the scan (Decay Correction START).

    ``administration`` is the item of Radiopharmaceutical Information Sequence, ``half_life`` in seconds;
    ``earliest_acquisition`` is that of the whole series, needed only where the image itself does not tell.

    Raises
    ------
    NotMeasurableError
        When a time is missing or the injection cannot have been before the scan.
    """
    scan, warnings = scan_start(dataset, half_life, earliest_acquisition)
    exact = _date_time(text(administration, "RadiopharmaceuticalStartDateTime"), dataset)
    if exact is not None:
        seconds = (scan - exact).total_seconds()
        if 0 <= seconds <= MANY_HALF_LIVES * half_life:
            return Decay(seconds, warnings)
        warnings += ("the dates of injection and scan do not fit, so only their times of day were used",)
    clock = _clock(text(administration, "RadiopharmaceuticalStartTime"))
    if clock is None and exact is not None:
        clock = exact.time()
    if clock is None:
        raise NotMeasurableError("The image does not say when the radiopharmaceutical was given.")
    if half_life > LONG_LIVED_S:
        if exact is not None:
            raise NotMeasurableError(
                "The dates of injection and scan do not fit, and this nuclide may be given days before."
            )
        warnings += ("the image does not give the day of the injection, so the day of the scan was taken",)
    seconds = (scan - datetime.combine(scan.date(), clock)).total_seconds()
    seconds = seconds if seconds >= 0 else seconds + DAY.total_seconds()
    if seconds > MANY_HALF_LIVES * half_life:
        raise NotMeasurableError("The times of injection and scan do not fit: the dose would have decayed away.")
    return Decay(seconds, warnings)


def scan_start(
    dataset: Dataset, half_life: float, earliest_acquisition: datetime | None = None
) -> tuple[datetime, tuple[str, ...]]:
    """Return the time that Decay Correction START corrects to, with warnings; raises ``NotMeasurableError``."""
    corrected_to = _date_time(text(dataset, "DecayCorrectionDateTime"), dataset)
    if corrected_to is not None:
        return corrected_to, ()
    series, acquisition = _moment(dataset, "Series"), acquisition_time(dataset)
    if acquisition is None:
        raise NotMeasurableError("The image does not say when it was acquired (Acquisition Date and Time).")
    warnings = () if acquisition.date() != _NO_DATE else ("the image has no dates, so only times of day were used",)
    if series is not None and series <= acquisition:
        return series, warnings
    others = (_ge_scan_start(dataset), _back_computed(dataset, acquisition, half_life), earliest_acquisition)
    found = next((other for other in others if other is not None), None)
    if found is None:
        raise NotMeasurableError(
            "Series Time is later than the acquisition and nothing else says when the scan began, so the decay of the "
            "dose is not known."
        )
    return found, warnings


def acquisition_time(dataset: Dataset) -> datetime | None:
    """Return when an image was acquired, None where it does not say."""
    return _moment(dataset, "Acquisition") or _date_time(text(dataset, "AcquisitionDateTime"), dataset)


def earliest_frame(dataset: Dataset) -> datetime | None:
    """Return when the first frame of a multi-frame image was acquired, None for other images."""
    found = (_date_time(value, dataset) for value in frame_acquisition_times(dataset))
    return min((moment for moment in found if moment is not None), default=None)


def _ge_scan_start(dataset: Dataset) -> datetime | None:
    """Return GE's own scan date and time (0009,xx0D)."""
    return _date_time(private_text(dataset, 0x0009, "GEMS_PETD_01", 0x0D), dataset)


def _back_computed(dataset: Dataset, acquisition: datetime, half_life: float) -> datetime | None:
    """Return the scan start from Frame Reference Time, which is when the frame had its mean count rate.

    Some images hold the start of the frame there, which Decay Factor gives away: they do not tell when the scan began.
    """
    reference, duration = number(dataset, "FrameReferenceTime"), number(dataset, "ActualFrameDuration")
    if not reference or not duration or reference < 0 or duration < 0:
        return None
    rate = math.log(2) / half_life
    decay = rate * duration / MS
    mean_rate_at = math.log(decay / -math.expm1(-decay)) / rate
    factor = number(dataset, "DecayFactor")
    if factor is not None and factor >= 1 and abs(math.log(factor) - rate * reference / MS) > SAME_DECAY:
        return None
    before = reference / MS - mean_rate_at
    return acquisition - timedelta(seconds=before) if abs(before) < DAY.total_seconds() else None


def _moment(dataset: Dataset, which: str) -> datetime | None:
    """Return ``which`` Date and Time; a time without a date is put on one day with all others of that kind."""
    clock = _clock(text(dataset, f"{which}Time"))
    if clock is None:
        return None
    return datetime.combine(_day(text(dataset, f"{which}Date")) or _NO_DATE, clock)


def _day(value: str) -> date | None:
    digits = value.replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) >= _DATE_DIGITS else None
    except ValueError:
        return None


def _clock(value: str) -> time | None:
    """Return a TM value, which may leave out seconds or minutes (PS3.5 6.2)."""
    whole, _, fraction = value.replace(":", "").partition(".")
    padded = whole.ljust(_TIME_DIGITS, "0")
    if not whole.isdecimal() or len(padded) != _TIME_DIGITS or (fraction and not fraction.isdecimal()):
        return None
    try:
        return time(int(padded[:2]), int(padded[2:4]), int(padded[4:]), int(fraction[:6].ljust(6, "0") or 0))
    except ValueError:
        return None


def _date_time(value: str, dataset: Dataset) -> datetime | None:
    """Return a DT value in the zone of the image; one with an offset counts as local where the image names none."""
    local, offset = value, None
    for sign in "+-":
        head, found, tail = value.partition(sign)
        if found and len(tail) == 4 and tail.isdecimal():  # noqa: PLR2004 - hours and minutes
            local, offset = head, _zone(sign + tail)
    day, clock = _day(local[:_DATE_DIGITS]), _clock(local[_DATE_DIGITS:])
    if day is None or clock is None:
        return None
    moment = datetime.combine(day, clock)
    own = _zone(text(dataset, "TimezoneOffsetFromUTC"))
    return moment if offset is None or own is None or day.year < _FIRST_YEAR else moment - offset + own


def _zone(value: str) -> timedelta | None:
    digits = value[1:]
    if value[:1] not in ("+", "-") or len(digits) != 4 or not digits.isdecimal():  # noqa: PLR2004
        return None
    zone = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -zone if value[0] == "-" else zone
