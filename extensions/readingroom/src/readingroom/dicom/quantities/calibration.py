"""What a millimetre on an image is worth, and where it is true (PS3.3 10.7.1.3)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, number, numbers, text, values
from readingroom.dicom.quantities.ultrasound import ultrasound_regions

CalibrationKind = Literal[
    "patient",
    "detector",
    "magnified_corrected",
    "calibrated",
    "calibrated_geometry",
    "calibrated_fiducial",
    "ultrasound_region",
    "unstated",
    "none",
]

PROJECTION = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX", "DR", "BMD", "RTIMAGE"})
"""Modalities that cast a shadow on a detector, where everything is magnified."""

TOMOGRAPHIC = frozenset({"CT", "MR", "PT", "NM", "OCT", "OPT"})

X_RAY_VOLUMES = frozenset(f"1.2.840.10008.5.1.4.1.1.13.1.{n}" for n in (1, 2, 3))
"""X-Ray 3D Angiographic, Craniofacial and Breast Tomosynthesis: slices, though their modality casts shadows."""

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

_WORDS: dict[CalibrationKind, str] = {
    "patient": "in the patient",
    "detector": "at the detector: what lies inside the patient is smaller",
    "magnified_corrected": "corrected for an estimated magnification: true at one assumed depth only",
    "calibrated": "calibrated, without saying how: true at the depth it was calibrated for",
    "calibrated_geometry": "calibrated from the geometry: true at one assumed depth, near the central ray",
    "calibrated_fiducial": "calibrated on an object of known size: true at the depth of that object, near the central ray",
    "ultrasound_region": "within one calibrated region of the ultrasound image",
    "unstated": "a pixel size is given, but not where it is true",
    "none": "the image does not say how large its pixels are",
}
_WIRE: dict[CalibrationKind, str] = {
    "magnified_corrected": "magnified",
    "calibrated_geometry": "calibrated",
    "calibrated_fiducial": "calibrated",
    "ultrasound_region": "calibrated",
}
_CALIBRATION_TYPES: dict[str, CalibrationKind] = {"GEOMETRY": "calibrated_geometry", "FIDUCIAL": "calibrated_fiducial"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Millimetres between rows and between columns, None where there are none, and where they are true.

    ``detail`` holds what the image itself says about it: its calibration description, a magnification factor.
    """

    kind: CalibrationKind
    spacing: tuple[float, float] | None
    detail: str = ""

    @property
    def description(self) -> str:
        """Return in plain words where these millimetres are true."""
        return f"{_WORDS[self.kind]} ({self.detail})" if self.detail else _WORDS[self.kind]

    @property
    def wire_kind(self) -> str:
        """Return the kind as a page is told: patient, detector, magnified, calibrated, unstated or none."""
        return _WIRE.get(self.kind, self.kind)


def image_calibration(dataset: Dataset, frame: int) -> Calibration:
    """Return the calibration of a whole frame; an ultrasound image has one only where a single region rules it."""
    if values(dataset, "SequenceOfUltrasoundRegions"):
        return _ultrasound(dataset)
    pixel = pair(functional_group(dataset, frame, "PixelMeasuresSequence"), "PixelSpacing")
    if pixel is not None and _is_tomographic(dataset):
        return Calibration("patient", pixel)
    if text(dataset, "Modality") in PROJECTION:
        return _projection(dataset, frame, pixel)
    if pixel is not None:
        return _stated(dataset, pixel)
    scanned = pair(dataset, "NominalScannedPixelSpacing") or pair(dataset, "ImagerPixelSpacing")
    return Calibration("none", None) if scanned is None else Calibration("detector", scanned, "on the scanned film")


def pixel_shape(dataset: Dataset, frame: int) -> tuple[float, float] | None:
    """Return height and width of a pixel in millimetres or, without a calibration, relative to each other.

    Without either a pixel is square (PS3.3 C.7.6.3.1.7); None when the image's own ratio contradicts itself.
    """
    spacing = image_calibration(dataset, frame).spacing
    if spacing is not None:
        return spacing
    if not values(dataset, "PixelAspectRatio"):
        return 1.0, 1.0
    return pair(dataset, "PixelAspectRatio")


def _is_tomographic(dataset: Dataset) -> bool:
    """Return whether Pixel Spacing is a distance in the patient, because the image is a slice of it."""
    modality, sop_class = text(dataset, "Modality"), text(dataset, "SOPClassUID")
    if sop_class in X_RAY_VOLUMES:
        return True
    if modality in PROJECTION or text(dataset, "PixelSpacingCalibrationType"):
        return False
    if values(dataset, "ImageOrientationPatient") and not _is_localizer(dataset):
        return True
    if values(dataset, "SharedFunctionalGroupsSequence"):
        return True
    captured = sop_class == SECONDARY_CAPTURE or sop_class.startswith(f"{SECONDARY_CAPTURE}.")
    return modality in TOMOGRAPHIC and not captured and not _is_localizer(dataset)


def _is_localizer(dataset: Dataset) -> bool:
    """Return whether a CT image is a localizer, which is a projection (PS3.3 C.8.2.1.1.1)."""
    return text(dataset, "Modality") == "CT" and "LOCALIZER" in values(dataset, "ImageType")


def _stated(dataset: Dataset, pixel: tuple[float, float]) -> Calibration:
    """Return the calibration of an image that is neither a slice nor a projection radiograph."""
    kind = text(dataset, "PixelSpacingCalibrationType")
    if kind:
        return _calibrated(dataset, pixel, kind)
    return Calibration("unstated", pixel, "a localizer is a projection" if _is_localizer(dataset) else "")


def _projection(dataset: Dataset, frame: int, pixel: tuple[float, float] | None) -> Calibration:
    """Return the calibration of a projection radiograph (PS3.3 10.7.1.3)."""
    object_spacing = pair(
        functional_group(dataset, frame, "ProjectionPixelCalibrationSequence"), "ObjectPixelSpacingInCenterOfBeam"
    )
    if object_spacing is not None:
        return Calibration("magnified_corrected", object_spacing, "in the centre of the beam")
    kind, detector = text(dataset, "PixelSpacingCalibrationType"), _detector_spacing(dataset, frame)
    if pixel is not None and kind:
        return _calibrated(dataset, pixel, kind)
    if pixel is not None and detector is not None and not np.allclose(pixel, detector, rtol=1e-4):
        return _calibrated(dataset, pixel, kind)
    if detector is None:
        return Calibration("none", None) if pixel is None else Calibration("detector", pixel)
    factor, detail = _magnification(dataset, frame)
    if factor <= 1:
        return Calibration("detector", detector)
    return Calibration("magnified_corrected", (detector[0] / factor, detector[1] / factor), detail)


def _calibrated(dataset: Dataset, pixel: tuple[float, float], kind: str) -> Calibration:
    described = text(dataset, "PixelSpacingCalibrationDescription")
    return Calibration(_CALIBRATION_TYPES.get(kind, "calibrated"), pixel, described)


def _detector_spacing(dataset: Dataset, frame: int) -> tuple[float, float] | None:
    """Return the spacing at the front of the detector, or on the film that was scanned."""
    return (
        pair(functional_group(dataset, frame, "FramePixelDataPropertiesSequence"), "ImagerPixelSpacing")
        or pair(dataset, "ImagerPixelSpacing")
        or pair(dataset, "ImagePlanePixelSpacing")
        or pair(dataset, "NominalScannedPixelSpacing")
    )


def _magnification(dataset: Dataset, frame: int) -> tuple[float, str]:
    """Return by how much the object is enlarged on the detector and how that is known, (1, "") where it is not.

    Distance Source to Patient is that of the isocentre for XA and RF (PS3.3 C.8.7.5) but that of the table or bucky
    for DX and MG (PS3.3 C.8.11.7), so only the former two make a factor.
    """
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    if factor is not None and factor > 1:
        return factor, f"magnification {factor:g}"
    geometry = functional_group(dataset, frame, "XRayGeometrySequence")
    pairs = [(number(geometry, "DistanceSourceToDetector"), number(geometry, "DistanceSourceToIsocenter"))]
    if text(dataset, "Modality") in ("XA", "RF"):
        pairs.append((number(dataset, "DistanceSourceToDetector"), number(dataset, "DistanceSourceToPatient")))
    if text(dataset, "Modality") == "RTIMAGE":
        pairs.append((number(dataset, "RTImageSID"), number(dataset, "RadiationMachineSAD")))
    for to_detector, to_object in pairs:
        if to_detector and to_object and to_detector > to_object > 0:
            return to_detector / to_object, f"source to detector {to_detector:g} mm, to isocentre {to_object:g} mm"
    return 1.0, ""


def pair(dataset: Dataset | None, keyword: str) -> tuple[float, float] | None:
    """Return two positive numbers, between rows first; None for anything else."""
    found = numbers(dataset, keyword)
    if len(found) == 2 and min(found) > 0:  # noqa: PLR2004 - rows, columns
        return found[0], found[1]
    return None


def _ultrasound(dataset: Dataset) -> Calibration:
    regions = ultrasound_regions(dataset)
    spacing = regions[0].spacing if len(regions) == 1 else None
    return Calibration("none" if spacing is None else "ultrasound_region", spacing)
