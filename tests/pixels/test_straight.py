"""The straight line in place of the table: only where it gives the table's bytes, each one of them."""

import numpy as np
import pytest

from readingroom.pixels import straight
from readingroom.pixels.grayscale import GrayscalePipeline, Padding
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.straight import Slope, straight_line
from readingroom.pixels.voi import Voi
from readingroom.testing.pipelines import every_stored_value, random_pipeline


@pytest.fixture
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile the loop, and let the process be as cold as before when the test is over."""
    monkeypatch.setattr(straight, "_warm", False)
    straight.warm_up()


def line_of(pipeline: GrayscalePipeline, dtype: str) -> straight.StraightLine | None:
    """Return the line for all values of a type."""
    limits = np.iinfo(dtype)
    assert pipeline.slope_inside is not None
    return straight_line(pipeline.formula, int(limits.min), int(limits.max), pipeline.slope_inside)


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("group", range(4))
def test_line_gives_the_formulas_bytes(group: int) -> None:
    """Windows by chance, however wide: 19 of 20 are lines, and each gives all 65,536 values as the formula does."""
    random = np.random.default_rng(group)
    flat, lines = 0, 0
    for _ in range(60):
        dtype = str(random.choice(["int16", "uint16"]))
        center, width = float(random.uniform(0, 20_000)), float(np.exp(random.uniform(np.log(2), np.log(80_000))))
        places = int(random.integers(0, 3))
        pipeline = GrayscalePipeline(
            voi=Voi(round(center, places), round(width, places), random.choice(["LINEAR", "LINEAR_EXACT"])),
            slope=float(random.choice([1, 1, 2.5, 0.37, -1])),
            inverted=bool(random.random() < 0.5),
        )
        line, stored = line_of(pipeline, dtype), every_stored_value(dtype)
        expected = pipeline.formula(stored)
        assert np.array_equal(expected, pipeline.apply(stored))
        assert line is None or np.array_equal(expected, straight.draw(line, stored)), pipeline
        flat += np.ptp(expected) == 0
        lines += line is not None
    assert lines >= 0.95 * (60 - flat) > 40


@pytest.mark.usefixtures("_warm")
def test_pipelines_by_chance_stay_the_same_when_warm() -> None:
    """With the loop compiled every pipeline still shows what its formula says."""
    for seed in range(0, 280, 3):
        pipeline, dtype = random_pipeline(seed)
        stored = every_stored_value(dtype)
        assert np.array_equal(pipeline.formula(stored), pipeline.apply(stored)), seed


@pytest.mark.usefixtures("_warm")
def test_line_takes_frames_of_any_layout() -> None:
    """A strided frame and a volume come out contiguous and in their own shape."""
    stored = np.arange(-3000, 3000, dtype=np.int16).reshape(10, 20, 30)
    pipeline = GrayscalePipeline(voi=Voi(40, 400))
    for array in (stored, stored[::2, ::-1], stored.T, stored[0], stored[0, 0]):
        picture = pipeline.apply(array)
        assert picture.flags.c_contiguous
        assert np.array_equal(pipeline.formula(array), picture)


@pytest.mark.parametrize(
    "pipeline",
    [
        GrayscalePipeline(voi=Voi(40, 400, "SIGMOID")),
        GrayscalePipeline(voi=LookupTable(0, np.arange(256.0), 8)),
        GrayscalePipeline(voi=Voi(40, 400), modality=LookupTable(0, np.arange(256.0), 8)),
        GrayscalePipeline(voi=Voi(40, 400), presentation=LookupTable(0, np.arange(256.0), 8)),
    ],
)
def test_what_is_no_line_has_no_slope(pipeline: GrayscalePipeline) -> None:
    """A sigmoid and every lookup table are left to the table."""
    assert pipeline.slope_inside is None


def test_one_wrong_byte_is_no_line() -> None:
    """A change of shade one stored value too early, too late or among many, and there is no line."""
    shades = GrayscalePipeline(voi=Voi(2000, 1000)).formula(np.arange(4096, dtype=np.uint16))
    slope = Slope(255 / 999, 1999.5)
    assert straight_line(shades.take, 0, 4095, slope) is not None
    for at in np.flatnonzero(np.diff(shades))[[1, 50, 127, 200, -2]]:
        for place, shade in ((at, shades[at + 1]), (at + 1, shades[at])):
            wrong = shades.copy()
            wrong[place] = shade
            assert straight_line(wrong.take, 0, 4095, slope) is None
    assert straight_line(np.roll(shades, 40).take, 0, 4095, slope) is None
    assert straight_line(np.full(50, 7, np.uint8).take, 0, 49, slope) is None


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_black_wherever_it_lies(inverted: bool) -> None:
    """Padding below, within, above and at both ends of a window shows black, by line or by table."""
    stored = every_stored_value("int16")
    for value, limit in ((-2000, -2000), (-2000, -900), (100, 20), (0, 0), (239, 241), (3000, 4000), (-32768, 32767)):
        pipeline = GrayscalePipeline(Voi(40, 400), padding=Padding(value, limit), inverted=inverted)
        assert np.array_equal(pipeline.formula(stored), pipeline.apply(stored)), (value, limit)
        for low, high in ((-1024, 3071), (-500, 500)):
            some = np.arange(low, high + 1, dtype=np.int16)
            assert np.array_equal(pipeline.formula(some), pipeline.apply(some, (low, high))), (value, limit)


def test_window_never_turns_back() -> None:
    """Display values only rise or only fall with the stored value, which is why a line is proved at its changes alone."""
    random = np.random.default_rng(7)
    stored = np.arange(-(2**15), 2**15)
    for _ in range(300):
        width = float(np.exp(random.uniform(np.log(1), np.log(80_000))))
        pipeline = GrayscalePipeline(
            Voi(float(random.uniform(-3000, 3000)), width, random.choice(["LINEAR", "LINEAR_EXACT"])),
            slope=float(random.choice([1.0, -1.0, 0.37, random.uniform(0.001, 20)])),
            intercept=float(random.uniform(-2000, 2000)),
            inverted=bool(random.random() < 0.5),
        )
        steps = np.diff(pipeline.formula(stored).astype(int))
        assert (steps >= 0).all() or (steps <= 0).all(), pipeline


def test_cold_process_draws_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is warmed up a process shows its pictures from the table, without waiting for a compiler."""
    monkeypatch.setattr(straight, "_warm", False)
    monkeypatch.setattr(straight, "draw", lambda _line, _stored: pytest.fail("numba was called"))
    stored = every_stored_value("int16")
    pipeline = GrayscalePipeline(voi=Voi(40, 400))
    assert np.array_equal(pipeline.formula(stored), pipeline.apply(stored))
