"""An angiogram that asks for digital subtraction says on every frame that it is shown without."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.testing.files import small_image, write
from readingroom.testing.states import item

FRAMES = np.arange(4 * 48, dtype=np.uint16).reshape(4, 8, 6)


def notes(tmp_path: Path, *masks: Dataset, **more: object) -> list[str]:
    """Return the notes of the four frames of a run with these items of Mask Subtraction Sequence, joined for each."""
    dataset = small_image(1, FRAMES)
    dataset.MaskSubtractionSequence = list(masks)
    source = FileSource(write(dataset, tmp_path / "run.dcm", Modality="XA", **more))
    pictures = [load_frame(source, source.sop_uid, frame).picture() for frame in (1, 2, 3, 4)]
    assert [True] * 4 == [np.array_equal(pictures[0].pixels.shape, picture.pixels.shape) for picture in pictures]
    return [" ".join(picture.notes) for picture in pictures]


def test_frames_are_said_to_be_unsubtracted_and_the_mask_to_be_one(tmp_path: Path) -> None:
    """Frame 1 is the mask, frames 2 to 3 are meant to be seen without it, frame 4 is not spoken of."""
    found = notes(tmp_path, item(MaskOperation="AVG_SUB", MaskFrameNumbers=1, ApplicableFrameRange=[1, 3]))
    assert "Frame 1 is a mask" in found[0]
    assert ["frame 1) subtracted; it is shown unsubtracted" in said for said in found] == [False, True, True, False]
    assert "" == found[3]


@pytest.mark.parametrize(("operation", "words"), [("TID", "an earlier frame"), ("REV_TID", "a later frame")])
def test_subtraction_in_time_is_named(tmp_path: Path, operation: str, words: str) -> None:
    """Time interval difference takes another frame off each frame."""
    assert [True] * 4 == [words in said for said in notes(tmp_path, item(MaskOperation=operation, TIDOffset=1))]


def test_recommended_viewing_mode_is_enough(tmp_path: Path) -> None:
    """SUB without any mask is still a wish that is not granted."""
    assert [True] * 4 == ["unsubtracted" in said for said in notes(tmp_path, RecommendedViewingMode="SUB")]


def test_no_subtraction_wanted_is_not_spoken_of(tmp_path: Path) -> None:
    """NONE and NAT say that the image is to be seen as it is."""
    assert [""] * 4 == notes(tmp_path, item(MaskOperation="NONE"), RecommendedViewingMode="NAT")
