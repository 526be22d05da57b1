"""The alarm on sweeps: it sees what rebuilds stored values, and is silent on what readers do."""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from readingroom.pixels.voi import Voi
from readingroom.reading.audit import Pipeline, SweepAlarm
from readingroom.reading.sweep import SentPicture, SweepWatch, cut_values

CT = (-1024.0, 3071.0)
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
Windows = Iterable[tuple[float, float]]

PRESETS = [(40, 80), (40, 400), (60, 350), (-600, 1500), (400, 1800), (60, 150), (100, 700), (40, 40), (300, 600)]


def alarms(windows: Windows, slices: int = 1, span: tuple[float, float] = CT, step: float = 1.0) -> list[SweepAlarm]:
    """Return the alarms of the same windows on some slices of one study."""
    watch, seconds = SweepWatch(), 0.0
    found = []
    for number in range(slices):
        for center, width in windows:
            seconds += 1 / 60
            pipeline = Pipeline((center, width, "LINEAR"), None, False, "", True)
            found += watch.add(
                SentPicture(START + timedelta(seconds=seconds), "trainee", "1.2", f"1.2.{number}", 1, pipeline.digest,
                            (center, width, "LINEAR"), span, step)
            )  # fmt: skip
    return found


def hand(*stops: tuple[float, float], seconds: float = 1.5) -> Iterator[tuple[float, float]]:
    """Return the windows of drags from stop to stop as a hand moves (minimum jerk), 60 a second, in whole steps."""
    for (c0, w0), (c1, w1) in pairwise(stops):
        count = int(60 * seconds)
        for frame in range(1, count + 1):
            t = frame / count
            along = 10 * t**3 - 15 * t**4 + 6 * t**5
            wobble = math.sin(frame * 1.7)
            yield round(c0 + (c1 - c0) * along + wobble), max(1.0, round(w0 + (w1 - w0) * along + 2 * wobble))


READER = [*PRESETS, *hand((40, 400), (300, 1500), (-600, 1500), (-500, 900), (40, 350), (60, 90), (35, 60), (50, 200))]
"""One slice under a busy hand: nine presets and seven drags, 639 pictures."""


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_cuts_are_where_the_picture_changes(function: str) -> None:
    """The rule's idea of a window is that of the pipeline: between two cuts all values look the same."""
    voi = Voi(100.0, 900.0, function)  # type: ignore[arg-type]
    values = np.arange(-3000, 3000) / 2 + 0.111  # no cut falls on one of these
    gray = np.floor(voi.apply(values) + 0.5)
    expected = values[1:][np.diff(gray) > 0]
    cuts = cut_values((100.0, 900.0, function))
    cuts = cuts[(cuts > values[0]) & (cuts <= values[-1])]
    assert expected.tolist() == np.unique(values[np.searchsorted(values, cuts)]).tolist()


def test_seventeen_narrow_windows_raise_the_alarm() -> None:
    """The sweep that gave back 99.98 % of a slice is noticed half way."""
    (alarm,) = alarms([(-1024 + 128 + 255 * n, 256) for n in range(17)])
    assert ("slice", 9) == (alarm.kind, alarm.pictures)
    assert alarm.share >= 0.5


def test_a_busy_reader_raises_none() -> None:
    """Nine presets and seven drags on a slice, the narrow brain window among them, are reading."""
    assert [] == alarms(READER)


def test_a_long_study_under_a_busy_hand_raises_none() -> None:
    """Twenty slices with all of that, and nine presets through a hundred slices, are reading."""
    assert [] == alarms(READER, slices=20)
    assert [] == alarms(PRESETS, slices=100)


def test_a_cine_with_a_moving_window_raises_none() -> None:
    """A window dragged while 300 slices run by gives each slice few pictures."""
    windows = list(hand((40, 400), (400, 1800), (-600, 1500), (40, 80)))
    watch = SweepWatch()
    for number, (center, width) in enumerate(windows):
        pipeline = Pipeline((center, width, "LINEAR"), None, False, "", True)
        picture = SentPicture(
            START, "trainee", "1.2", f"1.2.{number % 60}", 1, pipeline.digest, (center, width, "LINEAR"), CT, 1
        )
        assert [] == watch.add(picture)


def test_wide_windows_on_slice_after_slice_raise_the_alarm() -> None:
    """Seventeen wide windows a slice tell as much as narrow ones; on one slice a drag does it, on a study only a program."""
    windows = [(1023.5 + n, 4096) for n in range(17)]
    assert [] == alarms(windows, slices=24)
    (alarm,) = alarms(windows, slices=100)
    assert ("study", 25) == (alarm.kind, alarm.slices)


def test_a_sweep_in_another_order_or_with_pauses_is_the_same_sweep() -> None:
    """Neither shuffling nor windows of a reader in between hides it."""
    sweep = [(-1024 + 128 + 255 * n, 256) for n in (3, 16, 9, 0, 12, 6, 1, 14, 8, 5, 11, 2, 7, 15, 4, 10, 13)]
    mixed = [window for pair in zip(sweep, PRESETS * 2, strict=False) for window in pair]
    assert ["slice"] == [alarm.kind for alarm in alarms(mixed)]


def test_one_window_through_many_displays_is_a_sweep() -> None:
    """Seventeen invented calibrations cut the scale at other places under one and the same window."""
    watch, found = SweepWatch(), []
    for number in range(30):
        for slice_number in range(30):
            picture = SentPicture(
                START, "trainee", "1.2", f"1.2.{slice_number}", 1, f"{number}", (1023.5, 4096.0, "LINEAR"), CT, 1.0
            )
            found += watch.add(picture, np.arange(255) + number / 30)
    assert ["study"] == [alarm.kind for alarm in found]


def test_images_of_few_values_raise_none_on_a_slice() -> None:
    """An 8-bit ultrasound image is its stored values: one picture gives them all, by design."""
    assert [] == alarms(hand((128, 256), (100, 60), (30, 20), (200, 40), (128, 256)), span=(0.0, 255.0))


def test_a_program_that_steps_like_a_hand_is_noticed_on_the_study() -> None:
    """Steps of one value look like a slow drag; on the 25th slice they no longer do."""
    assert ["study"] == [alarm.kind for alarm in alarms([(1000 + n, 3000) for n in range(20)], slices=40)]


def test_the_rule_counts_in_stored_values() -> None:
    """A slope of 0.25 makes four times as many values: windows of 64 units are as narrow there as 256 of unit slope."""
    sweep = [(-256 + 32 + 63.75 * n, 64) for n in range(17)]
    assert ["slice"] == [alarm.kind for alarm in alarms(sweep, span=(-256.0, 767.75), step=0.25)]
