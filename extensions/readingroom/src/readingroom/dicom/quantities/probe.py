"""What one pixel and one region of a frame measure, ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading, text, whole
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.quantities.body_size import SuvType
from readingroom.dicom.quantities.measure import Measurement, measure_area
from readingroom.dicom.quantities.modality_values import modality_values
from readingroom.dicom.quantities.real_world import RealWorldMap, maps_for, maps_in
from readingroom.dicom.quantities.suv import SuvFactor, suv_factor
from readingroom.dicom.quantities.ultrasound import Axis, region_at, ultrasound_regions
from readingroom.dicom.quantities.units import quantity_text
from readingroom.dicom.source import StudySource
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Mask, Point, Shape
from readingroom.pixels.statistics import Floats, Statistics, nearest_pixel, region_mask, statistics

OUTSIDE = "outside the field of view"
AGREEMENT = 0.02
"""Two SUV of one pixel that differ by more than this are not the same quantity."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One named quantity of a pixel; the modality value itself has no label."""

    label: str
    value: float
    unit: str

    @property
    def text(self) -> str:
        """Return it for a reader: ``SUVbw 5.2 g/ml``."""
        return f"{self.label} {quantity_text(self.value, self.unit)}".strip()


@dataclass(frozen=True, slots=True)
class Probe:
    """What a pixel says: its modality value (None for padding and colour), other quantities, and the text to show.

    ``column`` and ``row`` are those of the pixel, from 0. ``refusals`` say which quantities the image does not give
    although its kind has them; ``warnings`` what is doubtful about those it gives.
    """

    column: int
    row: int
    value: float | None
    unit: str
    text: str
    readings: tuple[Reading, ...] = ()
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegionMeasurement:
    """Statistics of a region in ``unit``, its area as drawn, and the area in mm² of the pixels counted.

    ``area`` and ``pixel_area`` are None where the image has no millimetres there; ``refusal`` then says why.
    ``suv`` holds the same statistics as SUV where the image has them.
    """

    statistics: Statistics
    unit: str
    area: Measurement | None
    pixel_area: float | None
    refusal: str = ""
    suv: Statistics | None = None
    suv_label: str = ""


def probe(  # noqa: PLR0913, PLR0917 - a place in a source is four values
    source: StudySource,
    sop_uid: str,
    frame: int,
    column: float,
    row: float,
    mappings: Sequence[Dataset] = (),
    suv: SuvType = "BW",
) -> Probe:
    """Return what the pixel under (``column``, ``row``) measures; raises what ``load_frame`` raises.

    ``mappings`` are the study's Real World Value Mapping objects. A position between pixel centres means the nearest
    pixel: floor(x + 0.5).
    """
    return probe_frame(
        source.metadata(sop_uid), frame, load_frame(source, sop_uid, frame), (column, row), mappings, suv
    )


def probe_frame(  # noqa: PLR0913, PLR0917 - as above
    dataset: Dataset,
    frame: int,
    loaded: LoadedFrame,
    point: Point,
    mappings: Sequence[Dataset] = (),
    suv: SuvType = "BW",
) -> Probe:
    """Return what a pixel of a loaded frame measures; raises ``NotMeasurableError`` outside the image."""
    if loaded.pipeline is None:
        return _colour(dataset, loaded.stored, point)
    measured = modality_values(dataset, frame, loaded)
    column, row = measured.pixel(point)
    value = measured.at(point)
    if value is None:
        return Probe(column, row, None, measured.unit, OUTSIDE)
    readings, refusals, warnings = _suv_readings(dataset, value, suv)
    mapped = _mapped(_maps(dataset, frame, mappings), measured.stored[row : row + 1, column : column + 1])
    readings += tuple(reading for reading in mapped if (reading.value, reading.unit) != (value, measured.unit))
    readings += _region_readings(dataset, point)
    shown = " · ".join([quantity_text(value, measured.unit), *(reading.text for reading in readings)])
    return Probe(column, row, value, measured.unit, shown, readings, refusals, warnings + _disagreement(readings))


def measure_region(dataset: Dataset, frame: int, loaded: LoadedFrame, shape: Shape) -> RegionMeasurement:
    """Return the statistics and the area of a region of a loaded frame.

    Raises
    ------
    NotMeasurableError
        For a colour image, a region without a pixel centre, or one that holds nothing but padding.
    """
    measured = modality_values(dataset, frame, loaded)
    box, inside = region_mask(shape, *measured.shape)
    values, valid = measured.patch(box)
    found = statistics(values, inside, valid)
    suv, label = _suv_statistics(dataset, values, inside, valid)
    try:
        area = measure_area(dataset, frame, shape)
    except NotMeasurableError as error:
        return RegionMeasurement(found, measured.unit, None, None, str(error), suv, label)
    across, down = area.calibration.spacing or (0.0, 0.0)
    return RegionMeasurement(found, measured.unit, area, found.count * across * down, suv=suv, suv_label=label)


def _suv_readings(
    dataset: Dataset, value: float, kind: SuvType
) -> tuple[tuple[Reading, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the SUV of a modality value, why there is none, and what is doubtful; nothing for other modalities."""
    if text(dataset, "Modality") != "PT":
        return (), (), ()
    try:
        factor = suv_factor(dataset, kind)
    except NotMeasurableError as error:
        return (), (str(error),), ()
    return (Reading(factor.label, value * factor.factor, factor.unit),), (), factor.warnings


def _suv_statistics(dataset: Dataset, values: Floats, inside: Mask, valid: Mask) -> tuple[Statistics | None, str]:
    factor = _factor_or_none(dataset)
    if factor is None:
        return None, ""
    return statistics(values * factor.factor, inside, valid), factor.label


def _factor_or_none(dataset: Dataset) -> SuvFactor | None:
    try:
        return suv_factor(dataset)
    except NotMeasurableError:
        return None


def _maps(dataset: Dataset, frame: int, mappings: Sequence[Dataset]) -> tuple[RealWorldMap, ...]:
    with quiet_reading():
        signed = whole(dataset, "PixelRepresentation") == 1
        sop_uid = text(dataset, "SOPInstanceUID")
        found = [each for mapping in mappings for each in maps_for(mapping, sop_uid, frame, signed=signed)]
        return (*maps_in(dataset, frame), *found)


def _mapped(maps: Sequence[RealWorldMap], stored: NDArray[Any]) -> tuple[Reading, ...]:
    values = [(each, float(each.apply(stored)[0, 0])) for each in maps]
    return tuple(Reading(each.label, value, each.unit) for each, value in values if np.isfinite(value))


def _disagreement(readings: tuple[Reading, ...]) -> tuple[str, ...]:
    """Return a warning where a mapping's SUV is not that of the image's own dose, weight and times.

    Some published mapping objects give the factor for rescaled values although the Standard has them map stored ones.
    """
    computed = next((reading for reading in readings if reading.label.startswith("SUV")), None)
    if computed is None or not computed.value:
        return ()
    others = [reading for reading in readings if f"{{{computed.label}}}" in reading.label]
    if all(abs(other.value / computed.value - 1) <= AGREEMENT for other in others):
        return ()
    return (f"the real world value mapping gives another {computed.label} than dose, weight and times do",)


def _colour(dataset: Dataset, stored: NDArray[Any], point: Point) -> Probe:
    """Return the colour of a pixel, which is no measurement, and where it lies in an ultrasound region."""
    column, row = (int(index) for index in nearest_pixel(np.clip(np.array(point, np.float64), -1e9, 1e9)))
    rows, columns = stored.shape[:2]
    if not (0 <= column < columns and 0 <= row < rows):
        raise NotMeasurableError("This point lies outside the image.")
    red, green, blue = (int(sample) for sample in stored[row, column])
    readings = _region_readings(dataset, point)
    shown = " · ".join([f"R {red} G {green} B {blue}", *(reading.text for reading in readings)])
    return Probe(column, row, None, "", shown, readings)


def _region_readings(dataset: Dataset, point: Point) -> tuple[Reading, ...]:
    """Return what an ultrasound region says about a point that is no place in the body: time, velocity, depth."""
    with quiet_reading():
        region = region_at(ultrasound_regions(dataset), point)
    if region is None or region.spacing is not None:
        return ()
    axes: tuple[tuple[Axis | None, float], ...] = ((region.down, point[1]), (region.across, point[0]))
    found = [(axis.unit, axis.value(pixel)) for axis, pixel in axes if axis is not None]
    return tuple(Reading("", value, unit) for unit, value in found if value is not None)
