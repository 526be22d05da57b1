"""Valid images that nobody would think of show the values that were put into them, in every syntax."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file

from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.dicom.stacks import stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.pixels.color import ybr_full_to_rgb
from readingroom.testing.encoders import ENCODERS
from readingroom.testing.files import small_image, write
from readingroom.testing.odd_images import OddImage, odd_image

BATCHES, EACH = 12, 100


def meant(image: OddImage, frame: int) -> NDArray[np.generic]:
    """Return what a frame (from 0) must be decoded to."""
    values = image.values[frame]
    if image.palette is not None:
        entry = np.clip(values.astype(np.int64) - image.first_mapped, 0, len(image.palette) - 1)
        return image.palette[entry]
    return ybr_full_to_rgb(values) if image.dataset.PhotometricInterpretation == "YBR_FULL" else values


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_odd_image_shows_its_values(batch: int, tmp_path: Path) -> None:
    """Whatever bits, sign, planes, fragments, tables and syntax the lot falls on, each frame is exact."""
    for seed in range(batch * EACH, (batch + 1) * EACH):
        image = odd_image(seed)
        source = FileSource(write(image.dataset, tmp_path / "odd.dcm"))
        for frame in range(len(image.values)):
            loaded, wanted = load_frame(source, source.sop_uid, frame + 1), meant(image, frame)
            if image.palette is not None:  # a palette's words become bytes by rounding, one way or the other
                difference = loaded.stored.astype(np.int64) - (wanted.astype(np.int64) >> 8)
                assert 1 >= np.abs(difference).max(), f"{seed}: {image.says}"
                continue
            assert wanted.dtype == loaded.stored.dtype, f"{seed}: {image.says}"
            assert np.array_equal(wanted, loaded.stored), f"{seed}: {image.says}"


def test_lots_fall_on_everything() -> None:
    """The images of the test hold every syntax, colour space and planar configuration, and nearly every number of bits."""
    images = [odd_image(seed) for seed in range(BATCHES * EACH)]
    assert set(ENCODERS) == {image.syntax for image in images}
    assert {1, 2, *range(4, 25), 32} <= {image.dataset.BitsStored for image in images}
    spaces = {image.dataset.PhotometricInterpretation for image in images}
    assert {"MONOCHROME2", "RGB", "YBR_FULL", "PALETTE COLOR"} == spaces
    assert {0, 1} == {image.dataset.get("PlanarConfiguration") for image in images} - {None}


def test_big_endian_of_32_bits_is_read_however_it_was_written(tmp_path: Path) -> None:
    """DCMTK keeps the order of 16-bit words (PS3.5 7.3), pydicom's file turns all four bytes; both are the same dose."""
    little = get_testdata_file("rtdose.dcm", download=False)
    subprocess.run(["/usr/bin/dcmconv", "+tb", little, tmp_path / "words.dcm"], check=True)
    turned = get_testdata_file("rtdose_expb.dcm", download=False)
    for number in (1, 8, 15):
        wanted, *others = [
            load_frame(source, source.sop_uid, number)
            for source in map(FileSource, (little, tmp_path / "words.dcm", turned))
        ]
        assert [True, True] == [np.array_equal(wanted.stored, other.stored) for other in others]
        assert [1, 1] == [sum("two ways" in note for note in other.notes) for other in others]


def test_volume_of_big_endian_words_is_the_same(tmp_path: Path) -> None:
    """The volume is loaded by the same rule as a single frame."""
    pixels = np.add.outer(np.arange(3) * 70_000, np.arange(48) * 900).astype(np.uint32).reshape(3, 8, 6)
    dataset = small_image(1, pixels)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.2"
    dataset.GridFrameOffsetVector = [0, 1, 2]
    subprocess.run(
        ["/usr/bin/dcmconv", "+tb", write(dataset, tmp_path / "little.dcm"), tmp_path / "big.dcm"], check=True
    )
    source = FileSource(tmp_path / "big.dcm")
    (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
    loader = VolumeLoader(source, stack).start()
    loader.wait(60)
    wanted = [load_frame(source, source.sop_uid, frame.frame).stored for frame in stack.frames]
    assert np.array_equal(np.sort(pixels.reshape(-1)), np.sort(np.stack(wanted).reshape(-1)))
    assert np.array_equal(np.stack(wanted), loader.volume.values)
