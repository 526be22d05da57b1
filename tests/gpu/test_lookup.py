"""The GPU gathers the bytes that NumPy does."""

import numpy as np
import pytest

from readingroom.pixels.backends import lookup
from readingroom.testing.pipelines import every_stored_value, random_pipeline

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def device() -> None:
    """Skip where no GPU was lent."""
    if not _available():
        pytest.skip("no CUDA device here")


def _available() -> bool:
    from readingroom.pixels.backends import cupy_take

    return cupy_take.is_available()


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
@pytest.mark.parametrize("shape", [(512, 512), (7, 5), (3, 64, 64)])
def test_cupy_gathers_as_numpy_does(dtype: str, shape: tuple[int, ...]) -> None:
    """CuPy gives NumPy's bytes for every bit pattern, for arrays of the host and of the device."""
    import cupy

    random = np.random.default_rng(5)
    limits = np.iinfo(dtype)
    stored = random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    table = random.integers(0, 256, 2 ** (8 * stored.itemsize)).astype(np.uint8)
    expected = lookup(table, stored, "numpy")
    assert np.array_equal(expected, lookup(table, stored, "cupy"))
    on_device = lookup(table, cupy.asarray(stored), "cupy")
    assert isinstance(on_device, cupy.ndarray)
    assert np.array_equal(expected, cupy.asnumpy(on_device))


def test_cupy_gathers_280_pipelines_by_chance() -> None:
    """For every pipeline by chance, over all values of its type, the GPU shows the bytes of the formula."""
    for seed in range(280):
        pipeline, dtype = random_pipeline(seed)
        stored = every_stored_value(dtype)
        shown = lookup(pipeline.table(stored.dtype), stored, "cupy")
        assert np.array_equal(pipeline.formula(stored), shown), seed
