"""Encoders: exact ones are exact by decoders that are not ours; what may lose something is never among them."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import lz4.block
import numpy as np
import pytest
from PIL import Image

from readingroom.pixels.encode import ENCODERS, LOSSLESS, EncoderUnavailableError, encode, encoder, png_up

SHAPES = [(1, 1), (1, 4096), (4096, 1), (64, 48), (513, 511), (3, 5, 3), (200, 173, 3)]


def pictures(shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Return even, noisy and smooth pictures of a shape, and one that is not contiguous."""
    random = np.random.default_rng(7)
    yield np.zeros(shape, np.uint8)
    yield random.integers(0, 256, shape, np.uint8)
    yield np.cumsum(random.integers(0, 3, shape), axis=0).astype(np.uint8)
    yield random.integers(0, 256, (shape[0] * 2, *shape[1:]), np.uint8)[::2]


@pytest.mark.parametrize("shape", SHAPES)
def test_png_is_exact(shape: tuple[int, ...]) -> None:
    """Pillow reads back every pixel of grey and colour pictures."""
    for pixels in pictures(shape):
        assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(encode("png", pixels)))))


@pytest.mark.parametrize("shape", SHAPES)
def test_png_is_exact_without_isal(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library's way makes the same pictures."""
    monkeypatch.setattr(png_up, "deflate", lambda: png_up._deflate_slowly)
    for pixels in pictures(shape):
        assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(encode("png", pixels)))))


def test_png_is_one_chunk_of_the_up_filter() -> None:
    """The page's own decoder knows this filter, so no row may use another."""
    data = encode("png", np.arange(256, dtype=np.uint8).reshape(16, 16))
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    lines = np.frombuffer(zlib.decompress(data[start + 4 : start + 4 + length]), np.uint8).reshape(16, 17)

    assert [png_up.UP] * 16 == lines[:, 0].tolist()


@pytest.mark.parametrize("shape", SHAPES)
def test_lz4_is_exact(shape: tuple[int, ...]) -> None:
    """The block holds the picture's bytes, row by row."""
    for pixels in pictures(shape):
        assert pixels.tobytes() == lz4.block.decompress(encode("lz4", pixels), pixels.size)


def test_jpeg_is_smaller_with_less_quality_and_near_the_picture() -> None:
    """A smooth picture survives within a few levels; the quality decides the size."""
    pixels = np.add.outer(np.arange(256), np.arange(256)).astype(np.float64) / 2
    pixels = (pixels + np.random.default_rng(1).normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8)
    sizes = [len(encode("jpeg", pixels, quality)) for quality in (30, 60, 90)]
    read = np.asarray(Image.open(io.BytesIO(encode("jpeg", pixels, 90)))).astype(int)

    assert sorted(sizes) == sizes
    assert abs(read - pixels).max() <= 24
    assert pixels.shape == read.shape


def test_jpeg_keeps_the_order_of_colours() -> None:
    """Red stays red."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[..., 0] = 200
    red, green, blue = np.asarray(Image.open(io.BytesIO(encode("jpeg", pixels, 90)))).reshape(-1, 3).mean(axis=0)

    assert red > 190
    assert max(green, blue) < 10


def test_every_module_of_the_table_is_an_encoder() -> None:
    """Each has the three names, and what is called lossless is what was tested as exact above."""
    for name in ENCODERS:
        found = encoder(name)
        assert found.is_available()
        assert found.NEEDS
    assert {"lz4", "png"} == LOSSLESS
    files = {path.stem for path in Path(png_up.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(ENCODERS.values()) == files


def test_an_unknown_encoder_is_refused() -> None:
    """The words say which there are."""
    with pytest.raises(EncoderUnavailableError, match="lz4, png, jpeg"):
        encode("webp", np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize("pixels", [np.zeros((2, 2), np.uint16), np.zeros((2, 2, 4), np.uint8), np.zeros(4, np.uint8)])
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    """Only 8-bit grey and RGB have a meaning in a browser."""
    with pytest.raises(ValueError, match="No 8-bit"):
        encode("lz4", pixels)
