"""Standardized uptake values of PET images (PS3.3 C.8.9; the vendor-neutral pseudo-code of QIBA).

A factor turns modality values (stored values after Rescale Slope, which differs from slice to slice) into SUV. What it
rests on is said in it; what is missing is named in a refusal, for an SUV that is guessed at may change a treatment.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydicom import Dataset

from readingroom.dicom.attributes import number, quiet_reading, text, values
from readingroom.dicom.quantities.body_size import SUV_LABELS, SUV_UNITS, Patient, SuvType, body_measure, patient
from readingroom.dicom.quantities.converted import frame_attributes
from readingroom.dicom.quantities.enhanced_pet import EnhancedPet, enhanced_pet, is_enhanced_pet
from readingroom.dicom.quantities.private import private_number
from readingroom.dicom.quantities.suv_time import Decay, acquisition_time, decay_to_scan, earliest_frame
from readingroom.errors import NotMeasurableError

PHILIPS = "Philips PET Private Group"
_PHILIPS_SUV, _PHILIPS_ACTIVITY = 0x00, 0x09
WEAKEST_DOSE_BQ = 1e5
"""A tenth of a megabecquerel: no patient is imaged with less, so a smaller number is written in another unit."""

SHORTEST_HALF_LIFE_S = 1.0
AGREEMENT = 0.01
_CORRECTIONS = {"ATTN": "attenuation", "DECY": "decay"}


@dataclass(frozen=True, slots=True)
class SuvFactor:
    """What a modality value is multiplied by to become an SUV of ``kind``; ``warnings`` say what was doubtful."""

    kind: SuvType
    factor: float
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the name a reader knows: SUVbw."""
        return SUV_LABELS[self.kind]

    @property
    def unit(self) -> str:
        """Return the unit: g/ml, or cm²/ml for SUVbsa."""
        return SUV_UNITS[self.kind]


def suv_factor(
    dataset: Dataset, kind: SuvType = "BW", earliest_acquisition: datetime | None = None, frame: int = 1
) -> SuvFactor:
    """Return the SUV factor of a frame of a PET image.

    ``earliest_acquisition`` is the first Acquisition Date and Time of the series (``earliest_acquisition_of``); it is
    used only where the image itself does not tell when the scan began.

    Raises
    ------
    NotMeasurableError
        When the image is no PET image, is not corrected for attenuation and decay, or lacks something; it is named.
    """
    with quiet_reading():
        if text(dataset, "Modality") != "PT":
            raise NotMeasurableError("Only PET images have standardized uptake values.")
        earliest_acquisition = earliest_acquisition or earliest_frame(dataset)
        if is_enhanced_pet(dataset):
            return _of_enhanced(enhanced_pet(dataset, frame), kind, earliest_acquisition)
        dataset = frame_attributes(dataset, frame)
        units, body = text(dataset, "Units"), patient(dataset)
        if units in ("GML", "CM2ML"):
            return _between_types(kind, _own_type(dataset, units), body)
        _check_corrections(dataset)
        if units == "BQML":
            return _of_activity(dataset, kind, body, 1.0, earliest_acquisition)
        if units == "CNTS":
            return _of_philips_counts(dataset, kind, body, earliest_acquisition)
    named = f"in {units}" if units else "without Units"
    raise NotMeasurableError(f"This PET image holds values {named}; an SUV needs them in Bq/ml (BQML).")


def _of_enhanced(image: EnhancedPet, kind: SuvType, earliest_acquisition: datetime | None) -> SuvFactor:
    """Return the factor of an Enhanced PET frame: its own SUV of that kind, else by activity, else from another kind."""
    if kind in image.suv:
        return SuvFactor(kind, image.suv[kind])
    body = patient(image.attributes)
    if image.activity is not None:
        _check_corrections(image.attributes)
        return _of_activity(image.attributes, kind, body, image.activity, earliest_acquisition)
    if image.suv:
        own, ratio = next(iter(image.suv.items()))
        return SuvFactor(kind, ratio * _between_types(kind, own, body).factor)
    raise NotMeasurableError(
        "This PET image does not say how its values become Bq/ml or SUV (Real World Value Mapping)."
    )


def earliest_acquisition_of(datasets: Iterable[Dataset]) -> datetime | None:
    """Return the earliest Acquisition Date and Time of a series, None where no image has one."""
    with quiet_reading():
        return min((found for found in map(acquisition_time, datasets) if found is not None), default=None)


def _own_type(dataset: Dataset, units: str) -> SuvType:
    """Return the kind that an image of SUV holds; without SUV Type, BW for GML and BSA for CM2ML (PS3.3 C.8.9.1)."""
    named = text(dataset, "SUVType")
    found = next((kind for kind in SUV_UNITS if kind == (named or ("BW" if units == "GML" else "BSA"))), None)
    if found is None:
        raise NotMeasurableError(f"This image holds SUV of an unknown type ({named:.16}).")
    if (found == "BSA") != (units == "CM2ML"):
        raise NotMeasurableError(
            f"This image says that its SUV are of type {named} in {units}, which do not belong together."
        )
    return found


def _between_types(kind: SuvType, own: SuvType, body: Patient) -> SuvFactor:
    if kind == own:
        return SuvFactor(kind, 1.0)
    return SuvFactor(kind, body_measure(kind, body) / body_measure(own, body))


def _check_corrections(dataset: Dataset) -> None:
    """Refuse what is not corrected for attenuation and decay (Corrected Image, PS3.3 C.8.9.1)."""
    corrected = {str(value) for value in values(dataset, "CorrectedImage")}
    missing = [word for term, word in _CORRECTIONS.items() if term not in corrected]
    if missing:
        raise NotMeasurableError(f"This PET image is not corrected for {' and '.join(missing)}, so it has no SUV.")


def _of_activity(
    dataset: Dataset, kind: SuvType, body: Patient, bq_per_ml: float, earliest_acquisition: datetime | None
) -> SuvFactor:
    """Return the factor of values that are activities times ``bq_per_ml``."""
    measure = body_measure(kind, body)
    items = [item for item in values(dataset, "RadiopharmaceuticalInformationSequence") if isinstance(item, Dataset)]
    if len(items) != 1:
        many = "more than one radiopharmaceutical" if items else "no radiopharmaceutical"
        raise NotMeasurableError(f"The image names {many}, so the dose is not known.")
    dose, half_life = _dose(items[0]), number(items[0], "RadionuclideHalfLife")
    if not half_life or half_life < SHORTEST_HALF_LIFE_S:
        raise NotMeasurableError("The image does not give the half-life of the nuclide (Radionuclide Half Life).")
    decay = _decay(dataset, items[0], half_life, earliest_acquisition)
    remaining = dose * math.exp(-math.log(2) * decay.seconds / half_life)
    return SuvFactor(kind, bq_per_ml * measure / remaining, decay.warnings)


def _dose(administration: Dataset) -> float:
    dose = number(administration, "RadionuclideTotalDose")
    if not dose or dose < 0:
        raise NotMeasurableError("The image does not give the dose (Radionuclide Total Dose).")
    if dose < WEAKEST_DOSE_BQ:
        raise NotMeasurableError(f"The image gives a dose of {dose:g} Bq, which must be in another unit.")
    return dose


def _decay(dataset: Dataset, item: Dataset, half_life: float, earliest_acquisition: datetime | None) -> Decay:
    """Return the decay until the time that activities are corrected to (Decay Correction, PS3.3 C.8.9.1.1.2)."""
    corrected_to = text(dataset, "DecayCorrection")
    if corrected_to == "ADMIN":
        return Decay(0.0)
    if corrected_to == "START":
        return decay_to_scan(dataset, item, half_life, earliest_acquisition)
    said = f"Decay Correction {corrected_to}" if corrected_to else "no Decay Correction"
    raise NotMeasurableError(f"The image says {said}: the time that its activities stand for is not known.")


def _of_philips_counts(
    dataset: Dataset, kind: SuvType, body: Patient, earliest_acquisition: datetime | None
) -> SuvFactor:
    """Return the factor of Philips counts: their own SUV factor, else the one that makes them Bq/ml."""
    suv = private_number(dataset, 0x7053, PHILIPS, _PHILIPS_SUV)
    activity = private_number(dataset, 0x7053, PHILIPS, _PHILIPS_ACTIVITY)
    if suv is not None and suv > 0:
        found = _between_types(kind, "BW", body)
        factor = SuvFactor(kind, suv * found.factor)
        return factor if not activity else _compared(dataset, factor, body, activity, earliest_acquisition)
    if activity is not None and activity > 0:
        return _of_activity(dataset, kind, body, activity, earliest_acquisition)
    raise NotMeasurableError("This PET image holds counts and no factor that turns them into Bq/ml or SUV.")


def _compared(
    dataset: Dataset, factor: SuvFactor, body: Patient, activity: float, earliest_acquisition: datetime | None
) -> SuvFactor:
    """Return the factor with a warning where the dose and times of the image give another one."""
    try:
        other = _of_activity(dataset, factor.kind, body, activity, earliest_acquisition)
    except NotMeasurableError:
        return factor
    if math.isclose(factor.factor, other.factor, rel_tol=AGREEMENT):
        return factor
    doubt = f"the scanner's own SUV factor is {factor.factor / other.factor:.2f} times what dose, weight and times give"
    return SuvFactor(factor.kind, factor.factor, (doubt,))
