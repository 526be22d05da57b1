"""The composed table: the order of its stages, its padding and polarity."""

import numpy as np
import pytest

from readingroom.pixels.grayscale import GrayscalePipeline, Padding, round_to_display
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.voi import Voi

DTYPES = ["uint8", "int8", "uint16", "int16"]


def every_value(dtype: str) -> np.ndarray:
    """Return all values of a type as a picture with two rows."""
    size = np.dtype(dtype).itemsize
    return np.arange(2 ** (8 * size)).astype(f"u{size}").view(dtype).reshape(2, -1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gather_equals_formula(dtype: str) -> None:
    """Rendering through the table gives what the formula gives for every stored value."""
    pipeline = GrayscalePipeline(voi=Voi(30, 97.5), slope=0.7, intercept=-3, padding=Padding(5, 9))
    stored = every_value(dtype)
    assert np.array_equal(pipeline.formula(stored), pipeline.apply(stored))


def test_picture_is_contiguous_even_for_a_strided_frame() -> None:
    """A frame that is a view into a volume still becomes a contiguous picture of the same values."""
    stored = np.arange(200, dtype=np.int16).reshape(10, 20)[::2, ::-1]
    picture = GrayscalePipeline(voi=Voi(100, 200)).apply(stored)
    assert picture.flags.c_contiguous
    assert np.array_equal(GrayscalePipeline(voi=Voi(100, 200)).apply(stored.copy()), picture)


@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
@pytest.mark.parametrize("inverted", [False, True])
def test_padding_is_black_whatever_the_polarity(shape: str, inverted: bool) -> None:
    """Pixels from Pixel Padding Value to its Range Limit are black, also where black is white."""
    pipeline = GrayscalePipeline(voi=Voi(0, 100), padding=Padding(-2000, -1990), shape=shape, inverted=inverted)
    assert [[0, 0, 0]] == pipeline.apply(np.array([[-2000, -1995, -1990]], np.int16)).tolist()


def test_monochrome1_and_the_reader_undo_each_other() -> None:
    """INVERSE shows small values white; inverted by the reader as well, the picture is that of IDENTITY."""
    stored = np.array([[0, 50, 99]], np.uint8)
    plain = GrayscalePipeline(voi=Voi.of_range(0, 99)).apply(stored).tolist()
    inverse = GrayscalePipeline(voi=Voi.of_range(0, 99), shape="INVERSE")
    assert [[255, 126, 0]] == inverse.apply(stored).tolist()
    assert plain == inverse.with_voi(inverse.voi, inverted=True).apply(stored).tolist()


def test_modality_lut_replaces_rescale_and_holds_its_ends() -> None:
    """Stored values below and above a Modality LUT take its first and last entry."""
    lut = LookupTable(10, np.array([100.0, 300.0, 200.0]), 16)
    pipeline = GrayscalePipeline(voi=Voi(0, 1), slope=9, modality=lut)
    assert [100, 100, 300, 200, 200] == pipeline.modality_values(np.array([0, 10, 11, 12, 500])).tolist()


def test_voi_lut_fills_the_display_range_by_its_bits() -> None:
    """The largest number of a VOI LUT's bits is white."""
    lut = LookupTable(0, np.array([0.0, 512.0, 1023.0]), 10)
    assert [[0, 128, 255]] == GrayscalePipeline(voi=lut).apply(np.array([[0, 1, 2]], np.uint16)).tolist()


def test_float_and_32_bit_values_take_the_formula() -> None:
    """What no table of 65,536 entries can hold is rendered element by element by the same formula; NaN is black."""
    pipeline = GrayscalePipeline(voi=Voi(50, 101))
    assert [[0, 129, 255]] == pipeline.apply(np.array([[-1, 50, 70_000]], np.int32)).tolist()
    assert [[0, 255, 0, 0]] == pipeline.apply(np.array([[-np.inf, np.inf, np.nan, -1.5]], np.float32)).tolist()


def test_half_rounds_up() -> None:
    """The rounding rule is floor(y + 0.5), clipped: halves go up, also the even ones."""
    assert [0, 1, 3, 255, 0] == round_to_display(np.array([0.49, 0.5, 2.5, 300.0, -4.0])).tolist()


def test_presentation_lut_takes_the_range_of_its_input() -> None:
    """The VOI LUT's output is spread over the entries of the Presentation LUT, whose bits are white (PS3.3 C.11.6)."""
    presentation = LookupTable(0, np.array([0.0, 4095.0, 1000.0, 2000.0]), 12)
    pipeline = GrayscalePipeline(voi=Voi.of_range(0, 30), presentation=presentation)
    stored = np.array([[0, 4, 5, 10, 15, 16, 30]], np.uint8)
    expected = [0, 0, 255, 255, 62, 62, 125]  # 5 / 30 of 0..3 is 0.5 and goes up; 15 / 30 is 1.5 and goes to 2
    assert [expected] == pipeline.apply(stored).tolist()


def test_presentation_lut_of_as_many_entries_as_the_voi_lut_has_values_takes_each_by_its_number() -> None:
    """A VOI LUT of 10 bits before a Presentation LUT of 1,024 entries hands on every number as it is."""
    random = np.random.default_rng(1)
    presentation = LookupTable(0, random.integers(0, 4096, 1024).astype(float), 12)
    pipeline = GrayscalePipeline(voi=LookupTable(0, np.arange(1024.0), 10), presentation=presentation)
    stored = np.arange(1024, dtype=np.uint16).reshape(1, -1)
    assert np.array_equal(round_to_display(presentation.entries * 255 / 4095), pipeline.apply(stored)[0])


def test_presentation_lut_takes_the_place_of_the_shape() -> None:
    """With a Presentation LUT, MONOCHROME1 inverts no more (PS3.4 N.2.1.4); the reader's wish still does."""
    identity = LookupTable(0, np.arange(256.0), 8)
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pipeline = GrayscalePipeline(voi=Voi(128, 256), shape="INVERSE", presentation=identity)
    assert np.array_equal(stored, pipeline.apply(stored))
    assert np.array_equal(255 - stored, pipeline.with_voi(pipeline.voi, inverted=True).apply(stored))


def test_display_comes_after_every_inversion() -> None:
    """A display maps P-values: 255 - y of an inverted picture, not the other way round; padding stays its level 0."""
    display = DisplayCurve(np.arange(255) * 0.5 + 100.25)
    pipeline = GrayscalePipeline(voi=Voi(128, 256), shape="INVERSE", display=display, padding=Padding(7, 7))
    stored = np.array([[0, 7, 100, 154, 155, 255]], np.uint8)
    assert [[255, 0, 110, 2, 0, 0]] == pipeline.apply(stored).tolist()


def test_display_rounds_nothing_before_it() -> None:
    """Between whole P-values the display's own threshold decides: two values that round alike may show differently."""
    display = DisplayCurve(np.arange(1, 256) - 0.15)
    pipeline = GrayscalePipeline(voi=Voi.of_range(0, 2550), display=display)
    assert [[9, 10, 10, 11]] == pipeline.apply(np.array([[98, 99, 108, 109]], np.uint16)).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_table_of_a_span_is_that_part_of_the_whole_table(dtype: str) -> None:
    """Made for the values that a frame uses, the table has the same entries there."""
    pipeline = GrayscalePipeline(voi=Voi(30, 97.5), slope=0.7, intercept=-3, padding=Padding(5, 9))
    low, high = (-100, 90) if dtype.startswith("int") else (3, 200)
    whole, part = pipeline.table(np.dtype(dtype)), pipeline.table(np.dtype(dtype), (low, high))
    used = np.arange(low, high + 1).astype(dtype).view(f"u{np.dtype(dtype).itemsize}")
    assert np.array_equal(whole[used], part[used])
    assert whole.shape == part.shape


def test_every_integer_type_of_a_value_shows_the_same() -> None:
    """A value looks the same whether its table or the formula shows it, of whatever width it is stored."""
    pipeline = GrayscalePipeline(voi=Voi(40, 77, "SIGMOID"), slope=0.3, intercept=5, padding=Padding(90, 95))
    values = np.arange(0, 128).reshape(8, 16)
    pictures = [pipeline.apply(values.astype(dtype)) for dtype in (*DTYPES, "int32", "uint32", "float32", "float64")]
    assert all(np.array_equal(pictures[0], picture) for picture in pictures)
