"""Where frames lie in the patient and what a millimetre on them is worth."""

from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, number, text
from readingroom.dicom.model import FrameGeometry
from readingroom.dicom.placement import patient_plane, volume_plane
from readingroom.dicom.quantities.calibration import image_calibration


def frame_geometry(dataset: Dataset, frame: int) -> FrameGeometry:
    """Return the geometry of a frame, from functional groups where the image has them; LPS, millimetres."""
    orientation, position = patient_plane(dataset, frame)
    volume_orientation, volume_position = volume_plane(dataset, frame)
    spacing, kind = frame_spacing(dataset, frame)
    measures = functional_group(dataset, frame, "PixelMeasuresSequence")
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
    calibration = image_calibration(dataset, frame)
    return calibration.spacing, calibration.wire_kind


def _length(dataset: Dataset | None, keyword: str) -> float | None:
    """Return a distance without its sign, which some scanners give a direction; None for zero."""
    found = number(dataset, keyword)
    return abs(found) if found else None
