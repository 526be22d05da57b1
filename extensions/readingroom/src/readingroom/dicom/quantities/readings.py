"""Named quantities of one pixel besides its modality value: SUV, mapped values, what an ultrasound region says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading, text, whole
from readingroom.dicom.quantities.body_size import SUV_LABELS, SuvType
from readingroom.dicom.quantities.real_world import RealWorldMap, maps_for, maps_in
from readingroom.dicom.quantities.suv import suv_factor
from readingroom.dicom.quantities.ultrasound import Axis, region_at, ultrasound_regions
from readingroom.dicom.quantities.units import quantity_text
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Point

AGREEMENT = 0.02
"""Two SUV of one pixel that differ by more than this are not the same quantity."""

_TYPES = {label: kind for kind, label in SUV_LABELS.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """One named quantity of a pixel."""

    label: str
    value: float
    unit: str

    @property
    def text(self) -> str:
        """Return it for a reader: ``SUVbw 5.2 g/ml``."""
        return f"{self.label} {quantity_text(self.value, self.unit)}".strip()


@dataclass(frozen=True, slots=True)
class Readings:
    """What was found, why something was not, and what is doubtful, in words."""

    readings: tuple[Reading, ...] = ()
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def suv_readings(dataset: Dataset, frame: int, value: float, kind: SuvType) -> Readings:
    """Return the SUV of a modality value; nothing for other modalities than PET."""
    if text(dataset, "Modality") != "PT":
        return Readings()
    try:
        factor = suv_factor(dataset, kind, frame=frame)
    except NotMeasurableError as error:
        return Readings(refusals=(str(error),))
    return Readings((Reading(factor.label, value * factor.factor, factor.unit),), warnings=factor.warnings)


def mapped_readings(
    dataset: Dataset, frame: int, stored: NDArray[Any], value: float, mappings: Sequence[Dataset]
) -> Readings:
    """Return what real world value mappings make of one stored value, (1, 1).

    Those of the image itself are believed. An SUV that a mapping object gives is shown only where dose, weight and
    times give the same: published objects hold factors for rescaled values, while the Standard maps stored ones.
    """
    with quiet_reading():
        signed, sop_uid = whole(dataset, "PixelRepresentation") == 1, text(dataset, "SOPInstanceUID")
        found = list(_applied(maps_in(dataset, frame), stored))
        warnings = []
        for mapping in mappings:
            for reading in _applied(maps_for(mapping, sop_uid, frame, signed=signed), stored):
                doubt = _doubt(dataset, frame, reading, value)
                if doubt:
                    warnings.append(doubt)
                else:
                    found.append(reading)
    return Readings(tuple(found), warnings=tuple(dict.fromkeys(warnings)))


def region_readings(dataset: Dataset, point: Point) -> tuple[Reading, ...]:
    """Return what an ultrasound region says about a point that is no place in the body: time, velocity, depth."""
    with quiet_reading():
        region = region_at(ultrasound_regions(dataset), point)
    if region is None or region.spacing is not None:
        return ()
    axes: tuple[tuple[Axis | None, float], ...] = ((region.down, point[1]), (region.across, point[0]))
    found = [(axis.unit, axis.value(pixel)) for axis, pixel in axes if axis is not None]
    return tuple(Reading("", value, unit) for unit, value in found if value is not None)


def _applied(maps: Sequence[RealWorldMap], stored: NDArray[Any]) -> tuple[Reading, ...]:
    values = [(each, float(each.apply(stored)[0, 0])) for each in maps]
    return tuple(Reading(each.name, value, each.unit) for each, value in values if np.isfinite(value))


def _doubt(dataset: Dataset, frame: int, mapped: Reading, value: float) -> str:
    """Return why an SUV of a mapping object is not to be shown, empty where it is, or is no SUV."""
    kind = _TYPES.get(mapped.label)
    if kind is None:
        return ""
    try:
        factor = suv_factor(dataset, kind, frame=frame)
    except NotMeasurableError:
        return f"a real world value mapping gives {mapped.text}, which the image itself does not confirm"
    own = Reading(factor.label, value * factor.factor, factor.unit)
    if math.isclose(mapped.value, own.value, rel_tol=AGREEMENT):
        return ""
    return f"a real world value mapping gives {mapped.text} where dose, weight and times give {own.text}"
