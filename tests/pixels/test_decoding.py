"""Frames decoded in child processes: the same pixels, and whatever happens to a child is an error of ours."""

from collections.abc import Iterator

import imagecodecs
import numpy as np
import pytest

from readingroom.pixels.codecs import decode
from readingroom.pixels.decoding import (
    DecodeRequest,
    DecoderPool,
)
from readingroom.pixels.description import PixelDescription

JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
NATIVE = "1.2.840.10008.1.2.1"
RANDOM = np.random.default_rng(3)
SLICES = [RANDOM.integers(0, 4096, (64, 48)).astype(np.uint16) for _ in range(20)]
ENCODED = [imagecodecs.jpegls_encode(pixels) for pixels in SLICES]
DESCRIPTION = PixelDescription(64, 48)


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    """Return a pool of two children."""
    with DecoderPool(2) as made:
        yield made


def requests(out: np.ndarray | None = None) -> list[DecodeRequest]:
    """Return a request for each slice, into its place in ``out``."""
    return [
        DecodeRequest(JPEG_LS, data, DESCRIPTION, None if out is None else out[n]) for n, data in enumerate(ENCODED)
    ]


def test_frame_is_what_the_codec_makes_here(pool: DecoderPool) -> None:
    """A frame from a child is the frame that this process would have decoded."""
    expected = decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    decoded = pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    assert expected.dtype == decoded.dtype
    assert np.array_equal(expected, decoded)


def test_uncompressed_frame_needs_no_child(pool: DecoderPool) -> None:
    """Numbers are read from a buffer here."""
    assert np.array_equal(SLICES[0], pool.decode(NATIVE, SLICES[0].tobytes(), DESCRIPTION))
    assert () == pool.pids


def test_series_is_decoded_into_place_by_both_children(pool: DecoderPool) -> None:
    """All slices come, each in its place, and two children worked on them."""
    volume = np.zeros((20, 64, 48), np.uint16)
    places = sorted(place for place, _ in pool.decode_each(requests(volume)))
    assert list(range(20)) == places
    assert np.array_equal(SLICES, volume)
    assert 2 == len(pool.pids)
