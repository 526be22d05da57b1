"""Overlay planes: separate and embedded, several frames, origins anywhere, and what is wrong with some of them."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from readingroom.dicom.overlays import Overlay, read_overlays
from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import DamagedImageError
from readingroom.pixels.overlay import outline
from readingroom.pixels.voi import Voi
from readingroom.testing.files import compress, small_image, write
from readingroom.testing.states import add_overlay

PACKAGES = Path(__file__).parents[2] / ".make" / "demo-packages"
AS_STORED = Voi(128, 256)
MARK = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 0, 0]], bool)


def gray(rows: int = 11, columns: int = 13, frames: int = 0) -> Dataset:
    """Return an 8-bit image of mid grey."""
    shape = (frames, rows, columns) if frames else (rows, columns)
    return small_image(1, np.full(shape, 100, np.uint8))


def shown(dataset: Dataset, tmp_path: Path, frame: int = 1) -> NDArray[np.uint8]:
    """Return the picture of a dataset as written to a file."""
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    return render_frame(source, source.sop_uid, frame, AS_STORED).pixels


def oracle(path: Path, *options: str) -> NDArray[np.uint8]:
    """Return what DCMTK makes of an image, overlays replaced by white."""
    output = path.with_suffix(".pgm")
    subprocess.run(["/usr/bin/dcmj2pnm", "+Omr", *options, "+op", path, output], check=True, capture_output=True)
    with Image.open(output) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    "origin", [(1, 1), (4, 6), (0, 0), (-1, -3), (10, 11), (11, 13), (12, 1), (1, 14), (-2, 5), (-30, -30), (300, 2)]
)
def test_origin_may_lie_anywhere(tmp_path: Path, origin: tuple[int, int]) -> None:
    """An overlay is cut at the image's edges and moved by its origin, before the first pixel as well as behind the last."""
    expected = np.full((11, 13), 100, np.uint8)
    for (row, column), set_bit in np.ndenumerate(MARK):
        r, c = row + origin[0] - 1, column + origin[1] - 1
        if set_bit and 0 <= r < 11 and 0 <= c < 13:
            expected[r, c] = 255
    assert np.array_equal(expected, shown(add_overlay(gray(), 0x6000, MARK, origin), tmp_path))


@pytest.mark.parametrize("origin", [(1, 1), (4, 6), (10, 11)])
@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x601E])
def test_overlays_are_where_dcmtk_puts_them(tmp_path: Path, origin: tuple[int, int], group: int) -> None:
    """Every pixel is the one that dcmj2pnm writes."""
    picture = shown(add_overlay(gray(), group, MARK, origin), tmp_path)
    assert np.array_equal(oracle(tmp_path / "image.dcm", "+Ww", "128", "256"), picture)


def test_overlay_larger_than_the_image_is_cut(tmp_path: Path) -> None:
    """An overlay of twice the size shows its part over the image."""
    big = np.indices((22, 26)).sum(0) % 3 == 0
    picture = shown(add_overlay(gray(), 0x6004, big, (-4, -5)), tmp_path)
    assert np.array_equal(np.where(big[5:16, 6:19], 255, 100), picture)


@pytest.mark.parametrize("name", ["examples_overlay.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm"])
def test_real_overlays_agree_with_dcmtk(name: str) -> None:
    """Overlays of scanners, one of them narrower than its image, lie where dcmj2pnm and pydicom see them."""
    found = get_testdata_file(name) if name.startswith("examples") else str(next(PACKAGES.rglob(name)))
    assert found is not None
    dataset = dcmread(found)
    source = FileSource(found)
    loaded = load_frame(source, source.sop_uid, 1)
    bare, dressed = loaded.picture(overlays=False).pixels, loaded.picture().pixels
    array = dataset.overlay_array(0x6000)
    assert array.any()
    expected = bare.copy()
    expected[: array.shape[0], : array.shape[1]][array[: bare.shape[0], : bare.shape[1]] > 0] = 255
    assert np.array_equal(expected, dressed)


def test_overlays_can_be_left_out(tmp_path: Path) -> None:
    """Without overlays the picture is the image alone."""
    source = FileSource(write(add_overlay(gray(), 0x6000, MARK), tmp_path / "image.dcm"))
    loaded = load_frame(source, source.sop_uid, 1)
    assert (loaded.picture(AS_STORED, overlays=False).pixels == 100).all()
    assert (loaded.picture(AS_STORED).pixels == 255).sum() == MARK.sum()


def test_region_of_interest_does_not_hide_what_it_marks(tmp_path: Path) -> None:
    """An overlay of type R is painted as its outline, also along the image's edge."""
    region = np.zeros((11, 13), bool)
    region[2:7, 0:6] = True
    picture = shown(add_overlay(gray(), 0x6000, region, kind="R"), tmp_path)
    assert np.array_equal(outline(region), picture == 255)
    inner = np.zeros_like(region)
    inner[3:6, 1:5] = True
    assert np.array_equal(region & ~inner, picture == 255)


def test_frames_of_an_overlay_go_with_frames_of_the_image(tmp_path: Path) -> None:
    """An overlay of two frames from frame 2 on is on frames 2 and 3, also where a frame begins within a byte."""
    two = np.stack([MARK, ~MARK])
    dataset = add_overlay(gray(frames=4), 0x6000, two, first_frame=2)
    for frame, expected in {1: None, 2: MARK, 3: ~MARK, 4: None}.items():
        picture = shown(dataset, tmp_path, frame)
        assert np.array_equal(np.zeros_like(MARK) if expected is None else expected, picture[:3, :5] == 255)


def test_overlay_without_frames_goes_with_every_frame(tmp_path: Path) -> None:
    """An overlay that does not count its frames is on every frame of the image."""
    dataset = add_overlay(gray(frames=3), 0x6000, MARK)
    assert all((shown(dataset, tmp_path, frame) == 255).sum() == MARK.sum() for frame in (1, 2, 3))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2"])
def test_embedded_overlays_are_found_in_unused_bits(tmp_path: Path, syntax: str) -> None:
    """Bit 12 of 12-bit pixels is an overlay, in every byte order; the pixels themselves are untouched by it."""
    bits = np.indices((11, 13)).sum(0) % 4 == 0
    dataset = small_image(1, np.full((11, 13), 100, np.uint16) | (bits.astype(np.uint16) << 12))
    dataset.BitsStored, dataset.HighBit = 12, 11
    for element, vr, value in ((0x10, "US", 11), (0x11, "US", 13), (0x40, "CS", "G"), (0x50, "SS", [1, 1])):
        dataset.add_new((0x6000, element), vr, value)
    dataset.add_new((0x6000, 0x100), "US", 16)
    dataset.add_new((0x6000, 0x102), "US", 12)
    if syntax.endswith("1.2.2"):
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(
        tmp_path / "image.dcm", implicit_vr=syntax.endswith("1.2"), little_endian=not syntax.endswith("1.2.2"),
        enforce_file_format=True,
    )  # fmt: skip
    source = FileSource(tmp_path / "image.dcm")
    picture = load_frame(source, source.sop_uid, 1).picture(AS_STORED)
    assert () == picture.notes
    assert np.array_equal(np.where(bits, 255, 100), picture.pixels)
    assert np.array_equal(oracle(tmp_path / "image.dcm", "+Ww", "128", "256"), picture.pixels)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_overlay_words_are_read_in_the_byte_order_of_the_file(tmp_path: Path, syntax: str) -> None:
    """Overlay Data as OW in big endian is turned word by word before its bits are counted."""
    dataset = add_overlay(gray(), 0x6000, MARK, (2, 2))
    little = dataset[0x6000, 0x3000].value
    if syntax.endswith(".2.2"):
        dataset[0x6000, 0x3000].value = np.frombuffer(little, "<u2").astype(">u2").tobytes()
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(
        tmp_path / "image.dcm", implicit_vr=False, little_endian=syntax.endswith(".1"), enforce_file_format=True
    )
    source = FileSource(tmp_path / "image.dcm")
    assert np.array_equal(MARK, render_frame(source, source.sop_uid, 1, AS_STORED).pixels[1:4, 1:6] == 255)


def test_embedded_overlay_of_a_compressed_image_is_named(tmp_path: Path) -> None:
    """Unused bits do not survive compression: the image is shown and says what it lacks."""
    import imagecodecs

    pixels = np.full((8, 8), 100, np.uint16)
    dataset = compress(small_image(1, pixels), "1.2.840.10008.1.2.4.80", [imagecodecs.jpegls_encode(pixels)])
    dataset.BitsStored, dataset.HighBit = 12, 11
    for element, vr, value in ((0x10, "US", 8), (0x11, "US", 8), (0x50, "SS", [1, 1]), (0x102, "US", 14)):
        dataset.add_new((0x6000, element), vr, value)
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    picture = load_frame(source, source.sop_uid, 1).picture(AS_STORED)
    assert (picture.pixels == 100).all()
    assert "Overlay 6000 lies in unused bits of compressed pixel data" in picture.notes[0]


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        (0x3000, b"\x01\x00", "needs 2 bytes but holds"),
        (0x10, 60_000, "needs 37500 bytes but holds 2"),
        (0x10, 0, "0 rows"),
        (0x50, None, "does not say where"),
        (0x3000, b"", "claims bit 0, which belongs to the image"),
    ],
)
def test_damaged_overlay_is_named_and_the_image_shown(
    tmp_path: Path, element: int, value: object, expected: str
) -> None:
    """An overlay that contradicts itself is left out with a note, and another one is still shown."""
    dataset = add_overlay(add_overlay(gray(), 0x6000, MARK), 0x6002, MARK, (6, 6))
    if element == 0x3000 and value == b"\x01\x00":
        dataset[0x6000, 0x11].value = 99
        expected = "needs 38 bytes but holds 2"
    if value is None:
        del dataset[0x6000, element]
    else:
        dataset[0x6000, element].value = value
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    picture = load_frame(source, source.sop_uid, 1).picture(AS_STORED)
    assert [expected in note and "Overlay 6000" in note for note in picture.notes] == [True]
    assert (picture.pixels == 255).sum() == MARK.sum()


def test_overlay_of_no_size_cannot_be_made() -> None:
    """An overlay is valid on construction."""
    with pytest.raises(DamagedImageError, match="-1 columns"):
        Overlay(0x6000, 3, -1, (1, 1), b"")


def test_mutated_overlays_never_crash(tmp_path: Path) -> None:
    """Two hundred seeded overlays of nonsense are shown or named."""
    random = np.random.default_rng(3)
    for _ in range(200):
        dataset = gray()
        for element, vr in ((0x10, "US"), (0x11, "US"), (0x102, "US"), (0x51, "US")):
            if random.random() < 0.8:
                dataset.add_new((0x6000, element), vr, int(random.integers(0, 30)))
        dataset.add_new((0x6000, 0x15), "IS", int(random.integers(-2, 3)))
        dataset.add_new((0x6000, 0x50), "SS", random.integers(-32_768, 32_767, int(random.integers(0, 4))).tolist())
        if random.random() < 0.7:
            dataset.add_new((0x6000, 0x3000), "OW", random.bytes(2 * int(random.integers(0, 40))))
        overlays, notes = read_overlays(dataset)
        held = any((0x6000, element) in dataset for element in (0x10, 0x11, 0x3000))
        assert held == len(overlays) + len(notes)
        assert all(
            overlay.mask(1, (11, 13)).shape == (11, 13)
            for overlay in overlays
            if overlay.applies_to(1) and overlay.packed
        )
