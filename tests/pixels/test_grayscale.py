"""The composed table, its padding and polarity, and the three ways of applying it."""

import numpy as np
import pytest

from readingroom.errors import DamagedImageError
from readingroom.pixels.grayscale import (
    GrayscalePipeline,
    LookupTable,
    Padding,
    lookup,
    lookup_reference,
    round_to_display,
)
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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 128), (256,), (4, 8, 8), (1, 1), (0, 5)])
def test_opencv_gathers_as_numpy_does(dtype: str, shape: tuple[int, ...]) -> None:
    """OpenCV's lookup and NumPy's take give the same picture, whatever the shape."""
    random = np.random.default_rng(3)
    stored = random.integers(0, 256, shape).astype(dtype) if dtype[-1] == "8" else None
    stored = random.integers(-30_000, 30_000, shape).astype(dtype) if stored is None else stored
    table = GrayscalePipeline(voi=Voi(0, 3000)).table(stored.dtype)
    assert np.array_equal(lookup_reference(table, stored), lookup(table, stored))


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


def test_lookup_table_without_entries_is_refused() -> None:
    """A LUT that holds nothing or has impossible bits cannot come into being."""
    with pytest.raises(DamagedImageError):
        LookupTable(0, np.array([]), 8)
    with pytest.raises(DamagedImageError):
        LookupTable(0, np.array([1.0]), 0)
