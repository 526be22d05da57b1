"""The straight line in place of the table: only where it gives the table's bytes, each one of them."""

import numpy as np
import pytest

from readingroom.pixels import straight
from readingroom.pixels.grayscale import GrayscalePipeline, Padding
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.straight import straight_line
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
    assert pipeline.gradient is not None
    values = np.arange(limits.min, limits.max + 1).astype(dtype)
    return straight_line(pipeline.formula(values), int(limits.min), pipeline.gradient)


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("group", range(4))
def test_line_gives_the_formulas_bytes(group: int) -> None:
    """Windows by chance: four of five up to 2,000 wide are lines, and each gives all 65,536 values as the formula does."""
    random = np.random.default_rng(group)
    narrow, lines = 0, 0
    for _ in range(60):
        dtype = str(random.choice(["int16", "uint16"]))
        center, width = float(random.uniform(0, 20_000)), float(np.exp(random.uniform(np.log(2), np.log(40_000))))
        places = int(random.integers(0, 3))
        pipeline = GrayscalePipeline(
            voi=Voi(round(center, places), round(width, places), random.choice(["LINEAR", "LINEAR_EXACT"])),
            slope=float(random.choice([1, 1, 2.5, 0.37])),
            inverted=bool(random.random() < 0.5),
        )
        line, stored = line_of(pipeline, dtype), every_stored_value(dtype)
        expected = pipeline.formula(stored)
        assert np.array_equal(expected, pipeline.apply(stored))
        if line is not None:
            assert np.array_equal(expected, straight.draw(line, stored))
        narrow += width < 2000
        lines += width < 2000 and line is not None
    assert lines > 0.8 * narrow > 24


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
        GrayscalePipeline(voi=Voi(40, 1)),
        GrayscalePipeline(voi=LookupTable(0, np.arange(256.0), 8)),
        GrayscalePipeline(voi=Voi(40, 400), modality=LookupTable(0, np.arange(256.0), 8)),
        GrayscalePipeline(voi=Voi(40, 400), presentation=LookupTable(0, np.arange(256.0), 8)),
    ],
)
def test_what_is_no_line_has_no_gradient(pipeline: GrayscalePipeline) -> None:
    """A sigmoid, a step and every lookup table are left to the table."""
    assert pipeline.gradient is None


def test_one_wrong_byte_is_no_line() -> None:
    """Padding in the middle of a window, or any byte that is one off, and there is no line."""
    shown = GrayscalePipeline(voi=Voi(2000, 1000)).formula(np.arange(4096, dtype=np.uint16))
    gradient = 255 / 999
    assert straight_line(shown, 0, gradient) is not None
    for at in (1600, 2000, 2300, 4000):
        wrong = shown.copy()
        wrong[at] ^= 1
        assert straight_line(wrong, 0, gradient) is None
    padded = GrayscalePipeline(voi=Voi(2000, 1000), padding=Padding(2000, 2010)).formula(
        np.arange(4096, dtype=np.uint16)
    )
    assert straight_line(padded, 0, gradient) is None
    assert straight_line(np.full(50, 7, np.uint8), 0, gradient) is None


def test_cold_process_draws_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is warmed up a process shows its pictures from the table, without waiting for a compiler."""
    monkeypatch.setattr(straight, "_warm", False)
    monkeypatch.setattr(straight, "draw", lambda _line, _stored: pytest.fail("numba was called"))
    stored = every_stored_value("int16")
    pipeline = GrayscalePipeline(voi=Voi(40, 400))
    assert np.array_equal(pipeline.formula(stored), pipeline.apply(stored))
