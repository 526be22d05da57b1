"""On a CUDA device: a reformat has the same bytes there as on the processor."""

import numpy as np
import pytest

from readingroom.pixels.grayscale import Padding
from readingroom.pixels.plane import covering_plane
from readingroom.pixels.reformat import Projection, reformat
from readingroom.pixels.reformat_cuda import CudaReformatter
from readingroom.pixels.volume import Volume

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("uneven", [False, True])
def test_device_and_processor_agree_byte_for_byte(dtype: str, uneven: bool) -> None:
    """Random volumes with padding and missing slices, random planes, every projection."""
    random = np.random.default_rng(3)
    values = random.integers(0 if dtype[0] == "u" else -120, 120, (13, 40, 50)).astype(dtype)
    along = np.cumsum(random.uniform(0.3, 2, 13)) if uneven else None
    ready = random.random(13) > 0.1
    volume = Volume(values, np.diag([0.7, 0.8, 2.1, 1]), Padding(100, 119), ready, along)
    device = CudaReformatter(volume)
    projections: tuple[tuple[Projection | None, float], ...] = ((None, 0), ("mip", 4), ("minip", 4), ("mean", 4))
    for projection, thickness in projections:
        plane = covering_plane(volume, random.normal(size=3), random.normal(size=3), volume.center_mm)
        for size in (plane, plane.coarser()):
            expected = reformat(volume, size, thickness, projection)
            found = device.reformat(size, thickness, projection)
            assert expected.values.tobytes() == found.values.tobytes()
            assert expected.absent.tobytes() == found.absent.tobytes()
