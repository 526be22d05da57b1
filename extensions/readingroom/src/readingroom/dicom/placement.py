"""Where the frames of multi-frame images lie whose place is computed rather than written with each frame."""

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import first_item, functional_group, number, numbers, text, values, whole

Vector = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]
_SQUARE = 0.01
"""How far rounded direction cosines may be from perpendicular unit vectors."""


def patient_plane(dataset: Dataset, frame: int) -> tuple[Cosines | None, Vector | None]:
    """Return direction cosines and the centre of the first pixel of a frame, LPS millimetres; None for what is not said.

    From functional groups, else from the top of the image; then for RT Dose by its Grid Frame Offset Vector and for NM
    by its detector, slice vector and spacing.
    """
    plane = functional_group(dataset, frame, "PlaneOrientationSequence")
    place = functional_group(dataset, frame, "PlanePositionSequence")
    cosines = direction_cosines(numbers(plane, "ImageOrientationPatient"))
    position = vector(numbers(place, "ImagePositionPatient"))
    if len(values(dataset, "GridFrameOffsetVector")) > 1:
        return cosines, _dose_position(dataset, frame, cosines, position)
    if text(dataset, "Modality") in ("NM", "PT") and whole(dataset, "NumberOfFrames"):
        return _detector_plane(dataset, frame, cosines, position)
    return cosines, position


def volume_plane(dataset: Dataset, frame: int) -> tuple[Cosines | None, Vector | None]:
    """Return the plane of a frame in the coordinates of an ultrasound volume (PS3.3 C.8.24.6.1 and C.8.24.6.2)."""
    plane = functional_group(dataset, frame, "PlaneOrientationVolumeSequence")
    place = functional_group(dataset, frame, "PlanePositionVolumeSequence")
    return (
        direction_cosines(numbers(plane, "ImageOrientationVolume")),
        vector(numbers(place, "ImagePositionVolume")),
    )


def direction_cosines(found: tuple[float, ...]) -> Cosines | None:
    """Return six direction cosines of two perpendicular unit vectors, None for anything else."""
    if len(found) != 6:  # noqa: PLR2004 - two vectors
        return None
    a, b, c, d, e, f = found
    unit = abs(a * a + b * b + c * c - 1) < _SQUARE and abs(d * d + e * e + f * f - 1) < _SQUARE
    return found if unit and abs(a * d + b * e + c * f) < _SQUARE else None


def vector(found: tuple[float, ...]) -> Vector | None:
    """Return x, y and z, None for another number of values."""
    return found if len(found) == 3 else None  # noqa: PLR2004 - x, y, z


def _dose_position(dataset: Dataset, frame: int, cosines: Cosines | None, position: Vector | None) -> Vector | None:
    """Return the place of a dose plane (PS3.3 C.8.8.3.2): offsets from the first, or z itself where the first is not 0."""
    offsets = numbers(dataset, "GridFrameOffsetVector")
    if cosines is None or position is None or frame > len(offsets):
        return None
    if offsets[0] != 0:
        return (position[0], position[1], offsets[frame - 1])
    return _along(cosines, position, offsets[frame - 1])


def _detector_plane(
    dataset: Dataset, frame: int, cosines: Cosines | None, position: Vector | None
) -> tuple[Cosines | None, Vector | None]:
    """Return the plane of a reconstructed NM slice (PS3.3 C.8.4.15): its detector's, stepped by the slice vector.

    Only tomographic reconstructions are slices: the detector of a planar image stands outside the patient.
    """
    if "RECON TOMO" not in text(dataset, "ImageType") and "RECON GATED TOMO" not in text(dataset, "ImageType"):
        return cosines, position
    detector = first_item(dataset, "DetectorInformationSequence")
    cosines = cosines or direction_cosines(numbers(detector, "ImageOrientationPatient"))
    position = position or vector(numbers(detector, "ImagePositionPatient"))
    step = number(dataset, "SpacingBetweenSlices") or number(dataset, "SliceThickness")
    slices = values(dataset, "SliceVector")
    index = int(slices[frame - 1]) if len(slices) >= frame else frame
    if cosines is None or position is None or not step:
        return cosines, position if index == 1 else None
    return cosines, _along(cosines, position, (index - 1) * step)


def _along(cosines: Cosines, position: Vector, distance: float) -> Vector:
    """Return a place moved along the normal of the plane, in millimetres."""
    x, y, z = np.array(position) + np.cross(cosines[:3], cosines[3:]) * distance
    return (float(x), float(y), float(z))
