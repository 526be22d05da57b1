"""The CUDA kernel's arithmetic, compiled for the processor: what it says is what ``reformat`` says, byte for byte.

The device itself is tested where there is one (``tests/gpu``); this keeps the two texts together everywhere else.
"""

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readingroom.pixels.grayscale import Padding
from readingroom.pixels.plane import Plane, covering_plane
from readingroom.pixels.reformat import Projection, Reformatted, finished, reformat, sampling
from readingroom.pixels.reformat_cuda import SOURCE, kernel_arrays, kernel_name
from readingroom.pixels.volume import Volume

TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"]
HOST = """
struct Index { int x, y; };
static Index blockIdx, blockDim = {1, 1}, threadIdx = {0, 0};
#define __device__ static
#define __global__
"""
ENTRY = """
extern "C" void run_TYPE(const void* values, const bool* ready, const whole* knots, const whole* place,
                         const whole* offsets, const whole* weights, const int* sizes, NUMBER low, NUMBER high,
                         NUMBER* made, bool* absent) {
    for (blockIdx.y = 0; blockIdx.y < sizes[6]; blockIdx.y++)
        for (blockIdx.x = 0; blockIdx.x < sizes[7]; blockIdx.x++)
            KERNEL((const VALUE*)values, ready, knots, place, offsets, weights, sizes, low, high, made, absent);
}
"""


def small(dtype: str, **more: Any) -> Volume:  # noqa: ANN401 - any field of a volume
    """Return a volume of noise."""
    values = np.random.default_rng(5).integers(0 if dtype[0] == "u" else -120, 120, (7, 20, 24)).astype(dtype)
    return Volume(values, np.diag([0.7, 0.8, 2.1, 1]), **more)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Return the kernel compiled as C++, one entry for each type of values."""
    folder = tmp_path_factory.mktemp("kernel")
    text = HOST + SOURCE
    for dtype in TYPES:
        name = kernel_name(small(dtype))
        value, number = name.removeprefix("reformat<").removesuffix(">").split(", ")
        entry = ENTRY.replace("KERNEL", name).replace("VALUE", value)
        text += entry.replace("NUMBER", number).replace("TYPE", dtype)
    (folder / "kernel.cpp").write_text(text)
    library = folder / "kernel.so"
    command = ["c++", "-std=c++14", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-o", str(library)]
    subprocess.run([*command, str(folder / "kernel.cpp")], check=True, cwd=Path(folder))
    return ctypes.CDLL(str(library))


def on_host(
    kernels: ctypes.CDLL, volume: Volume, plane: Plane, thickness: float, how: Projection | None
) -> Reformatted:
    """Return what the kernel makes of a plane."""
    found = sampling(volume, plane, thickness, how)
    made, absent = np.empty(found.shape, found.number), np.empty(found.shape, np.bool_)
    arrays = [np.ascontiguousarray(array) for array in kernel_arrays(volume, found)]
    number = ctypes.c_longlong if found.number is np.int64 else ctypes.c_double
    run = kernels[f"run_{volume.values.dtype.str[1:]}"]
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (volume.values, *arrays)]
    run(
        *pointers,
        number(found.low),
        number(found.high),
        ctypes.c_void_p(made.ctypes.data),
        ctypes.c_void_p(absent.ctypes.data),
    )
    return finished(volume, made, absent)


@pytest.mark.parametrize("dtype", TYPES)
def test_kernel_says_what_the_processor_says(kernels: ctypes.CDLL, dtype: str) -> None:
    """Every type and projection, with padding, missing slices and uneven spacing, on random planes."""
    random = np.random.default_rng(3)
    uneven = np.cumsum(random.uniform(0.3, 2, 7))
    ready = np.arange(7) != 2
    for volume in (small(dtype), small(dtype, padding=Padding(100, 119), ready=ready, slice_coordinates=uneven)):
        for projection, thickness in ((None, 0), ("mip", 4), ("minip", 4), ("mean", 4)):
            plane = covering_plane(volume, random.normal(size=3), random.normal(size=3), volume.center_mm)
            expected = reformat(volume, plane, thickness, projection)  # type: ignore[arg-type]
            found = on_host(kernels, volume, plane, thickness, projection)  # type: ignore[arg-type]
            assert expected.values.tobytes() == found.values.tobytes()
            assert expected.absent.tobytes() == found.absent.tobytes()
            assert 0 < expected.absent.mean() < 1
