"""What one pixel and one region of a frame measure, ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.quantities.body_size import SuvType
from readingroom.dicom.quantities.measure import Measurement, measure_area
from readingroom.dicom.quantities.modality_values import modality_values, pixel_at
from readingroom.dicom.quantities.readings import Reading, mapped_readings, region_readings, suv_readings
from readingroom.dicom.quantities.suv import SuvFactor, suv_factor
from readingroom.dicom.quantities.units import quantity_text
from readingroom.dicom.source import StudySource
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Mask, Point, Shape
from readingroom.pixels.statistics import Floats, Statistics, region_mask, statistics

OUTSIDE = "outside the field of view"


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
    column, row = pixel_at(point, measured.shape)
    value = measured.at(point)
    if value is None:
        return Probe(column, row, None, measured.unit, OUTSIDE)
    suv_found = suv_readings(dataset, frame, value, suv)
    stored = measured.stored[row : row + 1, column : column + 1]
    mapped = mapped_readings(dataset, frame, stored, value, mappings)
    own = (value, measured.unit)
    others = tuple(reading for reading in mapped.readings if (reading.value, reading.unit) != own)
    readings = tuple(dict.fromkeys((*suv_found.readings, *others, *region_readings(dataset, point))))
    named = not measured.unit and any(reading.value == value for reading in readings)
    bare = () if named else (quantity_text(value, measured.unit),)
    shown = " · ".join([*bare, *(reading.text for reading in readings)])
    warnings = suv_found.warnings + mapped.warnings
    return Probe(column, row, value, measured.unit, shown, readings, suv_found.refusals, warnings)


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
    suv, label = _suv_statistics(dataset, frame, values, inside, valid)
    try:
        area = measure_area(dataset, frame, shape)
    except NotMeasurableError as error:
        return RegionMeasurement(found, measured.unit, None, None, str(error), suv, label)
    across, down = area.calibration.spacing or (0.0, 0.0)
    return RegionMeasurement(found, measured.unit, area, found.count * across * down, suv=suv, suv_label=label)


def _suv_statistics(
    dataset: Dataset, frame: int, values: Floats, inside: Mask, valid: Mask
) -> tuple[Statistics | None, str]:
    factor = _factor_or_none(dataset, frame)
    if factor is None:
        return None, ""
    return statistics(values * factor.factor, inside, valid), factor.label


def _factor_or_none(dataset: Dataset, frame: int) -> SuvFactor | None:
    try:
        return suv_factor(dataset, frame=frame)
    except NotMeasurableError:
        return None


def _colour(dataset: Dataset, stored: NDArray[Any], point: Point) -> Probe:
    """Return the colour of a pixel, which is no measurement, and where it lies in an ultrasound region."""
    column, row = pixel_at(point, (stored.shape[0], stored.shape[1]))
    red, green, blue = (int(sample) for sample in stored[row, column])
    readings = region_readings(dataset, point)
    shown = " · ".join([f"R {red} G {green} B {blue}", *(reading.text for reading in readings)])
    return Probe(column, row, None, "", shown, readings)
