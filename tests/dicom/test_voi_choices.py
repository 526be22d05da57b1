"""What an image offers to be looked at with: windows and VOI LUTs by explanation, its polarity, its lookup tables."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, Sequence

from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import DamagedImageError, NotFoundError
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image, write

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def item(vr: str = "OW", first_vr: str = "US", **attributes: object) -> Dataset:
    """Return a LUT item; ``vr`` is that of the LUT Data, ``first_vr`` that of the descriptor."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    if "LUTData" in made:
        made["LUTData"].VR = vr
    if "LUTDescriptor" in made:
        made["LUTDescriptor"].VR = first_vr
    return made


def words(*entries: int) -> bytes:
    """Return entries as 16-bit little endian words."""
    return np.array(entries, "<u2").tobytes()


def loaded(dataset: Dataset, tmp_path: Path, **changes: object) -> LoadedFrame:
    """Return the first frame of a dataset written to a file."""
    source = FileSource(write(dataset, tmp_path / "image.dcm", **changes))
    return load_frame(source, source.sop_uid, 1)


INVERSE = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(range(255, -1, -1)), LUTExplanation="NEGATIVE")
STEEP = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(min(2 * n, 255) for n in range(256)), LUTExplanation="STEEP")


@pytest.mark.parametrize(
    ("modality", "expected"),
    [
        ("MR", ["SOFT", "HARD", "NEGATIVE", "STEEP"]),
        ("CR", ["NEGATIVE", "STEEP", "SOFT", "HARD"]),
        ("DX", ["NEGATIVE", "STEEP", "SOFT", "HARD"]),
        ("MG", ["NEGATIVE", "STEEP", "SOFT", "HARD"]),
    ],
)
def test_windows_and_luts_are_offered_together(tmp_path: Path, modality: str, expected: list[str]) -> None:
    """All are listed by their explanations; projection radiographs start with their VOI LUT, others with a window."""
    frame = loaded(
        small_image(1, RAMP), tmp_path, Modality=modality, WindowCenter=[100, 50], WindowWidth=[200, 20],
        WindowCenterWidthExplanation=["SOFT", "HARD"], VOILUTSequence=[INVERSE, STEEP],
    )  # fmt: skip
    assert expected == [choice.explanation for choice in frame.choices]
    assert {"SOFT": "window", "HARD": "window", "NEGATIVE": "lut", "STEEP": "lut"} == {
        choice.explanation: choice.kind for choice in frame.choices
    }
    first = frame.picture()
    assert first.used is frame.choices[0].voi
    assert ((Voi(100, 200), "SOFT"), (Voi(50, 20), "HARD")) == first.windows


def test_choice_is_rendered_by_its_number(tmp_path: Path) -> None:
    """Each VOI LUT counts from 1, and the picture is its entries; the first is the default where there is no window."""
    frame = loaded(small_image(1, RAMP), tmp_path, VOILUTSequence=[INVERSE, STEEP])
    assert np.array_equal(255 - RAMP, frame.picture().pixels)
    assert np.array_equal(np.minimum(2 * RAMP.astype(int), 255), frame.picture(frame.voi_lut(2)).pixels)
    for number in (0, 3, -1):
        with pytest.raises(NotFoundError, match="holds 2 VOI LUTs"):
            frame.voi_lut(number)


def test_drag_of_an_image_with_a_lut_starts_from_a_window(tmp_path: Path) -> None:
    """Shown through a VOI LUT, no window is claimed, but one is there to start from; with a window it is that one."""
    table = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(min(2 * n, 255) for n in range(256)))
    frame = loaded(small_image(1, RAMP), tmp_path, VOILUTSequence=[table])
    shown = frame.picture()
    assert shown.voi is None
    assert shown.drag_start is not None
    assert (pytest.approx(64, abs=1), pytest.approx(128, abs=2)) == (shown.drag_start.center, shown.drag_start.width)
    assert Voi(3, 4) == frame.picture(Voi(3, 4)).drag_start


ENTRIES = [0, 100, 300, 700, 1000, 1023]


@pytest.mark.parametrize(
    ("descriptor", "data", "vr"),
    [
        ([6, 0, 10], words(*ENTRIES), "OW"),
        ([6, 0, 10], ENTRIES, "US"),
    ],
)
def test_data_may_be_words_or_numbers(tmp_path: Path, descriptor: list[int], data: object, vr: str) -> None:
    """A table of 10 bits gives the same picture as OW and as US; its last entry holds above it."""
    table = item(LUTDescriptor=descriptor, LUTData=data, vr=vr)
    frame = loaded(small_image(1, RAMP[:1, :8]), tmp_path, VOILUTSequence=[table])
    assert [[0, 25, 75, 174, 249, 255, 255, 255]] == frame.picture().pixels.tolist()


@pytest.mark.parametrize(
    ("bits", "data", "vr", "expected"),
    [
        (8, bytes([0, 51, 102, 255]), "OW", [0, 51, 102, 255]),
        (16, bytes([0, 51, 102, 255]), "OW", [0, 51, 102, 255]),  # bytes that are said to be words
        (16, [0 + 256 * 51, 102 + 256 * 255], "US", [0, 51, 102, 255]),  # the same, two to a number
        (8, words(0, 51, 102, 255), "OW", [0, 51, 102, 255]),  # words that hold bytes
        (10, words(0, 819, 1638, 4095), "OW", [0, 51, 102, 255]),  # 10 bits that are 12
        (8, words(0, 13_107, 26_214, 65_535), "OW", [0, 51, 102, 255]),  # 8 bits that are 16
        (0, words(0, 819, 1638, 4095), "OW", [0, 51, 102, 255]),  # no bits at all
        (12, words(0, 819, 1638, 2457), "OW", [0, 51, 102, 153]),  # a table that stays below its white
    ],
)
def test_bits_that_lie_are_seen_through(tmp_path: Path, bits: int, data: object, vr: str, expected: list[int]) -> None:
    """Bytes packed where words are announced, and entries above their bits, still fill the range they are made for."""
    table = item(LUTDescriptor=[4, 0, bits], LUTData=data, vr=vr)
    frame = loaded(small_image(1, RAMP[:1, :4]), tmp_path, VOILUTSequence=[table])
    assert [expected] == frame.picture().pixels.tolist()


def test_odd_number_of_byte_entries_is_padded(tmp_path: Path) -> None:
    """Five byte entries lie in six bytes; the sixth is none of them."""
    table = item(LUTDescriptor=[5, 0, 8], LUTData=bytes([0, 10, 20, 30, 40, 99]))
    frame = loaded(small_image(1, RAMP[:1, :7]), tmp_path, VOILUTSequence=[table])
    assert [[0, 10, 20, 30, 40, 40, 40]] == frame.picture().pixels.tolist()


def test_no_entries_means_65536(tmp_path: Path) -> None:
    """The number of entries 0 stands for 65,536, which 16 bits cannot say."""
    pixels = np.array([[0, 32_768, 65_535]], np.uint16)
    table = item(LUTDescriptor=[0, 0, 16], LUTData=np.arange(65_535, -1, -1).astype("<u2").tobytes())
    frame = loaded(small_image(1, pixels), tmp_path, VOILUTSequence=[table])
    assert [[255, 127, 0]] == frame.picture().pixels.tolist()


@pytest.mark.parametrize(("first", "vr"), [(-2, "SS"), (65_534, "US")])
def test_first_value_mapped_of_a_signed_image(tmp_path: Path, first: int, vr: str) -> None:
    """A table that begins at -2 does so whether it is written as SS or as the US of the same bits."""
    table = item(LUTDescriptor=[4, first, 8], LUTData=bytes([0, 100, 200, 255]), first_vr=vr)
    frame = loaded(small_image(1, np.array([[-9, -2, -1, 0, 1]], np.int16)), tmp_path, VOILUTSequence=[table])
    assert [[0, 0, 100, 200, 255]] == frame.picture().pixels.tolist()


@pytest.mark.parametrize(("first", "vr"), [(40_000, "US"), (-25_536, "SS")])
def test_first_value_mapped_above_32767(tmp_path: Path, first: int, vr: str) -> None:
    """Behind a rescale that lifts signed values, a table may begin at 40,000, and must not be read as negative."""
    table = item(LUTDescriptor=[3, first, 8], LUTData=bytes([10, 100, 200, 0]), first_vr=vr)
    frame = loaded(
        small_image(1, np.array([[7232, 7233, 7234]], np.int16)), tmp_path, VOILUTSequence=[table],
        RescaleIntercept=32_768,
    )  # fmt: skip
    assert [[10, 100, 200]] == frame.picture().pixels.tolist()


def test_voi_lut_takes_modality_values(tmp_path: Path) -> None:
    """Its input is what comes out of the rescale, not the stored value."""
    table = item(LUTDescriptor=[4, 0, 8], LUTData=bytes([0, 100, 200, 255]))
    frame = loaded(
        small_image(1, np.array([[10, 11, 12, 13]], np.uint8)), tmp_path, VOILUTSequence=[table], RescaleIntercept=-10
    )
    assert [[0, 100, 200, 255]] == frame.picture().pixels.tolist()


def test_damaged_lut_is_left_out_beside_others_and_refused_alone(tmp_path: Path) -> None:
    """With another view to show the damaged one is not offered; without, no view is made up."""
    short = item(LUTDescriptor=[256, 0, 16], LUTData=bytes(100))
    frame = loaded(small_image(1, RAMP), tmp_path, VOILUTSequence=[short, STEEP])
    assert ("A VOI LUT of the image is damaged; it is not offered.",) == frame.picture().notes
    assert ["STEEP"] == [choice.explanation for choice in frame.choices]
    with_window = loaded(small_image(2, RAMP), tmp_path, VOILUTSequence=[short], WindowCenter=10, WindowWidth=20)
    assert Voi(10, 20) == with_window.picture().voi
    with pytest.raises(DamagedImageError, match="256 entries but holds 50"):
        loaded(small_image(3, RAMP), tmp_path, VOILUTSequence=[short])


def test_frame_has_its_own_voi_lut(tmp_path: Path) -> None:
    """In an enhanced image the VOI LUT comes from the frame's functional groups."""
    dataset = small_image(1, np.stack([RAMP, RAMP]))
    groups = [item(FrameVOILUTSequence=Sequence([item(VOILUTSequence=Sequence([lut]))])) for lut in (INVERSE, STEEP)]
    dataset.PerFrameFunctionalGroupsSequence = groups
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    shown = [load_frame(source, source.sop_uid, frame).picture().pixels for frame in (1, 2)]
    assert np.array_equal(255 - RAMP, shown[0])
    assert np.array_equal(np.minimum(2 * RAMP.astype(int), 255), shown[1])


def test_window_and_rescale_at_the_top_of_an_enhanced_image_count_where_its_groups_have_none(tmp_path: Path) -> None:
    """Files that mix both manners are read in both."""
    dataset = small_image(1, RAMP)
    dataset.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=Sequence([item(PixelSpacing=[1, 1])]))]
    frame = loaded(dataset, tmp_path, WindowCenter=300, WindowWidth=200, RescaleSlope=2)
    assert (Voi(300, 200), (0.0, 510.0)) == (frame.picture().voi, frame.value_range)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", False),  # forbidden by the Standard; as DCMTK shows it
        ("MONOCHROME2", "INVERSE", True),  # forbidden too
        ("MONOCHROME1", "LIN OD", True),  # of printers
    ],
)
def test_shape_and_photometric_interpretation_invert_once(
    tmp_path: Path, photometric: str, shape: str | None, inverted: bool
) -> None:
    """Together they say one thing; where they contradict each other the shape decides; the reader inverts on top."""
    changes = {} if shape is None else {"PresentationLUTShape": shape}
    frame = loaded(small_image(1, RAMP), tmp_path, PhotometricInterpretation=photometric, **changes)
    expected = 255 - RAMP if inverted else RAMP
    assert np.array_equal(expected, frame.picture().pixels)
    assert np.array_equal(255 - expected, frame.picture(inverted=True).pixels)
    contradictory = (photometric, shape) in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}
    assert contradictory is ("may be swapped" in "".join(frame.picture().notes))


def test_window_that_the_standard_forbids_is_told(tmp_path: Path) -> None:
    """It is not offered, and the reader is told; what is fine is not talked about."""
    frame = loaded(small_image(1, RAMP), tmp_path, WindowCenter=[40, 1], WindowWidth=[400, 0])
    assert ("A window of the image is one that DICOM does not allow; it is not offered.",) == frame.picture().notes
    assert () == loaded(small_image(2, RAMP), tmp_path, WindowCenter=40, WindowWidth=400).picture().notes


def test_slope_of_zero_refuses_its_frame_alone(tmp_path: Path) -> None:
    """A frame whose rescale makes all values the same is refused in words; the others are shown."""
    dataset = small_image(1, np.stack([RAMP, RAMP]))
    dataset.PerFrameFunctionalGroupsSequence = [
        item(PixelValueTransformationSequence=Sequence([item(RescaleSlope=slope, RescaleIntercept=0)]))
        for slope in (0, 2)
    ]
    source = FileSource(write(dataset, tmp_path / "image.dcm"))
    with pytest.raises(DamagedImageError, match="Rescale Slope of 0"):
        load_frame(source, source.sop_uid, 1)
    assert (0.0, 510.0) == load_frame(source, source.sop_uid, 2).value_range


def test_bytes_without_a_window_are_shown_as_they_are(tmp_path: Path) -> None:
    """A dark frame of a cine is not stretched to its own extremes: 8 bits without any VOI are shown unchanged."""
    dark = np.array([[10, 20, 30]], np.uint8)
    assert [[10, 20, 30]] == loaded(small_image(1, dark), tmp_path).picture().pixels.tolist()
    seven = loaded(small_image(2, dark), tmp_path, BitsStored=7, HighBit=6)
    assert [[20, 40, 60]] == seven.picture().pixels.tolist()
    rescaled = loaded(small_image(3, dark), tmp_path, RescaleSlope=3)
    assert [[0, 128, 255]] == rescaled.picture().pixels.tolist()


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    """An image of single bits needs no window."""
    dataset = small_image(1, np.array([[0b01]], np.uint8))
    frame = loaded(dataset, tmp_path, BitsAllocated=1, BitsStored=1, HighBit=0, Rows=1, Columns=2)
    assert [[255, 0]] == frame.picture().pixels.tolist()


def test_real_world_value_mapping_changes_no_picture(tmp_path: Path) -> None:
    """Real World Value Mapping is for measuring: the display takes no notice (PS3.3 C.7.6.16.2.11)."""
    mapping = item(RealWorldValueSlope=100.0, RealWorldValueIntercept=5.0, RealWorldValueFirstValueMapped=0)
    mapping["RealWorldValueFirstValueMapped"].VR = "US"
    plain = loaded(small_image(1, RAMP), tmp_path, WindowCenter=100, WindowWidth=50)
    mapped = loaded(
        small_image(1, RAMP), tmp_path, WindowCenter=100, WindowWidth=50, RealWorldValueMappingSequence=[mapping]
    )
    assert plain.picture().sha256 == mapped.picture().sha256


def test_decimals_of_pet_windows_count(tmp_path: Path) -> None:
    """A PET with a slope of 0.0123 and a window of decimals is windowed in its own units."""
    pixels = np.array([[0, 100, 200, 32_767]], np.int16)
    frame = loaded(
        small_image(1, pixels), tmp_path, Modality="PT", RescaleSlope=0.0123, WindowCenter="1.25", WindowWidth="2.5",
        VOILUTFunction="LINEAR_EXACT",
    )  # fmt: skip
    assert [[0, 125, 251, 255]] == frame.picture().pixels.tolist()


@pytest.mark.parametrize("kind", ["Float", "Double"])
def test_padding_of_floating_point_images(tmp_path: Path, kind: str) -> None:
    """Float and Double Float Pixel Data have padding attributes of their own, which are black and out of the range."""
    dtype = np.float32 if kind == "Float" else np.float64
    dataset = small_image(1, np.array([[0, 0, 0, 0]], np.uint16))
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.BitsAllocated = 8 * dtype().itemsize
    attribute = "FloatPixelData" if kind == "Float" else "DoubleFloatPixelData"
    setattr(dataset, attribute, np.array([[-1000.0, -999.5, 2.0, 4.0]], dtype).tobytes())
    changes = {f"{kind}FloatPixelPadding{part}".replace("FloatFloat", "Float"): value
               for part, value in (("Value", -1000.0), ("RangeLimit", -999.0))}  # fmt: skip
    frame = loaded(dataset, tmp_path, **changes)
    assert (2.0, 4.0) == frame.value_range
    assert [[0, 0, 0, 255]] == frame.picture().pixels.tolist()
    assert [[0, 0, 255, 0]] == frame.picture(inverted=True).pixels.tolist()
