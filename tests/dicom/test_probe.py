"""What a pixel and a region say: modality values with their unit, in float64, and words where there are none."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_modality_lut

from readingroom.dicom.picture import load_frame
from readingroom.dicom.quantities.modality_values import modality_values
from readingroom.dicom.quantities.probe import Probe, measure_region, probe
from readingroom.dicom.quantities.profile import line_profile
from readingroom.dicom.quantities.units import modality_unit, number_text, ucum_text
from readingroom.dicom.single import FileSource
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Ellipse, Polygon
from readingroom.testing.files import small_image, write

DEMO = Path(__file__).parents[2] / ".make" / "demo-packages"
ACRIN = Path(__file__).parents[3] / "shared/data/acrin_lung_pet_ct"
PIXELS = np.array([[-2000, 0, 100], [50, 201, -2000]], np.int16)


def source_of(dataset: Dataset, tmp_path: Path, **changes: object) -> FileSource:
    """Return the source of a dataset written to a file."""
    return FileSource(write(dataset, tmp_path / "image.dcm", **changes))


def probed(source: FileSource, column: float, row: float, frame: int = 1, **more: Any) -> Probe:  # noqa: ANN401
    """Return the probe at a place of the only instance of a source."""
    return probe(source, source.sop_uid, frame, column, row, **more)


def item(**attributes: object) -> Dataset:
    """Return a sequence item with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def test_a_ct_pixel_says_its_hounsfield_units(tmp_path: Path) -> None:
    """Stored 201 with slope 1 and intercept -1024 is -823 HU, in float64 and with a true minus sign."""
    source = source_of(small_image(1, PIXELS), tmp_path, RescaleIntercept=-1024, RescaleType="HU")
    found = probed(source, 1, 1)
    assert (-823.0, "HU", "\u2212823 HU") == (found.value, found.unit, found.text)
    assert isinstance(found.value, float)


def test_padding_is_outside_the_field_of_view(tmp_path: Path) -> None:
    """A padded pixel has no value; its neighbour has."""
    source = source_of(small_image(1, PIXELS), tmp_path, PixelPaddingValue=-2000)
    assert (None, "outside the field of view") == (probed(source, 0, 0).value, probed(source, 0, 0).text)
    assert 0.0 == probed(source, 1, 0).value


@pytest.mark.parametrize(
    ("place", "pixel"), [((0.49, 0), (0, 0)), ((0.5, 0), (1, 0)), ((-0.5, 1.49), (0, 1)), ((2.49, 0.5), (2, 1))]
)
def test_between_centres_the_nearest_pixel_speaks(
    tmp_path: Path, place: tuple[float, float], pixel: tuple[int, int]
) -> None:
    """Floor(x + 0.5): nothing is interpolated that was not measured."""
    found = probed(source_of(small_image(1, PIXELS), tmp_path), *place)
    assert (pixel, PIXELS[pixel[1], pixel[0]]) == ((found.column, found.row), found.value)


@pytest.mark.parametrize("place", [(-0.51, 0), (2.5, 0), (0, 1.5), (math.nan, 0), (math.inf, 0)])
def test_outside_the_image_nothing_is_measured(tmp_path: Path, place: tuple[float, float]) -> None:
    """A place outside, or one that is no number, refuses in words."""
    with pytest.raises(NotMeasurableError, match="outside the image"):
        probed(source_of(small_image(1, PIXELS), tmp_path), *place)


CT, MR, SC = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.7"
SCALED = {"RescaleSlope": 1, "RescaleIntercept": -1024}


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"SOPClassUID": CT, "Modality": "CT", **SCALED}, "HU"),
        ({"SOPClassUID": CT, "Modality": "CT", **SCALED, "ImageType": ["DERIVED", "PRIMARY", "REFORMATTED"]}, "HU"),
        ({"SOPClassUID": CT, "Modality": "CT", **SCALED, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ""),
        ({"SOPClassUID": CT, "Modality": "CT", **SCALED, "RescaleType": "US"}, ""),
        ({"SOPClassUID": CT, "Modality": "CT", **SCALED, "RescaleType": "Z_EFF"}, "effective Z"),
        ({"SOPClassUID": CT, "Modality": "CT"}, ""),
        ({"SOPClassUID": SC, "Modality": "CT", **SCALED}, ""),
        ({"SOPClassUID": MR, "Modality": "MR", **SCALED}, ""),
        ({"SOPClassUID": MR, "Modality": "MR", **SCALED, "RescaleType": "normalized"}, "normalized"),
        ({"Modality": "PT", "Units": "BQML"}, "Bq/ml"),
        ({"Modality": "PT", "Units": "CNTS", "RescaleType": "US"}, "counts"),
        ({"Modality": "PT", "Units": "GML"}, "g/ml"),
        ({"Modality": "PT"}, ""),
        ({"Modality": "CR", "ModalityLUTSequence": [item(ModalityLUTType="OD")]}, "10⁻³ OD"),
        ({"Modality": "CR", "ModalityLUTSequence": [item(ModalityLUTType="US")], "RescaleType": "HU"}, ""),
        ({"Modality": "RTDOSE", "DoseGridScaling": 0.01, "DoseUnits": "GY"}, "Gy"),
        ({"Modality": "RTDOSE", "DoseGridScaling": 0.01, "DoseUnits": "RELATIVE"}, ""),
    ],
)
def test_the_unit_is_what_the_image_says_and_no_more(attributes: dict[str, Any], unit: str) -> None:
    """HU only where the Standard makes it so, PET by Units, LUTs by their type, MR none."""
    assert unit == modality_unit(item(**attributes), 1)


def test_an_enhanced_frame_is_rescaled_and_named_by_its_groups() -> None:
    """The enhanced CT of blood flow is no HU though its rescale looks like it: its mapping says ml/100ml/s."""
    path = next(DEMO.rglob("eCT_Supplemental.dcm"))
    source, dataset = FileSource(path), pydicom.dcmread(path)
    loaded = load_frame(source, source.sop_uid, 2)
    values, valid = modality_values(source.metadata(source.sop_uid), 2, loaded).whole()
    group = dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0]
    expected = dataset.pixel_array[1].astype(np.float64) * float(group.RescaleSlope) + float(group.RescaleIntercept)
    assert np.array_equal(expected[valid], values[valid])
    found = probed(source, 200, 200, frame=2)
    assert (expected[200, 200], "") == (found.value, found.unit)
    assert f"RCBF {number_text(expected[200, 200])} ml/100ml/s" == found.text


def test_each_frame_of_an_enhanced_image_has_its_own_rescale(tmp_path: Path) -> None:
    """Per-frame slope, intercept and type win over shared ones."""
    shared = item(PixelValueTransformationSequence=[item(RescaleSlope=1, RescaleIntercept=0, RescaleType="US")])
    own = item(PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=-7, RescaleType="HU")])
    dataset = small_image(1, np.stack([PIXELS, PIXELS]))
    dataset.SharedFunctionalGroupsSequence, dataset.PerFrameFunctionalGroupsSequence = [shared], [item(), own]
    source = source_of(dataset, tmp_path)
    assert [(201.0, ""), (395.0, "HU")] == [
        (found.value, found.unit) for found in (probed(source, 1, 1, frame=n) for n in (1, 2))
    ]


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "mlut_18.dcm", "J2K_pixelrep_mismatch.dcm", "rtdose.dcm"]
)
def test_values_are_those_of_pydicom(name: str) -> None:
    """Rescale, Modality LUT and none at all, in signed and unsigned images: every pixel, exactly."""
    path = next(DEMO.rglob(name), None) or get_testdata_file(name, download=False)
    source, dataset = FileSource(path), pydicom.dcmread(path)
    loaded = load_frame(source, source.sop_uid, 1)
    metadata = source.metadata(source.sop_uid)
    measured = modality_values(metadata, 1, loaded)
    pixels = dataset.pixel_array if dataset.get("NumberOfFrames", 1) == 1 else dataset.pixel_array[0]
    expected = apply_modality_lut(pixels, dataset).astype(np.float64) * float(dataset.get("DoseGridScaling", 1))
    values, valid = measured.whole()
    assert np.float64 == values.dtype
    assert np.array_equal(expected[valid], values[valid])
    assert valid.all() or "PixelPaddingValue" in dataset


def test_float_pixel_data_is_measured_as_it_is(tmp_path: Path) -> None:
    """Float values, their padding, and what is no number."""
    dataset = small_image(1, PIXELS)
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.BitsAllocated, dataset.FloatPixelPaddingValue = 32, -1.0
    dataset.FloatPixelData = np.array([[0.125, -1.0, np.nan], [1e-5, 2, 3]], np.float32).tobytes()
    source = source_of(dataset, tmp_path)
    assert 0.125 == probed(source, 0, 0).value
    assert None is probed(source, 1, 0).value is probed(source, 2, 0).value
    assert "1e\u221205 HU" == probed(source, 0, 1).text.replace("1.000", "1")


def test_a_colour_image_says_its_colour_and_no_value() -> None:
    """Colours are no measurement: the probe shows them, statistics refuse."""
    source = FileSource(get_testdata_file("SC_rgb_rle.dcm", download=False))
    found = probed(source, 10, 10)
    assert (None, True) == (found.value, found.text.startswith("R "))
    loaded = load_frame(source, source.sop_uid, 1)
    with pytest.raises(NotMeasurableError, match="colour"):
        measure_region(source.metadata(source.sop_uid), 1, loaded, Polygon.rectangle((0, 0), (5, 5)))


def test_a_doppler_spectrum_says_its_velocity(tmp_path: Path) -> None:
    """On a spectrum the probe adds velocity and time where the region has a reference pixel."""
    region = item(
        RegionLocationMinX0=0, RegionLocationMinY0=0, RegionLocationMaxX1=2, RegionLocationMaxY1=1,
        RegionSpatialFormat=3, RegionDataType=3, RegionFlags=0, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=7,
        PhysicalDeltaX=0.5, PhysicalDeltaY=-20.0, ReferencePixelX0=2, ReferencePixelY0=1,
        ReferencePixelPhysicalValueX=0.0, ReferencePixelPhysicalValueY=0.0,
    )  # fmt: skip
    source = source_of(small_image(1, PIXELS), tmp_path, Modality="US", SequenceOfUltrasoundRegions=[region])
    assert probed(source, 1, 0).text.endswith("20 cm/s · \u22120.5 s")


def test_a_mapping_in_the_image_names_its_quantity(tmp_path: Path) -> None:
    """An ADC map: stored 100 means 0.0001 mm2/s a step; what is not mapped has no such reading."""
    mapping = item(
        RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=150, RealWorldValueSlope=1e-4,
        RealWorldValueIntercept=0.0, LUTLabel="ADC", LUTExplanation="Apparent diffusion",
        MeasurementUnitsCodeSequence=[item(CodeValue="mm2/s", CodingSchemeDesignator="UCUM", CodeMeaning="mm2/s")],
    )  # fmt: skip
    mapping["RealWorldValueFirstValueMapped"].VR = mapping["RealWorldValueLastValueMapped"].VR = "SS"
    changes = {"Modality": "MR", "SOPClassUID": MR, "RealWorldValueMappingSequence": [mapping]}
    source = source_of(small_image(1, PIXELS), tmp_path, **changes)
    assert "100 · ADC 0.01 mm²/s" == probed(source, 2, 0).text
    assert () == probed(source, 1, 1).readings


@pytest.mark.skipif(not ACRIN.exists(), reason="the shared research images are not on this machine")
def test_a_mapping_object_that_contradicts_the_dose_is_not_shown() -> None:
    """The ACRIN objects give factors for rescaled values but map stored ones: the probe says so and shows its own SUV."""
    path = sorted((ACRIN / "02_pt").iterdir())[60]
    source, mapping = FileSource(path), pydicom.dcmread(next((ACRIN / "10_rwv").iterdir()))
    found = probed(source, 64, 64, mappings=[mapping])
    dataset = pydicom.dcmread(path)
    expected = dataset.pixel_array[64, 64] * float(dataset.RescaleSlope) * 0.00042111
    assert expected == pytest.approx(found.readings[0].value, rel=1e-5)
    assert "767.5 Bq/ml · SUVbw 0.3232 g/ml" == found.text
    assert 4 == len(found.warnings)
    assert "gives SUVbw 0.1992 g/ml where dose, weight and times give SUVbw 0.3232 g/ml" in found.warnings[0]


@pytest.mark.skipif(not ACRIN.exists(), reason="the shared research images are not on this machine")
def test_a_pet_region_has_its_statistics_in_suv_too() -> None:
    """Mean and maximum of the region in Bq/ml and as SUVbw differ by the factor alone; a refusal is said."""
    source = FileSource(sorted((ACRIN / "02_pt").iterdir())[60])
    dataset, loaded = source.metadata(source.sop_uid), load_frame(source, source.sop_uid, 1)
    found = measure_region(dataset, 1, loaded, Ellipse.circle((64, 64), 10))
    assert found.suv is not None
    assert ("Bq/ml", "SUVbw") == (found.unit, found.suv_label)
    assert found.suv.maximum == pytest.approx(found.statistics.maximum * 0.00042111, rel=1e-5)
    assert found.suv.mean == pytest.approx(found.statistics.mean * 0.00042111, rel=1e-5)
    uncorrected = FileSource(sorted((ACRIN / "03_pt").iterdir())[60])
    assert "PROPCNTS" in probed(uncorrected, 64, 64).refusals[0]


def test_a_region_has_statistics_area_and_what_was_left_out(tmp_path: Path) -> None:
    """The outline's area is as drawn, the pixels' area that of the counted ones, both with the pixels' true shape."""
    changes = {"PixelPaddingValue": -2000, "PixelSpacing": [2.0, 0.5], "RescaleType": "HU"}
    source = source_of(small_image(1, PIXELS), tmp_path, **changes)
    dataset, loaded = source.metadata(source.sop_uid), load_frame(source, source.sop_uid, 1)
    found = measure_region(dataset, 1, loaded, Polygon.rectangle((-0.5, -0.5), (1.5, 1.5)))
    assert (3, 1, 251 / 3, 0.0, 201.0) == (
        found.statistics.count, found.statistics.excluded, found.statistics.mean,
        found.statistics.minimum, found.statistics.maximum,
    )  # fmt: skip
    assert found.area is not None
    assert (4.0, "mm²", 3.0) == (found.area.value, found.area.unit, found.pixel_area)


def test_a_region_without_millimetres_keeps_its_statistics(tmp_path: Path) -> None:
    """No pixel size: mean and spread are measured, the area says why it is not."""
    source = source_of(small_image(1, PIXELS), tmp_path, PixelSpacing=None)
    dataset, loaded = source.metadata(source.sop_uid), load_frame(source, source.sop_uid, 1)
    found = measure_region(dataset, 1, loaded, Polygon.rectangle((0, 0), (3, 1)))
    assert (3, None, None) == (found.statistics.count, found.area, found.pixel_area)
    assert "how large its pixels are" in found.refusal


def test_a_profile_runs_in_millimetres_over_pixels_as_they_are(tmp_path: Path) -> None:
    """Along the first row: padding is no number, distances are those between columns."""
    source = source_of(small_image(1, PIXELS), tmp_path, PixelPaddingValue=-2000, PixelSpacing=[2.0, 0.5])
    dataset, loaded = source.metadata(source.sop_uid), load_frame(source, source.sop_uid, 1)
    found = line_profile(dataset, 1, loaded, (0, 0), (2, 0))
    assert ([0.0, 0.5, 1.0], [0.0, 100.0]) == (found.distances.tolist(), found.values[1:].tolist())
    assert math.isnan(found.values[0])
    back = line_profile(dataset, 1, loaded, (2, 1), (0, 0))
    assert [201.0, 0.0] == [back.values[1], line_profile(dataset, 1, loaded, (1, 0), (1, 0)).values[0]]
    with pytest.raises(NotMeasurableError, match="outside the image"):
        line_profile(dataset, 1, loaded, (0, 0), (9, 0))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-823.0, "\u2212823"), (5.24999, "5.25"), (12.3456, "12.35"), (1234.56, "1235"), (0.0012, "0.0012"),
        (1e-6, "1.000e\u221206"), (2.5e9, "2.500e+09"), (767.47088, "767.5"), (math.nan, "not a number"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_a_reader(value: float, shown: str) -> None:
    """Whole numbers as they are, four digits else, a minus sign that is one."""
    assert shown == number_text(value)


def test_ucum_units_are_written_for_a_reader() -> None:
    """Annotations in braces go, HU stays HU."""
    codes = ["[hnsf'U]", "{SUVbw}g/ml", "{SUVbsa}cm2/ml", "mm2/s", "1", "{ratio}", "keV", "}{"]
    assert ["HU", "g/ml", "cm²/ml", "mm²/s", "", "", "keV", "}{"] == [ucum_text(code) for code in codes]
