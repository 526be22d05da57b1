"""Stacks to volumes: bit by bit the frames, in the order wanted, whatever one slice is like."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import EncodedFrame, FrameReference
from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.errors import UnsupportedImageError
from readingroom.pixels.grayscale import Padding
from readingroom.testing.files import compress, small_image, write

COUNT = 7
REAL = Path(__file__).parents[3] / "shared/data"


class RemoteSource:
    """A source that knows no local files, as one that speaks DICOMweb."""

    def __init__(self, source: FolderSource) -> None:
        self._source = source

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames."""
        return self._source.frames(series_uid)

    def metadata(self, sop_uid: str) -> Dataset:
        """Return the attributes."""
        return self._source.metadata(sop_uid)

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return the bytes."""
        return self._source.frame(sop_uid, frame)


def noise(number: int, dtype: str = "i2", bits: int = 16) -> NDArray[Any]:
    """Return 8 rows and 6 columns of noise of some bits."""
    low = -(2 ** (bits - 1)) if dtype[0] == "i" else 0
    return np.random.default_rng(number).integers(low, low + 2**bits, (8, 6)).astype(dtype)


def series(folder: Path, make: Callable[[int], Dataset], count: int = COUNT) -> None:
    """Write slices of one series, 1 mm apart."""
    for number in range(1, count + 1):
        dataset = make(number)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(folder / f"{number}.dcm", enforce_file_format=True)


def stack_of(source: FolderSource) -> Stack:
    """Return the first stack of the only series."""
    source.refresh()
    (study,) = source.studies()
    return stacks(source, source.series(study.uid)[0].uid)[0]


def loaded(source: Any, stack: Stack, **more: Any) -> VolumeLoader:  # noqa: ANN401 - a source of any kind
    """Return a loader that is done."""
    loader = VolumeLoader(source, stack, **more).start()
    assert loader.wait(60)
    return loader


def plain(number: int) -> Dataset:
    """Return a slice in Explicit VR Little Endian."""
    return small_image(number, noise(number))


def implicit(number: int) -> Dataset:
    """Return a slice in Implicit VR Little Endian."""
    dataset = plain(number)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return dataset


def big_endian(number: int) -> Dataset:
    """Return a slice in Explicit VR Big Endian."""
    dataset = plain(number)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.PixelData = noise(number).astype(">i2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def deflated(number: int) -> Dataset:
    """Return a slice whose whole dataset is deflated."""
    dataset = plain(number)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return dataset


def twelve_bits(number: int) -> Dataset:
    """Return a slice of signed 12-bit values with an overlay of old in the bits above."""
    dataset = small_image(number, noise(number, "i2", 12))
    stored = noise(number, "i2", 12).view(np.uint16) & 0x0FFF | (noise(number + 50, "u2") & 0xF000)
    dataset.BitsStored, dataset.HighBit, dataset.PixelData = 12, 11, stored.tobytes()
    return dataset


def eight_bits(number: int) -> Dataset:
    """Return a slice of bytes."""
    return small_image(number, noise(number, "u1", 8))


def jpeg_ls(number: int) -> Dataset:
    """Return a slice in JPEG-LS."""
    dataset = small_image(number, noise(number, "u2", 12))
    dataset.BitsStored, dataset.HighBit = 12, 11
    return compress(dataset, JPEGLSLossless, [imagecodecs.jpegls_encode(noise(number, "u2", 12))])


def mixed(number: int) -> Dataset:
    """Return a slice that is signed or unsigned, compressed or not, by its number."""
    return (plain, jpeg_ls, eight_bits)[number % 3](number)


@pytest.mark.parametrize("make", [plain, implicit, big_endian, deflated, twelve_bits, eight_bits, jpeg_ls, mixed])
@pytest.mark.parametrize("is_local", [True, False])
def test_volume_holds_the_stored_values_of_every_frame(
    folder: Path, source: FolderSource, make: Callable[[int], Dataset], is_local: bool
) -> None:
    """Whatever the syntax, from local files and from any other source: each slice is its frame, bit by bit."""
    series(folder, make)
    stack = stack_of(source)
    loader = loaded(source if is_local else RemoteSource(source), stack)
    assert ((), True) == (loader.problems, bool(loader.volume.ready.all()))
    for number, reference in enumerate(stack.frames):
        expected = load_frame(source, reference.sop_uid, reference.frame).stored
        assert np.array_equal(expected, loader.volume.values[number])


def test_multi_frame_file_is_a_volume(folder: Path, source: FolderSource) -> None:
    """The frames of one file, with functional groups, from the folder and from the file alone."""
    frames = np.stack([noise(number) for number in range(5)])
    dataset = small_image(1, frames)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, name)
    shared, measures, turned = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, turned.ImageOrientationPatient = [0.5, 0.5], [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [turned]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = []
    for number in range(5):
        group, place = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, number]
        group.PlanePositionSequence = [place]
        dataset.PerFrameFunctionalGroupsSequence.append(group)
    path = write(dataset, folder / "all.dcm")
    stack = stack_of(source)
    order = [frame.frame - 1 for frame in stack.frames]
    assert np.array_equal(frames[order], loaded(source, stack).volume.values)
    file = FileSource(path)
    (own,) = stacks(file, file.series(file.studies()[0].uid)[0].uid)
    assert np.array_equal(frames[order], loaded(file, own).volume.values)


def test_slices_come_from_the_wanted_one_outwards(folder: Path, source: FolderSource) -> None:
    """The slice that the reader looks at is the first, its neighbours follow on either side."""
    series(folder, plain, 9)
    seen: list[int] = []
    loaded(source, stack_of(source), wanted=6, on_slice=seen.append)
    assert [6, 5, 7, 4, 8, 3, 2, 1, 0] == seen


def test_reader_who_moves_is_followed(folder: Path, source: FolderSource) -> None:
    """After the reader has jumped, the slices around the new place come next."""
    series(folder, plain, 30)
    stack, seen = stack_of(source), list[int]()

    def arrived(number: int) -> None:
        seen.append(number)
        if len(seen) == 5:
            loader.prefer(25)

    loader = VolumeLoader(source, stack, wanted=3, on_slice=arrived)
    loader.start().wait()
    assert [3, 2, 4, 1, 5, 25, 24, 26, 23] == seen[:9]
    assert list(range(30)) == sorted(seen)


def test_volume_can_be_shown_while_it_fills(folder: Path, source: FolderSource) -> None:
    """What has come is ready, what has not is not; the values of a ready slice are there."""
    series(folder, plain)
    stack, found = stack_of(source), list[tuple[int, bool]]()

    def arrived(number: int) -> None:
        ready = loader.volume.ready
        same = np.array_equal(noise(COUNT - number), loader.volume.values[number])
        found.append((int(ready.sum()), same or np.array_equal(noise(number + 1), loader.volume.values[number])))

    loader = VolumeLoader(source, stack, on_slice=arrived)
    assert not loader.volume.ready.any()
    assert not loader.is_done
    loader.start().wait()
    assert [(n, True) for n in range(1, COUNT + 1)] == found


def test_cancelled_loader_stops(folder: Path, source: FolderSource) -> None:
    """A series that the reader has left takes no more time; what has come stays."""
    series(folder, plain, 30)
    stack, seen = stack_of(source), list[int]()

    def arrived(number: int) -> None:
        seen.append(number)
        if len(seen) == 4:
            loader.cancel()

    loader = VolumeLoader(source, stack, on_slice=arrived)
    assert loader.start().wait(60)
    assert (4, 4) == (len(seen), int(loader.volume.ready.sum()))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [("cut", "shorter than it was"), ("gone", "cannot be read any more"), ("codestream", "frame 1 of")],
)
def test_one_bad_slice_is_named_and_the_others_come(
    folder: Path, source: FolderSource, damage: str, reason: str
) -> None:
    """A file that was cut off, is gone, or whose codestream is rubbish is a problem of its slice, filled with padding."""

    def make(number: int) -> Dataset:
        dataset = jpeg_ls(number) if damage == "codestream" else plain(number)
        dataset.PixelPaddingValue = 77
        return dataset

    series(folder, make)
    stack = stack_of(source)
    path = folder / "4.dcm"
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[:-10])
    else:
        at = data.rindex(b"\xff\xd8\xff")
        path.write_bytes(data[: at + 30] + b"\xff" * 24 + data[at + 54 :])
    loader = loaded(source, stack)
    assert [3] == [problem.slice for problem in loader.problems]
    assert reason in loader.problems[0].reason
    assert "4.dcm" in loader.problems[0].reason
    assert [n != 3 for n in range(COUNT)] == loader.volume.ready.tolist()
    assert (loader.volume.values[3] == 77).all()


@pytest.mark.parametrize("slope", [1.7, 2.0])
def test_slices_that_differ_in_rescale_become_modality_values(folder: Path, source: FolderSource, slope: float) -> None:
    """PET: float32 to 2^-24 of a value; whole slopes and intercepts: exact integers; padding stays padding."""

    def make(number: int) -> Dataset:
        dataset = small_image(number, noise(number, "i2", 15))
        dataset.BitsStored, dataset.HighBit = 15, 14
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.PixelPaddingValue = slope * number, -3, 5
        dataset.PixelData = (
            np.where(np.arange(48).reshape(8, 6) == 9, 5, noise(number, "i2", 15)).astype("i2").tobytes()
        )
        return dataset

    series(folder, make)
    stack = stack_of(source)
    volume = loaded(source, stack).volume
    assert (np.int32 if slope == 2.0 else np.float32) == volume.values.dtype
    for number, reference in enumerate(stack.frames):
        frame = load_frame(source, reference.sop_uid, 1)
        assert frame.pipeline is not None
        expected = frame.pipeline.modality_values(frame.stored)
        padded = frame.stored == 5
        found = volume.values[number]
        assert padded.any()
        assert np.allclose(
            expected[~padded], found[~padded].astype(np.float64), rtol=0 if slope == 2.0 else 2**-24, atol=0
        )
        missing = np.isnan(found) if slope != 2.0 else (volume.padding or Padding(1, 1)).covers(found)
        assert np.array_equal(padded, missing)


def test_reals_stay_as_they_are(folder: Path, source: FolderSource) -> None:
    """Float Pixel Data comes through bit by bit."""

    def make(number: int) -> Dataset:
        dataset = plain(number)
        reals = np.random.default_rng(number).normal(size=(8, 6)).astype(np.float32)
        for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
            delattr(dataset, name)
        dataset.BitsAllocated, dataset.FloatPixelData = 32, reals.tobytes()
        return dataset

    series(folder, make)
    stack = stack_of(source)
    volume = loaded(source, stack).volume
    assert np.float32 == volume.values.dtype
    for number, reference in enumerate(stack.frames):
        assert np.array_equal(load_frame(source, reference.sop_uid, 1).stored, volume.values[number])


def test_uneven_spacing_is_kept(folder: Path, source: FolderSource) -> None:
    """Each slice has its own coordinate; the affine leads it to its position."""
    heights = [0, 1, 2, 4.5, 5, 7, 9]

    def make(number: int) -> Dataset:
        dataset = plain(number)
        dataset.ImagePositionPatient = [0, 0, heights[number - 1]]
        return dataset

    series(folder, make)
    stack = stack_of(source)
    volume = loaded(source, stack).volume
    assert volume.slice_coordinates is not None
    for number, reference in enumerate(stack.frames):
        place = volume.affine @ [0, 0, volume.slice_coordinates[number], 1]
        assert np.allclose(reference.geometry.position or (), place[:3])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ImagePositionPatient": lambda n: [n % 2, 0, n]}, "shifted sideways"),
        ({"ImagePositionPatient": lambda n: None}, "do not say where they lie"),  # noqa: ARG005
        ({"ModalityLUTSequence": lambda n: n}, "different Modality LUTs"),
    ],
)
def test_what_makes_no_volume_is_refused_by_name(
    folder: Path, source: FolderSource, change: dict[str, Callable[[int], Any]], words: str
) -> None:
    """Slices on no straight line, without a place or with different Modality LUTs."""

    def make(number: int) -> Dataset:
        dataset = plain(number)
        for name, value in change.items():
            if name == "ModalityLUTSequence":
                table = Dataset()
                table.LUTDescriptor, table.LUTData = [2, 0, 16], [0, value(number)]
                table["LUTDescriptor"].VR = "US"
                table["LUTData"].VR = "US"
                dataset.ModalityLUTSequence = [table]
            elif value(number) is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value(number))
        return dataset

    series(folder, make)
    with pytest.raises(UnsupportedImageError, match=words):
        VolumeLoader(source, stack_of(source))


def test_colours_make_no_volume(folder: Path, source: FolderSource) -> None:
    """There is no colour half way between two colours of a palette."""

    def make(number: int) -> Dataset:
        dataset = eight_bits(number)
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        return dataset

    series(folder, make)
    with pytest.raises(UnsupportedImageError, match="Colour"):
        VolumeLoader(source, stack_of(source))


@pytest.fixture
def pet(tmp_path: Path) -> Iterator[FolderSource]:
    """Return a real PET whose slices each have a slope of their own."""
    made = FolderSource(REAL / "acrin_lung_pet_ct" / "02_pt", tmp_path / "index.sqlite")
    made.refresh()
    yield made
    made.close()


@pytest.mark.skipif(not REAL.exists(), reason="the real studies are not here")
def test_real_pet_is_a_volume_of_its_modality_values(pet: FolderSource) -> None:
    """Every slice of a real PET has its own slope; the volume holds Bq/ml to 2^-24 of each value."""
    (stack, *_) = stacks(pet, pet.series(pet.studies()[0].uid)[0].uid)
    volume = loaded(pet, stack).volume
    assert np.float32 == volume.values.dtype
    for number in range(0, len(stack.frames), 17):
        frame = load_frame(pet, stack.frames[number].sop_uid, stack.frames[number].frame)
        assert frame.pipeline is not None
        assert np.allclose(frame.pipeline.modality_values(frame.stored), volume.values[number], rtol=2**-24, atol=0)


def test_explicit_little_endian_is_what_the_tests_write() -> None:
    """The plain slices of these tests are what the fast way reads."""
    assert ExplicitVRLittleEndian == plain(1).file_meta.TransferSyntaxUID
