"""A smooth curve through measured points that rises wherever they rise and never overshoots."""

import numpy as np

from readingroom.pixels.lut import Floats


def interpolate(x: Floats, y: Floats, at: Floats) -> Floats:
    """Return the piecewise cubic Hermite curve of Fritsch and Butland through at least three points.

    ``x`` rises strictly and spans ``at``. The slope at a point is the weighted harmonic mean of the slopes beside it, 0
    where they differ in sign (SIAM J. Sci. Stat. Comput. 5, 1984), so the curve is monotone between any two points.
    """
    step = np.diff(x)
    slope = np.diff(y) / step
    tangent = np.concatenate(
        [
            [_end(step[0], step[1], slope[0], slope[1])],
            _inner(step, slope),
            [_end(step[-1], step[-2], slope[-1], slope[-2])],
        ]
    )
    part = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(step) - 1)
    h = step[part]
    t = (at - x[part]) / h
    start, end = y[part] * (1 + 2 * t), y[part + 1] * (3 - 2 * t)
    curve = (start + h * t * tangent[part]) * (1 - t) ** 2 + (end + h * (t - 1) * tangent[part + 1]) * t**2
    return np.asarray(curve, np.float64)


def _inner(step: Floats, slope: Floats) -> Floats:
    left, right = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same_way = slope[1:] * slope[:-1] > 0
    before, after = (np.where(same_way, beside, 1.0) for beside in (slope[:-1], slope[1:]))
    return np.where(same_way, (left + right) / (left / before + right / after), 0.0)


def _end(step: float, next_step: float, slope: float, next_slope: float) -> float:
    """Return the slope at an end by a parabola through three points, held back where it would overshoot."""
    tangent = ((2 * step + next_step) * slope - step * next_slope) / (step + next_step)
    if tangent * slope <= 0:
        return 0.0
    return 3 * slope if slope * next_slope < 0 and abs(tangent) > abs(3 * slope) else tangent
