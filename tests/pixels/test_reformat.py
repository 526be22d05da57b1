"""Reformats against float64, against themselves turned and mirrored, and against what is known to be there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from readingroom.errors import UnsupportedImageError
from readingroom.pixels.grayscale import Padding
from readingroom.pixels.plane import InvalidPlaneError, OutsideVolumeError, Plane, covering_plane, patient_plane
from readingroom.pixels.reformat import Projection, prepare, reformat, samples, sampling
from readingroom.pixels.volume import Volume

SHAPE = (11, 17, 23)
TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"]


def values(dtype: str = "i2", shape: tuple[int, int, int] = SHAPE, bits: int = 12) -> NDArray[Any]:
    """Return noise of some bits; reals with fractions."""
    random = np.random.default_rng(7)
    if dtype[0] == "f":
        return np.asarray(random.normal(0, 1000, shape), dtype)
    low = -(2 ** (bits - 1)) if dtype[0] == "i" else 0
    bits = min(bits, 8 * int(dtype[1]))
    low = max(low, int(np.iinfo(dtype).min))
    return random.integers(low, low + 2**bits, shape).astype(dtype)


def affine(spacing: tuple[float, float, float] = (0.7, 0.9, 2.5), shear: float = 0.0) -> NDArray[np.float64]:
    """Return an oblique grid; ``shear`` leans the slices on each other along their columns."""
    turned = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), 1, 1).rotated((1, 2, 3), 25)
    made = np.eye(4)
    made[:3, :3] = np.stack([turned.row_direction, turned.column_direction, turned.normal], axis=1) * spacing
    made[:3, 2] += shear * made[:3, 1]
    made[:3, 3] = -30, 12, 400
    return made


def tilted(volume: Volume, first: float = 31, second: float = -47) -> Plane:
    """Return a double oblique plane through the middle of a volume."""
    return (
        covering_plane(volume, (1, 0.2, 0.1), (0, 1, 0), volume.center_mm)
        .rotated((1, 0, 0), first)
        .rotated((0, 0, 1), second)
    )


def reference(volume: Volume, plane: Plane, distance: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values in float64 by NumPy alone, not rounded, of a plane moved along its normal, and where there are none."""
    rows, columns = np.mgrid[: plane.rows, : plane.columns].astype(np.float64)
    points = np.array(plane.origin) + np.array(plane.normal) * distance
    across = np.array(plane.position(0, 1)) - plane.position(0, 0)
    down = np.array(plane.position(1, 0)) - plane.position(0, 0)
    points = points + columns[..., None] * across + rows[..., None] * down
    index = points @ np.linalg.inv(volume.affine)[:3, :3].T + np.linalg.inv(volume.affine)[:3, 3]
    if volume.slice_coordinates is not None:
        index[..., 2] = _by_position(index[..., 2], volume.slice_coordinates)
    return _trilinear(volume, index[..., ::-1])


def _by_position(along: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    numbers = np.interp(along, positions, np.arange(len(positions)))
    before, after = along < positions[0], along > positions[-1]
    numbers[before] = ((along - positions[0]) / (positions[1] - positions[0]))[before]
    numbers[after] = (len(positions) - 1 + (along - positions[-1]) / (positions[-1] - positions[-2]))[after]
    return numbers


def _trilinear(volume: Volume, index: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    size = np.array(volume.values.shape)
    outside = ((index < -0.5) | (index >= size - 0.5)).any(axis=-1)
    index = np.clip(index, 0, size - 1)
    low = np.floor(index).astype(int)
    part = index - low
    total, weight = np.zeros(index.shape[:-1]), np.zeros(index.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        at = np.minimum(low + corner, size - 1)
        share = np.where(np.array(corner) == 1, part, 1 - part).prod(axis=-1)
        value = volume.values[tuple(np.moveaxis(at, -1, 0))].astype(np.float64)
        missing = np.isnan(value) | ~volume.ready[at[..., 0]]
        if volume.padding is not None:
            missing |= volume.padding.covers(value)
        total += np.where(missing, 0, share * np.nan_to_num(value))
        weight += np.where(missing, 0, share)
    absent = outside | (weight < 0.5)
    return total / np.where(absent, 1, weight), absent


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("uneven", "shear"), [(False, 0.0), (False, 0.6), (True, -0.4)])
def test_oblique_plane_is_what_float64_says_to_half_a_value(dtype: str, uneven: bool, shear: float) -> None:
    """Every type, oblique, anisotropic, sheared and of uneven spacing: off by rounding and 0.2 of a value at most."""
    along = np.array([0, 1, 2, 2.5, 4, 5, 6.2, 7, 8, 9, 10]) if uneven else None
    volume = Volume(values(dtype), affine(shear=shear), slice_coordinates=along)
    found, (expected, absent) = reformat(volume, tilted(volume)), reference(volume, tilted(volume))
    assert np.array_equal(absent, found.absent)
    assert 0.1 < absent.mean() < 0.9
    limit = 0.2 if dtype[0] == "f" else 0.7
    assert np.abs(found.values[~absent] - expected[~absent]).max() <= limit


def test_sixteen_bit_extremes_do_not_overflow() -> None:
    """A checkerboard of the extremes of uint16 stays within them and within 3.5 values of float64."""
    board = (np.indices(SHAPE).sum(axis=0) % 2 * 65_535).astype(np.uint16)
    volume = Volume(board, affine())
    for projection, thickness in ((None, 0.0), ("mean", 4.0)):
        found = reformat(volume, tilted(volume), thickness, projection)  # type: ignore[arg-type]
        assert 0 < found.values[~found.absent].mean() < 65_535
    expected, absent = reference(volume, tilted(volume))
    assert np.abs(reformat(volume, tilted(volume)).values[~absent] - expected[~absent]).max() <= 3.5


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_plane_on_voxels_returns_them_bit_by_bit(dtype: str, axis: int) -> None:
    """A plane that coincides with a slice, a row or a column of voxels interpolates nothing."""
    volume = Volume(values(dtype, bits=16), affine())
    spacing = np.linalg.norm(volume.affine[:3, :3], axis=0)
    directions = volume.affine[:3, :3] / spacing
    across, down = [n for n in range(3) if n != axis]
    index = np.zeros(4)
    index[axis], index[3] = 5, 1
    size = volume.values.shape[::-1]
    plane = Plane(
        tuple((volume.affine @ index)[:3]), tuple(directions[:, across]), tuple(directions[:, down]),
        (spacing[down], spacing[across]), size[down], size[across],
    )  # fmt: skip
    expected = np.moveaxis(volume.values, 2 - axis, 0)[5]
    assert np.array_equal(expected, reformat(volume, plane).values)
    assert not reformat(volume, plane).absent.any()


def test_axial_plane_of_a_scanner_is_the_slice() -> None:
    """Positions with six decimals, as scanners write them, do not blur a slice."""
    made = np.diag([0.664062, 0.664062, 0.625, 1.0])
    made[:3, 3] = -172.1, -166.667969, -1203.274994
    volume = Volume(values(shape=(40, 30, 30)), made)
    for number in (0, 17, 39):
        plane = patient_plane(volume, "axial", round(-1203.274994 + 0.625 * number, 6))
        assert np.array_equal(volume.values[number], reformat(volume, plane).values)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("projection", [None, "mip", "mean"])
def test_volume_stored_the_other_way_round_gives_the_same_picture(axis: int, projection: Projection | None) -> None:
    """Slices, rows or columns in reverse order, placed accordingly: byte for byte the same."""
    volume = Volume(values(), affine())
    flip = np.eye(4)
    flip[2 - axis, 2 - axis], flip[2 - axis, 3] = -1, SHAPE[axis] - 1
    flipped = Volume(np.ascontiguousarray(np.flip(volume.values, axis)), volume.affine @ flip)
    thickness = 5.0 if projection else 0.0
    first, second = (reformat(v, tilted(volume), thickness, projection) for v in (volume, flipped))
    assert np.array_equal(first.values, second.values)
    assert np.array_equal(first.absent, second.absent)


def test_plane_turned_by_90_degrees_is_the_picture_turned() -> None:
    """Turning the plane about its normal turns the picture, and changes no value."""
    volume = Volume(values(), affine())
    plane = tilted(volume)
    square = Plane(plane.origin, plane.row_direction, plane.column_direction, plane.spacing, 31, 31)
    turned = square.rotated(square.normal, 90)
    assert np.array_equal(np.rot90(reformat(volume, square).values), reformat(volume, turned).values)


@pytest.mark.parametrize(("projection", "thickness"), [(None, 0.0), ("mip", 6.0)])
def test_cost_is_told_before_a_plane_is_cut(projection: Projection | None, thickness: float) -> None:
    """A pixel of a thin plane is one place of the volume, of a slab as many as it has samples."""
    volume = Volume(values(), affine())
    plane = tilted(volume)
    made = sampling(volume, plane, thickness, projection)
    assert plane.rows * plane.columns * len(made.weights) == samples(volume, plane, thickness)


def test_large_plane_does_not_drift() -> None:
    """The last of 16,384 pixels lies where it should to a thousandth of a value on a ramp of 256 values a voxel."""
    ramp = np.broadcast_to(np.arange(100, dtype=np.int16) * 256, (2, 2, 100)).copy()
    volume = Volume(ramp, np.eye(4))
    plane = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 97.3 / 16_383), 1, 16_384)
    expected = np.floor(np.arange(16_384) * (97.3 / 16_383) * 256 + 0.5)
    assert np.abs(reformat(volume, plane).values[0] - expected).max() <= 1
    assert expected[-1] == reformat(volume, plane).values[0, -1]


@pytest.mark.parametrize(("projection", "combine"), [("mip", np.max), ("minip", np.min)])
def test_slab_takes_the_extreme_of_its_samples(projection: Projection, combine: Any) -> None:  # noqa: ANN401 - a ufunc
    """MIP and MinIP are the extremes of planes half a voxel apart or less, rounded."""
    volume = Volume(values(), affine())
    plane = tilted(volume)
    step = volume.step_mm(np.array(plane.normal)) / 2
    count = int(np.ceil(3 / step - 1e-6))
    distances = sorted({*(np.arange(-count + 1, count) * step), -3.0, 3.0})
    planes = [reference(volume, plane, distance) for distance in distances]
    stacked = np.ma.array([p[0] for p in planes], mask=[p[1] for p in planes])
    expected = combine(stacked, axis=0)
    found = reformat(volume, plane, 6.0, projection)
    assert np.array_equal(np.ma.getmaskarray(expected), found.absent)
    assert np.abs(found.values - expected).max() <= 0.7


def test_mip_shows_a_bright_voxel_with_its_own_value() -> None:
    """One voxel of 3,000 within the slab is 3,000 in the picture, at its place; outside the slab it is not seen."""
    data = np.zeros(SHAPE, np.int16)
    data[4, 9, 12] = 3000
    volume = Volume(data, np.diag([0.7, 0.7, 2.5, 1.0]))
    found = reformat(volume, patient_plane(volume, "axial", 12.5), 5.0, "mip").values
    assert (3000, (9, 12)) == (found.max(), np.unravel_index(found.argmax(), found.shape))
    assert 1 == np.count_nonzero(found)
    assert 0 == reformat(volume, patient_plane(volume, "axial", 12.5), 0.0).values.max()
    cubes = Volume(data, np.eye(4))
    assert 3000 == reformat(cubes, patient_plane(cubes, "coronal", 8.0), 2.0, "mip").values[SHAPE[0] - 1 - 4, 12]


def test_mean_of_a_slab_is_the_integral_of_its_values() -> None:
    """Over three slices of 2.5 mm with 7.5 mm in all: the outer halves reach beyond the outer slices' centres."""
    data = np.zeros((7, 4, 4), np.int16)
    data[:] = np.array([0, 100, 300, 700, 100, 0, 0])[:, None, None]
    volume = Volume(data, np.diag([1, 1, 2.5, 1.0]))
    positions = np.linspace(7.5 - 3.75, 7.5 + 3.75, 100_001)
    profile = np.interp(positions, np.arange(7) * 2.5, data[:, 0, 0])
    expected = np.floor(profile.mean() + 0.5)
    assert (np.abs(reformat(volume, patient_plane(volume, "axial", 7.5), 7.5, "mean").values - expected) <= 1).all()


def test_mean_is_not_biased_by_rounding() -> None:
    """The mean of 0 and 1 in every second slice is rounded once, not in each sample."""
    data = np.zeros((41, 2, 2), np.int16)
    data[::4] = 1
    volume = Volume(data, np.eye(4))
    assert 0 == reformat(volume, patient_plane(volume, "axial", 20.0), 30.0, "mean").values.max()


def test_padding_does_not_bleed() -> None:
    """Around a field of view of 50 in padding of -2000, every value is 50 or padding: mean and MinIP too."""
    y, x = np.mgrid[:40, :40] - 19.5
    data = np.full((12, 40, 40), 50, np.int16)
    data[:, x**2 + y**2 > 200] = -2000
    volume = Volume(data, affine((1, 1, 2)), Padding(-2000, -2000))
    for projection, thickness in ((None, 0.0), ("minip", 6.0), ("mean", 6.0), ("mip", 6.0)):
        found = reformat(volume, tilted(volume), thickness, projection)  # type: ignore[arg-type]
        assert {50} == set(np.unique(found.values[~found.absent]))
        assert {-2000} == set(np.unique(found.values[found.absent]))


def test_padding_is_where_float64_says() -> None:
    """The rim of the field of view runs where padding makes up half of the weight; ranges of padding count."""
    data = values()
    data[data > 1800] = 1900
    volume = Volume(data, affine(), Padding(1900, 1500))
    found, (expected, absent) = reformat(volume, tilted(volume)), reference(volume, tilted(volume))
    assert np.array_equal(absent, found.absent)
    assert np.abs(found.values[~absent] - expected[~absent]).max() <= 0.7


def test_reals_without_a_value_are_left_out() -> None:
    """NaN behaves as padding and comes back as NaN."""
    data = values("f4")
    data[data > 900] = np.nan
    volume = Volume(data, affine())
    found, (expected, absent) = reformat(volume, tilted(volume)), reference(volume, tilted(volume))
    assert np.array_equal(absent, found.absent)
    assert np.array_equal(np.isnan(found.values), absent)
    assert np.allclose(found.values[~absent], expected[~absent], atol=0.2)


def test_slices_that_have_not_come_are_absent() -> None:
    """While a volume fills, only what lies nearer to slices that are there is shown, with their values alone."""
    volume = Volume(values(), affine(), ready=np.arange(SHAPE[0]) % 4 != 0)
    found = reformat(volume, tilted(volume))
    _, complete = reference(Volume(volume.values, volume.affine), tilted(volume))
    assert complete.sum() < found.absent.sum() < found.absent.size
    volume.ready[:] = True
    assert np.array_equal(complete, reformat(volume, tilted(volume)).absent)


def test_single_slice_is_a_volume() -> None:
    """One slice has the thickness that its affine says, and nothing beyond."""
    volume = Volume(values(shape=(1, 9, 9)), np.diag([1, 1, 3.0, 1]))
    assert np.array_equal(volume.values[0], reformat(volume, patient_plane(volume, "axial", 1.4)).values)
    assert 3 == np.count_nonzero(~reformat(volume, patient_plane(volume, "coronal", 4.0)).absent[:, 0])


@pytest.mark.parametrize(
    ("thickness", "projection"), [(-1.0, "mip"), (float("nan"), "mip"), (5.0, None), (1e9, "mean")]
)
def test_slab_that_cannot_be_is_refused(thickness: float, projection: Projection | None) -> None:
    """A thickness below 0, none at all, one without a projection or one beyond all volumes."""
    volume = Volume(values(), affine())
    with pytest.raises(InvalidPlaneError):
        reformat(volume, tilted(volume), thickness, projection)


def test_plane_beyond_the_coordinates_is_refused() -> None:
    """A plane a thousand kilometres away does not wrap round into the volume."""
    volume = Volume(values(), affine())
    with pytest.raises(OutsideVolumeError):
        reformat(volume, tilted(volume).moved(1e9))


def test_weights_of_a_slab_add_up() -> None:
    """Whatever the thickness, samples cross half a voxel at most and end at the faces of the slab."""
    volume = Volume(values(), affine())
    for thickness in (0.1, 1.0, 3.3, 20.0):
        plane = tilted(volume)
        found = sampling(volume, plane, thickness, "mean")
        steps = np.diff(found.offsets, axis=0)
        assert np.abs(steps).max() <= 2**31 + 1
        ends = (found.offsets[-1] - found.offsets[0]) / 2**32
        assert np.isclose(thickness, np.linalg.norm(volume.affine[:3, :3] @ ends))
        assert abs(found.weights.sum() - 2**18) <= len(found.weights)


@pytest.mark.parametrize(
    "change",
    [
        {"values": values()[0]},
        {"values": values()[:, ::2]},
        {"values": values().astype(np.int64)},
        {"values": values()[:0]},
        {"affine": np.diag([1, 1, 0, 1.0])},
        {"affine": np.full((4, 4), np.nan)},
        {"ready": np.ones(3, bool)},
        {"slice_coordinates": np.zeros(SHAPE[0])},
        {"slice_coordinates": np.arange(3.0)},
    ],
)
def test_arrays_that_make_no_volume_are_refused(change: dict[str, Any]) -> None:
    """A volume is valid on construction."""
    with pytest.raises(UnsupportedImageError):
        Volume(**{"values": values(), "affine": affine()} | change)


def test_kernel_works_where_nothing_can_be_kept() -> None:
    """Code without a place for its compiled form, as in a read-only installation without a home, is compiled each time."""
    from readingroom.pixels import reformat_kernel

    found: dict[str, Any] = {"__name__": "nowhere"}
    exec(compile(Path(reformat_kernel.__file__).read_text(), "<nowhere>", "exec"), found)  # noqa: S102 - our own file
    assert isinstance(found["_plane"]._cache, type(reformat_kernel.numba.njit(lambda: 0)._cache))
    volume = Volume(values(), affine())
    made = found["run"](volume, sampling(volume, tilted(volume), 0.0, None))
    assert np.array_equal(reformat(volume, tilted(volume)).values, made.values)


def test_preparing_compiles_what_the_first_drag_needs() -> None:
    """After ``prepare`` neither a complete nor a filling 16-bit volume has to be compiled for."""
    from readingroom.pixels.reformat_kernel import _plane, _slab

    prepare()
    known = [len(kernel.signatures) for kernel in (_plane, _slab)]  # type: ignore[attr-defined] - compiled code
    for dtype in ("i2", "u2"):
        for ready in (np.ones(SHAPE[0], bool), np.zeros(SHAPE[0], bool)):
            volume = Volume(values(dtype), affine(), ready=ready)
            reformat(volume, tilted(volume))
            reformat(volume, tilted(volume), 4.0, "mean")
    assert known == [len(kernel.signatures) for kernel in (_plane, _slab)]  # type: ignore[attr-defined]
