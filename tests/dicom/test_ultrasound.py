"""Ultrasound regions: what lies under a point, and what may be measured between two."""

from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file

from readingroom.dicom.quantities.calibration import image_calibration
from readingroom.dicom.quantities.measure import measure_angle, measure_area, measure_length, region_differences
from readingroom.dicom.quantities.ultrasound import SpatialFormat, region_at, ultrasound_regions
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Polygon

DEMO = Path(__file__).parents[2] / ".make" / "demo-packages"
HERTZ, CM, SECONDS, CM_PER_S = 5, 3, 4, 7


def region(
    box: tuple[int, int, int, int],
    form: int,
    units: tuple[int, int],
    delta: tuple[float, float],
    flags: int = 0,
    **more: object,
) -> Dataset:
    """Return one region; ``box`` is left, top, right, bottom, ends included."""
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = form, 1, flags
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def image(*regions: Dataset, **more: object) -> Dataset:
    """Return an ultrasound image with these regions."""
    made = Dataset()
    made.Modality, made.SequenceOfUltrasoundRegions = "US", list(regions)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


TISSUE = region((100, 50, 499, 349), 1, (CM, CM), (0.02, 0.03), flags=1)
FLOW = region((200, 100, 299, 199), 1, (CM, CM), (0.02, 0.03))
M_MODE = region((100, 360, 499, 459), 2, (SECONDS, CM), (0.005, 0.04))
DOPPLER = region(
    (100, 470, 499, 569), 3, (SECONDS, CM_PER_S), (0.01, -1.5),
    ReferencePixelX0=399, ReferencePixelY0=60, ReferencePixelPhysicalValueX=0.0, ReferencePixelPhysicalValueY=0.0,
)  # fmt: skip
TRIPLEX = image(TISSUE, FLOW, M_MODE, DOPPLER)


def test_a_length_in_a_2d_region_is_in_millimetres() -> None:
    """Centimetres a pixel of the region, both directions their own: 100 columns of 0.2 mm, 100 rows of 0.3 mm."""
    found = measure_length(TRIPLEX, 1, (110, 220), (210, 220))
    assert (20.0, "ultrasound_region") == (found.value, found.calibration.kind)
    assert 30.0 == pytest.approx(measure_length(TRIPLEX, 1, (110, 220), (110, 320)).value)
    assert 100 * 100 * 0.06 == pytest.approx(measure_area(TRIPLEX, 1, Polygon.rectangle((110, 220), (210, 320))).value)


def test_a_colour_box_belongs_to_the_image_it_lies_in() -> None:
    """From tissue into a colour box of the same scale a length is measured (PS3.3 Figure C.8-6); of another, refused."""
    assert 20.0 == pytest.approx(measure_length(TRIPLEX, 1, (150, 150), (250, 150)).value)
    other = region((200, 100, 299, 199), 1, (CM, CM), (0.01, 0.015))
    with pytest.raises(NotMeasurableError, match="different regions"):
        measure_length(image(TISSUE, other), 1, (150, 150), (250, 150))


def test_points_in_different_regions_refuse_in_words() -> None:
    """From the 2D image into the M-mode trace, or from nowhere, there is no length."""
    with pytest.raises(NotMeasurableError, match="a 2D image and an M-mode trace"):
        measure_length(TRIPLEX, 1, (110, 340), (110, 370))
    with pytest.raises(NotMeasurableError, match="outside every calibrated region"):
        measure_length(TRIPLEX, 1, (5, 5), (20, 5))
    with pytest.raises(NotMeasurableError, match="no calibrated region and a 2D image"):
        measure_length(TRIPLEX, 1, (5, 60), (110, 60))


def test_an_m_mode_trace_gives_depth_and_time_and_no_length() -> None:
    """Down are centimetres, across seconds: a slanted line there has no millimetres, its parts have their units."""
    with pytest.raises(NotMeasurableError, match="an M-mode trace: it shows s across and cm down"):
        measure_length(TRIPLEX, 1, (110, 370), (210, 420))
    across, down = region_differences(TRIPLEX, (110, 370), (310, 420))
    assert (pytest.approx((1.0,)), "s") == ((across[0],), across[1])
    assert (pytest.approx((20.0,)), "mm") == ((down[0],), down[1])
    with pytest.raises(NotMeasurableError, match="no meaning"):
        measure_angle(TRIPLEX, 1, ((110, 370), (210, 370)), ((110, 370), (110, 420)))


def test_a_doppler_spectrum_gives_velocities_from_its_baseline() -> None:
    """The reference pixel counts from the corner of the region (PS3.3 C.8.5.5.1.16); upwards is towards the probe."""
    found = region_at(ultrasound_regions(TRIPLEX), (300, 490))
    assert found is not None
    assert SpatialFormat.SPECTRAL == found.spatial_format
    assert found.down is not None
    assert found.across is not None
    assert (470 + 60 - 490) * 1.5 == pytest.approx(found.down.value(490))
    assert (300 - 499) * 0.01 == pytest.approx(found.across.value(300))
    across, down = region_differences(TRIPLEX, (300, 490), (400, 530))
    assert (pytest.approx((1.0, 60.0)), ("s", "cm/s")) == ((across[0], down[0]), (across[1], down[1]))


def test_a_spectrum_in_hertz_says_so() -> None:
    """The unit is the region's own, frequency where the scanner shows no velocity."""
    spectrum = image(region((0, 0, 99, 99), 3, (SECONDS, HERTZ), (0.01, -20.0)))
    assert "Hz" == region_differences(spectrum, (1, 1), (2, 11))[1][1]
    assert 200.0 == region_differences(spectrum, (1, 1), (2, 11))[1][0]


def test_without_a_reference_pixel_only_differences_are_known() -> None:
    """A region that does not say where its zero lies gives no absolute value."""
    found = region_at(ultrasound_regions(TRIPLEX), (110, 370))
    assert found is not None
    assert found.down is not None
    assert found.down.value(370) is None


def test_high_priority_is_seen_over_low_and_small_over_large() -> None:
    """Bit 0 of Region Flags set means low priority; among equals the inset is seen."""
    low = region((0, 0, 9, 9), 1, (CM, CM), (1, 1), flags=1)
    high = region((0, 0, 99, 99), 2, (SECONDS, CM), (1, 1), flags=0)
    inset = region((5, 5, 20, 20), 0, (0, 0), (0, 0), flags=0)
    regions = ultrasound_regions(image(low, high, inset))
    assert regions[1] == region_at(regions, (2, 2))
    assert regions[2] == region_at(regions, (6, 6))
    assert region_at(regions, (150, 2)) is None


def test_the_ends_of_a_region_belong_to_it() -> None:
    """Location Max is the last pixel inside; half a pixel further is outside."""
    regions = ultrasound_regions(image(TISSUE))
    assert regions[0].holds((99.5, 49.5))
    assert regions[0].holds((499.4, 349.4))
    assert not regions[0].holds((499.5, 349))
    assert not regions[0].holds((99.4, 100))


def test_a_real_image_with_an_ecg_is_measured_in_its_2d_part() -> None:
    """The palette image of pydicom has a 2D region and an ECG: 100 pixels are 26.2 mm, and across the ECG run seconds."""
    dataset = pydicom.dcmread(get_testdata_file("examples_palette.dcm"), stop_before_pixels=True)
    assert 26.22878766196998 == pytest.approx(measure_length(dataset, 1, (200, 100), (300, 100)).value)
    assert "none" == image_calibration(dataset, 1).kind
    with pytest.raises(NotMeasurableError, match="wave form"):
        measure_length(dataset, 1, (200, 530), (300, 530))


def test_two_images_side_by_side_are_measured_each_for_itself() -> None:
    """The Aloka image has two 2D regions of one scale and a grey bar over the first: no length from one to the other."""
    dataset = pydicom.dcmread(next(DEMO.rglob("gdcm-US-ALOKA-16.dcm")), stop_before_pixels=True)
    assert 38.26530650258064 == pytest.approx(measure_length(dataset, 1, (100, 200), (200, 200)).value)
    assert 38.26530650258064 == pytest.approx(measure_length(dataset, 1, (400, 200), (500, 200)).value)
    with pytest.raises(NotMeasurableError, match="different regions"):
        measure_length(dataset, 1, (200, 200), (400, 200))
    with pytest.raises(NotMeasurableError, match="different regions"):
        measure_length(dataset, 1, (40, 50), (100, 50))


def test_each_instance_of_a_series_has_regions_of_its_own() -> None:
    """The depth was changed between two images: each is measured with its own centimetres."""
    deeper = image(region((100, 50, 499, 349), 1, (CM, CM), (0.04, 0.06)))
    assert 20.0 == pytest.approx(measure_length(TRIPLEX, 1, (110, 220), (210, 220)).value)
    assert 40.0 == pytest.approx(measure_length(deeper, 1, (110, 220), (210, 220)).value)


def test_an_enhanced_volume_is_measured_in_the_patient() -> None:
    """Enhanced ultrasound has Pixel Measures and no regions (PS3.3 A.59)."""
    shared = Dataset()
    measures = Dataset()
    measures.PixelSpacing = [0.5, 0.25]
    shared.PixelMeasuresSequence = [measures]
    made = Dataset()
    made.Modality, made.SharedFunctionalGroupsSequence = "US", [shared]
    found = measure_length(made, 1, (0, 0), (4, 0))
    assert (1.0, "patient") == (found.value, found.calibration.kind)
