"""Affines against an independent reader: SimpleITK reads the same files, in the same order, and must place them alike."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - as its own documentation calls it
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedCTImageStorage, MRImageStorage

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.single import FileSource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.testing.files import small_image, write
from readingroom.testing.phantom import PhantomSeries, write_phantom
from readingroom.testing.random_stacks import random_stack

REAL = Path(__file__).parents[3] / "shared/data"
PACKAGES = Path(__file__).parents[2] / ".make" / "demo-packages"
REAL_SERIES = [
    str(folder.relative_to(REAL)) for kind in ("ct", "pt", "mr") for folder in sorted(REAL.glob(f"*/*_{kind}"))
]
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real images is not here")
TOLERANCE = 1e-6


def corners(columns: int, rows: int, slices: int) -> NDArray[np.int64]:
    """Return the indices (column, row, slice) of the eight corners of a volume."""
    ends = [(0, columns - 1), (0, rows - 1), (0, slices - 1)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*ends)], axis=1)


def assert_placed_alike(stack: Stack, image: sitk.Image) -> None:
    """Assert that origin, spacing and directions agree to 1e-6, and all corners to the rounding of printed positions."""
    columns, rows, slices = image.GetSize()
    assert (columns, rows, slices) == (stack.frames[0].columns, stack.frames[0].rows, len(stack.frames))
    assert stack.geometry is not None
    spacing = [*stack.geometry.pixel_spacing[::-1], stack.slice_spacing if slices > 1 else image.GetSpacing()[2]]
    assert np.allclose(image.GetOrigin(), stack.affine[:3, 3], rtol=0, atol=TOLERANCE)
    assert np.allclose(image.GetSpacing(), spacing, rtol=0, atol=TOLERANCE)
    directions = stack.affine[:3, :3] / np.linalg.norm(stack.affine[:3, :3], axis=0)
    assert np.allclose(np.reshape(image.GetDirection(), (3, 3)), directions, rtol=0, atol=TOLERANCE)
    at = corners(columns, rows, slices)
    theirs = np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in at])
    ours = (np.c_[at, np.ones(8)] @ stack.affine.T)[:, :3]
    assert np.abs(theirs - ours).max() <= TOLERANCE * slices


def read_series(paths: Sequence[Path]) -> sitk.Image:
    """Return a series as SimpleITK reads it from files in slice order."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in paths])
    return reader.Execute()


def paths_by_uid(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by SOP Instance UID."""
    return {
        str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in folder.rglob("*") if path.is_file()
    }


def check_folder(folder: Path, source: FolderSource) -> int:
    """Compare every regular stack of more than one file in a folder; return how many there were."""
    source.refresh()
    paths = paths_by_uid(folder)
    found = [
        stack
        for study in source.studies()
        for series in source.series(study.uid)
        for stack in stacks(source, series.uid)
    ]
    compared = [stack for stack in found if stack.is_regular and all(frame.frame == 1 for frame in stack.frames)]
    for stack in compared:
        assert_placed_alike(stack, read_series([paths[frame.sop_uid] for frame in stack.frames]))
    return len(compared)


@pytest.mark.parametrize("series", REAL_SERIES or [pytest.param("", marks=needs_real)])
def test_real_series_lie_where_simpleitk_has_them(series: str, tmp_path: Path) -> None:
    """Real CT, PET and oblique MR series, three b-values each on its own, agree at origin, axes and corners."""
    source = FolderSource(REAL / series, tmp_path / "index.sqlite")
    assert (3 if series == "prostatex_mr/06_mr" else 1) == check_folder(REAL / series, source)
    source.close()


def rotation(x: float, y: float, z: float) -> NDArray[np.float64]:
    """Return the rotation about x, then y, then z, in degrees."""
    matrix = np.eye(3)
    for axis, degrees in enumerate((x, y, z)):
        turn = np.eye(3)
        (a, b), angle = ((n for n in range(3) if n != axis), np.radians(degrees))
        turn[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        matrix = turn @ matrix
    return matrix


@pytest.mark.parametrize(
    "angles", [(0, 0, 0), (20, 0, 0), (20, 30, 40), (90, 0, 0), (0, 90, 10), (180, 0, 0), (0, 0, 180)]
)
@pytest.mark.parametrize("step", [2.5, -2.5])
def test_oblique_series_lie_where_simpleitk_has_them(
    angles: tuple[float, float, float], step: float, folder: Path, source: FolderSource
) -> None:
    """Oblique, double oblique, feet first and turned over, read either way: anisotropic pixels keep their places."""
    row, column, normal = rotation(*angles).T
    for number in range(1, 7):
        position = np.array([-30.5, 41.25, 112.0]) + normal * step * number
        write(
            small_image(number), folder / f"{(number * 5) % 7}.dcm", Modality="MR", SOPClassUID=MRImageStorage,
            ImageOrientationPatient=[f"{value:.12f}" for value in (*row, *column)],
            ImagePositionPatient=[f"{value:.11f}" for value in position], PixelSpacing=[0.8, 0.65],
            SpacingBetweenSlices=2.5,
        )  # fmt: skip
    assert 1 == check_folder(folder, source)


@pytest.mark.parametrize("seed", range(200, 208))
def test_random_series_lie_where_simpleitk_has_them(seed: int, folder: Path, source: FolderSource) -> None:
    """Oblique stacks of any direction, shuffled, some of several times: each lies where SimpleITK has it."""
    images = random_stack(seed)
    for number, reference in enumerate(images.frames, 1):
        geometry, image = reference.geometry, small_image(number)
        assert geometry.orientation is not None
        assert geometry.position is not None
        assert geometry.spacing is not None
        for _, value in reference.dimensions:
            image.TemporalPositionIdentifier = value
        write(
            image, folder / f"{number}.dcm", Modality="MR", SOPClassUID=MRImageStorage,
            ImageOrientationPatient=[f"{value:.13f}" for value in geometry.orientation],
            ImagePositionPatient=[f"{value:.10f}" for value in geometry.position],
            PixelSpacing=[f"{value:.12f}" for value in geometry.spacing],
        )  # fmt: skip
    assert images.times == check_folder(folder, source)


def test_phantom_lies_where_simpleitk_has_it(folder: Path, source: FolderSource) -> None:
    """The analytic phantom without tilt is a regular stack of 1.25 mm."""
    write_phantom(folder, PhantomSeries(slices=9, size=32, slice_spacing=1.25))
    assert 1 == check_folder(folder, source)


def enhanced(path: Path, positions: Sequence[Sequence[float]], cosines: Sequence[float]) -> Dataset:
    """Write an enhanced CT whose frames lie at these positions, in this order; return it."""
    dataset = small_image(1, np.arange(len(positions) * 48, dtype=np.int16).reshape(-1, 8, 6))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = [0.8, 0.65], 3, 3
    plane.ImageOrientationPatient = list(cosines)
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Items([measures]), Items([plane])
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    groups = []
    for n, position in enumerate(positions, 1):
        place, content, group = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = list(position)
        content.StackID, content.InStackPositionNumber = "1", n
        group.PlanePositionSequence, group.FrameContentSequence = Items([place]), Items([content])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Items(groups)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, name)
    write(dataset, path)
    return dataset


def test_enhanced_image_lies_where_simpleitk_has_it(tmp_path: Path) -> None:
    """The functional groups of an enhanced CT place its frames as SimpleITK's own reading of them does."""
    row, column, normal = np.round(rotation(10, 20, 30).T, 9)
    positions = [[round(float(v), 6) for v in np.array([5, 6, 7]) + normal * 3 * n] for n in range(5)]
    enhanced(tmp_path / "e.dcm", positions, [float(v) for v in (*row, *column)])
    source = FileSource(tmp_path / "e.dcm")
    series = source.series(source.studies()[0].uid)[0]
    (stack,) = stacks(source, series.uid)
    assert [1, 2, 3, 4, 5] == [frame.frame for frame in stack.frames]
    image = sitk.ReadImage(str(tmp_path / "e.dcm"))
    assert_placed_alike(stack, image)


def test_real_enhanced_image_lies_where_simpleitk_has_it(tmp_path: Path) -> None:
    """A Philips enhanced MR of 176 sagittal frames, read by both, has the same corners."""
    (packed,) = PACKAGES.rglob("philips_mprage.dcm.gz")
    (tmp_path / "e.dcm").write_bytes(gzip.decompress(packed.read_bytes()))
    source = FileSource(tmp_path / "e.dcm")
    (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
    image = sitk.ReadImage(str(tmp_path / "e.dcm"))
    assert (256, 256, 176) == image.GetSize()
    theirs = [image.TransformIndexToPhysicalPoint([255, 255, k]) for k in range(176)]
    ours = [tuple((stack.affine @ [255, 255, k, 1])[:3]) for k in range(176)]
    assert np.allclose(sorted(theirs), sorted(ours), rtol=0, atol=1e-4)


def test_enhanced_frames_in_any_order_become_one_stack(tmp_path: Path) -> None:
    """Frames of an enhanced image that are not stored in the order of their places are put in it."""
    order = [3, 0, 4, 1, 2]
    enhanced(tmp_path / "e.dcm", [[0, 0, 2.0 * n] for n in order], [1, 0, 0, 0, 1, 0])
    source = FileSource(tmp_path / "e.dcm")
    (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
    assert [0.0, 2.0, 4.0, 6.0, 8.0] == sorted(stack.positions_mm.tolist())
    assert stack.is_regular
    assert ["spacing_disagrees"] == [warning.kind for warning in stack.warnings]


def test_dose_planes_lie_at_their_offsets() -> None:
    """The planes of a real RT Dose step by its Grid Frame Offset Vector, as SimpleITK's reading of it does."""
    path = get_testdata_file("rtdose.dcm", download=False)
    assert path is not None
    source = FileSource(path)
    (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
    dataset = dcmread(path)
    first = float(dataset.ImagePositionPatient[2])
    expected = [first + float(offset) for offset in dataset.GridFrameOffsetVector]
    assert np.allclose(sorted(expected), sorted(stack.positions_mm))
    assert len(expected) == len(stack.frames) > 1
