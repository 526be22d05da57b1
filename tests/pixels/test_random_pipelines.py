"""Formula, table and backends give the same bytes, for pipelines by chance over every stored value."""

import numpy as np
import pytest

from readingroom.pixels.backends import lookup
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.voi import Voi
from readingroom.testing.pipelines import DTYPES, every_stored_value, random_pipeline

PIPELINES = 280


@pytest.mark.parametrize("group", range(8))
def test_formula_table_and_backends_are_one(group: int) -> None:
    """280 pipelines, 210 of them for 16 bit, over all values of their type: formula, NumPy and OpenCV agree in each byte."""
    for seed in range(group, PIPELINES, 8):
        pipeline, dtype = random_pipeline(seed)
        stored = every_stored_value(dtype)
        expected = pipeline.formula(stored)
        table = pipeline.table(stored.dtype)
        assert np.array_equal(expected, lookup(table, stored, "numpy")), seed
        assert np.array_equal(expected, lookup(table, stored, "opencv")), seed
        assert np.array_equal(expected, pipeline.apply(stored)), seed
        assert np.array_equal(expected, pipeline.formula(stored.astype(np.int64))), seed


def test_chance_reaches_every_part() -> None:
    """Among those pipelines is each function, table, type and display, so that none is left untried."""
    drawn = [random_pipeline(seed) for seed in range(PIPELINES)]
    pipelines = [pipeline for pipeline, _ in drawn]
    assert set(DTYPES) == {dtype for _, dtype in drawn}
    assert sum(dtype.endswith("16") for _, dtype in drawn) >= 200
    vois = [pipeline.voi for pipeline in pipelines]
    assert {"LINEAR", "LINEAR_EXACT", "SIGMOID"} == {voi.function for voi in vois if isinstance(voi, Voi)}
    assert any(isinstance(voi, LookupTable) for voi in vois)
    assert any(isinstance(voi, Voi) and voi.width == 1 for voi in vois)
    for part in ("modality", "padding", "presentation", "display"):
        assert {True, False} == {getattr(pipeline, part) is None for pipeline in pipelines}
    assert any(pipeline.presentation is not None and pipeline.display is not None for pipeline in pipelines)
    pictures = [pipeline.apply(every_stored_value(dtype)) for pipeline, dtype in drawn[:40]]
    assert sum(len(np.unique(picture)) > 20 for picture in pictures) >= 20
