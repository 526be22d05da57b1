"""Every decoder of the table on frames that were encoded here, and what it does with bytes that lie."""

import importlib
import tracemalloc
import zlib

import imagecodecs
import numpy as np
import pytest

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs import DECODERS, LOSSY, PixelDescription, decode
from readingroom.testing.encoders import describe, rle

JPEG = "1.2.840.10008.1.2.4."
NATIVE = "1.2.840.10008.1.2.1"
RANDOM = np.random.default_rng(11)
GRAY12 = RANDOM.integers(0, 4096, (33, 47)).astype(np.uint16)
GRAY8 = RANDOM.integers(0, 256, (33, 47)).astype(np.uint8)
RGB = RANDOM.integers(0, 256, (33, 47, 3)).astype(np.uint8)
SIGNED = RANDOM.integers(-2048, 2048, (33, 47)).astype(np.int16)


def raw_deflate(data: bytes) -> bytes:
    """Deflate without a zlib header."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


LOSSLESS = {
    "implicit": ("1.2.840.10008.1.2", SIGNED, SIGNED.tobytes()),
    "explicit": (NATIVE, GRAY12, GRAY12.tobytes()),
    "encapsulated uncompressed": (NATIVE + ".98", RGB, RGB.tobytes()),
    "big endian": ("1.2.840.10008.1.2.2", SIGNED, SIGNED.astype(">i2").tobytes()),
    "deflated frame": ("1.2.840.10008.1.2.8.1", SIGNED, raw_deflate(SIGNED.tobytes())),
    "rle 16": ("1.2.840.10008.1.2.5", SIGNED, rle(SIGNED)),
    "rle 8": ("1.2.840.10008.1.2.5", GRAY8, rle(GRAY8)),
    "rle rgb": ("1.2.840.10008.1.2.5", RGB, rle(RGB)),
    "jpeg lossless": (JPEG + "70", GRAY12, imagecodecs.jpeg8_encode(GRAY12, lossless=True, bitspersample=16)),
    "jpeg lossless 8": (JPEG + "57", GRAY8, imagecodecs.jpeg8_encode(GRAY8, lossless=True)),
    "jpeg-ls": (JPEG + "80", GRAY12, imagecodecs.jpegls_encode(GRAY12)),
    "jpeg-ls rgb": (JPEG + "80", RGB, imagecodecs.jpegls_encode(RGB)),
    "jpeg-ls signed": (JPEG + "80", SIGNED, imagecodecs.jpegls_encode(SIGNED.view(np.uint16))),
    "jpeg 2000": (JPEG + "90", GRAY12, imagecodecs.jpeg2k_encode(GRAY12, reversible=True, level=0)),
    "jpeg 2000 rgb": (JPEG + "90", RGB, imagecodecs.jpeg2k_encode(RGB, reversible=True, level=0, mct=True)),
    "jpeg 2000 signed": (JPEG + "90", SIGNED, imagecodecs.jpeg2k_encode(SIGNED, reversible=True, level=0)),
    "htj2k": (JPEG + "201", GRAY12, imagecodecs.htj2k_encode(GRAY12, reversible=True)),
    "htj2k rgb": (JPEG + "202", RGB, imagecodecs.htj2k_encode(RGB, reversible=True)),
    "jpeg xl": (JPEG + "110", GRAY12, imagecodecs.jpegxl_encode(GRAY12, lossless=True)),
    "jpeg xl rgb": (JPEG + "110", RGB, imagecodecs.jpegxl_encode(RGB, lossless=True)),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_frame_comes_back_exactly(name: str) -> None:
    """A frame that was encoded without loss decodes to the values that went in, of the type they had."""
    syntax, pixels, data = LOSSLESS[name]
    decoded = decode(syntax, data, describe(pixels))
    assert pixels.dtype == decoded.dtype
    assert np.array_equal(pixels, decoded)


@pytest.mark.parametrize("name", [name for name in LOSSLESS if "jpeg" in name or "htj2k" in name])
def test_codestream_of_another_size_is_refused(name: str) -> None:
    """When a codestream's size is not the one in the attributes, neither is guessed to be right."""
    syntax, pixels, data = LOSSLESS[name]
    taller = np.zeros((pixels.shape[0] + 1, *pixels.shape[1:]), pixels.dtype)
    with pytest.raises(DamagedImageError):
        decode(syntax, data, describe(taller))


@pytest.mark.parametrize("name", LOSSLESS)
def test_65535_rows_over_a_tiny_frame_cost_no_memory(name: str) -> None:
    """Attributes that promise billions of pixels are refused before memory is asked for."""
    syntax, pixels, data = LOSSLESS[name]
    description = PixelDescription(
        rows=65_535,
        columns=1000,
        samples_per_pixel=3 if pixels.ndim == 3 else 1,
        bits_allocated=pixels.itemsize * 8,
        bits_stored=pixels.itemsize * 8,
        high_bit=pixels.itemsize * 8 - 1,
        photometric_interpretation="RGB" if pixels.ndim == 3 else "MONOCHROME2",
    )
    tracemalloc.start()
    try:
        with pytest.raises(DamagedImageError):
            decode(syntax, data, description)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**22


@pytest.mark.parametrize("name", LOSSLESS)
def test_cut_frame_is_an_error_of_ours(name: str) -> None:
    """A frame that ends early is damaged; no decoder's own exception and no guessed pixels come out."""
    syntax, pixels, data = LOSSLESS[name]
    with pytest.raises(DamagedImageError):
        decode(syntax, data[: len(data) // 3], describe(pixels))


def test_short_native_frame_is_told_in_numbers() -> None:
    """The message says what the attributes promise and how many bytes are there."""
    with pytest.raises(DamagedImageError, match=r"33 rows, 47 columns .* 3102 bytes, but .* only 100 bytes"):
        decode(NATIVE, bytes(100), describe(GRAY12))


def test_more_pixels_than_any_image_is_refused() -> None:
    """Rows and columns of 65,535 are contradicted at once, whatever the bytes say."""
    with pytest.raises(DamagedImageError, match="65535 rows"):
        PixelDescription(rows=65_535, columns=65_535)


def test_baseline_ycbcr_becomes_the_rgb_it_came_from() -> None:
    """A JPEG baseline frame stored as YBR_FULL_422 shows the colours that were encoded, within JPEG's loss."""
    smooth = np.stack([*np.meshgrid(np.arange(0, 256, 4), np.arange(0, 256, 4)), np.full((64, 64), 77)], -1)
    pixels = smooth.astype(np.uint8)
    data = imagecodecs.jpeg8_encode(pixels, level=98, subsampling="444")
    decoded = decode(JPEG + "50", data, describe(pixels, photometric="YBR_FULL_422"))
    assert np.abs(decoded.astype(int) - pixels).max() <= 6


def test_bits_above_the_high_bit_are_no_part_of_the_value() -> None:
    """Overlay bits are masked and the sign of 12-bit two's complement is extended."""
    words = np.array([[0xF000, 0x0FFF, 0x0800, 0x37FF]], np.uint16)
    unsigned = PixelDescription(rows=1, columns=4, bits_stored=12, high_bit=11)
    signed = PixelDescription(rows=1, columns=4, bits_stored=12, high_bit=11, pixel_representation=1)
    assert [[0, 4095, 2048, 2047]] == decode(NATIVE, words.tobytes(), unsigned).tolist()
    assert [[0, -1, -2048, 2047]] == decode(NATIVE, words.tobytes(), signed).tolist()


def test_bits_below_a_high_bit_of_15_are_shifted_out() -> None:
    """With 12 bits stored below bit 15 the low four bits are no part of the value."""
    description = PixelDescription(rows=1, columns=2, bits_stored=12, high_bit=15)
    assert [[0x123, 0xFFF]] == decode(NATIVE, np.array([0x123F, 0xFFF0], np.uint16).tobytes(), description).tolist()


def test_lossy_overshoot_stays_white() -> None:
    """A value that a lossy codec let overshoot 12 bits becomes 4095, never 0."""
    pixels = np.full((16, 16), 4100, np.uint16)
    data = imagecodecs.jpegls_encode(pixels, level=3)
    decoded = decode(JPEG + "81", data, describe(pixels, bits=12))
    assert [4095] == np.unique(decoded).tolist()


def test_one_bit_pixels_are_unpacked_from_the_lowest() -> None:
    """The first pixel is the least significant bit of the first byte (PS3.5 8.1.1)."""
    description = PixelDescription(rows=2, columns=5, bits_allocated=1, bits_stored=1, high_bit=0)
    decoded = decode(NATIVE, bytes([0b10000001, 0b01]), description)
    assert [[1, 0, 0, 0, 0], [0, 0, 1, 1, 0]] == decoded.tolist()


def test_planar_and_interleaved_colour_are_the_same_picture() -> None:
    """Planar Configuration changes where samples lie, not what is shown."""
    planar = PixelDescription(
        rows=33, columns=47, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        planar_configuration=1, photometric_interpretation="RGB",
    )  # fmt: skip
    assert np.array_equal(RGB, decode(NATIVE, np.moveaxis(RGB, -1, 0).tobytes(), planar))


def test_syntax_without_decoder_is_named() -> None:
    """The message names the transfer syntax in words."""
    with pytest.raises(UnsupportedImageError, match="JPEG 2000 Part 2"):
        decode("1.2.840.10008.1.2.4.92", b"", describe(GRAY8))


def test_every_decoder_has_the_three_names() -> None:
    """Each module of the table says what it needs, whether that is here, and decodes."""
    for name in set(DECODERS.values()):
        module = importlib.import_module(f"readingroom.pixels.codecs.{name}")
        assert isinstance(module.NEEDS, tuple)
        assert module.is_available() is True
        assert callable(module.decode_frame)


def test_lossy_syntaxes_are_those_of_the_standard() -> None:
    """Lossless-only syntaxes are not among the lossy, the lossy-capable all are."""
    assert not LOSSY & {JPEG + n for n in ("57", "70", "80", "90", "110", "201", "202")}
    assert {JPEG + n for n in ("50", "51", "81", "91", "112", "203", "102")} <= LOSSY


def test_damage_within_high_throughput_jpeg_2000_is_no_picture() -> None:
    """What the codec meets in a damaged code-block is an error, though its binding would hand out whatever memory held."""
    syntax, pixels, data = LOSSLESS["htj2k"]
    middle = len(data) // 2
    damaged = data[:middle] + b"\x55" * 100 + data[middle + 100 :]
    with pytest.raises(DamagedImageError):
        decode(syntax, damaged, describe(pixels))
