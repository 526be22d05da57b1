"""Where frames lie, what a millimetre on them is worth, and the order in which they are read."""

import random

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.geometry import frame_geometry, frame_spacing
from readingroom.dicom.model import FrameGeometry, FrameReference
from readingroom.dicom.stacks import reading_order
from readingroom.testing.phantom import PhantomSeries

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def slice_at(
    number: int,
    position: tuple[float, float, float] | None,
    orientation: tuple[float, float, float, float, float, float] | None = AXIAL,
) -> FrameReference:
    """Return slice ``number`` of a series, which is its SOP Instance UID too."""
    return FrameReference(f"1.{number}", 1, 8, 6, FrameGeometry(orientation, position, (0.5, 0.5), "patient"))


def numbers_read(frames: list[FrameReference]) -> list[int]:
    """Return the numbers of slices in reading order, given in the order of acquisition."""
    return [int(frame.sop_uid.split(".")[1]) for frame in reading_order(frames)]


@pytest.mark.parametrize("step", [1.5, -1.5])
def test_slices_run_along_their_normal_as_the_numbers_do(step: float) -> None:
    """Whichever way the scanner went, the reading order follows the acquisition."""
    assert list(range(1, 30)) == numbers_read([slice_at(n, (0.0, 0.0, n * step)) for n in range(1, 30)])


def test_shuffled_instance_numbers_do_not_shuffle_slices() -> None:
    """Numbers that say nothing leave slices in their place along the normal, head to feet."""
    heights = random.Random(1).sample(range(1, 41), 40)  # noqa: S311 - no secret
    read = reading_order([slice_at(n, (0.0, 0.0, float(z))) for n, z in enumerate(heights)])
    assert [float(z) for z in range(40, 0, -1)] == [
        frame.geometry.position[2] for frame in read if frame.geometry.position
    ]


def test_a_few_wrong_numbers_do_not_move_a_slice() -> None:
    """Two swapped Instance Numbers are corrected by where the slices lie."""
    swapped = {5: 9, 9: 5}
    frames = [slice_at(swapped.get(n, n), (0.0, 0.0, swapped.get(n, n) * 2.0)) for n in range(1, 20)]
    assert list(range(1, 20)) == numbers_read(frames)


def test_tilted_gantry_sorts_along_the_normal() -> None:
    """Slices of a tilted gantry are stepped along z, not along their normal, and still sort."""
    scan = PhantomSeries(slices=20, tilt_degrees=20)
    frames = [slice_at(n, scan.first_pixel(n), (1.0, 0.0, 0.0, *scan.column_direction)) for n in range(20)]
    frames[3], frames[11] = frames[11], frames[3]
    assert list(range(20)) == numbers_read(frames)


def test_sagittal_slices_sort_from_side_to_side() -> None:
    """The normal is that of the slices, not the patient's long axis."""
    frames = [slice_at(n, (n * 3.0, 5.0, 5.0), SAGITTAL) for n in (1, 2, 4, 3, 5, 6, 7, 8)]
    assert list(range(1, 9)) == numbers_read(frames)


def test_a_scout_among_slices_is_read_where_it_was_acquired() -> None:
    """Another orientation is a stack of its own, in the order of its first image."""
    scout = slice_at(7, (1.0, 0.0, 7.0), SAGITTAL)
    frames = [slice_at(1, (0.0, 0.0, 9.0)), scout, slice_at(2, (0.0, 0.0, 5.0)), slice_at(3, (0.0, 0.0, 1.0))]
    assert [1, 2, 3, 7] == numbers_read(frames)
    assert [7, 1, 2, 3] == numbers_read([scout, *frames[:1], *frames[2:]])


def test_frames_without_geometry_keep_their_order() -> None:
    """Where nothing places frames, the order of acquisition is the order of reading; no frames are none."""
    assert [1, 9, 10] == numbers_read([slice_at(n, None, None) for n in (1, 9, 10)])
    assert () == reading_order([])


def dataset(**attributes: object) -> Dataset:
    """Return a dataset with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.7, 0.6]}, ((0.7, 0.6), "patient")),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2]}, ((0.2, 0.2), "detector")),
        ({"Modality": "DX", "PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, ((0.2, 0.2), "detector")),
        ({"Modality": "DX", "PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]}, ((0.1, 0.1), "calibrated")),
        ({"Modality": "CR", "PixelSpacing": [0.1, 0.1]}, ((0.1, 0.1), "detector")),
        (
            {"Modality": "CR", "PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            ((0.1, 0.1), "calibrated"),
        ),
        ({"Modality": "CT"}, (None, "none")),
        ({"Modality": "CT", "PixelSpacing": [0, 0.6]}, (None, "none")),
        ({"Modality": "OT", "PixelSpacing": [1, 1]}, ((1.0, 1.0), "unstated")),
    ],
)
def test_millimetres_are_claimed_where_they_are_true(attributes: dict[str, object], expected: object) -> None:
    """A length in the patient, on the detector, calibrated or none: PS3.3 10.7.1.3."""
    assert expected == frame_spacing(dataset(**attributes), 1)


@pytest.mark.parametrize(("regions", "kind"), [(1, "calibrated"), (2, "none")])
def test_ultrasound_is_measured_in_its_one_region(regions: int, kind: str) -> None:
    """Centimetres a pixel of the only region become millimetres; of several regions none can stand for the image."""
    region = dataset(PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=0.02, PhysicalDeltaY=-0.03)
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1 = region.RegionLocationMaxY1 = 99
    image = dataset(Modality="US", SequenceOfUltrasoundRegions=[region] * regions)
    spacing, found = frame_spacing(image, 1)
    assert kind == found
    assert (spacing is None) or np.allclose((0.3, 0.2), spacing)


def test_functional_groups_place_each_frame() -> None:
    """Per-frame groups win over shared ones (PS3.3 C.7.6.16)."""
    shared = dataset(
        PixelMeasuresSequence=[dataset(PixelSpacing=[0.5, 0.5])],
        PlaneOrientationSequence=[dataset(ImageOrientationPatient=list(AXIAL))],
        PlanePositionSequence=[dataset(ImagePositionPatient=[9, 9, 9])],
    )
    own = [dataset(PlanePositionSequence=[dataset(ImagePositionPatient=[1, 2, n])]) for n in range(3)]
    image = dataset(Modality="MR", SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=own)
    geometry = frame_geometry(image, 3)
    assert ((1.0, 2.0, 2.0), AXIAL, (0.5, 0.5)) == (geometry.position, geometry.orientation, geometry.spacing)


def test_direction_cosines_that_are_none_are_dropped() -> None:
    """Vectors that are not perpendicular units place nothing."""
    assert frame_geometry(dataset(ImageOrientationPatient=[0, 0, 0, 0, 0, 0]), 1).orientation is None
    assert frame_geometry(dataset(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), 1).orientation is None
