"""JPEG colour is what the codestream proves; retired arithmetic processes; colour spaces by their names."""

import base64

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels import convert_color_space

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs import PixelDescription, decode, remarks
from readingroom.testing.encoders import describe

JPEG = "1.2.840.10008.1.2.4."
NATIVE = "1.2.840.10008.1.2.1"
Y, X = np.mgrid[:16, :24]
GRAY = ((X * 9 + Y * 3) % 256).astype(np.uint8)
RGB = np.stack([X * 10, Y * 15, 255 - X * 10], -1).astype(np.uint8)

ARITHMETIC = {
    "52": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI4"
        "0sqMW3kU!Z02l!Q5di<p00saM5C#9*00;pA002J#{{Z)LFzg-|M4pf%77#w$$%)7PUIzwVI^9`9%-OGkhiNt{y|h}j=2GbF_hSP)a;4ONELi{9"
    ),
    "54": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI4"
        "0sqPX3kU!Z02l!Q5di<p00aOK|Jncu0RaF200930_j7<wj3kPxMLvN4%m4%s1^?Or2mt{A0R;dStPcyIq(Z#@%4c0o%@M{(4*$#m1P}%P+5iXv"
        "0RRR+02T_7iwGZWvCgJ(jxv-=58=i<=^-(k|Je"
    ),
    "56": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI4"
        "0sqPX3kU!Z02l!Q5di<p00aOK|Jncu0RaF200I91?&b~(lQc}}<(U7>00a;P|Jncu0RaF31p*d#qECL(J5k5>@dhsc%m4%s1^?Or2mt{A20sEB"
        "(ehkG;R3}7|I7dc5C#9*00;pA00BQCA8XCFSO;qV+5iXv0RR915K#Zj00a;P|Jncu0RaF3KM*8bAp5qCo{u^I*#"
    ),
}
"""GRAY by libjpeg-turbo's own encoder at its highest quality: sequential, spectral selection, full progression."""


@pytest.mark.parametrize("process", ARITHMETIC)
def test_retired_arithmetic_jpeg_is_shown(process: str) -> None:
    """Processes 3, 7 and 11 come back as they were encoded, which at this quality lost nothing of this picture."""
    assert np.array_equal(GRAY, decode(JPEG + process, base64.b85decode(ARITHMETIC[process]), describe(GRAY)))


def stream(*, ycbcr: bool, marker: str = "", subsampled: bool = False, identifiers: bytes = b"\1\2\3") -> bytes:
    """Return RGB as a JPEG of these samples with the marker ("jfif", "adobe 0", "adobe 1" or none) and component names."""
    data = bytearray(
        imagecodecs.jpeg8_encode(
            RGB, level=98, colorspace="RGB", outcolorspace="YCBCR" if ycbcr else "RGB",
            subsampling="422" if subsampled else "444",
        )
    )  # fmt: skip
    del data[2 : 4 + int.from_bytes(data[4:6])]  # the marker that the encoder wrote
    frame = data.index(b"\xff\xc0")
    for number, name in enumerate(identifiers):
        data[frame + 10 + 3 * number] = name
    scan = data.index(b"\xff\xda")
    for number, name in enumerate(identifiers):
        data[scan + 5 + 2 * number] = name
    markers = {
        "jfif": b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
        "adobe 0": b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00",
        "adobe 1": b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01",
    }
    data[2:2] = markers.get(marker, b"")
    return bytes(data)


TRUTHS = {
    "jfif": stream(ycbcr=True, marker="jfif"),
    "adobe ycc": stream(ycbcr=True, marker="adobe 1"),
    "adobe rgb": stream(ycbcr=False, marker="adobe 0"),
    "named RGB": stream(ycbcr=False, identifiers=b"RGB"),
    "subsampled": stream(ycbcr=True, subsampled=True),
}


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL_422", "YBR_FULL"])
@pytest.mark.parametrize("kind", TRUTHS)
def test_codestream_that_proves_its_colours_is_believed(kind: str, interpretation: str) -> None:
    """Whatever Photometric Interpretation says, markers, names and sampling that prove the colours decide."""
    description = describe(RGB, photometric=interpretation)
    shown = decode(JPEG + "50", TRUTHS[kind], description)
    assert np.abs(shown.astype(int) - RGB).max() <= (24 if kind == "subsampled" else 12)
    is_rgb = kind in ("adobe rgb", "named RGB")
    assert bool(remarks(JPEG + "50", TRUTHS[kind], description)) == (is_rgb != (interpretation == "RGB"))


@pytest.mark.parametrize(("interpretation", "ycbcr"), [("RGB", False), ("YBR_FULL_422", True), ("YBR_FULL", True)])
def test_codestream_that_proves_nothing_leaves_it_to_the_attribute(interpretation: str, ycbcr: bool) -> None:
    """Without marker, name or subsampling, Photometric Interpretation says what the samples are."""
    shown = decode(JPEG + "50", stream(ycbcr=ycbcr), describe(RGB, photometric=interpretation))
    assert np.abs(shown.astype(int) - RGB).max() <= 12


def test_twelve_bit_colour_jpeg_shows_its_highest_bits() -> None:
    """Extended JPEG of 12-bit colour is scaled to eight, not wrapped."""
    deep = RGB.astype(np.uint16) << 4
    data = imagecodecs.jpeg8_encode(deep, level=98, bitspersample=12, colorspace="RGB", outcolorspace="YCBCR")
    shown = decode(JPEG + "51", data, describe(deep, 12, "YBR_FULL_422"))
    assert np.abs(shown.astype(int) - RGB).max() <= 12


@pytest.mark.parametrize("syntax", ["70", "80"])
def test_lossless_colour_is_what_the_attribute_says(syntax: str) -> None:
    """Lossless JPEG and JPEG-LS of YBR_FULL are converted as native YBR_FULL is, RGB not at all."""
    space = {"colorspace": "RGB", "outcolorspace": "RGB"}
    data = imagecodecs.jpeg8_encode(RGB, lossless=True, **space) if syntax == "70" else imagecodecs.jpegls_encode(RGB)
    for interpretation in ("RGB", "YBR_FULL"):
        description = describe(RGB, photometric=interpretation)
        expected = decode(NATIVE, RGB.tobytes(), description)
        assert np.array_equal(expected, decode(JPEG + syntax, data, description))


def test_ybr_full_equals_pydicoms() -> None:
    """Luminance and colour differences become the RGB of PS3.3 C.7.6.3.1.2, as pydicom computes it."""
    ybr = np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    shown = decode(NATIVE, ybr.tobytes(), describe(ybr, photometric="YBR_FULL"))
    assert np.abs(convert_color_space(ybr, "YBR_FULL", "RGB").astype(int) - shown).max() <= 1


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        ((16, 128, 128), (0, 0, 0)), ((235, 128, 128), (255, 255, 255)), ((81, 90, 240), (254, 0, 0)),
        ((145, 54, 34), (0, 255, 1)), ((41, 240, 110), (0, 0, 255)), ((126, 128, 128), (128, 128, 128)),
    ],
)  # fmt: skip
def test_partial_range_is_spread_over_the_whole(ybr: tuple[int, int, int], rgb: tuple[int, int, int]) -> None:
    """YBR_PARTIAL_422 has black at 16 and white at 235; the primaries are those of ITU-R BT.601."""
    luminance, blue, red = ybr
    description = PixelDescription(
        rows=1, columns=2, samples_per_pixel=3, bits_allocated=8, bits_stored=8, high_bit=7,
        photometric_interpretation="YBR_PARTIAL_422",
    )  # fmt: skip
    shown = decode(NATIVE, bytes([luminance, luminance, blue, red]), description)
    assert np.abs(shown.astype(int) - rgb).max() <= 1


@pytest.mark.parametrize(
    ("interpretation", "samples"),
    [("HSV", 3), ("ARGB", 4), ("CMYK", 4), ("MONOCHROME2", 2), ("YBR_PARTIAL_420", 3), ("", 3), ("XYZ", 3)],
)
def test_colour_space_that_is_not_shown_is_named(interpretation: str, samples: int) -> None:
    """Retired and unknown colour spaces are refused by name."""
    with pytest.raises(UnsupportedImageError, match=interpretation or "unnamed"):
        decode(
            NATIVE, bytes(64),
            PixelDescription(
                rows=2, columns=2, samples_per_pixel=samples, bits_allocated=8, bits_stored=8, high_bit=7,
                photometric_interpretation=interpretation,
            ),
        )  # fmt: skip


@pytest.mark.parametrize("bits", [4, 12, 24, 64])
def test_bits_allocated_that_are_not_shown_are_named(bits: int) -> None:
    """Packed and over-wide integers are refused by their number of bits."""
    with pytest.raises(UnsupportedImageError, match=f"{bits} bits allocated"):
        PixelDescription(rows=2, columns=2, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1)


@pytest.mark.parametrize(("interpretation", "samples"), [("RGB", 1), ("MONOCHROME2", 3), ("PALETTE COLOR", 3)])
def test_colour_space_that_contradicts_its_samples_is_damaged(interpretation: str, samples: int) -> None:
    """One sample is no RGB, three are no grey."""
    with pytest.raises(DamagedImageError, match=interpretation):
        PixelDescription(rows=2, columns=2, samples_per_pixel=samples, photometric_interpretation=interpretation)


@pytest.mark.parametrize(("bits", "value", "expected"), [(4, 15, 255), (4, 8, 136), (1, 1, 255), (5, 16, 132)])
def test_few_bits_of_colour_fill_the_byte(bits: int, value: int, expected: int) -> None:
    """White is white however few bits it has."""
    rgb = np.full((1, 1, 3), value, np.uint8)
    assert [[[expected] * 3]] == decode(NATIVE, rgb.tobytes(), describe(rgb, bits)).tolist()


def test_high_bit_counts_for_colour_too() -> None:
    """Colour of 8 bits below bit 15 is found there, and bits around it are no part of it."""
    words = np.array([[[0x12FF, 0xABFF, 0xFF00]]], np.uint16)
    description = PixelDescription(
        rows=1, columns=1, samples_per_pixel=3, bits_stored=8, high_bit=15, photometric_interpretation="RGB"
    )
    assert [[[0x12, 0xAB, 0xFF]]] == decode(NATIVE, words.tobytes(), description).tolist()
