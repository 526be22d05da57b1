"""Where frames lie in the patient, what a millimetre on them is worth, and the order in which they are read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, number, numbers, text, values, whole
from readingroom.dicom.model import FrameGeometry

PROJECTION = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX", "DR", "BMD"})
"""Modalities that cast a shadow on a detector: a millimetre there is magnified (PS3.3 10.7.1.3)."""

TOMOGRAPHIC = frozenset({"CT", "MR", "PT", "NM", "OCT", "OPT"})

SAME_DIRECTION = 1e-3
"""Direction cosines closer than this are one orientation: half of the last digit scanners write, some tilt included."""

SAME_PLACE_MM = 1e-3
"""Slices closer than a micrometre along the normal lie in one place: the series has more than three dimensions."""

CLEAR_CORRELATION = 0.5
_CENTIMETRES = 3
"""Physical Units X/Y Direction of ultrasound regions (PS3.3 C.8.5.5.1.15)."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """What decides a frame's place in its series."""

    sop_uid: str
    frame: int
    instance_number: int
    time: str
    orientation: tuple[float, ...] | None
    position: tuple[float, ...] | None


def frame_geometry(dataset: Dataset, frame: int) -> FrameGeometry:
    """Return the geometry of a frame, from functional groups where the image has them; LPS, millimetres."""
    plane = functional_group(dataset, frame, "PlaneOrientationSequence")
    place = functional_group(dataset, frame, "PlanePositionSequence")
    orientation = numbers(plane, "ImageOrientationPatient")
    position = numbers(place, "ImagePositionPatient")
    spacing, kind = frame_spacing(dataset, frame)
    return FrameGeometry(
        orientation=_direction_cosines(orientation),
        position=position if len(position) == 3 else None,  # noqa: PLR2004 - x, y, z
        spacing=spacing,
        spacing_kind=kind,
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
    )


def frame_spacing(dataset: Dataset, frame: int) -> tuple[tuple[float, float] | None, str]:
    """Return (between rows, between columns) in millimetres and where they are true (PS3.3 10.7.1.3)."""
    modality = text(dataset, "Modality")
    if values(dataset, "SequenceOfUltrasoundRegions"):
        return _ultrasound_spacing(dataset)
    pixel = _pair(functional_group(dataset, frame, "PixelMeasuresSequence"), "PixelSpacing")
    imager = _pair(dataset, "ImagerPixelSpacing") or _pair(dataset, "NominalScannedPixelSpacing")
    if pixel is None:
        return (None, "none") if imager is None else (imager, "detector")
    if text(dataset, "PixelSpacingCalibrationType"):
        return pixel, "calibrated"
    if modality in TOMOGRAPHIC or (modality not in PROJECTION and values(dataset, "ImageOrientationPatient")):
        return pixel, "patient"
    if modality not in PROJECTION and values(dataset, "SharedFunctionalGroupsSequence"):
        return pixel, "patient"
    if imager is not None and not np.allclose(pixel, imager, rtol=1e-4):
        return pixel, "calibrated"
    return pixel, "detector"


def reading_order(keys: Sequence[SortKey]) -> list[int]:
    """Return the indices of frames in the order in which they are read.

    Slices of one orientation at distinct places go along their normal, in the direction in which Instance Numbers
    grow; where those say nothing clear, against the normal (an axial series then runs from head to feet).
    Everything else goes by Instance Number, time, SOP Instance UID and frame number.
    """
    acquired = sorted(range(len(keys)), key=lambda i: _acquisition_key(keys[i]))
    heights = _heights(keys)
    if heights is None:
        return acquired
    along = sorted(range(len(keys)), key=heights.__getitem__)
    rank = np.empty(len(keys))
    rank[acquired] = np.arange(len(keys))
    correlation = np.corrcoef(heights, rank)[0, 1]
    ascending = correlation > CLEAR_CORRELATION
    return along if ascending else along[::-1]


def _heights(keys: Sequence[SortKey]) -> list[float] | None:
    """Return each frame's distance along the common normal in millimetres, None where that does not order them."""
    if len(keys) < 2 or any(key.orientation is None or key.position is None for key in keys):  # noqa: PLR2004
        return None
    orientations = np.array([key.orientation for key in keys])
    if np.abs(orientations - orientations[0]).max() > SAME_DIRECTION:
        return None
    normal = np.cross(orientations[0, :3], orientations[0, 3:])
    heights = np.array([key.position for key in keys]) @ normal
    if np.diff(np.sort(heights)).min() < SAME_PLACE_MM:
        return None
    return [float(height) for height in heights]


def _acquisition_key(key: SortKey) -> tuple[int, str, str, int]:
    return key.instance_number, key.time, key.sop_uid, key.frame


def _direction_cosines(found: tuple[float, ...]) -> tuple[float, float, float, float, float, float] | None:
    """Return six direction cosines of two perpendicular unit vectors, None for anything else."""
    if len(found) != 6:  # noqa: PLR2004 - two vectors
        return None
    row, column = np.array(found[:3]), np.array(found[3:])
    unit = abs(row @ row - 1) < 0.01 and abs(column @ column - 1) < 0.01  # noqa: PLR2004 - a rounded unit vector
    return found if unit and abs(row @ column) < 0.01 else None  # noqa: PLR2004


def _pair(dataset: Dataset | None, keyword: str) -> tuple[float, float] | None:
    found = numbers(dataset, keyword)
    if len(found) == 2 and min(found) > 0:  # noqa: PLR2004 - rows, columns
        return found[0], found[1]
    return None


def _ultrasound_spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    """Return the spacing of an ultrasound image with one region measured in centimetres (PS3.3 C.8.5.5)."""
    regions = values(dataset, "SequenceOfUltrasoundRegions")
    if len(regions) != 1:
        return None, "none"
    region = regions[0]
    units = {whole(region, "PhysicalUnitsXDirection"), whole(region, "PhysicalUnitsYDirection")}
    across, down = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
    if units != {_CENTIMETRES} or not across or not down:
        return None, "none"
    return (abs(down) * 10, abs(across) * 10), "calibrated"
