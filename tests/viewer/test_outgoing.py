"""A picture on its way: exact at rest, in strips where it is large, from where the reader looks."""

import hashlib
from dataclasses import replace

import lz4.block
import numpy as np
import pytest

from readingroom.wire import FrameHeader, Strip, unpack_frame
from readingroom_viewer.codec_choice import BEST_QUALITY, WORST_QUALITY, Choice, CodecChoice, quality_for
from readingroom_viewer.link import LinkState
from readingroom_viewer.outgoing import (
    FIRST_STRIP_BYTES,
    LEAST_STRIP_BYTES,
    STRIP_BYTES,
    Outgoing,
    Rendered,
    first_strip_bytes,
    next_strip_bytes,
    outgoing,
    strips_on_their_way,
)

CT = (512, 512)
LARGE = (2500, 2048)


def rendered(shape: tuple[int, ...]) -> Rendered:
    """Return a picture of noise with a header."""
    pixels = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    header = FrameHeader(
        viewport="main", seq=4, study_uid="1", series_uid="2", sop_uid="3", frame=1, position=0, count=1,
        rows=shape[0], columns=shape[1], samples=1 if len(shape) == 2 else 3, codec="raw", sha256="", window=None,
        choices=(), value_range=None, inverted=False, drag_start=None, choice=None, presentation_uid="",
        presentation=None, overlay_planes=0, overlays=True, reformat=None, loaded=1.0, notes=(), source_lossy="",
        orientation=None, slice_position=None, spacing=None, pixel_shape=(1.0, 1.0), spacing_kind="",
    )  # fmt: skip
    return Rendered(header, pixels)


def wholly_cut(made: Outgoing, strip_bytes: int = STRIP_BYTES) -> Outgoing:
    """Return a picture with all its strips."""
    while not made.complete:
        made.cut(strip_bytes)
    return made


def assembled(made: Outgoing) -> np.ndarray:
    """Return the pixels of all messages, each decoded on its own."""
    pixels = np.zeros_like(made.pixels)
    for number in range(len(made.strips)):
        header, payload = unpack_frame(made.message(number))
        rows = Strip(**header["strip"])
        part = pixels[rows.first_row : rows.first_row + rows.rows]
        part[:] = np.frombuffer(lz4.block.decompress(payload, part.size), np.uint8).reshape(part.shape)
    return pixels


def test_a_slice_is_one_message() -> None:
    """512 by 512 comes whole, with the hash of its pixels."""
    picture = rendered(CT)
    made = outgoing(picture, Choice("lz4"))
    header, payload = unpack_frame(made.message(0))

    assert 1 == len(made.strips)
    assert (None, "lz4") == (header["strip"], header["codec"])
    assert picture.pixels.tobytes() == lz4.block.decompress(payload, picture.pixels.size)
    assert hashlib.sha256(picture.pixels.tobytes()).hexdigest() == header["sha256"]


@pytest.mark.parametrize("shape", [LARGE, (70, 20_000), (999, 1001, 3)])
@pytest.mark.parametrize("focus", [0.0, 0.3, 1.0])
def test_a_large_picture_is_put_together_from_its_strips(shape: tuple[int, ...], focus: float) -> None:
    """Every row is in exactly one strip, none is larger than it may be, and the first message alone has the header."""
    picture = rendered(shape)
    made = wholly_cut(outgoing(picture, Choice("lz4"), focus))

    assert np.array_equal(picture.pixels, assembled(made))
    assert shape[0] == sum(strip.rows for strip in made.strips)
    assert max(strip.rows for strip in made.strips) * picture.pixels[0].nbytes <= STRIP_BYTES
    assert ["frame"] + ["strip"] * (len(made.strips) - 1) == [
        unpack_frame(made.message(number))[0]["type"] for number in range(len(made.strips))
    ]


def test_a_coarse_picture_is_not_the_one_wanted() -> None:
    """Though its codec loses nothing, it is followed by the whole one at rest, as one with loss is."""
    whole = rendered(CT)
    coarse = Rendered(replace(whole.header, full_size=(1024, 1024)), whole.pixels)
    assert (True, False) == tuple(outgoing(one, Choice("lz4")).exact for one in (whole, coarse))
    assert not outgoing(whole, Choice("jpeg", 60)).exact


def test_strips_begin_where_the_reader_looks() -> None:
    """The first one holds the row under the pointer, and each is farther from it than the one before."""
    strips = wholly_cut(outgoing(rendered(LARGE), Choice("png"), focus=0.7)).strips
    row = 0.7 * LARGE[0]
    away = [max(0, strip.first_row - row, row - strip.first_row - strip.rows) for strip in strips]

    assert strips[0].first_row <= row < strips[0].first_row + strips[0].rows
    assert sorted(away) == away


def test_a_picture_with_loss_is_never_cut() -> None:
    """Its parts could not be told from exact ones; it is small, and comes whole."""
    assert 1 == len(outgoing(rendered(LARGE), Choice("jpeg", 60)).strips)


@pytest.mark.parametrize(
    ("goodput", "expected"), [(None, FIRST_STRIP_BYTES), (1e9, STRIP_BYTES), (20e6, 375_000), (1e5, LEAST_STRIP_BYTES)]
)
def test_strips_are_smaller_on_slow_links(goodput: float | None, expected: int) -> None:
    """One takes no longer than 50 ms where that is possible, so that a newer state need not wait for it."""
    assert expected == first_strip_bytes(goodput, 3.0)


def test_strips_grow_until_the_link_is_known() -> None:
    """Each is twice the one before, up to the usual size; from the first measurement on that decides."""
    sizes = [FIRST_STRIP_BYTES]
    for _ in range(4):
        sizes.append(next_strip_bytes(None, 3.0, sizes[-1]))

    assert [*(FIRST_STRIP_BYTES * factor for factor in (1, 2, 4, 8)), STRIP_BYTES] == sizes
    assert LEAST_STRIP_BYTES == next_strip_bytes(2e5, 4.0, STRIP_BYTES)


def test_a_first_slice_mostly_leaves_at_once_and_is_no_long_silence() -> None:
    """Over an unknown link 4/5 of 512 by 512 are in the strips that need not wait, each of noise under 6 s at 200 kbit/s."""
    made = outgoing(rendered(CT), Choice("lz4"), strip_bytes=first_strip_bytes(None, 2.5))
    while not made.complete:
        made.cut(next_strip_bytes(None, 2.5, made.strips[-1].rows * CT[1]))
    longest = max(8 * len(made.message(number)) for number in range(len(made.strips))) / 200e3

    assert sum(strip.rows for strip in made.strips[: strips_on_their_way(0.02)]) >= 0.8 * CT[0]
    assert longest < 6


@pytest.mark.parametrize(
    ("trip", "strip_s", "expected"),
    [(None, 0.0, 2), (0.05, 0.0, 3), (0.1, 0.0, 4), (0.1, 0.5, 3), (9.0, 0.0, 8), (9.0, 0.5, 3)],
)
def test_strips_fill_the_round_trip(trip: float | None, strip_s: float, expected: int) -> None:
    """Two keep a near link busy, a far one takes more; a queue that the strips made themselves is no far link."""
    assert expected == strips_on_their_way(trip, strip_s)


def test_later_strips_may_be_in_another_exact_codec() -> None:
    """What is learned of the link by the first strip counts for the second; each says what it is in."""
    made = outgoing(rendered(LARGE), Choice("lz4"))
    made.cut(STRIP_BYTES)

    assert ["lz4", "png"] == [
        unpack_frame(made.message(at, Choice("png") if at else None))[0]["codec"] for at in (0, 1)
    ]


def test_a_picture_with_loss_comes_in_fewer_pixels_on_a_thin_link() -> None:
    """What would take longer than a tenth of a second is halved as often as it must, and lies where the whole one lies."""
    choice = CodecChoice().choose(LARGE, moving=True, link=LinkState(5e6))
    picture = rendered(LARGE)
    header = replace(
        picture.header, spacing=(0.2, 0.1), pixel_shape=(0.2, 0.1), slice_position=(1.0, 2.0, 3.0),
        orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    )  # fmt: skip
    sent = outgoing(replace(picture, header=header), choice).header

    assert 4 == choice.step
    assert (625, 512, LARGE) == (sent.rows, sent.columns, sent.full_size)
    assert ((0.8, 0.4), (0.8, 0.4)) == (sent.spacing, sent.pixel_shape)
    assert pytest.approx((1.15, 2.3, 3.0)) == sent.slice_position
    assert not outgoing(picture, choice).exact


@pytest.mark.parametrize(("goodput", "step"), [(None, 1), (1e9, 1), (20e6, 2), (1e3, 8)])
def test_pixels_are_not_thinned_out_beyond_an_eighth(goodput: float | None, step: int) -> None:
    """On a quick link a picture with loss keeps its pixels; the wire allows no fewer than an eighth."""
    choice = CodecChoice().choose(LARGE, moving=True, link=LinkState(goodput), behind=True)

    assert ("jpeg", step) == (choice.codec, choice.step)


@pytest.mark.parametrize("goodput", [None, 1e3, 1e6, 79e6, 81e6, 1e10])
@pytest.mark.parametrize("shape", [CT, LARGE, (60_000, 66_000)])
def test_at_rest_every_picture_is_exact(goodput: float | None, shape: tuple[int, ...]) -> None:
    """Whatever the link: what took long is still not JPEG."""
    link = LinkState(goodput, lag=9.0)
    assert CodecChoice().choose(shape, moving=False, link=link).exact


@pytest.mark.parametrize(
    ("goodput", "shape", "codec"),
    [(None, CT, "lz4"), (100e6, CT, "lz4"), (60e6, CT, "png"), (11e6, CT, "png"), (5e6, CT, "jpeg"),
     (100e6, LARGE, "jpeg"), (1e9, LARGE, "lz4"), (5e6, (10, 65_535), "png"), (1e6, (10, 65_535), "png")],
)  # fmt: skip
def test_a_moving_picture_is_exact_where_the_link_holds_the_rate(
    goodput: float | None, shape: tuple[int, ...], codec: str
) -> None:
    """JPEG only where exact frames could not come 20 times a second; wider than JPEG can be, it stays exact."""
    assert codec == CodecChoice().choose(shape, moving=True, link=LinkState(goodput)).codec


def test_codecs_do_not_alternate_at_the_edge() -> None:
    """A link that just holds the rate keeps what it has: exact stays exact, and loss stays until there is room to spare."""
    choice = CodecChoice()
    needed = 8 * 512 * 512 / choice.ratios["png"] * 20
    chosen = [
        choice.choose(CT, moving=True, link=LinkState(needed * share)).codec for share in (1.01, 0.99, 1.01, 1.2, 1.3)
    ]

    assert ["png", "jpeg", "jpeg", "jpeg", "png"] == chosen


def test_quality_falls_as_frames_come_late() -> None:
    """From 90 at 20 ms to 30 at 80 ms, straight in between."""
    assert [BEST_QUALITY, BEST_QUALITY, 60, WORST_QUALITY, WORST_QUALITY] == [
        quality_for(lag) for lag in (0.0, 0.02, 0.05, 0.08, 5.0)
    ]


def test_what_a_picture_compressed_to_decides_the_next() -> None:
    """Noise that does not compress needs a faster link than the smooth picture that was expected."""
    choice = CodecChoice()
    link = LinkState(12e6)
    assert "png" == choice.choose(CT, moving=True, link=link).codec
    choice.note("png", 512 * 512, 512 * 512)

    assert "jpeg" == choice.choose(CT, moving=True, link=link).codec


def test_the_header_says_what_is_in_the_message() -> None:
    """Nothing of the header changes but codec, hash and strip."""
    picture = rendered(LARGE)
    made = outgoing(picture, Choice("png"))

    assert picture.header == replace(made.header, codec="raw", sha256="", strip=None)
