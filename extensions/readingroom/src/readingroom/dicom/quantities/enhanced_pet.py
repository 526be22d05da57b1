"""Enhanced PET images (PS3.3 A.56), whose values, corrections and doses are said in other attributes than in classic ones."""

import math
from dataclasses import dataclass

from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, number, text, values
from readingroom.dicom.image import rescale
from readingroom.dicom.quantities.body_size import SUV_LABELS, SuvType
from readingroom.dicom.quantities.real_world import RealWorldMap, maps_in
from readingroom.errors import NotMeasurableError

ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
ACTIVITY = "Bq/ml"
_CORRECTED = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY"}


@dataclass(frozen=True, eq=False, slots=True)
class EnhancedPet:
    """A frame as a classic image would describe it, and what one modality value is worth.

    ``activity`` is in Bq/ml, ``suv`` by the kind of SUV; what the image does not map is None or left out.
    """

    attributes: Dataset
    activity: float | None
    suv: dict[SuvType, float]


def is_enhanced_pet(dataset: Dataset) -> bool:
    """Return whether an image is of the SOP class Enhanced PET."""
    return text(dataset, "SOPClassUID") == ENHANCED_PET


def enhanced_pet(dataset: Dataset, frame: int) -> EnhancedPet:
    """Return a frame in classic terms: its real world mappings (C.7.6.16.2.11), corrections (C.8.22.5) and dose (C.8.22.3)."""
    classic = Dataset()
    classic.update(
        {
            tag: dataset.get_item(tag)
            for tag in dataset.keys()  # noqa: SIM118 - iterating converts values
            if tag.group < 0x5200  # noqa: PLR2004 - functional groups and pixels
        }
    )
    classic.CorrectedImage = [term for name, term in _CORRECTED.items() if text(dataset, name) == "YES"]
    classic.DecayCorrection = "START" if text(dataset, "DecayCorrectionDateTime") else ""
    classic.RadiopharmaceuticalInformationSequence = _administrations(dataset, frame)
    slope, intercept = rescale(dataset, frame)
    mappings = maps_in(dataset, frame)
    activity = next((each for each in mappings if each.unit_code == ACTIVITY), None)
    suv = {kind: each for kind, label in SUV_LABELS.items() for each in mappings if _names(each, label)}
    return EnhancedPet(
        classic,
        None if activity is None else _ratio(activity, slope, intercept),
        {kind: _ratio(each, slope, intercept) for kind, each in suv.items()},
    )


def _names(mapping: RealWorldMap, label: str) -> bool:
    """Return whether a mapping leads to an SUV, by the annotation of its unit: {SUVbw}g/ml (PS3.16 CID 85)."""
    return f"{{{label}}}" in mapping.unit_code


def _administrations(dataset: Dataset, frame: int) -> list[Dataset]:
    """Return the radiopharmaceuticals that a frame was taken with, by Radiopharmaceutical Agent Number (C.8.22.9.2)."""
    found = [item for item in values(dataset, "RadiopharmaceuticalInformationSequence") if isinstance(item, Dataset)]
    used = number(
        functional_group(dataset, frame, "RadiopharmaceuticalUsageSequence"), "RadiopharmaceuticalAgentNumber"
    )
    return found if used is None else [one for one in found if number(one, "RadiopharmaceuticalAgentNumber") == used]


def _ratio(mapping: RealWorldMap, slope: float, intercept: float) -> float:
    """Return what a modality value is multiplied by for a real world value; both must be zero for the same stored value."""
    ratio = mapping.slope / slope
    if mapping.table is not None or not math.isclose(mapping.intercept, ratio * intercept, rel_tol=1e-6, abs_tol=1e-9):
        raise NotMeasurableError("The real world values of this image do not follow its values by one factor.")
    return ratio
