"""Planes: the conventions radiologists expect, valid on construction, and exactly on the voxels."""

import math

import numpy as np
import pytest

from readingroom.pixels.plane import (
    InvalidPlaneError,
    OutsideVolumeError,
    Plane,
    PlaneName,
    covering_plane,
    patient_plane,
)
from readingroom.pixels.volume import Volume


def volume(spacing: tuple[float, float, float] = (0.7, 0.7, 2.0)) -> Volume:
    """Return 5 slices of 7 rows and 9 columns; its first voxel lies at (-10, -20, 30)."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -10, -20, 30
    return Volume(np.arange(5 * 7 * 9, dtype=np.int16).reshape(5, 7, 9), affine)


@pytest.mark.parametrize(
    ("name", "orientation", "first"),
    [
        ("axial", (1, 0, 0, 0, 1, 0), "right, anterior"),
        ("coronal", (1, 0, 0, 0, 0, -1), "right, head"),
        ("sagittal", (0, 1, 0, 0, 0, -1), "anterior, head"),
    ],
)
def test_patient_planes_lie_as_radiologists_look_at_them(name: PlaneName, orientation: object, first: str) -> None:
    """Patient right or anterior on the image's left; head, on axial planes anterior, on its top."""
    plane = patient_plane(volume(), name)
    assert orientation == plane.orientation
    corner, center = np.array(plane.origin), np.array(plane.center)
    toward = {"right": (-1, 0, 0), "anterior": (0, -1, 0), "head": (0, 0, 1)}
    assert all((corner - center) @ toward[word] > 0 for word in first.split(", "))


@pytest.mark.parametrize(("name", "axis", "at"), [("axial", 2, 33.25), ("coronal", 1, -18.5), ("sagittal", 0, -7.3)])
def test_position_is_the_coordinate_along_the_planes_axis(name: PlaneName, axis: int, at: float) -> None:
    """An axial plane is placed by z, a coronal one by y, a sagittal one by x, in LPS; every pixel has it."""
    plane = patient_plane(volume(), name, at)
    assert np.allclose([at] * 3, [plane.position(r, c)[axis] for r, c in ((0, 0), (3, 1), (plane.rows, 0))])


def test_axial_plane_of_an_axial_volume_has_its_pixels() -> None:
    """The grid of the plane is the grid of the slices, so that nothing is interpolated."""
    plane = patient_plane(volume(), "axial")
    assert ((7, 9), (0.7, 0.7)) == ((plane.rows, plane.columns), plane.spacing)
    assert np.allclose((-10, -20, 34), plane.origin)


def test_thick_slices_are_covered_to_their_outer_face() -> None:
    """A coronal plane of 5 slices, 2 mm each, is 10 mm high, not the 8 mm between their centres."""
    plane = patient_plane(volume(), "coronal")
    assert 9.3 <= plane.rows * plane.spacing[0] <= 10.7
    assert (0.7, 0.7) == plane.spacing


@pytest.mark.parametrize("at", [29.0, 39.0])
def test_the_outermost_face_still_belongs_to_the_volume(at: float) -> None:
    """A slice of 2 mm reaches 1 mm beyond its centre."""
    assert math.isclose(at, patient_plane(volume(), "axial", at).origin[2])


@pytest.mark.parametrize("at", [28.9, 39.1, 1e9])
def test_plane_outside_is_refused_with_the_reach(at: float) -> None:
    """Whoever asks for a plane beside the images is told where they are."""
    with pytest.raises(OutsideVolumeError, match=r"reach from 30 to 38 mm"):
        patient_plane(volume(), "axial", at)


@pytest.mark.parametrize("at", [-15.9, -15.0])
def test_reach_of_a_coronal_plane_is_told_in_patient_coordinates(at: float) -> None:
    """The message speaks of y, whichever way the plane's normal points."""
    if at < -15.4:
        assert math.isclose(at, patient_plane(volume(), "coronal", at).origin[1])
        return
    with pytest.raises(OutsideVolumeError, match=r"nothing at -15 mm: the images reach from -20 to -15\.8 mm"):
        patient_plane(volume(), "coronal", at)


@pytest.mark.parametrize(("rows", "columns"), [(8, 6), (7, 9), (1, 2)])
def test_coarser_plane_covers_the_same_rectangle(rows: int, columns: int) -> None:
    """Shown in place of the other it moves nothing: the outer corners stay, in half the rows and columns."""
    plane = Plane((-30, 12, 400), (1, 0, 0), (0, 0, -1), (0.7, 0.9), rows, columns).rotated((1, 2, 3), 25)
    coarse = plane.coarser()
    assert ((rows + 1) // 2, (columns + 1) // 2) == (coarse.rows, coarse.columns)
    for one in (plane, coarse):
        assert np.allclose(plane.position(-0.5, -0.5), one.position(-0.5, -0.5))
        assert np.allclose(plane.position(rows - 0.5, columns - 0.5), one.position(one.rows - 0.5, one.columns - 0.5))


def test_rotation_keeps_the_middle_and_four_turns_are_none() -> None:
    """An oblique plane turns about its middle; four quarter turns lead back to a hundred-millionth of a millimetre."""
    plane = patient_plane(volume(), "coronal")
    oblique = plane.rotated(plane.row_direction, 30).rotated(plane.column_direction, 20)
    assert np.allclose(plane.center, oblique.center)
    turned = plane
    for _ in range(4):
        turned = turned.rotated(turned.row_direction, 90)
    assert np.allclose([*plane.origin, *plane.orientation], [*turned.origin, *turned.orientation], atol=1e-8)


def test_rotation_is_right_handed() -> None:
    """A quarter turn of an axial plane about the patient's left leads anterior-posterior to feet-head."""
    plane = patient_plane(volume(), "axial").rotated((1, 0, 0), 90)
    assert np.allclose((0, 0, 1), plane.column_direction)


def test_moved_plane_goes_along_its_normal() -> None:
    """Scrolling an axial plane by 2 mm leads 2 mm toward the head."""
    assert np.allclose((-10, -20, 36), patient_plane(volume(), "axial").moved(2).origin)


def test_covering_plane_makes_directions_square() -> None:
    """A column direction that is not quite perpendicular is made so; the row direction stays."""
    plane = covering_plane(volume(), (2, 0, 0), (0.3, 1, 0), volume().center_mm)
    assert np.allclose((1, 0, 0, 0, 1, 0), plane.orientation)


@pytest.mark.parametrize(
    "change",
    [
        {"row_direction": (1.0, 0.1, 0.0)},
        {"column_direction": (1.0, 0.0, 0.0)},
        {"column_direction": (0.0, 2.0, 0.0)},
        {"spacing": (0.0, 1.0)},
        {"spacing": (1.0, math.inf)},
        {"origin": (math.nan, 0.0, 0.0)},
        {"rows": 0},
        {"columns": 20_000},
    ],
)
def test_plane_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    """Directions, spacing, position and size are checked on construction."""
    fields: dict[str, object] = {
        "origin": (0.0, 0.0, 0.0),
        "row_direction": (1.0, 0.0, 0.0),
        "column_direction": (0.0, 1.0, 0.0),
        "spacing": (1.0, 1.0),
        "rows": 4,
        "columns": 4,
    }
    Plane(**fields)  # type: ignore[arg-type]
    with pytest.raises(InvalidPlaneError):
        Plane(**fields | change)  # type: ignore[arg-type]


def test_directions_that_make_no_plane_are_refused() -> None:
    """Two equal directions span nothing."""
    with pytest.raises(InvalidPlaneError):
        covering_plane(volume(), (1, 0, 0), (1, 0, 0), (0, 0, 0))
