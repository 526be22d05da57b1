"""The array backends: the same bytes from each, and a plain word where one is not there."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from readingroom.pixels import backends
from readingroom.pixels.backends import BACKENDS, BackendUnavailableError, backend, lookup

DTYPES = ["uint8", "int8", "uint16", "int16"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 128), (256,), (4, 8, 8), (1, 1), (0, 5), (3, 0, 2)])
def test_opencv_gathers_as_numpy_does(dtype: str, shape: tuple[int, ...]) -> None:
    """OpenCV's lookup and NumPy's take give the same bytes, whatever the shape, contiguous ones."""
    random = np.random.default_rng(3)
    limits = np.iinfo(dtype)
    stored = random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    table = random.integers(0, 256, 2 ** (8 * stored.itemsize)).astype(np.uint8)
    for array in (stored, stored[..., ::-1], stored.T):
        expected, found = lookup(table, array, "numpy"), lookup(table, array, "opencv")
        assert np.array_equal(expected, found)
        assert expected.shape == found.shape == array.shape
        assert found.flags.c_contiguous


def test_table_of_another_type_is_refused() -> None:
    """A table of bytes is not for words, and none is for floating point values."""
    table = np.zeros(256, np.uint8)
    for dtype in ("uint16", "float32", "float64", "int32"):
        with pytest.raises(ValueError, match="entries"):
            lookup(table, np.zeros((2, 2), dtype))


def test_unknown_backend_is_named() -> None:
    """A backend that there is none of is refused with the list of those there are."""
    with pytest.raises(BackendUnavailableError, match="numpy, opencv, cupy"):
        backend("torch")


def test_gpu_that_is_not_there_is_no_silent_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for the GPU where none is, the answer says what is needed."""
    from readingroom.pixels.backends import cupy_take

    monkeypatch.setattr(cupy_take, "is_available", lambda: False)
    backend.cache_clear()
    with pytest.raises(BackendUnavailableError, match="cupy and a CUDA device"):
        lookup(np.zeros(256, np.uint8), np.zeros((1, 1), np.uint8), "cupy")


@pytest.mark.parametrize("devices", [0, 1, RuntimeError("no driver")])
def test_cupy_is_available_only_with_a_device(monkeypatch: pytest.MonkeyPatch, devices: object) -> None:
    """CuPy without a device or a driver counts as absent; that it is installed is not enough."""
    from readingroom.pixels.backends import cupy_take

    def count() -> int:
        if isinstance(devices, Exception):
            raise devices
        assert isinstance(devices, int)
        return devices

    module = SimpleNamespace(cuda=SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=count)))
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setattr(cupy_take.importlib.util, "find_spec", lambda _name: module)
    assert (devices == 1) is cupy_take.is_available()


def test_cupy_gathers_by_the_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the GPU is asked for is NumPy's own take, here of NumPy in its place (tests/gpu has the device)."""
    from readingroom.pixels.backends import cupy_take

    names = {"take": np.take, "asarray": np.asarray, "asnumpy": np.asarray, "ascontiguousarray": np.ascontiguousarray}
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(**names))
    table, pattern = np.arange(256, dtype=np.uint8)[::-1].copy(), np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(255 - pattern, cupy_take.gather(table, pattern))


def test_every_backend_has_its_three_names() -> None:
    """Each module of the table says what it needs, whether it is there, and gathers."""
    for module in BACKENDS.values():
        found = backends.importlib.import_module(f"readingroom.pixels.backends.{module}")
        assert found.NEEDS
        assert isinstance(found.is_available(), bool)
        assert callable(found.gather)


def test_nothing_heavy_is_loaded_before_it_is_asked_for() -> None:
    """The pipeline comes without OpenCV, CuPy and numba."""
    code = "import sys, readingroom.pixels.grayscale as g; print([m for m in ('cv2', 'cupy', 'numba') if m in sys.modules])"
    assert "[]" == subprocess.check_output([sys.executable, "-c", code], text=True).strip()
