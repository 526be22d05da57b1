"""The phantom is what it says: values, distances, volumes, geometry, padding."""

import math
from pathlib import Path

import numpy as np
import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import load_frame
from readingroom.testing import phantom
from readingroom.testing.phantom import PhantomSeries, insert_centers, stored_slices, write_phantom

QUIET = PhantomSeries(slices=160, size=256, pixel_spacing=1.0, noise_hu=0)


def hu(series: PhantomSeries) -> np.ndarray:
    """Return the volume in HU, (slices, rows, columns)."""
    return np.stack(list(stored_slices(series))).astype(float) + phantom.INTERCEPT


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    """Return the phantom without noise."""
    return hu(QUIET)


def test_inserts_have_their_values(volume: np.ndarray) -> None:
    """The pixel at the centre of each insert has the insert's HU."""
    middle = volume[10]
    found = [middle[round(128 + y), round(128 + x)] for x, y in insert_centers()]
    assert [float(value) for value in phantom.INSERT_HU] == found


def test_rods_are_exactly_fifty_millimetres_apart(volume: np.ndarray) -> None:
    """The centres of gravity of the two rods lie 50 mm apart, in every slice."""
    columns = np.nonzero(volume[5, 128] == phantom.ROD_HU)[0]
    left, right = columns[columns < 128].mean(), columns[columns > 128].mean()
    assert 50.0 == (right - left) * QUIET.pixel_spacing


def test_spheres_have_their_volumes(volume: np.ndarray) -> None:
    """Counted voxels of each sphere come within 3 % of 4/3 pi r cubed."""
    for x, y, z, radius in phantom.SPHERES[1:]:
        first = round(z - radius + 79.5)
        box = volume[max(first - 2, 0) : first + 2 * round(radius) + 4, 100:156, 110:147]
        counted = np.count_nonzero(box == phantom.SPHERE_HU)
        assert counted == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.03), (x, y, z)


def test_padding_lies_outside_the_field_of_view(volume: np.ndarray) -> None:
    """Corners hold the padding value, and nothing inside does."""
    padded = volume[0] == phantom.PADDING_STORED + phantom.INTERCEPT
    rows, columns = np.indices(padded.shape) - 128
    assert np.array_equal(rows**2 + columns**2 > 128**2, padded)


def test_noise_is_the_same_for_the_same_seed() -> None:
    """Noise has the sigma asked for and is reproducible; another seed gives other noise."""
    scan = PhantomSeries(slices=1, noise_hu=8)
    water = hu(scan)[0, 300:340, 200:300]
    assert water.std() == pytest.approx(8, rel=0.1)
    assert np.array_equal(hu(scan), hu(scan))
    assert not np.array_equal(hu(scan), hu(PhantomSeries(slices=1, noise_hu=8, seed=2)))


@pytest.mark.parametrize("tilt", [0.0, 17.5])
def test_written_series_says_where_its_slices_lie(tmp_path: Path, tilt: float) -> None:
    """In the written series the middle sphere lies at the origin of patient space, with a tilted gantry too."""
    scan = PhantomSeries(slices=41, size=128, pixel_spacing=2.0, noise_hu=0, tilt_degrees=tilt)
    write_phantom(tmp_path / "ct", scan)
    source = FolderSource(tmp_path / "ct", tmp_path / "index.sqlite")
    source.refresh()
    (series,) = source.series(source.studies()[0].uid)
    places = []
    for reference in source.frames(series.uid):
        loaded = load_frame(source, reference.sop_uid, 1)
        geometry = reference.geometry
        assert loaded.pipeline is not None
        assert geometry.position is not None
        assert geometry.orientation is not None
        assert geometry.spacing is not None
        values = loaded.pipeline.modality_values(loaded.stored)
        row, column = np.nonzero(values == phantom.SPHERE_HU)
        across, down = np.array(geometry.orientation).reshape(2, 3)
        step = np.outer(column, across) * geometry.spacing[1] + np.outer(row, down) * geometry.spacing[0]
        places.append(np.array(geometry.position) + step)
    source.close()
    found = np.concatenate(places)
    assert len(found) > 500
    assert np.abs(found.mean(axis=0)).max() < 0.2
    assert np.linalg.norm(found, axis=1).max() <= 10.001


def test_second_writing_changes_nothing(tmp_path: Path) -> None:
    """The same phantom written twice is the same bytes: identifiers and noise are reproducible."""
    scan = PhantomSeries(slices=2, size=32, pixel_spacing=8)
    first = [path.read_bytes() for path in write_phantom(tmp_path / "a", scan)]
    assert first == [path.read_bytes() for path in write_phantom(tmp_path / "b", scan)]
