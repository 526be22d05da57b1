"""Statistics of modality values inside a region, in float64, never of what is displayed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Box, Mask, Point, Shape

Floats = NDArray[np.float64]
AXES = 3
GAP = 1.5
"""A step between outlines this many times the smallest one leaves a slice without an outline."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the counted pixels of a region say; values in the unit of the modality values.

    ``sd`` is the sample standard deviation (n - 1), as ITK and ImageJ give it; None for one pixel.
    ``excluded`` counts the pixels inside the region that hold no measurement: padding, or not a number.
    """

    count: int
    excluded: int
    mean: float
    sd: float | None
    minimum: float
    maximum: float


def region_mask(shape: Shape, rows: int, columns: int) -> tuple[Box, Mask]:
    """Return the part of an image that holds ``shape`` and which of its pixels belong.

    Raises
    ------
    NotMeasurableError
        When no pixel centre of the image lies inside.
    """
    box = shape.box.within(rows, columns)
    mask = shape.mask(box)
    if not mask.any():
        raise NotMeasurableError("No pixel of the image has its centre inside this region: draw it larger.")
    return box, mask


def statistics(values: NDArray[Any], inside: Mask, valid: Mask | None = None) -> Statistics:
    """Return the statistics of ``values`` where ``inside``, leaving out what is not ``valid``; all of one shape.

    Raises
    ------
    NotMeasurableError
        When every pixel inside is left out.
    """
    chosen = np.asarray(values[inside], np.float64)
    keep = np.isfinite(chosen) if valid is None else np.isfinite(chosen) & valid[inside]
    counted = chosen[keep]
    if not counted.size:
        raise NotMeasurableError("Every pixel of this region lies outside the field of view.")
    return Statistics(
        count=counted.size,
        excluded=chosen.size - counted.size,
        mean=float(counted.mean()),
        sd=float(counted.std(ddof=1)) if counted.size > 1 else None,
        minimum=float(counted.min()),
        maximum=float(counted.max()),
    )


def mask_volume(mask: Mask, affine: NDArray[np.float64]) -> float:
    """Return the volume in mm³ of the voxels of ``mask`` (slices, rows, columns): their number times one voxel.

    ``affine`` is the 4 by 4 or 3 by 3 matrix from voxel indices, in any order, to patient millimetres; the voxel is the
    box its columns span, so a stack of a tilted gantry keeps its true volume.
    """
    return float(np.count_nonzero(mask) * abs(np.linalg.det(np.asarray(affine)[:AXES, :AXES])))


def stacked_volume(areas: Sequence[float], heights: Sequence[float]) -> float:
    """Return the volume in mm³ of outlines of ``areas`` (mm²) on parallel slices at ``heights`` (mm along the normal).

    Each outline stands for the slab half way to its neighbours, the outermost ones for as much on their free side
    (Cavalieri's rule).

    Raises
    ------
    NotMeasurableError
        For fewer than two slices, two outlines on one slice, or a slice left out between outlines.
    """
    if len(areas) < 2:  # noqa: PLR2004 - a single slice has no distance to a neighbour
        raise NotMeasurableError("A volume needs outlines on at least two slices.")
    order = np.argsort(heights)
    steps = np.diff(np.asarray(heights, np.float64)[order])
    if not steps.min() > 0:
        raise NotMeasurableError("Two outlines lie on one slice: join them before measuring a volume.")
    if steps.max() > GAP * steps.min():
        raise NotMeasurableError("A slice between the outlines has none: outline every slice.")
    slabs = (np.concatenate((steps[:1], steps)) + np.concatenate((steps, steps[-1:]))) / 2
    return float(np.asarray(areas, np.float64)[order] @ slabs)


def line_positions(start: Point, end: Point) -> NDArray[np.float64]:
    """Return points (n, 2) from ``start`` to ``end`` in equal steps of at most one pixel, both ends included."""
    steps = max(math.ceil(math.dist(start, end)), 1)
    return np.linspace(start, end, steps + 1)


def nearest_pixel(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return (column, row) of the pixels that points lie in: floor(x + 0.5), the rounding rule of this project."""
    return np.floor(np.asarray(points, np.float64) + 0.5).astype(np.int64)
