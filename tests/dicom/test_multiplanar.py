"""Planes of scanned objects whose distances and volumes are known, and of a patient, against SimpleITK."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.multiplanar import MultiplanarSeries
from readingroom.dicom.picture import load_frame
from readingroom.dicom.stacks import Stack, stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.pixels.plane import Plane, covering_plane, patient_plane
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image
from readingroom.testing.phantom import INTERCEPT, ROD_HU, SPHERE_HU, PhantomSeries, write_phantom

REAL = Path(__file__).parents[3] / "shared/data/nlst_chest_ct/01_ct"
Loaded = tuple[FolderSource, Stack, MultiplanarSeries]


def opened(folder: Path, index: Path) -> Loaded:
    """Return the largest stack of the only series, loaded."""
    source = FolderSource(folder, index)
    source.refresh()
    stack = max(stacks(source, source.series(source.studies()[0].uid)[0].uid), key=lambda s: len(s.frames))
    loader = VolumeLoader(source, stack).start()
    assert loader.wait(60)
    assert () == loader.problems
    return source, stack, MultiplanarSeries.of(source, loader)


@pytest.fixture(scope="module", params=[0.0, 17.0], ids=["upright", "tilted gantry"])
def phantom(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """Return the noiseless phantom, upright and with a tilted gantry; 2 mm slices through its middle sphere."""
    folder = tmp_path_factory.mktemp("phantom")
    scan = PhantomSeries(
        slices=22, size=200, pixel_spacing=0.5, slice_spacing=2.0, tilt_degrees=request.param, noise_hu=0
    )
    write_phantom(folder / "studies", scan)
    made = opened(folder / "studies", folder / "index.sqlite")
    yield made
    made[0].close()


def hounsfield(series: MultiplanarSeries, plane: Plane) -> NDArray[np.float64]:
    """Return a plane in HU, NaN where there is nothing."""
    found = series.frame(plane)
    return np.where(found.absent, np.nan, found.frame.stored.astype(np.float64) + INTERCEPT)


def rod_distances(hu: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Return the distance of the two rods' centres in millimetres, row by row, where both are seen."""
    columns = np.arange(hu.shape[1])
    middle = hu.shape[1] // 2
    found = []
    for row in np.where(np.isfinite(hu), np.clip((hu - SPHERE_HU) / (ROD_HU - SPHERE_HU), 0, 1), 0):
        weights = [np.where(columns < middle, row, 0), np.where(columns >= middle, row, 0)]
        near = [np.where(np.abs(columns - middle) * spacing < 30, weight, 0) for weight in weights]
        if min(weight.sum() for weight in near) * spacing > 2:
            first, second = ((columns * weight).sum() / weight.sum() for weight in near)
            found.append((second - first) * spacing)
    return np.array(found)


@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_rods_are_50_mm_apart_in_coronal_and_oblique_planes(phantom: Loaded, turn: float) -> None:
    """The mean of all rows is 50 mm to 0.1 mm, upright and tilted; an oblique plane holds both rods too."""
    _, _, series = phantom
    # Turned about the line through both rods' centres, the plane still cuts each of them in its middle.
    oblique = patient_plane(series.volume, "coronal", 0.0).rotated((1, 0, 0), turn)
    down = np.array(oblique.column_direction)
    corner = (-40.0, -15 * float(down[1]), -15 * float(down[2]))
    fine = Plane(corner, oblique.row_direction, oblique.column_direction, (0.5, 0.2), 61, 401)
    distances = rod_distances(hounsfield(series, fine), 0.2)
    assert len(distances) > 8
    assert abs(distances.mean() - 50) < 0.1


def test_sphere_has_its_volume_in_any_planes(phantom: Loaded) -> None:
    """Counted through coronal planes 1 mm apart the sphere of 10 mm radius has 4,189 mm³ to 3 %."""
    _, _, series = phantom
    total = 0.0
    for y in np.arange(-13.0, 14.0):
        plane = patient_plane(series.volume, "coronal", float(y))
        hu = hounsfield(series, plane)
        rows, columns = np.mgrid[: plane.rows, : plane.columns]
        x = plane.origin[0] + columns * plane.spacing[1]
        z = plane.origin[2] - rows * plane.spacing[0]
        near = x**2 + z**2 + y**2 < 14**2
        total += np.nansum(np.clip(np.where(near, hu, 0), 0, SPHERE_HU) / SPHERE_HU) * math.prod(plane.spacing)
    assert abs(total / (4 / 3 * math.pi * 10**3) - 1) < 0.03


def test_plane_on_a_slice_is_the_frames_own_picture(phantom: Loaded) -> None:
    """Whatever the window, a plane that coincides with a slice has the picture of that slice, byte for byte."""
    source, stack, series = phantom
    volume = series.volume
    reference = stack.frames[5]
    frame = load_frame(source, reference.sop_uid, reference.frame)
    geometry = reference.geometry
    assert geometry.orientation is not None
    assert geometry.position is not None
    assert geometry.spacing is not None
    row, column = np.array(geometry.orientation[:3]), np.array(geometry.orientation[3:])
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    plane = Plane(geometry.position, tuple(row), tuple(column), geometry.spacing, reference.rows, reference.columns)
    for voi in (None, Voi(40, 400), Voi(-600, 1500, "SIGMOID")):
        for inverted in (False, True):
            expected, found = frame.picture(voi, inverted), series.frame(plane).picture(voi, inverted)
            assert expected.sha256 == found.sha256
            assert (expected.voi, expected.windows) == (found.voi, found.windows)
    assert volume.values.dtype == frame.stored.dtype


def test_geometry_of_a_plane_is_that_of_an_image(phantom: Loaded) -> None:
    """Orientation letters, positions and millimetres come from the plane."""
    _, stack, series = phantom
    plane = patient_plane(series.volume, "sagittal", 10.0)
    geometry = series.frame(plane, 4.0, "mip").geometry
    assert (0, 1, 0, 0, 0, -1) == geometry.orientation
    assert (plane.origin, "patient", 4.0) == (geometry.position, geometry.spacing_kind, geometry.slice_thickness)
    assert plane.spacing == geometry.spacing
    assert stack.frame_of_reference_uid == geometry.frame_of_reference_uid


def test_surround_is_black_inverted_or_not(tmp_path: Path) -> None:
    """Without a padding value too: pixels beside the volume are 0, though inverted air is white."""
    for number in range(1, 6):
        dataset = small_image(number, np.zeros((8, 6), np.int16))
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    source, _, series = opened(tmp_path, tmp_path / "index.sqlite")
    plane = covering_plane(series.volume, (1, 1, 0), (-1, 1, 0), series.volume.center_mm)
    frame = series.frame(plane)
    assert 0 < frame.absent.mean() < 1
    shown = frame.picture(Voi(0, 100), inverted=True).pixels
    assert {0} == set(shown[frame.absent])
    assert 0 not in shown[~frame.absent]
    source.close()


def test_slices_of_different_rescale_are_shown_by_their_modality_values(tmp_path: Path) -> None:
    """As in PET, where each slice has its own slope: a plane on a slice has the picture of that slice."""
    for number in range(1, 6):
        dataset = small_image(number)
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.PixelPaddingValue = 1.25 * number, -7.5, 10
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    source, stack, series = opened(tmp_path, tmp_path / "index.sqlite")
    for reference in stack.frames:
        position = reference.geometry.position
        assert position is not None
        plane = Plane(position, (1, 0, 0), (0, 1, 0), (0.5, 0.5), reference.rows, reference.columns)
        frame = load_frame(source, reference.sop_uid, 1)
        shown = series.frame(plane)
        assert np.allclose(frame.value_range or (), shown.frame.value_range or (), rtol=2**-24)
        for voi in (Voi(100, 250), Voi(20, 60, "SIGMOID")):
            assert np.array_equal(frame.picture(voi).pixels, shown.picture(voi).pixels)
    source.close()


def test_overlay_of_one_slice_is_not_on_a_plane(tmp_path: Path) -> None:
    """What lies on the slice whose window is used, an overlay or a shutter, stays on that slice."""
    for number in range(1, 6):
        dataset = small_image(number, np.zeros((8, 6), np.int16))
        for element, vr, value in (
            (0x0010, "US", 8), (0x0011, "US", 6), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
            (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", b"\xff" * 6),
        ):  # fmt: skip
            dataset.add_new(0x6000_0000 + element, vr, value)
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    source, stack, series = opened(tmp_path, tmp_path / "index.sqlite")
    assert load_frame(source, stack.frames[2].sop_uid, 1).picture(Voi(100, 100)).pixels.any()
    assert not series.frame(patient_plane(series.volume, "axial")).picture(Voi(100, 100)).pixels.any()
    source.close()


@pytest.mark.skipif(not REAL.exists(), reason="the real studies are not here")
def test_oblique_plane_of_a_patient_is_that_of_simpleitk(tmp_path: Path) -> None:
    """Linear interpolation of a real chest CT: within one stored value of SimpleITK's at every pixel both have."""
    source, stack, series = opened(REAL, tmp_path / "index.sqlite")
    plane = patient_plane(series.volume, "coronal").rotated((1, 0, 0), 27).rotated((0, 0, 1), -33)
    found = series.frame(plane)
    files = [str(source.local_instances(f.sop_uid)[f.sop_uid].path) for f in stack.frames]
    image = sitk.Cast(sitk.ReadImage(files[:: -1 if series.volume.affine[2, 2] < 0 else 1]), sitk.sitkFloat32)
    resample = sitk.ResampleImageFilter()
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetSize((plane.columns, plane.rows, 1))
    resample.SetOutputSpacing((plane.spacing[1], plane.spacing[0], 1.0))
    resample.SetOutputOrigin(plane.origin)
    directions = np.stack([plane.row_direction, plane.column_direction, plane.normal], axis=1)
    resample.SetOutputDirection(tuple(directions.ravel()))
    resample.SetDefaultPixelValue(-30_000)
    expected = sitk.GetArrayFromImage(resample.Execute(image))[0]
    pipeline = series.appearance.pipeline
    assert pipeline is not None
    both = ~found.absent & (expected > -30_000)
    assert both.mean() > 0.3
    difference = pipeline.modality_values(found.frame.stored)[both] - expected[both]
    assert np.abs(difference).max() <= 1
    assert np.count_nonzero(found.absent != (expected == -30_000)) < plane.rows + plane.columns
    source.close()
