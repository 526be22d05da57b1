"""Where frames lie in the patient and what a millimetre on them is worth."""

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, number, numbers, text, values, whole
from readingroom.dicom.model import FrameGeometry
from readingroom.dicom.placement import patient_plane, volume_plane

PROJECTION = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX", "DR", "BMD"})
"""Modalities that cast a shadow on a detector: a millimetre there is magnified (PS3.3 10.7.1.3)."""

TOMOGRAPHIC = frozenset({"CT", "MR", "PT", "NM", "OCT", "OPT"})

_CENTIMETRES = 3
"""Physical Units X/Y Direction of ultrasound regions (PS3.3 C.8.5.5.1.15)."""


def frame_geometry(dataset: Dataset, frame: int) -> FrameGeometry:
    """Return the geometry of a frame, from functional groups where the image has them; LPS, millimetres."""
    orientation, position = patient_plane(dataset, frame)
    volume_orientation, volume_position = volume_plane(dataset, frame)
    spacing, kind = frame_spacing(dataset, frame)
    measures = functional_group(dataset, frame, "PixelMeasuresSequence")
    if spacing is None and volume_position is not None:
        spacing, kind = _pair(measures, "PixelSpacing"), "patient"
    return FrameGeometry(
        orientation=orientation,
        position=position,
        spacing=spacing,
        spacing_kind=kind,
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
        slice_thickness=_length(measures, "SliceThickness"),
        spacing_between_slices=_length(measures, "SpacingBetweenSlices"),
        volume_orientation=volume_orientation,
        volume_position=volume_position,
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


def _length(dataset: Dataset | None, keyword: str) -> float | None:
    """Return a distance without its sign, which some scanners give a direction; None for zero."""
    found = number(dataset, keyword)
    return abs(found) if found else None


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
