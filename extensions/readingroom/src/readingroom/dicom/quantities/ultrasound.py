"""The calibrated regions of an ultrasound image (PS3.3 C.8.5.5): what lies across and down in each of them."""

from dataclasses import dataclass
from enum import IntEnum

from pydicom import Dataset

from readingroom.dicom.attributes import number, values, whole
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Box, Point

MM_PER_CM = 10.0
_LOW_PRIORITY = 1
"""Bit 0 of Region Flags (PS3.3 C.8.5.5.1.3): set for a region that others are drawn over."""

UNITS = ("", "%", "dB", "cm", "s", "Hz", "dB/s", "cm/s", "cm²", "cm²/s", "cm³", "cm³/s", "°")
"""Physical Units X/Y Direction by their code 0 to C (PS3.3 C.8.5.5.1.15)."""


class SpatialFormat(IntEnum):
    """Region Spatial Format (PS3.3 C.8.5.5.1.1)."""

    NONE = 0
    TWO_DIMENSIONAL = 1
    M_MODE = 2
    SPECTRAL = 3
    WAVE_FORM = 4
    GRAPHICS = 5


_NAMES = {
    SpatialFormat.NONE: "a region without a spatial format",
    SpatialFormat.TWO_DIMENSIONAL: "a 2D image",
    SpatialFormat.M_MODE: "an M-mode trace",
    SpatialFormat.SPECTRAL: "a Doppler spectrum",
    SpatialFormat.WAVE_FORM: "a wave form",
    SpatialFormat.GRAPHICS: "graphics",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a region: ``unit`` and how much of it one pixel is; ``origin`` is the value at pixel 0.

    ``origin`` is None where the region has no reference pixel: then only differences are known.
    """

    unit: str
    delta: float
    origin: float | None

    def value(self, pixel: float) -> float | None:
        """Return the physical value at a pixel coordinate of the image."""
        return None if self.origin is None else self.origin + pixel * self.delta


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """One item of Sequence of Ultrasound Regions; ``box`` in pixels of the image, ends included."""

    box: Box
    spatial_format: SpatialFormat
    data_type: int
    low_priority: bool
    across: Axis | None
    down: Axis | None

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Return millimetres between rows and between columns, None unless both directions are centimetres."""
        if self.across is None or self.down is None or {self.across.unit, self.down.unit} != {"cm"}:
            return None
        return abs(self.down.delta) * MM_PER_CM, abs(self.across.delta) * MM_PER_CM

    @property
    def name(self) -> str:
        """Return what the region shows, in words."""
        return _NAMES[self.spatial_format]

    def holds(self, point: Point) -> bool:
        """Return whether a point (column, row) lies on a pixel of the region."""
        column, row = point
        box = self.box
        across = box.first_column - 0.5 <= column < box.last_column + 0.5
        return across and box.first_row - 0.5 <= row < box.last_row + 0.5

    def same_scale(self, other: "UltrasoundRegion") -> bool:
        """Return whether a pixel is worth the same in both regions."""
        return _scale(self.across) == _scale(other.across) and _scale(self.down) == _scale(other.down)


def ultrasound_regions(dataset: Dataset) -> tuple[UltrasoundRegion, ...]:
    """Return the regions of an image in their order; one whose place cannot be read is left out."""
    found = (_region(item) for item in values(dataset, "SequenceOfUltrasoundRegions") if isinstance(item, Dataset))
    return tuple(region for region in found if region is not None)


def region_at(regions: tuple[UltrasoundRegion, ...], point: Point) -> UltrasoundRegion | None:
    """Return the region that is seen at a point, None where there is none.

    Where regions overlap, one of high priority is drawn over one of low priority (PS3.3 C.8.5.5.1.3); among equals,
    where the Standard does not decide, the smallest is the inset.
    """
    holding = [region for region in regions if region.holds(point)]
    return min(holding, key=lambda region: (region.low_priority, _pixels(region)), default=None)


def common_region(regions: tuple[UltrasoundRegion, ...], points: tuple[Point, ...]) -> UltrasoundRegion:
    """Return the region in which all points lie and are seen.

    A point that shows another region drawn over this one counts only where that region has the same scale, as a
    colour box inside its 2D image has (PS3.3 C.8.5.5.1.3, Figure C.8-6).

    Raises
    ------
    NotMeasurableError
        When there is no such region; the message says what each point shows.
    """
    seen = [region_at(regions, point) for point in points]
    first = seen[0]
    if first is not None and all(region == first for region in seen):
        return first
    holding = [region for region in regions if all(region.holds(point) for point in points)]
    for region in sorted(holding, key=_pixels):
        if all(over is not None and region.same_scale(over) for over in seen):
            return region
    shown = " and ".join(dict.fromkeys("no calibrated region" if region is None else region.name for region in seen))
    parts = "outside every calibrated region" if set(seen) == {None} else f"in different regions ({shown})"
    raise NotMeasurableError(f"These points lie {parts} of the ultrasound image: measure within one region.")


def _region(item: Dataset) -> UltrasoundRegion | None:
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    left, top, right, bottom = (whole(item, name) for name in names)
    if left is None or top is None or right is None or bottom is None or right < left or bottom < top:
        return None
    code = whole(item, "RegionSpatialFormat") or 0
    return UltrasoundRegion(
        box=Box(left, top, right, bottom),
        spatial_format=SpatialFormat(code) if code in list(SpatialFormat) else SpatialFormat.NONE,
        data_type=whole(item, "RegionDataType") or 0,
        low_priority=bool((whole(item, "RegionFlags") or 0) & _LOW_PRIORITY),
        across=_axis(item, "X", left),
        down=_axis(item, "Y", top),
    )


def _axis(item: Dataset, name: str, first: int) -> Axis | None:
    """Return one direction, None without a unit; Reference Pixel counts from the corner of the region."""
    code, delta = whole(item, f"PhysicalUnits{name}Direction"), number(item, f"PhysicalDelta{name}")
    if code is None or not 0 < code < len(UNITS) or not delta:
        return None
    pixel = whole(item, f"ReferencePixel{name}0")
    value = number(item, f"ReferencePixelPhysicalValue{name}")
    origin = None if pixel is None or value is None else value - (first + pixel) * delta
    return Axis(UNITS[code], delta, origin)


def _pixels(region: UltrasoundRegion) -> int:
    rows, columns = region.box.shape
    return rows * columns


def _scale(axis: Axis | None) -> tuple[str, float] | None:
    return None if axis is None else (axis.unit, abs(axis.delta))
