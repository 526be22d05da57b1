"""The Grayscale Standard Display Function (PS3.14) and a screen corrected to it.

P-values are perceptually even steps; what a screen makes of its driving levels (DDL 0 to 255) is not. From the
luminance measured at some of them follows which driving level shows a P-value as the Standard wants it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.lut import WHITE, Floats
from readingroom.pixels.monotone import interpolate

FIRST_JND, LAST_JND = 1.0, 1023.0
DARKEST, BRIGHTEST = 0.05, 4000.0
"""The luminance that PS3.14 covers, in cd/m²."""

_NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
_INVERSE = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip
"""Coefficients of PS3.14 section 7.1, from the power 0 upwards: of ln j above and below the line, and of log10 L."""


def luminance(jnd_index: float | NDArray[Any]) -> Floats:
    """Return the luminance in cd/m² of JND indices 1 to 1023 (PS3.14 7.1)."""
    x = np.log(np.asarray(jnd_index, np.float64))
    return np.asarray(10.0 ** (_polynomial(_NUMERATOR, x) / _polynomial(_DENOMINATOR, x)))


def jnd(luminance_: float | NDArray[Any]) -> Floats:
    """Return the JND index of luminances from 0.05 to 4000 cd/m² by the Standard's own polynomial (PS3.14 7.1).

    It undoes ``luminance`` to within 0.1 JND. Calibration does not use it but inverts ``luminance`` itself.
    """
    return _polynomial(_INVERSE, np.log10(np.asarray(luminance_, np.float64)))


def exact_jnd(luminance_: NDArray[Any]) -> Floats:
    """Return the JND index that ``luminance`` maps to each luminance, by bisection to the last bits of a float64."""
    wanted = np.asarray(luminance_, np.float64)
    low, high = np.full(wanted.shape, FIRST_JND - 0.5), np.full(wanted.shape, LAST_JND + 1.0)
    for _ in range(64):
        middle = (low + high) / 2
        above = luminance(middle) >= wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


@dataclass(frozen=True, eq=False, slots=True)
class DisplayCurve:
    """P-values to driving levels. ``thresholds`` rise: level n is shown from ``thresholds[n - 1]``, on a scale of 0 to 255."""

    thresholds: Floats

    def apply(self, p_values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the driving level (DDL) of P-values 0 to 255, which need not be whole."""
        return np.searchsorted(self.thresholds, p_values, side="right").astype(np.uint8)


def display_curve(levels: Floats) -> DisplayCurve:
    """Return the curve of a screen whose 256 driving levels have these luminances in cd/m², ambient light included.

    P-values 0 to 255 stand for JND indices in even steps from that of level 0 to that of level 255 (PS3.14 7.2). Each
    takes the level nearest in luminance. Halfway between two levels it takes the brighter one, as everywhere here
    halves go up; of levels equal in luminance the darkest stands for all. So 0 shows as level 0, and the curve never falls.
    """
    distinct = np.concatenate([[True], np.diff(levels) > 0])
    shown = levels[distinct]
    ends = exact_jnd(shown[[0, -1]])
    middles = exact_jnd((shown[1:] + shown[:-1]) / 2)
    thresholds = np.full(len(levels) - 1, np.inf)
    thresholds[np.flatnonzero(distinct)[1:] - 1] = (middles - ends[0]) / (ends[1] - ends[0]) * WHITE
    # A level that looks like the one below is never reached from there: it takes the threshold of the next that differs.
    return DisplayCurve(np.minimum.accumulate(thresholds[::-1])[::-1])


def levels_of(measured: Floats) -> Floats:
    """Return the luminance of 256 driving levels of which some, evenly spaced and with both ends, were measured.

    Between them a monotone cubic runs through the coordinate in which the measured points lie straighter: their JND
    indices, for a screen that was calibrated in its hardware, or a root of the luminance above the darkest level, for any
    other: the inverse of the power by which it rises over the first two intervals, held between 1 and 3. Where all 256
    were measured they come back as they are.
    """
    if len(measured) == 256:  # noqa: PLR2004 - driving levels of 8 bits
        return measured
    above = measured - measured[0]
    gamma = float(np.clip(np.log2(above[2] / above[1]), 1, 3)) if above[1] > 0 else 1.0
    power, index = above ** (1 / gamma), exact_jnd(measured)
    at, every = np.linspace(0, 255, len(measured)), np.arange(256.0)
    if _bend(index) < _bend(power):
        levels = luminance(interpolate(at, index, every))
    else:
        levels = np.asarray(measured[0] + interpolate(at, power, every) ** gamma)
    return np.maximum.accumulate(levels)


def _bend(y: Floats) -> float:
    """Return how far evenly spaced points are from a straight line, as a share of their range."""
    return float(np.square(np.diff(y, 2)).sum()) / float((y[-1] - y[0]) ** 2)


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Return the polynomial of coefficients from the power 0 upwards, by Horner's rule: one fixed order of operations."""
    y = np.full(x.shape, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        y = y * x + coefficient
    return y
