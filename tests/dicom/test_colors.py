"""Colours as a reader should see them: palettes plain, segmented and supplemental, ICC profiles, contradictions."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom import Dataset, dcmread
from pydicom.data import get_palette_files
from pydicom.pixels import apply_color_lut

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.palette import palette
from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.segments import expand
from readingroom.dicom.single import FileSource
from readingroom.errors import DamagedImageError, UnreadableFileError
from readingroom.pixels import icc
from readingroom.testing.files import compress, small_image, write

DATA = Path(__file__).parents[2] / ".make" / "demo-packages" / "data_store" / "data"
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLORS = ("Red", "Green", "Blue")
RGB = np.random.default_rng(5).integers(0, 256, (16, 16, 3)).astype(np.uint8)


def words(*values: int, order: str = "<") -> bytes:
    """Return 16-bit words."""
    return np.array(values, f"{order}u2").tobytes()


def with_palette(
    dataset: Dataset, tables: list[bytes], descriptors: list[list[int]], segmented: bool = False
) -> Dataset:
    """Return a PALETTE COLOR image with three tables."""
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for color, table, descriptor in zip(COLORS, tables, descriptors, strict=True):
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", descriptor)
        setattr(dataset, f"{'Segmented' * segmented}{color}PaletteColorLookupTableData", table)
    return dataset


def shown(dataset: Dataset, tmp_path: Path, frame: int = 1) -> np.ndarray:
    """Return the picture of a dataset written to a file."""
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    return render_frame(source, source.sop_uid, frame).pixels


def color_image(rgb: np.ndarray = RGB, **attributes: object) -> Dataset:
    """Return an RGB image with more attributes."""
    dataset = small_image(1, rgb[..., 0])
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
    dataset.PixelData = rgb.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("table", "bits"),
    [
        (bytes(range(256)), 8),
        (bytes(range(256)), 16),
        (words(*range(256)), 8),
        (words(*range(256)), 16),
        (words(*(value << 8 for value in range(256))), 16),
        (words(*(value * 257 for value in range(256))), 16),
        (words(*(value << 8 for value in range(256))), 8),
    ],
    ids=["bytes", "bytes that say 16", "words that say 8", "bytes in words", "high bytes", "spread", "high that say 8"],
)
def test_entries_are_what_they_hold_whatever_their_bits_say(table: bytes, bits: int, tmp_path: Path) -> None:
    """A grey palette shows the indices themselves, however writers packed its entries."""
    dataset = with_palette(small_image(1, RAMP), [table] * 3, [[256, 0, bits]] * 3)
    assert np.array_equal(np.stack([RAMP] * 3, -1), shown(dataset, tmp_path))


def test_tables_of_different_extent_are_each_their_own(tmp_path: Path) -> None:
    """Each colour has its own first value mapped and number of entries; values beyond take its end."""
    dataset = with_palette(
        small_image(1, np.array([[0, 1, 2, 3, 4]], np.uint8)),
        [words(0x1000, 0x2000), words(0x3000, 0x4000, 0x5000), words(0x6000)],
        [[2, 1, 16], [3, 2, 16], [1, 0, 16]],
    )
    expected = [[0x10, 0x30, 0x60], [0x10, 0x30, 0x60], [0x20, 0x30, 0x60], [0x20, 0x40, 0x60], [0x20, 0x50, 0x60]]
    assert [expected] == shown(dataset, tmp_path).tolist()


def test_first_mapped_value_of_a_signed_image_is_signed(tmp_path: Path) -> None:
    """A descriptor read as 65534 means -2 where stored values are signed."""
    dataset = small_image(1, np.array([[-3, -2, -1, 0, 5]], np.int16))
    table = words(0x1000, 0x2000, 0x3000)
    with_palette(dataset, [table] * 3, [[3, 65_534, 16]] * 3)
    for color in COLORS:
        dataset[f"{color}PaletteColorLookupTableDescriptor"].VR = "US"
    assert [0x10, 0x10, 0x20, 0x30, 0x30] == shown(dataset, tmp_path)[0, :, 0].tolist()


def test_65536_entries_are_written_as_zero(tmp_path: Path) -> None:
    """A palette over 16-bit indices has 65,536 entries, which its descriptor gives as 0."""
    pixels = np.array([[0, 256, 32_768, 65_535]], np.uint16)
    dataset = with_palette(small_image(1, pixels), [words(*range(65_536))] * 3, [[0, 0, 16]] * 3)
    assert [0, 1, 128, 255] == shown(dataset, tmp_path)[0, :, 0].tolist()


def test_short_palette_is_refused(tmp_path: Path) -> None:
    """A table with fewer entries than its descriptor says is damaged."""
    dataset = with_palette(small_image(1, RAMP), [bytes(100)] * 3, [[256, 0, 8]] * 3)
    with pytest.raises(DamagedImageError, match="256 entries but holds 100"):
        shown(dataset, tmp_path)


@pytest.mark.parametrize("order", ["<", ">"])
def test_segments_make_the_table(order: str) -> None:
    """Discrete values, a line that ends on its value, and a copy of both by their byte offset (PS3.3 C.7.9.2)."""
    data = words(0, 2, 10, 20, 1, 4, 100, 2, 2, 0, 0, order=order)
    expected = [10, 20, 40, 60, 80, 100, 10, 20, 40, 60, 80, 100]
    assert expected == expand(data, 12, narrow=False, order=order).tolist()
    second = words(0, 2, 10, 20, 1, 4, 100, 2, 1, 8, 0, order=order)
    assert [*expected[:6], 100, 100, 100, 100] == expand(second, 10, narrow=False, order=order).tolist()


def test_segments_of_bytes_point_with_four() -> None:
    """In a table of bytes the offset of an indirect segment takes four of them."""
    assert [1, 2, 4, 1, 2] == expand(
        bytes([0, 2, 1, 2, 1, 1, 4, 2, 1, 0, 0, 0, 0, 0]), 5, narrow=True, order="<"
    ).tolist()


@pytest.mark.parametrize(
    "data",
    [words(1, 4, 100), words(2, 1, 0, 0), words(0, 1, 5, 2, 1, 6, 0), words(7, 1, 1), words(0, 2, 1, 2, 2, 9, 1, 0)],
    ids=["line first", "pointer first", "pointer to itself", "unknown", "pointer to nothing"],
)
def test_segments_against_the_standard_are_refused(data: bytes) -> None:
    """What cannot be expanded is damaged, and never loops."""
    with pytest.raises(DamagedImageError):
        expand(data, 50, narrow=False, order="<")


def test_bomb_of_segments_stops_at_the_entries_promised() -> None:
    """Copies of copies make no more than the descriptor's entries."""
    data = words(0, 1, 5, 1, 65_535, 9, *[2, 65_535, 6, 0] * 5000)
    assert 1000 == len(expand(data, 1000, narrow=False, order="<"))


@pytest.mark.parametrize("path", get_palette_files("*.dcm"), ids=lambda path: Path(path).stem)
def test_standard_palettes_equal_pydicoms(path: str) -> None:
    """The well-known palettes of PS3.6 Annex B, plain and segmented, expand as pydicom's do; it rounds halves to even."""
    with quiet_reading():
        dataset = dcmread(path, force=True)
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        colors = palette(dataset)
        assert colors is not None
        expected = apply_color_lut(np.arange(256, dtype=np.uint8), dataset)
    assert np.abs(expected.astype(int) - colors.rgb).max() <= ("Segmented" in str(dataset))


def test_sixteen_bit_segmented_palette_equals_pydicoms() -> None:
    """A real 16-bit segmented palette of 65,536 entries, little and big endian."""
    for name in ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"):
        dataset = dcmread(DATA / name, stop_before_pixels=True)
        colors = palette(dataset)
        assert colors is not None
        expected = apply_color_lut(np.arange(65_536, dtype=np.uint16), dataset)
        assert np.array_equal(expected >> 8, colors.rgb)


@pytest.mark.parametrize("name", ["OBXXXX1A_expb", "OBXXXX1A_rle", "gdcm-US-ALOKA-16_big"])
def test_palette_image_equals_its_little_endian_twin(name: str) -> None:
    """Byte order and compression change nothing of a palette image."""
    one, other = FileSource(DATA / f"{name}.dcm"), FileSource(DATA / f"{name.rsplit('_', 1)[0]}.dcm")
    assert np.array_equal(render_frame(other, other.sop_uid, 1).pixels, render_frame(one, one.sop_uid, 1).pixels)


def test_supplemental_palette_colours_what_lies_above_the_grey() -> None:
    """Values below the first mapped are grey through the window; from it on they have the palette's colours."""
    source = FileSource(DATA / "eCT_Supplemental.dcm")
    loaded = load_frame(source, source.sop_uid, 1)
    assert loaded.supplemental is not None
    assert loaded.pipeline is not None
    gray = loaded.stored < loaded.supplemental.first_mapped
    assert gray.any()
    assert not gray.all()
    for inverted in (False, True):
        pixels = loaded.picture(inverted=inverted).pixels
        expected = loaded.pipeline.with_voi(loaded.pipeline.voi, inverted=inverted).apply(loaded.stored)
        assert np.array_equal(np.stack([expected[gray]] * 3, -1), pixels[gray])
        assert np.array_equal(loaded.supplemental.apply(loaded.stored)[~gray], pixels[~gray])


@pytest.mark.parametrize(("presentation", "samples"), [("", 1), ("MONOCHROME", 1), ("COLOR", 3), ("MIXED", 3)])
def test_left_over_palette_colours_nothing(presentation: str, samples: int, tmp_path: Path) -> None:
    """A grey image with a palette is coloured only where Pixel Presentation says so; else a note tells."""
    dataset = with_palette(small_image(1, RAMP), [bytes(range(256))] * 3, [[256, 100, 8]] * 3)
    dataset.PhotometricInterpretation = "MONOCHROME2"
    if presentation:
        dataset.PixelPresentation = presentation
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    picture = render_frame(source, source.sop_uid, 1)
    assert samples == picture.samples
    assert (samples == 1) == any("palette is not used" in note for note in picture.notes)


def adobe_rgb() -> bytes:
    """Return a profile that differs from sRGB."""
    return bytes(imagecodecs.cms_profile("adobergb"))


def test_colours_go_through_their_profile_to_srgb(tmp_path: Path) -> None:
    """An image in Adobe RGB is shown as Pillow converts it, within one step."""
    expected = ImageCms.profileToProfile(
        Image.fromarray(RGB), ImageCms.ImageCmsProfile(io.BytesIO(adobe_rgb())), ImageCms.createProfile("sRGB")
    )
    pixels = shown(color_image(ICCProfile=adobe_rgb()), tmp_path)
    assert np.abs(pixels.astype(int) - np.asarray(expected)).max() <= 1
    assert not np.array_equal(RGB, pixels)


def nearly_srgb() -> bytes:
    """Return a profile whose red differs from that of sRGB by less than an eighth bit can tell."""
    steps = np.linspace(0, 1, 1024)
    curve = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
    return bytes(
        imagecodecs.cms_profile(
            "rgb", whitepoint=[0.3127, 0.3290, 1], primaries=[0.6405, 0.33, 1, 0.30, 0.60, 1, 0.15, 0.06, 1],
            transferfunction=(curve * 65_535).astype(np.uint16),
        )
    )  # fmt: skip


SRGB = {
    "LittleCMS": bytes(imagecodecs.cms_profile("srgb")),
    "Pillow": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "Hewlett-Packard": dcmread(get_palette_files("spring.dcm")[0]).ICCProfile,
    "nearly": nearly_srgb(),
}


@pytest.mark.parametrize("maker", SRGB)
def test_srgb_profile_changes_no_bit(maker: str, tmp_path: Path) -> None:
    """An image in sRGB is shown as it is stored, whoever wrote the profile."""
    assert np.array_equal(RGB, shown(color_image(ICCProfile=SRGB[maker]), tmp_path))


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (b"no profile at all " * 20, "it is no ICC profile"),
        (adobe_rgb()[:300], "it is cut off"),
        (bytes(imagecodecs.cms_profile("gray", gamma=2.2)), "it is for GRAY, not for RGB"),
        (adobe_rgb()[:128] + b"\xff" * (len(adobe_rgb()) - 128), "it is damaged"),
        (adobe_rgb() + bytes(icc.MAX_PROFILE_BYTES), "more than is taken on"),
    ],
    ids=["junk", "cut", "grey", "damaged", "huge"],
)
def test_useless_profile_is_told_and_the_image_shown(profile: bytes, reason: str, tmp_path: Path) -> None:
    """A profile that cannot be used hides no image: it is shown without, and a note says why."""
    source = FileSource(write(color_image(ICCProfile=profile), tmp_path / "image.dcm"))
    picture = render_frame(source, source.sop_uid, 1)
    assert np.array_equal(RGB, picture.pixels)
    assert 1 == len(picture.notes)
    assert reason in picture.notes[0]


def test_profile_of_the_optical_path_is_used(tmp_path: Path) -> None:
    """Slide microscopy keeps a profile for each optical path; the frame's own one counts."""
    paths = [Dataset(), Dataset()]
    paths[0].OpticalPathIdentifier, paths[0].ICCProfile = "1", imagecodecs.cms_profile("srgb")
    paths[1].OpticalPathIdentifier, paths[1].ICCProfile = "2", adobe_rgb()
    group, shared = Dataset(), Dataset()
    group.OpticalPathIdentifier = "2"
    shared.OpticalPathIdentificationSequence = [group]
    dataset = color_image(OpticalPathSequence=paths, SharedFunctionalGroupsSequence=[shared])
    assert np.array_equal(icc.to_srgb(RGB, adobe_rgb()), shown(dataset, tmp_path))


def test_palette_goes_through_the_profile_too(tmp_path: Path) -> None:
    """The colours of a palette are in the space of the profile."""
    dataset = with_palette(small_image(1, RAMP), [bytes(range(256)), bytes(256), bytes(256)], [[256, 0, 8]] * 3)
    dataset.ICCProfile = adobe_rgb()
    red = np.stack([RAMP, np.zeros_like(RAMP), np.zeros_like(RAMP)], -1)
    assert np.array_equal(icc.to_srgb(red, adobe_rgb()), shown(dataset, tmp_path))


def test_colour_space_without_profile_is_told(tmp_path: Path) -> None:
    """Color Space alone converts nothing, and a note says so; sRGB needs none."""
    for space, count in (("ADOBERGB", 1), ("SRGB", 0)):
        source = FileSource(write(color_image(ColorSpace=space), tmp_path / "image.dcm"))
        picture = render_frame(source, source.sop_uid, 1)
        assert count == len(picture.notes)
        assert np.array_equal(RGB, picture.pixels)


def test_jpeg_that_contradicts_its_attributes_is_shown_as_it_is_and_told(tmp_path: Path) -> None:
    """Photometric Interpretation RGB over a JFIF stream of YCbCr shows the true colours, with a note."""
    smooth = np.stack([*np.meshgrid(np.arange(0, 256, 4), np.arange(0, 256, 4)), np.full((64, 64), 77)], -1)
    pixels = smooth.astype(np.uint8)
    dataset = compress(color_image(pixels), "1.2.840.10008.1.2.4.50", [imagecodecs.jpeg8_encode(pixels, level=98)])
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    picture = render_frame(source, source.sop_uid, 1)
    assert np.abs(picture.pixels.astype(int) - pixels).max() <= 16
    assert ("The image says its colours are RGB but its JPEG holds YBR, and is shown so.",) == picture.notes


def test_subsampled_by_its_word_and_whole_by_its_length_is_refused(tmp_path: Path) -> None:
    """YBR_FULL_422 over all samples of every pixel may be RGB or YBR: nothing tells, so nothing is guessed."""
    path = write(color_image(PhotometricInterpretation="YBR_FULL_422"), tmp_path / "image.dcm")
    with pytest.raises(UnreadableFileError, match="too long"):
        FileSource(path)
