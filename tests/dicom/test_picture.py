"""From a file to the picture a reader sees: whose window, which range, how lossy."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement

from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import DamagedImageError
from readingroom.pixels.voi import Voi
from readingroom.testing.files import compress, small_image, write

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def source_of(dataset: Dataset, tmp_path: Path, **changes: object) -> FileSource:
    """Return the source of a dataset written to a file."""
    return FileSource(write(dataset, tmp_path / "image.dcm", **changes))


def item(**attributes: object) -> Dataset:
    """Return a sequence item with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def test_own_windows_come_with_their_explanations(tmp_path: Path) -> None:
    """The first window is used, all are offered; one that the Standard forbids is left out."""
    source = source_of(
        small_image(1), tmp_path, WindowCenter=[40, 1, -600], WindowWidth=[400, 0, 1500],
        WindowCenterWidthExplanation=["SOFT", "BROKEN", "LUNG"],
    )  # fmt: skip
    picture = render_frame(source, source.sop_uid, 1)
    assert Voi(40, 400) == picture.voi
    assert ((Voi(40, 400), "SOFT"), (Voi(-600, 1500), "LUNG")) == picture.windows


def test_voi_lut_function_of_the_image_is_used(tmp_path: Path) -> None:
    """A window comes with the function that the image names for it."""
    source = source_of(small_image(1), tmp_path, WindowCenter=10, WindowWidth=5, VOILUTFunction="SIGMOID")
    assert Voi(10, 5, "SIGMOID") == render_frame(source, source.sop_uid, 1).voi


def test_without_a_window_the_whole_range_is_shown(tmp_path: Path) -> None:
    """The smallest modality value is black, the largest white; padding counts for neither."""
    pixels = np.array([[-2000, 0, 100], [50, 25, -2000]], np.int16)
    source = source_of(small_image(1, pixels), tmp_path, PixelPaddingValue=-2000, RescaleIntercept=-10)
    picture = render_frame(source, source.sop_uid, 1)
    assert (-10.0, 90.0) == picture.value_range
    assert [[0, 0, 255], [128, 64, 0]] == picture.pixels.tolist()
    assert Voi(40.5, 101) == picture.voi


def test_padding_written_with_the_other_sign_is_understood(tmp_path: Path) -> None:
    """Pixel Padding Value 63536 in a signed image means -2000."""
    dataset = small_image(1, np.array([[-2000, 5]], np.int16))
    dataset.add_new("PixelPaddingValue", "US", 63_536)
    assert (5.0, 5.0) == render_frame(source_of(dataset, tmp_path), dataset.SOPInstanceUID, 1).value_range


def test_padding_wider_than_the_pixels_hides_none_of_them(tmp_path: Path) -> None:
    """Pixel Padding Value 65535 in an 8-bit image stands for no value of it: white stays white."""
    dataset = small_image(1, np.array([[0, 255]], np.uint8))
    dataset.add_new("PixelPaddingValue", "US", 65_535)
    assert [[0, 255]] == render_frame(source_of(dataset, tmp_path), dataset.SOPInstanceUID, 1).pixels.tolist()


def test_voi_lut_is_used_and_no_window_is_claimed(tmp_path: Path) -> None:
    """An image with a VOI LUT Sequence alone is shown through it, and no window is reported."""
    lut = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(255 - n for n in range(256)), LUTExplanation="NEGATIVE")
    source = source_of(small_image(1, RAMP), tmp_path, VOILUTSequence=[lut])
    picture = render_frame(source, source.sop_uid, 1)
    assert picture.voi is None
    assert np.array_equal(255 - RAMP, picture.pixels)
    assert Voi(128, 256) == render_frame(source, source.sop_uid, 1, Voi(128, 256)).voi


def test_modality_lut_gives_the_values(tmp_path: Path) -> None:
    """Modality values, and so the range, come from the Modality LUT where there is one."""
    lut = item(LUTDescriptor=[4, 0, 16], LUTData=np.array([1000, 10, 500, 20], "<u2").tobytes(), ModalityLUTType="US")
    dataset = small_image(1, np.array([[0, 1, 2, 3]], np.uint8))
    dataset.ModalityLUTSequence = [lut]
    source = source_of(dataset, tmp_path, RescaleSlope=None, RescaleIntercept=None)
    assert (10.0, 1000.0) == render_frame(source, source.sop_uid, 1).value_range


def test_monochrome1_is_shown_with_small_values_white(tmp_path: Path) -> None:
    """MONOCHROME1 inverts, and the reader's wish inverts once more."""
    source = source_of(small_image(1, RAMP), tmp_path, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(255 - RAMP, render_frame(source, source.sop_uid, 1).pixels)
    assert np.array_equal(RAMP, render_frame(source, source.sop_uid, 1, inverted=True).pixels)


def test_loaded_frame_renders_again_without_its_source(tmp_path: Path) -> None:
    """A decoded frame gives the same picture as rendering anew, for any window, with the file gone."""
    source = source_of(small_image(1), tmp_path)
    loaded = load_frame(source, source.sop_uid, 1)
    expected = render_frame(source, source.sop_uid, 1, Voi(20, 30), True)
    (tmp_path / "image.dcm").unlink()
    again = loaded.picture(Voi(20, 30), True)
    assert expected.sha256 == again.sha256
    assert 96 == loaded.nbytes
    assert again.pixels.flags.c_contiguous


def test_enhanced_image_has_values_of_each_frame(tmp_path: Path) -> None:
    """Rescale and window come from the frame's own functional groups."""
    groups = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")],
            FrameVOILUTSequence=[item(WindowCenter=10 * slope, WindowWidth=20)],
        )
        for slope in (1, 2)
    ]
    dataset = small_image(1, np.array([[[0, 10]], [[0, 10]]], np.uint8))
    dataset.PerFrameFunctionalGroupsSequence = groups
    source = source_of(dataset, tmp_path, RescaleSlope=None, RescaleIntercept=None)
    pictures = [render_frame(source, source.sop_uid, frame) for frame in (1, 2)]
    assert [(0.0, 10.0), (0.0, 20.0)] == [picture.value_range for picture in pictures]
    assert [Voi(10, 20), Voi(20, 20)] == [picture.voi for picture in pictures]


def test_colour_has_no_window_and_can_be_inverted(tmp_path: Path) -> None:
    """RGB is shown as it is whatever window is asked for."""
    rgb = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    dataset = small_image(1, rgb[..., 0])
    source = source_of(
        dataset, tmp_path, SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation="RGB",
        PixelData=rgb.tobytes(),
    )  # fmt: skip
    picture = render_frame(source, source.sop_uid, 1, Voi(1, 2))
    assert (None, None, 3) == (picture.voi, picture.value_range, picture.samples)
    assert np.array_equal(rgb, picture.pixels)
    assert np.array_equal(255 - rgb, render_frame(source, source.sop_uid, 1, inverted=True).pixels)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"LossyImageCompression": "00"}, ""),
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": 10.46}, "10.5"),
        ({"LossyImageCompression": "01"}, "?"),
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": "nonsense"}, "?"),
    ],
)
def test_lossy_history_is_told(tmp_path: Path, changes: dict[str, object], expected: str) -> None:
    """Whether pixels were ever compressed with loss stays with the picture, with the ratio where it is known."""
    ratio = changes.get("LossyImageCompressionRatio")
    dataset = small_image(1)
    if ratio == "nonsense":
        changes = {key: value for key, value in changes.items() if key == "LossyImageCompression"}
        dataset.add(DataElement(0x00282112, "LO", "nonsense"))
    source = source_of(dataset, tmp_path, **changes)
    assert expected == render_frame(source, source.sop_uid, 1).source_lossy


def test_lossy_syntax_is_told_by_its_sizes(tmp_path: Path) -> None:
    """A near-lossless frame says how much smaller it is than its pixels, whatever the attributes keep silent about."""
    pixels = np.random.default_rng(2).integers(0, 4000, (64, 64)).astype(np.uint16)
    data = imagecodecs.jpegls_encode(pixels, level=50)
    source = source_of(compress(small_image(1, pixels), "1.2.840.10008.1.2.4.81", [data]), tmp_path)
    stored = len(data) + len(data) % 2
    assert f"{64 * 64 * 2 / stored:.1f}" == render_frame(source, source.sop_uid, 1).source_lossy


@pytest.mark.parametrize(
    ("history", "reversible", "is_lossy"),
    [("00", True, False), ("", True, True), ("01", True, True), ("00", False, True), ("", False, True)],
)
def test_reversible_codestream_counts_as_lossless_only_by_the_images_word(
    history: str, reversible: bool, is_lossy: bool, tmp_path: Path
) -> None:
    """JPEG 2000 of a syntax that allows loss may be cut short, so the wavelet alone proves nothing; the other one does."""
    pixels = np.random.default_rng(2).integers(0, 4000, (64, 64)).astype(np.uint16)
    data = imagecodecs.jpeg2k_encode(pixels, reversible=reversible, level=0 if reversible else 50)
    dataset = compress(small_image(1, pixels), "1.2.840.10008.1.2.4.91", [data])
    source = source_of(dataset, tmp_path, **({"LossyImageCompression": history} if history else {}))
    assert is_lossy == bool(render_frame(source, source.sop_uid, 1).source_lossy)


def test_rescale_slope_of_zero_is_refused(tmp_path: Path) -> None:
    """A slope of 0 would show every value alike: the image is damaged, not black."""
    source = source_of(small_image(1), tmp_path, RescaleSlope=0)
    with pytest.raises(DamagedImageError, match="Rescale Slope"):
        render_frame(source, source.sop_uid, 1)


@pytest.mark.parametrize(("dtype", "keyword"), [("<f4", "FloatPixelData"), ("<f8", "DoubleFloatPixelData")])
def test_floating_point_pixels_are_shown(tmp_path: Path, dtype: str, keyword: str) -> None:
    """Parametric maps take the formula path."""
    values = np.array([[0.0, 0.5, 1.0]], dtype)
    dataset = small_image(1, np.zeros((1, 3), np.uint16))
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, name)
    setattr(dataset, keyword, values.tobytes())
    source = source_of(dataset, tmp_path, BitsAllocated=values.itemsize * 8)
    picture = render_frame(source, source.sop_uid, 1, Voi(0.5, 1, "LINEAR_EXACT"))
    assert [[0, 128, 255]] == picture.pixels.tolist()
    assert (0.0, 1.0) == picture.value_range
