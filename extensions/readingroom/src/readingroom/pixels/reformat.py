"""Planes and slabs of a volume in fixed-point arithmetic, the same on every processor.

Where a pixel lies in the volume is a number of 32 integer and 32 fractional bits along each axis, so a plane of 16,384
pixels drifts by less than a hundred-thousandth of a voxel. Its interpolation weights have 15 bits, which is as many as
let the trilinear sum of 16-bit values stay exact in 64 bits: the sum is rounded once, floor(y + 0.5). Against real
arithmetic the weights are off by 2^-16 a voxel and axis at most, so the result is off by the rounding, half a stored
value, and 3 * 2^-16 of the largest difference between neighbours (0.2 of a stored value for 12-bit data).
Values of 32 bits and reals are summed in float64 with the same weights and in one order, without fused operations.

What counts as being there: a voxel reaches half way to its neighbours, at the rim as far out; within the rim the value
is that of the voxel's centre. Padding, NaN and slices that have not come yet have no value. A sample of which they
make up more than half has none either; otherwise they are left out and the remaining weights count for the whole.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.plane import InvalidPlaneError, OutsideVolumeError, Plane
from readingroom.pixels.volume import Floats, Volume

Projection = Literal["mip", "minip", "mean"]
Integers = NDArray[np.int64]

COORDINATE_BITS = 32
WEIGHT_BITS = 15
SUM_BITS = 3 * WEIGHT_BITS
MEAN_BITS = 10
"""Fractional bits of the samples that make up a mean."""

MIP, MINIP, MEAN = range(3)
PROJECTIONS: dict[Projection, int] = {"mip": MIP, "minip": MINIP, "mean": MEAN}
MEAN_WEIGHTS = 2**18
"""What the weights of a slab's mean add up to: with 27 bits of a sample the sum stays within 64 bits."""

MAX_SAMPLES = 4096
FARTHEST_VOXEL = 2.0**29


@dataclass(frozen=True, eq=False, slots=True)
class Reformatted:
    """The values of a plane, (rows, columns) in the volume's type, and where it has none (bool, the same shape).

    Where ``absent``, ``values`` holds the volume's ``fill``; it is shown black.
    """

    values: NDArray[Any]
    absent: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Sampling:
    """A plane in the volume's own fixed-point coordinates, along (column, row, slice): what a kernel works from.

    ``base`` is where the first pixel lies, ``across`` and ``down`` one pixel's step, all (3,); ``offsets`` (samples, 3)
    and ``weights`` (samples,) are those of a slab; ``knots`` holds each slice's coordinate, empty where it is its number.
    ``number`` is the type in which values are summed. Values from ``low`` to ``high``, of that type, are no measurement;
    there are none where ``low`` is above ``high``. ``drop`` is how many bits a trilinear sum of whole numbers loses.
    """

    shape: tuple[int, int]
    base: Integers
    across: Integers
    down: Integers
    offsets: Integers
    weights: Integers
    knots: Integers
    mode: int
    drop: int
    number: type[np.int64 | np.float64]
    low: Any
    high: Any


def reformat(volume: Volume, plane: Plane, slab_mm: float = 0.0, projection: Projection | None = None) -> Reformatted:
    """Return a plane of the volume, trilinearly interpolated; a slice of it where the plane coincides with one.

    Parameters
    ----------
    slab_mm
        Thickness of the slab that is projected onto the plane, half of it on either side.
    projection
        ``mip`` maximum, ``minip`` minimum, ``mean``; None without a slab. Samples lie so that from one to the next at
        most half a voxel is crossed along any axis, and the planes through voxels are met where slab and slices are
        parallel. A mean is the integral of the interpolated values over the thickness.

    Raises
    ------
    InvalidPlaneError
        For a thickness below 0, or above 0 without a projection.
    OutsideVolumeError
        For a plane that is farther away than coordinates reach.
    """
    from readingroom.pixels.reformat_kernel import run  # noqa: PLC0415 - numba: a third of a second, 95 MB

    return run(volume, sampling(volume, plane, slab_mm, projection))


def prepare() -> None:
    """Compile what planes of 16-bit volumes need, or fetch it from where it was kept.

    For a thread at the start of a viewer: it takes 7 s where it was never compiled, 0.5 s after. ``NUMBA_CACHE_DIR`` names
    the place where it is kept if neither the installation nor the home can be written.
    """
    for dtype in (np.int16, np.uint16):
        for ready in (True, False):
            volume = Volume(np.zeros((2, 2, 2), dtype), np.eye(4), ready=np.array([True, ready]))
            for slab_mm in (0.0, 1.0):
                reformat(volume, Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), 2, 2), slab_mm, "mip")


def samples(volume: Volume, plane: Plane, slab_mm: float) -> int:
    """Return how many places of the volume a plane is made from; one takes about 16 ns."""
    distances, _ = _slab(slab_mm, volume.step_mm(np.array(plane.normal)) / 2)
    return plane.rows * plane.columns * len(distances)


def sampling(volume: Volume, plane: Plane, slab_mm: float, projection: Projection | None) -> Sampling:
    """Return the fixed-point coordinates that ``reformat`` works from; raises what it raises."""
    if not math.isfinite(slab_mm) or slab_mm < 0:
        raise InvalidPlaneError(f"A slab cannot be {slab_mm:g} mm thick.")
    if slab_mm and projection is None:
        raise InvalidPlaneError("A slab needs to know how it is projected: mip, minip or mean.")
    to_voxel = np.linalg.inv(volume.affine)
    base = to_voxel[:3, :3] @ plane.origin + to_voxel[:3, 3]
    across = to_voxel[:3, :3] @ (np.array(plane.row_direction) * plane.spacing[1])
    down = to_voxel[:3, :3] @ (np.array(plane.column_direction) * plane.spacing[0])
    normal = np.array(plane.normal)
    distances, weights = _slab(slab_mm, volume.step_mm(normal) / 2)
    offsets = np.outer(distances, to_voxel[:3, :3] @ normal)
    _check_reach(base, across * plane.columns, down * plane.rows, offsets[-1])
    mode = PROJECTIONS["mip" if projection is None or len(weights) == 1 else projection]
    number = np.int64 if volume.values.dtype.kind in "iu" and volume.values.itemsize <= 2 else np.float64  # noqa: PLR2004
    low, high = (1, 0) if number is np.int64 else (math.inf, -math.inf)
    if volume.padding is not None:
        low, high = sorted((volume.padding.value, volume.padding.limit))
    return Sampling(
        shape=(plane.rows, plane.columns),
        base=_fixed(base),
        across=_fixed(across),
        down=_fixed(down),
        offsets=_fixed(offsets),
        weights=weights,
        knots=_fixed(np.empty(0) if volume.slice_coordinates is None else volume.slice_coordinates),
        mode=mode,
        drop=SUM_BITS - MEAN_BITS if mode == MEAN else SUM_BITS,
        number=number,
        low=number(low),
        high=number(high),
    )


def finished(volume: Volume, numbers: NDArray[Any], absent: NDArray[np.bool_]) -> Reformatted:
    """Return numbers that a kernel made, in the volume's type and filled where there is nothing; they are changed."""
    dtype = volume.values.dtype
    numbers[absent] = 0
    if numbers.dtype.kind == "f" and dtype.kind != "f":
        numbers = np.floor(numbers + 0.5)
    values = numbers.astype(dtype)
    values[absent] = volume.fill
    return Reformatted(values, absent)


def _slab(thickness: float, step: float) -> tuple[Floats, Integers]:
    """Return the distances of a slab's samples from its plane, and the weights of the trapezium rule."""
    half = thickness / 2
    count = math.ceil(half / step - 1e-6)
    if 2 * count + 1 > MAX_SAMPLES:
        raise InvalidPlaneError(f"A slab of {thickness:g} mm is thicker than the volume could be.")
    if not count:
        return np.zeros(1), np.full(1, MEAN_WEIGHTS)
    outward = np.append(np.arange(count) * step, half)
    distances = np.concatenate([-outward[:0:-1], outward])
    gaps = np.diff(distances)
    weights = (np.append(gaps, 0) + np.insert(gaps, 0, 0)) / (2 * thickness)
    return distances, np.maximum(np.rint(weights * MEAN_WEIGHTS), 1).astype(np.int64)


def _check_reach(base: Floats, across: Floats, down: Floats, offset: Floats) -> None:
    farthest = np.abs(base) + np.abs(across) + np.abs(down) + np.abs(offset)
    if not farthest.max() < FARTHEST_VOXEL:
        raise OutsideVolumeError("The plane lies farther from the images than can be told in voxels.")


def _fixed(coordinates: Floats) -> Integers:
    return np.rint(coordinates * 2.0**COORDINATE_BITS).astype(np.int64)
