"""Modality values along a line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.picture import LoadedFrame
from readingroom.dicom.quantities.calibration import Calibration
from readingroom.dicom.quantities.measure import calibration_at
from readingroom.dicom.quantities.modality_values import modality_values, pixel_at
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Box, Point
from readingroom.pixels.statistics import line_positions, nearest_pixel


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """Values (n,) float64 in ``unit`` at ``distances`` (n,) from the start; not a number where there is padding.

    Distances are millimetres where ``calibration`` has them, pixels where its kind is ``none``.
    """

    distances: NDArray[np.float64]
    values: NDArray[np.float64]
    unit: str
    calibration: Calibration


def line_profile(dataset: Dataset, frame: int, loaded: LoadedFrame, start: Point, end: Point) -> Profile:
    """Return the values of the nearest pixels in equal steps of at most one pixel, both ends included.

    Raises
    ------
    NotMeasurableError
        For a colour image or an end outside the image.
    """
    measured = modality_values(dataset, frame, loaded)
    ends = [pixel_at(point, measured.shape) for point in (start, end)]
    points = line_positions(start, end)
    (left, top), (right, bottom) = np.min(ends, axis=0), np.max(ends, axis=0)
    values, valid = measured.patch(Box(int(left), int(top), int(right), int(bottom)))
    column, row = (nearest_pixel(points) - (left, top)).T
    calibration = _calibration(dataset, frame, start, end)
    height, width = calibration.spacing or (1.0, 1.0)
    across, down = ((points - points[0]) * (width, height)).T
    found = np.where(valid, values, np.nan)[row, column]
    return Profile(np.hypot(across, down), found, measured.unit, calibration)


def _calibration(dataset: Dataset, frame: int, start: Point, end: Point) -> Calibration:
    try:
        return calibration_at(dataset, frame, (start, end))
    except NotMeasurableError:
        return Calibration("none", None)
