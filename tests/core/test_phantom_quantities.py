"""The analytic phantom measured: inserts, rods and spheres have the values, distance and volumes they were made with."""

import math
from pathlib import Path

import numpy as np
import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.quantities.measure import measure_area, measure_length
from readingroom.dicom.quantities.modality_values import modality_values
from readingroom.dicom.quantities.probe import measure_region, probe
from readingroom.pixels.roi import Ellipse
from readingroom.pixels.statistics import mask_volume
from readingroom.testing import phantom
from readingroom.testing.phantom import PhantomSeries, insert_centers, write_phantom


def frames_of(folder: Path, scan: PhantomSeries) -> FolderSource:
    """Return a source over the phantom as ``scan`` sees it."""
    write_phantom(folder / "ct", scan)
    source = FolderSource(folder / "ct", folder / "index.sqlite")
    source.refresh()
    return source


def frames(source: FolderSource) -> list[tuple[str, LoadedFrame]]:
    """Return every slice, loaded."""
    (series,) = source.series(source.studies()[0].uid)
    return [(found.sop_uid, load_frame(source, found.sop_uid, 1)) for found in source.frames(series.uid)]


def test_inserts_and_rods_are_measured_as_they_were_made(tmp_path: Path) -> None:
    """Each insert's mean is its HU within the noise, its spread that of the noise; the rods are 50 mm apart."""
    scan = PhantomSeries(slices=1, size=512, noise_hu=8)
    source = frames_of(tmp_path, scan)
    ((uid, loaded),) = frames(source)
    dataset = source.metadata(uid)
    for value, (x, y) in zip(phantom.INSERT_HU, insert_centers(), strict=True):
        region = Ellipse.circle((256 + x / 0.5, 256 + y / 0.5), 9.0, (0.5, 0.5))
        found = measure_region(dataset, 1, loaded, region)
        assert ("HU", 0) == (found.unit, found.statistics.excluded)
        assert found.statistics.mean == pytest.approx(value, abs=5 * 8 / math.sqrt(found.statistics.count))
        assert found.statistics.sd == pytest.approx(8, rel=0.1)
        assert measure_area(dataset, 1, region).value == pytest.approx(math.pi * 81)
        assert found.pixel_area == pytest.approx(math.pi * 81, rel=0.02)
    measured = modality_values(dataset, 1, loaded)
    values, valid = measured.whole()
    rods = valid & (np.abs(values - phantom.ROD_HU) < 50)
    rods[:, :190] = rods[:, 322:] = rods[:240] = rods[272:] = False
    row, column = np.nonzero(rods)
    ends = [(column[side].mean(), row[side].mean()) for side in (column < 256, column > 256)]
    assert "50 mm" == measure_length(dataset, 1, *ends).text
    assert "outside the field of view" == probe(source, uid, 1, 0, 0).text
    source.close()


def test_statistics_of_an_insert_equal_those_of_itk(tmp_path: Path) -> None:
    """On the written series ITK, reading the file itself, finds the same count, mean, spread, minimum and maximum."""
    import SimpleITK

    source = frames_of(tmp_path, PhantomSeries(slices=1, size=256, pixel_spacing=1.0, noise_hu=8))
    ((uid, loaded),) = frames(source)
    x, y = insert_centers()[3]
    region = Ellipse.circle((128 + x, 128 + y), 9.0)
    found = measure_region(source.metadata(uid), 1, loaded, region).statistics
    image = SimpleITK.ReadImage(str(next((tmp_path / "ct").iterdir())), SimpleITK.sitkFloat64)[:, :, 0]
    whole = np.zeros((256, 256), np.uint8)
    box = region.box.within(256, 256)
    whole[box.slices] = region.mask(box)
    label = SimpleITK.GetImageFromArray(whole)
    label.CopyInformation(image)
    oracle = SimpleITK.LabelStatisticsImageFilter()
    oracle.Execute(image, label)
    assert (oracle.GetCount(1), oracle.GetMean(1)) == (found.count, found.mean)
    assert (oracle.GetMinimum(1), oracle.GetMaximum(1)) == (found.minimum, found.maximum)
    assert found.sd == pytest.approx(oracle.GetSigma(1), rel=1e-12)
    source.close()


@pytest.mark.parametrize("tilt", [0.0, 17.5])
def test_spheres_have_their_volumes(tmp_path: Path, tilt: float) -> None:
    """Voxels of the sphere's value times one voxel are 4/3 pi r cubed within 2 %, with a tilted gantry too."""
    scan = PhantomSeries(slices=41, size=160, pixel_spacing=0.8, slice_spacing=0.8, noise_hu=0, tilt_degrees=tilt)
    source = frames_of(tmp_path, scan)
    slices = []
    for uid, loaded in frames(source):
        values, valid = modality_values(source.metadata(uid), 1, loaded).whole()
        slices.append(valid & (values == phantom.SPHERE_HU))
    mask = np.stack(slices)
    x, y, radius = 80, 80, 10.0
    mask[:, :, : x - 20] = mask[:, :, x + 20 :] = mask[:, : y - 20] = mask[:, y + 20 :] = False
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = (0.8, 0, 0), np.multiply(scan.column_direction, 0.8)
    affine[:3, 2] = (0, 0, 0.8)
    assert mask_volume(mask, affine) == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.02)
    source.close()
