"""What a codestream's header tells is refused in words, and no child is asked."""

import struct
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.codecs import check_header
from readingroom.pixels.codecs.jpegxl_header import JpegXlHeader
from readingroom.pixels.codecs.siz import Siz
from readingroom.pixels.decoding import DecoderPool
from readingroom.testing.encoders import ENCODERS, describe
from readingroom.testing.hostile import jpeg_header, siz

JPEG = "1.2.840.10008.1.2.4."
GRAY = np.arange(48, dtype=np.uint16).reshape(8, 6)
SMALL = describe(GRAY)
BYTES = describe(GRAY.astype(np.uint8))


def refuses(syntax: str, data: bytes, error: type[ReadingRoomError], words: str, description: object = SMALL) -> None:
    """Claim that a pool refuses a frame with these words and starts no child for it."""
    with DecoderPool() as pool:
        with pytest.raises(error, match=words):
            pool.decode(syntax, data, description)  # type: ignore[arg-type]
        assert () == pool.pids


@pytest.mark.parametrize(
    ("syntax", "data", "error", "words"),
    [
        ("90", siz(8, 6, step=2), UnsupportedImageError, "lower resolution"),
        ("90", siz(8, 6, tile=(1, 1)), DamagedImageError, "48 tiles in"),
        ("90", siz(8, 6, tile=(0, 4)), DamagedImageError, "do not cover"),
        ("201", siz(8, 6).replace(b"\x0f\x01\x01", b"\x17\x01\x01"), DamagedImageError, "has 24"),
        ("90", siz(8, 6).replace(b"\x0f\x01\x01", b"\x1f\x01\x01"), UnsupportedImageError, "24 are the most"),
        ("70", jpeg_header(0, 6), UnsupportedImageError, "DNL"),
        ("70", jpeg_header(8, 6, sampling=0x51), DamagedImageError, "sampled"),
        ("57", jpeg_header(8, 6, 0xCB), UnsupportedImageError, "arithmetic"),
        ("57", jpeg_header(8, 6, 0xC7), UnsupportedImageError, "Hierarchical"),
        ("51", jpeg_header(8, 6, 0xC1, 16), DamagedImageError, "does not allow"),
        ("50", jpeg_header(8, 6, 0xC2, 8, scans=501), DamagedImageError, "501 scans"),
        ("70", jpeg_header(8, 6)[:-2], DamagedImageError, "cut off"),
    ],
)
def test_header_that_forbids_is_refused(syntax: str, data: bytes, error: type[ReadingRoomError], words: str) -> None:
    """Tiles, sampling, scans, processes and bits are told before memory is asked for on their word."""
    refuses(JPEG + syntax, data, error, words)


def test_more_bits_than_the_image_has_are_not_folded() -> None:
    """A codestream of 12 bits in an image of 8 would lose its brightest part."""
    twelve = ENCODERS[JPEG + "80"](GRAY * 80, 12)
    refuses(JPEG + "80", twelve, DamagedImageError, "8 bits, but its pixel data has 16", BYTES)
    refuses(JPEG + "110", ENCODERS[JPEG + "110"](GRAY * 80, 12), DamagedImageError, "has 12", BYTES)
    refuses(JPEG + "90", ENCODERS[JPEG + "90"](GRAY * 80, 12), DamagedImageError, "has 12", BYTES)


def test_components_of_different_bits_are_refused() -> None:
    """One component of 8 bits and two of 12 are no colour image of DICOM."""
    data = bytearray(siz(8, 6, components=3))
    data[data.index(b"\x0f\x01\x01")] = 7
    colors = describe(np.zeros((8, 6, 3), np.uint16))
    refuses(JPEG + "90", bytes(data), UnsupportedImageError, "different bits", colors)


@pytest.mark.parametrize("count", [0, 1, 3, 15, 16, 2**32 - 1])
def test_rle_with_other_segments_is_refused(count: int) -> None:
    """As many segments as bytes of samples, neither more nor fewer."""
    header = struct.pack("<16L", count, *[64] * 15)
    refuses("1.2.840.10008.1.2.5", header + bytes(64), DamagedImageError, "segments where")


def test_rle_segments_beyond_the_data_are_refused() -> None:
    """An offset past the end, or before the one in front of it."""
    for offsets in ((64, 2**32 - 1), (128, 64), (0, 64), (64, 200)):
        header = struct.pack("<16L", 2, *offsets, *[0] * 13)
        refuses("1.2.840.10008.1.2.5", header + bytes(64), DamagedImageError, "outside it")


def test_jpeg_xl_of_several_pictures_is_refused() -> None:
    """An animation, a transparent channel or real numbers are no frame; the header tells each of them."""
    moving = imagecodecs.jpegxl_encode(np.stack([GRAY] * 3).astype(np.uint8), photometric="gray")
    refuses(JPEG + "110", moving, UnsupportedImageError, "animation", BYTES)
    clear = imagecodecs.jpegxl_encode(np.zeros((8, 6, 4), np.uint8))
    refuses(JPEG + "110", clear, UnsupportedImageError, "channels beside", describe(np.zeros((8, 6, 3), np.uint8)))
    real = imagecodecs.jpegxl_encode(GRAY.astype(np.float32))
    refuses(JPEG + "110", real, UnsupportedImageError, "floating point")


def test_jpeg_xl_that_is_to_be_turned_is_refused() -> None:
    """The decoder would turn it, and the image's left would be at the top."""
    fields = [(1, 1), (5, 0), (3, 1), (1, 0), (1, 1), (3, 4)]
    value = at = 0
    for width, field in fields:
        value, at = value | field << at, at + width
    turned = b"\xff\x0a" + value.to_bytes(32, "little")
    assert 5 == JpegXlHeader(turned).orientation
    refuses(JPEG + "110", turned, UnsupportedImageError, "turned", replace(SMALL, rows=8, columns=8))


def test_tiles_are_counted_from_their_own_corner() -> None:
    """Tiles count from their offset to the far edge of the grid (ITU-T T.800 B.3)."""
    assert 6 == Siz(siz(8, 6, tile=(3, 3))).tiles
    assert 1 == Siz(siz(8, 6)).tiles


@pytest.mark.parametrize("syntax", sorted(ENCODERS))
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_what_is_whole_passes(syntax: str, bits: int) -> None:
    """No good frame of any syntax is refused for its header."""
    pixels = (GRAY * 5).astype(np.uint8 if bits == 8 else np.uint16)
    check_header(syntax, ENCODERS[syntax](pixels, bits), describe(pixels, bits))
