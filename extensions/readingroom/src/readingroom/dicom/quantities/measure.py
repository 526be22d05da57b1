"""Lengths, angles and areas on a frame, each carrying where its millimetres are true (PS3.3 10.7.1.3, C.8.5.5)."""

import math
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading, values
from readingroom.dicom.quantities.calibration import Calibration, image_calibration, pixel_shape
from readingroom.dicom.quantities.ultrasound import Axis, common_region, region_at, ultrasound_regions
from readingroom.dicom.quantities.units import quantity_text
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Ellipse, Point, Polygon, Shape

_ONE_DECIMAL = 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured quantity, its unit, and the calibration that it rests on."""

    value: float
    unit: str
    calibration: Calibration

    @property
    def text(self) -> str:
        """Return the quantity for a reader; anything but a distance in the patient says where it is true."""
        shown = quantity_text(round(self.value, _ONE_DECIMAL), self.unit)
        needs_no_word = self.calibration.kind == "patient" or not self.unit.startswith("mm")
        return shown if needs_no_word else f"{shown} ({self.calibration.description})"


def measure_length(dataset: Dataset, frame: int, start: Point, end: Point) -> Measurement:
    """Return the distance of two points (column, row) in millimetres.

    Raises
    ------
    NotMeasurableError
        When the image does not say how large its pixels are there; the message says why.
    """
    calibration = calibration_at(dataset, frame, (start, end))
    return Measurement(_norm(_millimetres(start, end, _spacing(calibration))), "mm", calibration)


def measure_angle(dataset: Dataset, frame: int, first: tuple[Point, Point], second: tuple[Point, Point]) -> Measurement:
    """Return the angle in degrees, 0 to 180, between two lines, each from its first point to its second.

    For an angle at a corner both lines begin there. It needs the shape of a pixel, not its size.

    Raises
    ------
    NotMeasurableError
        When a line has no length, or the directions are no distances (time across an M-mode trace, for one).
    """
    points = (*first, *second)
    calibration = _calibration_or_none(dataset, frame, points)
    with quiet_reading():
        shape = calibration.spacing or pixel_shape(dataset, frame)
    if shape is None:
        raise NotMeasurableError("The image contradicts itself about the shape of its pixels, so angles are not known.")
    (x0, y0), (x1, y1) = _millimetres(*first, shape), _millimetres(*second, shape)
    if not (x0 or y0) or not (x1 or y1):
        raise NotMeasurableError("One of these lines has no length, so there is no angle.")
    degrees = abs(math.degrees(math.atan2(x0 * y1 - y0 * x1, x0 * x1 + y0 * y1)))
    return Measurement(degrees, "°", calibration)


def measure_area(dataset: Dataset, frame: int, shape: Shape) -> Measurement:
    """Return the area in mm² of an outline as it was drawn (not of the pixels counted in it).

    Raises
    ------
    NotMeasurableError
        When the image does not say how large its pixels are there, or the outline crosses itself.
    """
    calibration = calibration_at(dataset, frame, outline(shape))
    if shape.area is None:
        raise NotMeasurableError("This outline crosses itself, so it has no area.")
    return Measurement(shape.area * math.prod(_spacing(calibration)), "mm²", calibration)


def region_differences(dataset: Dataset, start: Point, end: Point) -> tuple[tuple[float, str], tuple[float, str]]:
    """Return how far apart two points of an ultrasound region are across and down, each with its unit.

    This is how M-mode traces (s, mm) and Doppler spectra (s, cm/s) are measured; centimetres become millimetres.

    Raises
    ------
    NotMeasurableError
        When the points do not lie in one region or one of its directions has no unit.
    """
    with quiet_reading():
        region = common_region(ultrasound_regions(dataset), (start, end))
    if region.across is None or region.down is None:
        raise NotMeasurableError(f"These points lie on {region.name} that has no units.")
    return _difference(region.across, end[0] - start[0]), _difference(region.down, end[1] - start[1])


def calibration_at(dataset: Dataset, frame: int, points: tuple[Point, ...]) -> Calibration:
    """Return the millimetres that hold at all of these points; raises ``NotMeasurableError`` where there are none."""
    with quiet_reading():
        if values(dataset, "SequenceOfUltrasoundRegions"):
            return _region_calibration(dataset, points)
        calibration = image_calibration(dataset, frame)
    if calibration.spacing is None:
        raise NotMeasurableError("This image does not say how large its pixels are, so nothing on it has millimetres.")
    return calibration


def outline(shape: Shape) -> tuple[Point, ...]:
    """Return the points that decide in which part of an image a shape lies: corners, or ends of an ellipse's axes."""
    if isinstance(shape, Polygon):
        return shape.corners
    return _ellipse_ends(shape)


def _ellipse_ends(shape: Ellipse) -> tuple[Point, ...]:
    (x, y), (a, b), (c, d) = shape.center, shape.first, shape.second
    across, down = math.hypot(a, c), math.hypot(b, d)
    return (x - across, y), (x + across, y), (x, y - down), (x, y + down)


def _region_calibration(dataset: Dataset, points: tuple[Point, ...]) -> Calibration:
    region = common_region(ultrasound_regions(dataset), points)
    if region.spacing is None:
        across = region.across.unit if region.across else "nothing"
        down = region.down.unit if region.down else "nothing"
        raise NotMeasurableError(
            f"This is {region.name}: it shows {across or 'nothing'} across and {down or 'nothing'} down, so a length in "
            "millimetres has no meaning there."
        )
    return Calibration("ultrasound_region", region.spacing)


def _calibration_or_none(dataset: Dataset, frame: int, points: tuple[Point, ...]) -> Calibration:
    """Return the calibration for an angle, kind none where only the shape of a pixel is known."""
    with quiet_reading():
        regions = ultrasound_regions(dataset)
        uncalibrated = all(region_at(regions, point) is None for point in points)
        if uncalibrated and image_calibration(dataset, frame).spacing is None:
            return Calibration("none", None)
    return calibration_at(dataset, frame, points)


def _spacing(calibration: Calibration) -> tuple[float, float]:
    if calibration.spacing is None:
        raise NotMeasurableError("This image does not say how large its pixels are, so nothing on it has millimetres.")
    return calibration.spacing


def _millimetres(start: Point, end: Point, spacing: tuple[float, float]) -> tuple[float, float]:
    found = (end[0] - start[0]) * spacing[1], (end[1] - start[1]) * spacing[0]
    if not np.isfinite(found).all():
        raise NotMeasurableError("A point of this measurement is no place on an image.")
    return found


def _norm(vector: tuple[float, float]) -> float:
    return math.hypot(*vector)


def _difference(axis: Axis, pixels: float) -> tuple[float, str]:
    amount = abs(pixels * axis.delta)
    return (amount * 10, "mm") if axis.unit == "cm" else (amount, axis.unit)
