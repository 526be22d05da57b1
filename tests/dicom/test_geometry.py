"""Reading order and spacing."""

import random
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.geometry import SortKey, frame_geometry, frame_spacing, reading_order
from readingroom.testing.phantom import PhantomSeries

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def key(
    number: int, position: tuple[float, ...] | None, orientation: tuple[float, ...] | None = AXIAL, **more: object
) -> SortKey:
    """Return the sort key of one slice."""
    fields: dict[str, Any] = {"sop_uid": f"1.{number}", "frame": 1, "instance_number": number, "time": ""} | more
    return SortKey(orientation=orientation, position=position, **fields)


def shuffled(keys: list[SortKey]) -> list[SortKey]:
    """Return the same keys in an order that means nothing."""
    return random.Random(4).sample(keys, len(keys))  # noqa: S311 - no secret


@pytest.mark.parametrize("step", [1.5, -1.5])
def test_slices_run_along_their_normal_as_the_numbers_do(step: float) -> None:
    """Whichever way the scanner went, the reading order follows Instance Number."""
    keys = shuffled([key(n, (0.0, 0.0, n * step)) for n in range(1, 30)])
    assert list(range(1, 30)) == [keys[i].instance_number for i in reading_order(keys)]


def test_shuffled_instance_numbers_do_not_shuffle_slices() -> None:
    """Numbers that say nothing leave slices in their place along the normal, head to feet."""
    numbers = random.Random(1).sample(range(1, 41), 40)  # noqa: S311 - no secret
    keys = [key(number, (0.0, 0.0, float(z))) for z, number in enumerate(numbers)]
    heights = [keys[i].position[2] for i in reading_order(keys) if keys[i].position]
    assert sorted(heights, reverse=True) == heights


def test_a_few_wrong_numbers_do_not_move_a_slice() -> None:
    """Two swapped Instance Numbers are corrected by where the slices lie."""
    keys = [key({5: 9, 9: 5}.get(n, n), (0.0, 0.0, n * 2.0)) for n in range(1, 20)]
    assert list(range(19)) == reading_order(keys)


def test_tilted_gantry_sorts_along_the_normal() -> None:
    """Slices of a tilted gantry are stepped along z, not along their normal, and still sort."""
    scan = PhantomSeries(slices=20, tilt_degrees=20)
    orientation = (1.0, 0.0, 0.0, *scan.column_direction)
    keys = [key(n + 1, scan.first_pixel(n), orientation) for n in range(20)]
    mixed = shuffled(keys)
    assert keys == [mixed[i] for i in reading_order(mixed)]


def test_sagittal_slices_sort_from_side_to_side() -> None:
    """The normal is that of the slices, not the patient's long axis."""
    keys = [key(n, (n * 3.0, 5.0, 5.0), SAGITTAL) for n in range(1, 9)]
    mixed = shuffled(keys)
    assert keys == [mixed[i] for i in reading_order(mixed)]


def test_four_dimensions_go_by_number_then_time_then_uid_then_frame() -> None:
    """Where two frames share a place, position cannot order them."""
    keys = [
        key(1, (0.0, 0.0, 0.0)),
        key(2, (0.0, 0.0, 1.0)),
        key(3, (0.0, 0.0, 0.0), time="1000"),
        key(3, (0.0, 0.0, 1.0), time="1001", sop_uid="1.1"),
        key(3, (0.0, 0.0, 1.0), time="1001", sop_uid="1.2", frame=1),
        key(3, (0.0, 0.0, 1.0), time="1001", sop_uid="1.2", frame=2),
    ]
    mixed = shuffled(keys)
    assert keys == [mixed[i] for i in reading_order(mixed)]


def test_a_scout_among_slices_means_no_common_normal() -> None:
    """Another orientation in the series leaves the order to the numbers."""
    keys = [key(2, (0.0, 0.0, 5.0)), key(1, (0.0, 0.0, 9.0)), key(3, (1.0, 0.0, 7.0), SAGITTAL)]
    assert [1, 0, 2] == reading_order(keys)


def test_frames_without_geometry_go_by_number() -> None:
    """Ten comes after nine, not after one."""
    keys = [key(n, None, None) for n in (10, 9, 1)]
    assert [2, 1, 0] == reading_order(keys)
    assert [] == reading_order([])


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
        ({"Modality": "OT", "PixelSpacing": [1, 1]}, ((1.0, 1.0), "detector")),
    ],
)
def test_millimetres_are_claimed_where_they_are_true(attributes: dict[str, object], expected: object) -> None:
    """A length in the patient, on the detector, calibrated or none: PS3.3 10.7.1.3."""
    assert expected == frame_spacing(dataset(**attributes), 1)


@pytest.mark.parametrize(("regions", "kind"), [(1, "calibrated"), (2, "none")])
def test_ultrasound_is_measured_in_its_one_region(regions: int, kind: str) -> None:
    """Centimetres a pixel of the only region become millimetres; of several regions none can stand for the image."""
    region = dataset(PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=0.02, PhysicalDeltaY=-0.03)
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
