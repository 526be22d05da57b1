"""Real World Value Mapping: from stored values to a named quantity with a unit (PS3.3 C.7.6.16.2.11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import first_item, number, numbers, text, values, whole
from readingroom.dicom.quantities.units import ucum_text
from readingroom.errors import DamagedImageError, NotMeasurableError
from readingroom.pixels.statistics import Floats


@dataclass(frozen=True, eq=False, slots=True)
class RealWorldMap:
    """One mapping of stored values ``first`` to ``last``: a line, or a table with one float64 entry a stored value.

    ``unit_code`` is the UCUM code as it stands, ``unit`` what a reader sees.
    """

    label: str
    unit_code: str
    first: float
    last: float
    slope: float = 1.0
    intercept: float = 0.0
    table: Floats | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise DamagedImageError(f"The real world value mapping {self.label!r:.40} ends before it begins.")
        if self.table is not None and len(self.table) != self.last - self.first + 1:
            raise DamagedImageError(f"The table of the real world value mapping {self.label!r:.40} has a wrong length.")

    @property
    def unit(self) -> str:
        """Return the unit as a reader writes it."""
        return ucum_text(self.unit_code)

    @property
    def name(self) -> str:
        """Return what the values are: the annotation of the unit where there is one ({SUVbw}g/ml), else the label."""
        before, opened, rest = self.unit_code.partition("{")
        annotation, closed, after = rest.partition("}")
        if opened and closed and (before or after):
            return annotation
        return "" if self.label in (self.unit_code, self.unit) else self.label

    def apply(self, stored: NDArray[Any]) -> Floats:
        """Return real world values in float64, not a number for stored values that are not mapped."""
        x = np.asarray(stored, np.float64)
        mapped = (x >= self.first) & (x <= self.last)
        if self.table is None:
            return np.where(mapped, x * self.slope + self.intercept, np.nan)
        index = np.where(mapped, x - self.first, 0).astype(np.int64)
        return np.where(mapped, self.table[index], np.nan)


def maps_in(dataset: Dataset, frame: int) -> tuple[RealWorldMap, ...]:
    """Return the mappings that an image holds for one of its frames; damaged ones are left out."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    holders = (
        own[frame - 1] if frame <= len(own) else None,
        first_item(dataset, "SharedFunctionalGroupsSequence"),
        dataset,
    )
    found = (values(holder, "RealWorldValueMappingSequence") for holder in holders)
    items = next((items for items in found if items), ())
    return _readable(items, signed=whole(dataset, "PixelRepresentation") == 1)


def maps_for(mapping: Dataset, sop_uid: str, frame: int, *, signed: bool) -> tuple[RealWorldMap, ...]:
    """Return what a Real World Value Mapping object (PS3.3 A.46) says about one frame of an instance."""
    found: list[Any] = []
    for item in values(mapping, "ReferencedImageRealWorldValueMappingSequence"):
        if any(_refers(image, sop_uid, frame) for image in values(item, "ReferencedImageSequence")):
            found.extend(values(item, "RealWorldValueMappingSequence"))
    return _readable(found, signed=signed)


def _refers(image: Dataset, sop_uid: str, frame: int) -> bool:
    frames = numbers(image, "ReferencedFrameNumber")
    return text(image, "ReferencedSOPInstanceUID") == sop_uid and (not frames or frame in frames)


def _readable(items: Iterable[Any], *, signed: bool) -> tuple[RealWorldMap, ...]:
    found = []
    for item in items:
        try:
            found.append(_map(item, signed=signed))
        except (DamagedImageError, NotMeasurableError):
            continue
    return tuple(found)


def _map(item: Dataset, *, signed: bool) -> RealWorldMap:
    first = _end(item, "FirstValueMapped", signed=signed)
    last = _end(item, "LastValueMapped", signed=signed)
    table = numbers(item, "RealWorldValueLUTData")
    slope, intercept = number(item, "RealWorldValueSlope"), number(item, "RealWorldValueIntercept")
    if not table and slope is None:
        raise NotMeasurableError("A real world value mapping has neither a table nor a slope.")
    return RealWorldMap(
        label=text(item, "LUTLabel") or text(item, "LUTExplanation"),
        unit_code=text(first_item(item, "MeasurementUnitsCodeSequence"), "CodeValue"),
        first=first,
        last=last,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        table=np.array(table, np.float64) if table else None,
    )


def _end(item: Dataset, name: str, *, signed: bool) -> float:
    """Return the first or last stored value mapped, with the sign of the pixels where it was written without."""
    real = number(item, f"DoubleFloatRealWorldValue{name}")
    if real is not None:
        return real
    value = whole(item, f"RealWorldValue{name}")
    if value is None:
        raise NotMeasurableError("A real world value mapping does not say which values it maps.")
    pattern = value % 2**16
    return pattern - 2**16 if signed and pattern >= 2**15 else pattern
