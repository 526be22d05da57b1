"""Every class in the conformance statement is shown, or listed without a picture, as its row says."""

from pathlib import Path

import pytest
from tests.contracts.statement import tables

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import render_frame
from readingroom.testing.files import small_image, write

ROWS = tables()["SOP classes"][1:]


@pytest.mark.parametrize("uid", [row[0] for row in ROWS if row[2] == "shown"])
def test_images_of_the_class_are_shown(folder: Path, source: FolderSource, uid: str) -> None:
    """An image of the class is in the study list and renders; nothing is reported about it."""
    dataset = small_image()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid
    write(dataset, folder / "one.dcm")
    source.refresh()
    assert () == source.problems()
    assert (8, 6) == render_frame(source, dataset.SOPInstanceUID, 1).pixels.shape


@pytest.mark.parametrize("uid", [row[0] for row in ROWS if row[2] != "shown"])
def test_objects_of_the_class_are_listed_without_a_picture(folder: Path, source: FolderSource, uid: str) -> None:
    """An object of the class is counted in its study, has no frames and is no problem."""
    dataset = small_image()
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(dataset, keyword)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid
    write(dataset, folder / "one.dcm")
    source.refresh()
    (series,) = source.series(dataset.StudyInstanceUID)
    assert ((), 1, 0) == (source.problems(), series.instance_count, series.frame_count)
