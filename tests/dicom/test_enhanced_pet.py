"""SUV of Enhanced PET images: values by real world mappings, doses by agent, decay from its own date and time."""

from collections.abc import Callable

import pytest
from pydicom import Dataset

from readingroom.dicom.quantities.body_size import Patient, body_measure
from readingroom.dicom.quantities.suv import suv_factor
from readingroom.errors import NotMeasurableError
from readingroom.testing.states import item

F18 = 6586.2
DOSE = 400e6
BODY = Patient(80, 1.8, "M")
AN_HOUR = 80_000 / (DOSE * 2 ** (-3600 / F18))


def mapping(code: str, slope: float, intercept: float = 0.0) -> Dataset:
    """Return an item of Real World Value Mapping Sequence."""
    return item(
        LUTLabel=code, RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=65_535,
        RealWorldValueSlope=slope, RealWorldValueIntercept=intercept,
        MeasurementUnitsCodeSequence=[item(CodeValue=code, CodingSchemeDesignator="UCUM", CodeMeaning=code)],
    )  # fmt: skip


def agent(number: int, dose: float, start: str = "20260105090000") -> Dataset:
    """Return an item of Radiopharmaceutical Information Sequence."""
    return item(
        RadiopharmaceuticalAgentNumber=number, RadionuclideTotalDose=dose, RadionuclideHalfLife=F18,
        RadiopharmaceuticalStartDateTime=start,
    )  # fmt: skip


def enhanced(*mappings: Dataset, **changes: object) -> Dataset:
    """Return two frames of slopes 2 and 4, corrected to 10:00, an hour after 400 MBq; None takes an attribute out."""
    frames = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")],
            RealWorldValueMappingSequence=list(mappings) or [mapping("Bq/ml", slope)],
            RadiopharmaceuticalUsageSequence=[item(RadiopharmaceuticalAgentNumber=number)],
        )
        for number, slope in ((1, 2), (2, 4))
    ]
    made = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.130", Modality="PT", PatientWeight=80, PatientSize=1.8, PatientSex="M",
        DecayCorrected="YES", AttenuationCorrected="YES", DecayCorrectionDateTime="20260105100000",
        PixelRepresentation=0, BitsStored=16, BitsAllocated=16,
        RadiopharmaceuticalInformationSequence=[agent(1, DOSE), agent(2, DOSE / 2)],
        SharedFunctionalGroupsSequence=[item()], PerFrameFunctionalGroupsSequence=frames,
    )  # fmt: skip
    for keyword, value in changes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def test_each_frame_takes_the_dose_of_its_own_agent() -> None:
    """The frame names the agent; with half the dose the same activity is twice the uptake."""
    assert suv_factor(enhanced(), frame=1).factor == pytest.approx(AN_HOUR)
    assert suv_factor(enhanced(), frame=2).factor == pytest.approx(2 * AN_HOUR)


def test_real_world_slope_counts_where_the_rescale_slope_differs() -> None:
    """A modality value is a stored value times 2; if that is 6 Bq/ml, each is worth 3."""
    assert suv_factor(enhanced(mapping("Bq/ml", 6))).factor == pytest.approx(3 * AN_HOUR)


def test_own_suv_of_the_image_is_taken() -> None:
    """A mapping to SUVbw needs no dose; other kinds follow from the activity, or from the body where there is none."""
    both = enhanced(mapping("g/ml{SUVbw}", 0.01), mapping("Bq/ml", 2))
    assert suv_factor(both).factor == pytest.approx(0.005)
    assert suv_factor(both, "IBW").factor == pytest.approx(AN_HOUR * body_measure("IBW", BODY) / 80_000)
    alone = enhanced(mapping("{SUVbw}g/ml", 0.01), RadiopharmaceuticalInformationSequence=None)
    assert suv_factor(alone, "BSA").factor == pytest.approx(0.005 * body_measure("BSA", BODY) / 80_000)
    surface = enhanced(mapping("cm2/ml{SUVbsa}", 0.01))
    assert suv_factor(surface, "BSA").factor == pytest.approx(0.005)


def test_decay_goes_to_the_date_and_time_of_correction() -> None:
    """Also across midnight, and to the injection itself where the scanner corrects to that."""
    midnight = enhanced(
        RadiopharmaceuticalInformationSequence=[agent(1, DOSE, "20260104233000")],
        DecayCorrectionDateTime="20260105003000",
    )
    assert suv_factor(midnight).factor == pytest.approx(AN_HOUR)
    injection = enhanced(DecayCorrectionDateTime="20260105090000")
    assert suv_factor(injection).factor == pytest.approx(80_000 / DOSE)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: enhanced(DecayCorrected="NO"), "not corrected for decay"),
        (lambda: enhanced(AttenuationCorrected=None), "not corrected for attenuation"),
        (lambda: enhanced(DecayCorrectionDateTime=None), "no Decay Correction"),
        (lambda: enhanced(RadiopharmaceuticalInformationSequence=[agent(7, DOSE)]), "no radiopharmaceutical"),
        (lambda: enhanced(mapping("1", 2)), "Real World Value Mapping"),
        (lambda: enhanced(mapping("Bq/ml", 2, 500)), "by one factor"),
        (lambda: enhanced(PatientWeight=None), "Patient's Weight"),
    ],
)
def test_what_is_missing_is_named(make: Callable[[], Dataset], words: str) -> None:
    """An enhanced image that lacks a part has no SUV, and the part is told."""
    with pytest.raises(NotMeasurableError, match=words):
        suv_factor(make())
