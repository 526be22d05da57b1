"""SUV of PET images: every branch by hand, and a real series against factors that another program computed."""

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.quantities.body_size import Patient, SuvType, body_measure
from readingroom.dicom.quantities.suv import earliest_acquisition_of, suv_factor
from readingroom.dicom.quantities.suv_time import scan_start
from readingroom.dicom.quantities.units import modality_unit
from readingroom.errors import NotMeasurableError

ACRIN = Path(__file__).parents[3] / "shared/data/acrin_lung_pet_ct"
F18 = 6586.2
DOSE = 400e6


def pet(**changes: object) -> Dataset:
    """Return the header of a PET image: 80 kg, 1.80 m, 400 MBq given an hour before the scan; None takes one out."""
    injection = Dataset()
    injection.RadiopharmaceuticalStartTime, injection.RadionuclideTotalDose = "090000", DOSE
    injection.RadionuclideHalfLife = F18
    made = Dataset()
    made.Modality, made.Units, made.DecayCorrection = "PT", "BQML", "START"
    made.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    made.SeriesDate = made.AcquisitionDate = "20260105"
    made.SeriesTime, made.AcquisitionTime = "100000", "100000.00"
    made.PatientWeight, made.PatientSize, made.PatientSex = 80, 1.8, "M"
    made.RadiopharmaceuticalInformationSequence = [injection]
    for keyword, value in changes.items():
        holder = made if keyword not in _OF_THE_INJECTION else injection
        if value is None:
            delattr(holder, keyword)
            continue
        with quiet_reading():
            setattr(holder, keyword, value)
    return made


_OF_THE_INJECTION = {
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
}


def seconds_of(dataset: Dataset) -> float:
    """Return the decay time that a factor for body weight implies."""
    factor = suv_factor(dataset).factor
    half_life = float(dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife)
    return half_life * math.log2(factor * DOSE / (80 * 1000))


def test_body_weight_by_hand() -> None:
    """An hour of fluorine-18: 80,000 g / (400 MBq * 2^(-3600 / 6586.2)) per Bq/ml."""
    assert suv_factor(pet()).factor == pytest.approx(80_000 / (DOSE * 2 ** (-3600 / F18)), rel=1e-12)
    assert ("SUVbw", "g/ml", ()) == (suv_factor(pet()).label, suv_factor(pet()).unit, suv_factor(pet()).warnings)


@pytest.mark.parametrize(
    ("kind", "sex", "expected"),
    [
        ("BW", "M", 80_000.0),
        ("LBM", "M", (88 - 120 * (80 / 180) ** 2) * 1000),
        ("LBM", "F", (85.6 - 148 * (80 / 180) ** 2) * 1000),
        ("LBMJAMES128", "M", (88 - 128 * (80 / 180) ** 2) * 1000),
        ("LBMJAMES128", "F", (85.6 - 148 * (80 / 180) ** 2) * 1000),
        ("LBMJANMA", "M", 9270 * 80 / (6680 + 216 * 80 / 3.24) * 1000),
        ("LBMJANMA", "F", 9270 * 80 / (8780 + 244 * 80 / 3.24) * 1000),
        ("BSA", "F", 0.007184 * 80**0.425 * 180**0.725 * 1e4),
        ("IBW", "M", (48 + 1.06 * 28) * 1000),
        ("IBW", "F", (45.5 + 0.91 * 28) * 1000),
    ],
)
def test_each_kind_divides_by_its_own_measure_of_the_body(kind: SuvType, sex: str, expected: float) -> None:
    """Grams of weight, of lean mass by three formulas, of ideal weight; square centimetres of surface."""
    assert body_measure(kind, Patient(80, 1.8, sex)) == pytest.approx(expected, rel=1e-12)
    found, weight = suv_factor(pet(PatientSex=sex), kind), suv_factor(pet(PatientSex=sex))
    assert found.factor / weight.factor == pytest.approx(expected / 80_000, rel=1e-12)


def test_decay_correction_to_the_injection_needs_no_time() -> None:
    """ADMIN: activities stand for the moment of injection, so the whole dose counts."""
    assert 0.0 == pytest.approx(seconds_of(pet(DecayCorrection="ADMIN", RadiopharmaceuticalStartTime=None)), abs=1e-6)


def test_an_injection_before_midnight_is_of_the_day_before() -> None:
    """23:30 for a scan at 00:15 is 45 minutes, not minus 23 hours."""
    dataset = pet(RadiopharmaceuticalStartTime="233000", SeriesTime="001500", AcquisitionTime="001500")
    assert 45 * 60 == pytest.approx(seconds_of(dataset))


def test_a_full_date_and_time_of_injection_wins() -> None:
    """Radiopharmaceutical Start DateTime says the day; its zone is the image's own or is converted to it."""
    exact = pet(RadiopharmaceuticalStartDateTime="20260104231500", SeriesTime="001500", AcquisitionTime="001500")
    assert 3600 == pytest.approx(seconds_of(exact))
    zoned = pet(RadiopharmaceuticalStartDateTime="20260105083000.000000+0000")
    assert 90 * 60 == pytest.approx(seconds_of(zoned))
    zoned.TimezoneOffsetFromUTC = "+0100"
    assert 30 * 60 == pytest.approx(seconds_of(zoned))
    first_day = pet(RadiopharmaceuticalStartDateTime="00010101000000+2300", TimezoneOffsetFromUTC="+0000")
    assert "do not fit" in suv_factor(first_day).warnings[0]


def test_dates_that_were_altered_leave_the_times_of_day_with_a_warning() -> None:
    """De-identification moved one date: the times of day are used and the reader is told."""
    found = suv_factor(pet(RadiopharmaceuticalStartDateTime="20110304090000"))
    assert found.factor == pytest.approx(suv_factor(pet()).factor)
    assert "dates of injection and scan do not fit" in found.warnings[0]


def test_an_image_without_dates_is_computed_with_a_warning() -> None:
    """Times alone are enough for one day, and the reader is told."""
    found = suv_factor(pet(SeriesDate=None, AcquisitionDate=None))
    assert found.factor == pytest.approx(suv_factor(pet()).factor)
    assert "no dates" in found.warnings[0]


def test_a_long_lived_nuclide_needs_the_day() -> None:
    """Zirconium-89 is scanned days later: with a date it is right, without one there is a warning, altered it refuses."""
    days = pet(RadionuclideHalfLife=282_240.0, RadiopharmaceuticalStartDateTime="20260101100000")
    assert 4 * 86_400 == pytest.approx(seconds_of(days))
    assert "day of the injection" in suv_factor(pet(RadionuclideHalfLife=282_240.0)).warnings[0]
    with pytest.raises(NotMeasurableError, match="days before"):
        suv_factor(pet(RadionuclideHalfLife=282_240.0, RadiopharmaceuticalStartDateTime="20270101100000"))


def test_series_time_of_a_later_reconstruction_is_not_the_scan() -> None:
    """Series Time after the acquisition: GE's own scan time, else the frame's mean count time, else the earliest."""
    late = {"SeriesTime": "150000", "AcquisitionTime": "101000"}
    ge = pet(**late)
    ge.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260105100000.00")
    assert 3600 == pytest.approx(seconds_of(ge))
    mean_at = math.log(math.log(2) / F18 * 180 / (1 - math.exp(-math.log(2) / F18 * 180))) / (math.log(2) / F18)
    framed = pet(**late, FrameReferenceTime=(600 + mean_at) * 1000, ActualFrameDuration=180_000)
    assert 3600 == pytest.approx(seconds_of(framed), abs=1e-3)
    with pytest.raises(NotMeasurableError, match="Series Time is later"):
        suv_factor(pet(**late))
    first = earliest_acquisition_of([pet(AcquisitionTime="101000"), pet(AcquisitionTime="100500"), Dataset()])
    assert datetime(2026, 1, 5, 10, 5) == first  # noqa: DTZ001 - DICOM times have no zone
    assert suv_factor(pet(**late), "BW", first).factor == pytest.approx(80_000 / (DOSE * 2 ** (-3900 / F18)))


def test_a_frame_reference_time_that_is_none_is_not_used() -> None:
    """Some scanners write the start of the frame there; Decay Factor gives it away and the image refuses."""
    late = {"SeriesTime": "150000", "AcquisitionTime": "101000", "ActualFrameDuration": 300_000}
    rate = math.log(2) / F18
    mean_at = math.log(300 * rate / (1 - math.exp(-300 * rate))) / rate
    right = pet(**late, FrameReferenceTime=(600 + mean_at) * 1000, DecayFactor=math.exp(rate * (600 + mean_at)))
    assert 3600 == pytest.approx(seconds_of(right), abs=1e-3)
    with pytest.raises(NotMeasurableError, match="Series Time is later"):
        suv_factor(pet(**late, FrameReferenceTime=600_000, DecayFactor=math.exp(rate * (600 + mean_at))))


def test_an_enhanced_image_says_what_it_is_corrected_to() -> None:
    """Decay Correction DateTime is used as it stands."""
    dataset = pet(DecayCorrectionDateTime="20260105103000", SeriesTime="150000")
    assert datetime(2026, 1, 5, 10, 30) == scan_start(dataset, F18)[0]  # noqa: DTZ001


def philips(**factors: float) -> Dataset:
    """Return a Philips image in counts with its private factors."""
    dataset = pet(Units="CNTS")
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    for name, value in factors.items():
        block.add_new({"suv": 0x00, "activity": 0x09}[name], "DS", f"{value:.10g}")
    return dataset


def test_philips_counts_become_suv_by_their_own_factors() -> None:
    """(7053,xx00) is the SUVbw factor; without it (7053,xx09) makes Bq/ml; other kinds follow from the body."""
    assert 0.00125 == suv_factor(philips(suv=0.00125)).factor
    assert suv_factor(philips(suv=0.00125), "IBW").factor == pytest.approx(0.00125 * 77.68 / 80)
    assert suv_factor(philips(activity=2.5)).factor == pytest.approx(2.5 * suv_factor(pet()).factor)
    assert suv_factor(philips(suv=0, activity=2.5)).factor == pytest.approx(2.5 * suv_factor(pet()).factor)
    both = suv_factor(pet()).factor * 2.5
    assert () == suv_factor(philips(suv=both, activity=2.5)).warnings
    assert "2.00 times" in suv_factor(philips(suv=2 * both, activity=2.5)).warnings[0]
    with pytest.raises(NotMeasurableError, match="no factor"):
        suv_factor(philips())


def test_a_private_factor_of_unknown_type_is_read() -> None:
    """Implicit data without our dictionary holds bytes; the number in them counts."""
    dataset = pet(Units="CNTS")
    dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "UN", b"0.00125 ")
    assert 0.00125 == suv_factor(dataset).factor


def test_an_image_of_suv_is_taken_as_it_is() -> None:
    """GML is SUVbw unless SUV Type says otherwise, CM2ML is SUVbsa; other kinds follow from the body alone."""
    bare = {"CorrectedImage": None, "DecayCorrection": None, "RadiopharmaceuticalInformationSequence": None}
    assert 1.0 == suv_factor(pet(Units="GML", **bare)).factor
    assert suv_factor(pet(Units="GML", **bare), "IBW").factor == pytest.approx(77.68 / 80)
    assert suv_factor(pet(Units="GML", SUVType="IBW", **bare)).factor == pytest.approx(80 / 77.68)
    assert 1.0 == suv_factor(pet(Units="CM2ML", **bare), "BSA").factor
    with pytest.raises(NotMeasurableError, match="do not belong together"):
        suv_factor(pet(Units="GML", SUVType="BSA"))
    with pytest.raises(NotMeasurableError, match="unknown type"):
        suv_factor(pet(Units="GML", SUVType="XYZ"))


REFUSALS: list[tuple[Callable[[], Dataset], SuvType, str]] = [
    (lambda: pet(Modality="CT"), "BW", "Only PET"),
    (lambda: pet(Units="CPS"), "BW", "in CPS"),
    (lambda: pet(Units=None), "BW", "without Units"),
    (lambda: pet(CorrectedImage=["DECY"]), "BW", "not corrected for attenuation"),
    (lambda: pet(CorrectedImage=["ATTN"]), "BW", "not corrected for decay"),
    (lambda: pet(CorrectedImage=None), "BW", "attenuation and decay"),
    (lambda: pet(DecayCorrection="NONE"), "BW", "Decay Correction NONE"),
    (lambda: pet(DecayCorrection=None), "BW", "no Decay Correction"),
    (lambda: pet(PatientWeight=None), "BW", "Patient's Weight"),
    (lambda: pet(PatientWeight=0), "BW", "Patient's Weight"),
    (lambda: pet(PatientWeight=80_000), "BW", "weighs 80000 kg"),
    (lambda: pet(PatientSize=180), "LBM", "metres"),
    (lambda: pet(PatientSize=None, PatientSex="O"), "LBM", "Size and Patient's Sex"),
    (lambda: pet(PatientSex="O"), "IBW", "Sex"),
    (lambda: pet(PatientWeight=250, PatientSize=1.2), "LBM", "no meaning"),
    (lambda: pet(RadionuclideTotalDose=None), "BW", "Radionuclide Total Dose"),
    (lambda: pet(RadionuclideTotalDose=400), "BW", "another unit"),
    (lambda: pet(RadionuclideHalfLife=None), "BW", "Half Life"),
    (lambda: pet(RadionuclideHalfLife=1e-300), "BW", "half-life of the nuclide"),
    (lambda: pet(RadiopharmaceuticalStartTime="100001"), "BW", "decayed away"),
    (lambda: pet(RadiopharmaceuticalStartTime=None), "BW", "when the radiopharmaceutical was given"),
    (lambda: pet(RadiopharmaceuticalStartTime="25:99"), "BW", "when the radiopharmaceutical was given"),
    (lambda: pet(AcquisitionTime=None), "BW", "when it was acquired"),
    (lambda: pet(RadiopharmaceuticalInformationSequence=[]), "BW", "no radiopharmaceutical"),
    (lambda: pet(RadiopharmaceuticalInformationSequence=[Dataset(), Dataset()]), "BW", "more than one"),
]


@pytest.mark.parametrize(("make", "kind", "words"), REFUSALS, ids=[words for _, _, words in REFUSALS])
def test_what_is_missing_is_named(make: Callable[[], Dataset], kind: SuvType, words: str) -> None:
    """No SUV is guessed: the refusal names what the image lacks."""
    with pytest.raises(NotMeasurableError, match=words):
        suv_factor(make(), kind)


def test_no_header_makes_it_stumble() -> None:
    """Whatever the attributes hold, there is a factor above 0 or a refusal in words, never another error."""
    random = np.random.default_rng(5)
    values = [
        "",
        "x",
        "\u00b2",
        "1e400",
        "-1",
        "0",
        "1e-300",
        "99999999999999",
        "00010101000000+2300",
        "20260105",
        "2459",
    ]
    names = ["SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "FrameReferenceTime", "ActualFrameDuration",
             "PatientWeight", "PatientSize", "DecayFactor", "TimezoneOffsetFromUTC", "DecayCorrectionDateTime",
             "RadionuclideHalfLife", "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"]  # fmt: skip
    found = 0
    for _ in range(1500):
        with quiet_reading():
            dataset = pet(SeriesTime="150000", FrameReferenceTime="90000", ActualFrameDuration="180000")
            for name in random.choice(names, 3, replace=False):
                holder = dataset.RadiopharmaceuticalInformationSequence[0] if name in _OF_THE_INJECTION else dataset
                holder.add(
                    RawDataElement(
                        Tag(tag_for_keyword(name)), None, 4, str(random.choice(values)).encode(), 0, True, True
                    )
                )
        try:
            factor = suv_factor(dataset, str(random.choice(["BW", "LBM", "BSA", "IBW"]))).factor  # type: ignore[arg-type]
        except NotMeasurableError:
            continue
        assert 0 < factor < math.inf
        found += 1
    assert found > 50


@pytest.mark.skipif(not ACRIN.exists(), reason="the shared research images are not on this machine")
def test_a_real_series_has_the_factors_another_program_found() -> None:
    """Every image of the ACRIN series: the mapping objects' SUVbw, SUVlbm (James) and SUVibw, to all their digits.

    Their SUVbsa is ten times smaller than its own unit cm2/ml says: square metres times 1,000 instead of 10,000.
    """
    mapping = pydicom.dcmread(next((ACRIN / "10_rwv").iterdir()))
    factors, uids = {}, set()
    for item in mapping.ReferencedImageRealWorldValueMappingSequence:
        real = item.RealWorldValueMappingSequence[0]
        factors[real.LUTLabel] = real.RealWorldValueSlope
        uids |= {image.ReferencedSOPInstanceUID for image in item.ReferencedImageSequence}
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in (ACRIN / "02_pt").iterdir()]
    kinds: dict[str, tuple[SuvType, float]] = {
        "{SUVbw}g/ml": ("BW", 1),
        "{SUVlbm}g/ml": ("LBMJAMES128", 1),
        "{SUVbsa}cm2/ml": ("BSA", 10),
        "{SUVibw}g/ml": ("IBW", 1),
    }
    assert uids == {image.SOPInstanceUID for image in images}
    assert set(kinds) == set(factors)
    for image in images:
        for label, (kind, scale) in kinds.items():
            assert suv_factor(image, kind).factor == pytest.approx(factors[label] * scale, rel=5e-6)


@pytest.mark.skipif(not ACRIN.exists(), reason="the shared research images are not on this machine")
def test_a_real_series_without_attenuation_correction_has_no_suv() -> None:
    """Its values are proportional to counts, and that is what the refusal says."""
    image = pydicom.dcmread(next((ACRIN / "03_pt").iterdir()), stop_before_pixels=True)
    with pytest.raises(NotMeasurableError, match="PROPCNTS"):
        suv_factor(image)


@pytest.mark.skipif(not ACRIN.exists(), reason="the shared research images are not on this machine")
@pytest.mark.filterwarnings("ignore")
def test_a_legacy_converted_series_keeps_its_suv() -> None:
    """Frames that highdicom made of the ACRIN series have the factor and the unit of the slices they came from."""
    from highdicom import UID
    from highdicom.legacy import LegacyConvertedEnhancedPETImage

    slices = [pydicom.dcmread(path) for path in sorted((ACRIN / "02_pt").iterdir())[::20]]
    for each in slices:
        each.decompress(generate_instance_uid=False)
    enhanced = LegacyConvertedEnhancedPETImage(slices, UID(), 900, UID(), 1)
    for frame in range(1, len(slices) + 1):
        assert suv_factor(enhanced, frame=frame).factor == pytest.approx(0.00042111, rel=5e-6)
        assert "Bq/ml" == modality_unit(enhanced, frame)
    enhanced.SeriesDate, enhanced.SeriesTime = "20260101", "120000"
    assert suv_factor(enhanced, frame=5).factor == pytest.approx(0.00042111, rel=5e-6)
