"""Where millimetres are true: PS3.3 10.7.1.3."""

from typing import Any

import pytest
from pydicom import Dataset

from readingroom.dicom.quantities.calibration import image_calibration, pixel_shape
from readingroom.dicom.quantities.measure import measure_angle, measure_area, measure_length
from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Ellipse, Polygon


def dataset(**attributes: object) -> Dataset:
    """Return a dataset with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
AXIAL = [1, 0, 0, 0, 1, 0]
SCOUT = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
MODALITY, PIXEL, IMAGER, TYPE = "Modality", "PixelSpacing", "ImagerPixelSpacing", "PixelSpacingCalibrationType"
FILM, SAD = "ImagePlanePixelSpacing", "RadiationMachineSAD"
FACTOR, SID, SOD = "EstimatedRadiographicMagnificationFactor", "DistanceSourceToDetector", "DistanceSourceToPatient"


@pytest.mark.parametrize(
    ("attributes", "kind", "spacing"),
    [
        ({MODALITY: "CT", PIXEL: [0.7, 0.6]}, "patient", (0.7, 0.6)),
        ({MODALITY: "CT", PIXEL: [0.7, 0.6], "ImageType": SCOUT}, "unstated", (0.7, 0.6)),
        ({MODALITY: "MR", PIXEL: [1, 1], "ImageType": SCOUT}, "patient", (1, 1)),
        ({MODALITY: "CT", PIXEL: [1, 1], "SOPClassUID": SECONDARY}, "unstated", (1, 1)),
        ({MODALITY: "OT", PIXEL: [1, 1], "ImageOrientationPatient": AXIAL}, "patient", (1, 1)),
        ({MODALITY: "OT", PIXEL: [1, 1]}, "unstated", (1, 1)),
        ({MODALITY: "OT", PIXEL: [1, 1], TYPE: "FIDUCIAL"}, "calibrated_fiducial", (1, 1)),
        ({MODALITY: "OT", "NominalScannedPixelSpacing": [0.17, 0.17]}, "detector", (0.17, 0.17)),
        ({MODALITY: "MG", PIXEL: [0.1, 0.1], "SOPClassUID": TOMOSYNTHESIS}, "patient", (0.1, 0.1)),
        ({MODALITY: "DX", IMAGER: [0.2, 0.2]}, "detector", (0.2, 0.2)),
        ({MODALITY: "DX", PIXEL: [0.2, 0.2], IMAGER: [0.2, 0.2]}, "detector", (0.2, 0.2)),
        ({MODALITY: "CR", PIXEL: [0.1, 0.1]}, "detector", (0.1, 0.1)),
        ({MODALITY: "DX", PIXEL: [0.1, 0.1], IMAGER: [0.2, 0.2]}, "calibrated", (0.1, 0.1)),
        ({MODALITY: "DX", PIXEL: [0.1, 0.1], TYPE: "GEOMETRY"}, "calibrated_geometry", (0.1, 0.1)),
        ({MODALITY: "DX", PIXEL: [0.1, 0.1], TYPE: "FIDUCIAL", IMAGER: [0.1, 0.1]}, "calibrated_fiducial", (0.1, 0.1)),
        ({MODALITY: "MG", IMAGER: [0.11, 0.11], FACTOR: 1.1}, "magnified_corrected", (0.1, 0.1)),
        ({MODALITY: "MG", IMAGER: [0.11, 0.11], PIXEL: [0.11, 0.11], FACTOR: 1.1}, "magnified_corrected", (0.1, 0.1)),
        ({MODALITY: "MG", IMAGER: [0.1, 0.1], FACTOR: 1}, "detector", (0.1, 0.1)),
        ({MODALITY: "MG", IMAGER: [0.1, 0.1], FACTOR: 0.5}, "detector", (0.1, 0.1)),
        ({MODALITY: "XA", IMAGER: [0.3, 0.3], SID: 1200, SOD: 800}, "magnified_corrected", (0.2, 0.2)),
        ({MODALITY: "XA", IMAGER: [0.3, 0.3], FACTOR: 0.5, SID: 1200, SOD: 800}, "magnified_corrected", (0.2, 0.2)),
        ({MODALITY: "DX", IMAGER: [0.3, 0.3], SID: 1200, SOD: 800}, "detector", (0.3, 0.3)),
        ({MODALITY: "RTIMAGE", FILM: [0.3, 0.3], "RTImageSID": 1500, SAD: 1000}, "magnified_corrected", (0.2, 0.2)),
        ({MODALITY: "IO", PIXEL: [0.0, 0.0]}, "none", None),
        ({MODALITY: "US"}, "none", None),
    ],
)  # fmt: skip
def test_each_image_says_where_its_millimetres_are_true(
    attributes: dict[str, Any], kind: str, spacing: tuple[float, float] | None
) -> None:
    """Slices in the patient; radiographs on the detector, corrected or calibrated; anything else only what it says."""
    found = image_calibration(dataset(**attributes), 1)
    assert (kind, spacing is None) == (found.kind, found.spacing is None)
    assert spacing is None or found.spacing == pytest.approx(spacing)


def test_enhanced_angiography_is_calibrated_frame_by_frame() -> None:
    """Detector spacing and geometry come from the functional groups of the frame; object spacing wins over both."""
    shared = dataset(FramePixelDataPropertiesSequence=[dataset(ImagerPixelSpacing=[0.4, 0.4])])
    near = dataset(XRayGeometrySequence=[dataset(DistanceSourceToDetector=1000, DistanceSourceToIsocenter=800)])
    known = dataset(ProjectionPixelCalibrationSequence=[dataset(ObjectPixelSpacingInCenterOfBeam=[0.25, 0.25])])
    image = dataset(
        Modality="XA", SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[near, known]
    )
    first, second = image_calibration(image, 1), image_calibration(image, 2)
    assert ("magnified_corrected", pytest.approx((0.32, 0.32))) == (first.kind, first.spacing)
    assert ("magnified_corrected", (0.25, 0.25)) == (second.kind, second.spacing)


def test_the_kind_of_calibration_travels_with_the_value() -> None:
    """A length on a radiograph says where it is true, with the image's own words; one in a CT needs none."""
    radiograph = dataset(Modality="DX", PixelSpacing=[0.1, 0.1], PixelSpacingCalibrationType="FIDUCIAL")
    radiograph.PixelSpacingCalibrationDescription = "25 mm ball"
    found = measure_length(radiograph, 1, (0, 0), (300, 400))
    assert (50.0, "mm", "calibrated_fiducial") == (found.value, found.unit, found.calibration.kind)
    assert found.text.startswith("50 mm (calibrated on an object of known size")
    assert found.text.endswith("(25 mm ball))")
    assert "50 mm" == measure_length(dataset(Modality="CT", PixelSpacing=[1, 1]), 1, (0, 0), (30, 40)).text
    plain = measure_length(dataset(Modality="DX", ImagerPixelSpacing=[0.1, 0.1]), 1, (0, 0), (10, 0))
    assert "1 mm (at the detector: what lies inside the patient is smaller)" == plain.text


def test_pixels_that_are_not_square_are_measured_right() -> None:
    """Pixel Spacing is between rows first: 3 rows of 2 mm and 4 columns of 1.5 mm are 6 mm apart each."""
    image = dataset(Modality="MR", PixelSpacing=[2.0, 1.5])
    assert 6.0 == measure_length(image, 1, (0, 0), (0, 3)).value
    assert 6.0 == measure_length(image, 1, (0, 0), (4, 0)).value
    assert 45.0 == pytest.approx(measure_angle(image, 1, ((0, 0), (4, 0)), ((0, 0), (4, 3))).value)
    assert 3.0 * 8 == measure_area(image, 1, Polygon.rectangle((0, 0), (4, 2))).value
    circle = Ellipse.circle((9, 9), 5.0, (2.0, 1.5))
    assert 78.5398 == pytest.approx(measure_area(image, 1, circle).value, rel=1e-6)


def test_an_angle_needs_the_shape_of_a_pixel_and_no_millimetres() -> None:
    """Square pixels without a size give angles; a stated aspect ratio is used; one that is nonsense refuses."""
    square = dataset(Modality="OT")
    assert 90.0 == measure_angle(square, 1, ((5, 5), (9, 5)), ((5, 5), (5, 1))).value
    wide = dataset(Modality="US", PixelAspectRatio=[4, 3])
    assert (4.0, 3.0) == pixel_shape(wide, 1)
    assert 45.0 == pytest.approx(measure_angle(wide, 1, ((0, 0), (4, 0)), ((0, 0), (4, 3))).value)
    with pytest.raises(NotMeasurableError, match="shape of its pixels"):
        measure_angle(dataset(Modality="OT", PixelAspectRatio=[0, 1]), 1, ((0, 0), (4, 0)), ((0, 0), (4, 3)))
    with pytest.raises(NotMeasurableError, match="no length"):
        measure_angle(square, 1, ((5, 5), (5, 5)), ((5, 5), (5, 1)))


def test_an_angle_between_two_lines_counts_to_a_half_turn() -> None:
    """Lines that point opposite ways are 180 degrees apart, whichever comes first."""
    image = dataset(Modality="CT", PixelSpacing=[1, 1])
    one, other = ((0, 0), (5, 0)), ((9, 9), (2, 9))
    assert 180.0 == measure_angle(image, 1, one, other).value == measure_angle(image, 1, other, one).value


def test_what_has_no_millimetres_refuses_in_words() -> None:
    """No length and no area without a pixel size, no area of an outline that crosses itself, no infinite place."""
    nothing = dataset(Modality="CR", PixelSpacing=[0, 0])
    with pytest.raises(NotMeasurableError, match="how large its pixels are"):
        measure_length(nothing, 1, (0, 0), (1, 1))
    with pytest.raises(NotMeasurableError, match="how large its pixels are"):
        measure_area(nothing, 1, Polygon.rectangle((0, 0), (4, 2)))
    image = dataset(Modality="CT", PixelSpacing=[1, 1])
    with pytest.raises(NotMeasurableError, match="crosses itself"):
        measure_area(image, 1, Polygon(((0, 0), (4, 4), (4, 0), (0, 4))))
    with pytest.raises(NotMeasurableError, match="no place"):
        measure_length(image, 1, (0, 0), (float("nan"), 1))
