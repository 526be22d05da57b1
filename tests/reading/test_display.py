"""What a measured screen is good for: the limits, the correction, and how long it holds."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from readingroom.errors import ReadingRoomError
from readingroom.pixels.display_pattern import (
    COUNT,
    QUALITY,
    SQUARE,
    SQUARES,
    bars,
    pattern,
    square_corner,
)  # fmt: skip
from readingroom.pixels.gsdf import exact_jnd, luminance
from readingroom.reading.display import (
    DisplayLimits,
    DisplayRecord,
    display_state,
    expires,
    findings,
    result,
    worst_step,
)  # fmt: skip
from readingroom.reading.local import LocalRecords

DAY = date(2026, 11, 1)
DDL = np.arange(256) / 255
SRGB = np.where(DDL <= 0.04045, DDL / 12.92, ((DDL + 0.055) / 1.055) ** 2.4)
EVEN = (100.0, 95.0, 97.0, 99.0, 96.0)


def record(levels: np.ndarray, ambient: float = 0.0, **more: object) -> DisplayRecord:
    """Return the record of a screen whose 256 levels have this luminance."""
    measured = tuple(float(levels[level]) for level in SQUARES)
    fields = {"dark": EVEN, "bright": EVEN, **more}
    return DisplayRecord("trainee", "Desk, left", DAY, measured, ambient, **fields)  # type: ignore[arg-type]


def gamma(darkest: float, brightest: float, power: float = 2.2) -> np.ndarray:
    """Return the luminance of 256 levels of a screen with a power law."""
    return darkest + (brightest - darkest) * DDL**power


SRGB_SCREEN = 0.3 + 299.7 * SRGB
OFFICE = gamma(1.2, 400)


def gsdf_screen(darkest: float = 1.2, brightest: float = 450.0) -> np.ndarray:
    """Return the luminance of a screen that is calibrated in its hardware."""
    ends = exact_jnd(np.array([darkest, brightest]))
    return np.asarray(luminance(np.linspace(ends[0], ends[1], 256)))


def through(native: DisplayRecord, levels: np.ndarray) -> DisplayRecord:
    """Return the record of the same screen, measured again through the curve of ``native``."""
    shown = levels[native.profile.curve.apply(np.arange(256))]
    return replace(record(shown, native.ambient), through=native.digest)


@pytest.mark.parametrize(("levels", "percent"), [(SRGB_SCREEN, 43), (gamma(1, 350), 51), (OFFICE, 52)])
def test_screens_as_they_are_sold_fail(levels: np.ndarray, percent: float) -> None:
    """An ideal sRGB screen and gamma 2.2 are far off the GSDF, and the worst step is named."""
    made = record(levels)
    assert "fail" == result(made)
    first = findings(made)[0]
    assert "fail" == first.verdict
    assert percent == pytest.approx(100 * abs(worst_step(made)[1]), abs=1.5)
    assert f"at levels {worst_step(made)[0] * 15}-{worst_step(made)[0] * 15 + 15}" in first.value


def test_a_screen_calibrated_in_its_hardware_passes() -> None:
    """Every finding is diagnostic."""
    assert {"diagnostic"} == {finding.verdict for finding in findings(record(gsdf_screen()))}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ambient": 0.2}, "diagnostic"),
        ({"ambient": 0.6}, "review"),
        ({"bright": (100.0, 60.0, 100.0, 100.0, 100.0)}, "fail"),
        ({"dark": ()}, "review"),
        ({"luminance": tuple(float(one) for one in gsdf_screen(0.8, 250)[::15])}, "review"),
        ({"luminance": tuple(float(one) for one in gsdf_screen(0.8, 120)[::15])}, "fail"),
        ({"luminance": tuple(float(one) for one in gsdf_screen(4, 400)[::15])}, "review"),
    ],
)
def test_each_limit_counts(change: dict[str, object], expected: str) -> None:
    """Ambient light, uniformity, brightness and ratio each decide the result when they are the worst."""
    assert expected == result(replace(record(gsdf_screen()), **change))  # type: ignore[arg-type]


def test_ten_and_twenty_percent_are_the_borders() -> None:
    """A step that is 9 % off passes, 15 % is for review, 25 % fails."""
    outcomes = []
    for off in (1.09, 1.15, 1.25):
        levels = gsdf_screen()[::15].copy()
        middle = (levels[8] + levels[9]) / 2
        stretched = (levels[9] - levels[8]) * off / 2
        levels[8], levels[9] = middle - stretched, middle + stretched
        measured = replace(record(gsdf_screen()), luminance=tuple(float(one) for one in levels))
        outcomes.append(findings(measured)[0].verdict)
    assert ["diagnostic", "review", "fail"] == outcomes


def test_a_failing_screen_is_read_on_only_when_its_correction_was_measured() -> None:
    """As it is the screen fails; its curve corrects it; only the measurement through the curve makes it calibrated."""
    native = record(OFFICE)
    alone = display_state([native], DAY)
    assert (False, native) == (alone.calibrated, alone.correction)
    assert "measure it through the correction" in alone.words

    corrected = through(native, OFFICE)
    state = display_state([native, corrected], DAY)

    assert "diagnostic" == result(corrected)
    assert (True, native, corrected) == (state.calibrated, state.correction, state.judged)
    assert native.digest == state.digest
    assert state.curve is native.profile.curve


def test_a_new_measurement_needs_a_new_proof() -> None:
    """A proof belongs to the curve it was measured through and says nothing about the next one."""
    native, again = record(OFFICE), replace(record(OFFICE * 1.01), measured=DAY + timedelta(days=1))
    state = display_state([native, through(native, OFFICE), again], DAY + timedelta(days=1))
    assert (False, again) == (state.calibrated, state.correction)


def test_a_calibration_expires() -> None:
    """It holds for the days that the site says, the last one included, then the screen is for review only."""
    made, limits = record(gsdf_screen()), DisplayLimits(max_age=30)
    said = [(display_state([made], DAY + timedelta(days=days), limits)) for days in (0, 12, 30, 31, -1)]
    assert [True, True, True, False, False] == [state.calibrated for state in said]
    assert "display calibrated today" == said[0].words
    assert "display calibrated 12 d ago" == said[1].words
    assert "display calibration expired, 31 d old: review only" == said[3].words
    assert DAY + timedelta(days=30) == expires(made, limits)
    assert said[3].correction == made


def test_nothing_is_known_of_an_unmeasured_screen() -> None:
    """Without a record there is no curve and no reading."""
    state = display_state([], DAY)
    assert (False, None, "") == (state.calibrated, state.curve, state.digest)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"display": " "}, "name"),
        ({"luminance": (1.0, 2.0)}, "all 18 levels"),
        ({"dark": (1.0, 2.0)}, "five points"),
        ({"bright": (1.0, 2.0, 3.0, 4.0, float("nan"))}, "five points"),
        ({"luminance": tuple(range(18, 0, -1))}, "falls from"),
        ({"ambient": -1.0}, "from 0 upwards"),
    ],
)
def test_numbers_of_no_screen_are_refused_in_words(change: dict[str, object], words: str) -> None:
    """Wrong entries are named, not guessed at."""
    with pytest.raises(ReadingRoomError, match=words):
        replace(record(gsdf_screen()), **change)  # type: ignore[arg-type]


def test_records_come_back_as_they_were_saved(tmp_path: Path) -> None:
    """Per person and display, in their order, every field the same; other people's stay theirs."""
    records = LocalRecords(tmp_path / "records.sqlite")
    native = record(OFFICE, ambient=0.1)
    corrected = through(native, OFFICE)
    for each in (native, corrected, replace(native, person="consultant"), replace(native, display="Home")):
        records.save(each)
    assert [native, corrected] == records.records("trainee", "Desk, left")
    assert ["Home", "Desk, left"] == records.displays("trainee")
    assert [] == records.records("guest", "Home")
    records.close()
    reopened = LocalRecords(tmp_path / "records.sqlite")
    assert [native, corrected] == reopened.records("trainee", "Desk, left")
    reopened.close()


def test_squares_and_bars_are_all_distinct() -> None:
    """Eighteen squares in steps of 15, each with two bars 5 levels off it that are not its own level."""
    pixels = pattern(QUALITY)
    found = []
    for number in range(18):
        top, left = square_corner(number)
        square = pixels[top : top + SQUARE, left : left + SQUARE]
        found.append(sorted(np.unique(square).tolist()))
    assert [sorted({level, *bars(level)}) for level in SQUARES] == found
    assert all(3 == len(levels) for levels in found)


def test_ramps_hold_every_level_and_lines_are_one_pixel_wide() -> None:
    """All 256 levels are there in order, two pixels each; a line pair is two pixels."""
    pixels = pattern(QUALITY)
    assert np.repeat(np.arange(256), 2).tolist() == pixels[200, 104:616].tolist()
    assert [0, 255] * 36 == pixels[450, 24:96].tolist()
    assert [0, 255] * 36 == pixels[420:492, 160].tolist()


def test_each_measured_level_has_a_patch() -> None:
    """Patterns 3 to 20 show the levels 0 to 255 in their middle; there are no others."""
    assert list(SQUARES) == [int(pattern(number)[280, 360]) for number in range(3, COUNT)]
    with pytest.raises(IndexError):
        pattern(COUNT)
