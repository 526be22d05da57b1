"""Every lossless encoding of every sign, width and odd size comes back bit by bit; lossy ones within their known loss."""

import subprocess
from pathlib import Path

import imagecodecs
import jpeg_ls
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs import LOSSY, PixelDescription, decode, loss, remarks
from readingroom.testing.encoders import ENCODERS, bit_pattern, describe, rle
from readingroom.testing.files import small_image

JPEG = "1.2.840.10008.1.2.4."
NATIVE = "1.2.840.10008.1.2.1"
SIZES = ((1, 1), (1, 9), (9, 1), (3, 5), (24, 17))
WIDE = [s for s in ENCODERS if not s.startswith(JPEG) or s.startswith(JPEG + "20")]
BITS = (2, 7, 8, 9, 10, 12, 15, 16)


def noise(shape: tuple[int, ...], bits: int, *, signed: bool, itemsize: int = 0) -> np.ndarray:
    """Return samples of all values that fit, of the narrowest type that holds them or of ``itemsize`` bytes."""
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    size = itemsize or (1 if bits <= 8 else 2 if bits <= 16 else 4)
    return np.random.default_rng(bits).integers(low, high, shape).astype(f"{'i' if signed else 'u'}{size}")


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", ENCODERS)
def test_grey_values_come_back(syntax: str, signed: bool, bits: int) -> None:
    """Stored values of any width and sign, in images of odd sizes, are what was encoded."""
    for size in SIZES:
        pixels = noise(size, bits, signed=signed)
        decoded = decode(syntax, ENCODERS[syntax](pixels, bits), describe(pixels, bits))
        assert (pixels.dtype, pixels.tolist()) == (decoded.dtype, decoded.tolist())


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", ENCODERS)
def test_eight_bits_in_sixteen_come_back(syntax: str, signed: bool) -> None:
    """A codestream of 8 bits in an image of 16 bits allocated keeps its values and their sign."""
    pixels = noise((3, 5), 8, signed=signed, itemsize=2)
    assert pixels.tolist() == decode(syntax, ENCODERS[syntax](pixels, 8), describe(pixels, 8)).tolist()


@pytest.mark.parametrize("syntax", ENCODERS)
def test_colours_come_back(syntax: str) -> None:
    """RGB of 8 bits in images of odd sizes is what was encoded."""
    for size in SIZES:
        rgb = noise((*size, 3), 8, signed=False)
        assert np.array_equal(rgb, decode(syntax, ENCODERS[syntax](rgb, 8), describe(rgb)))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_deep_colours_show_their_highest_bits(syntax: str) -> None:
    """Colour of 12 bits in 16 is shown by its upper eight, whatever the codec."""
    rgb = noise((5, 7, 3), 12, signed=False)
    assert np.array_equal(rgb >> 4, decode(syntax, ENCODERS[syntax](rgb, 12), describe(rgb, 12)))


@pytest.mark.parametrize("syntax", WIDE)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_32_bits_come_back(syntax: str, signed: bool) -> None:
    """Dose and other 32-bit values, where a syntax can hold them."""
    pixels = noise((3, 5), 32, signed=signed)
    assert pixels.tolist() == decode(syntax, ENCODERS[syntax](pixels, 32), describe(pixels)).tolist()


def test_jpeg_2000_of_more_bits_than_its_decoder_has_is_refused() -> None:
    """24 bits are exact; more come out wrong from the codec and are refused, not shown."""
    pixels = noise((3, 5), 24, signed=False)
    assert pixels.tolist() == decode(JPEG + "90", ENCODERS[JPEG + "90"](pixels, 24), describe(pixels, 24)).tolist()
    wide = noise((3, 5), 25, signed=False)
    with pytest.raises(UnsupportedImageError, match="25 bits"):
        decode(JPEG + "90", ENCODERS[JPEG + "90"](wide, 25), describe(wide, 25))


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_every_predictor_of_lossless_jpeg_comes_back(predictor: int, bits: int) -> None:
    """The seven selection values of process 14, also where P is 16 over 12 bits stored."""
    pixels = noise((24, 17), bits, signed=True)
    for precision in {bits, 16 if bits > 8 else 8}:
        pattern = bit_pattern(pixels, precision)
        data = imagecodecs.jpeg8_encode(pattern, lossless=True, bitspersample=precision, predictor=predictor)
        assert pixels.tolist() == decode(JPEG + "57", data, describe(pixels, bits)).tolist()


@pytest.mark.parametrize("bits", [2, 8, 10, 12, 16])
def test_jpeg_ls_of_its_own_precision_comes_back(bits: int) -> None:
    """JPEG-LS whose P is the bits stored, as another encoder writes it."""
    pixels = noise((24, 17), bits, signed=True)
    pattern = bit_pattern(pixels, bits)
    data = jpeg_ls.encode_pixel_data(
        pattern.tobytes(), rows=24, columns=17, samples_per_pixel=1, bits_stored=bits, lossy_error=0
    )
    assert pixels.tolist() == decode(JPEG + "80", bytes(data), describe(pixels, bits)).tolist()


@pytest.mark.parametrize("mode", ["none", "line", "sample"])
def test_every_interleave_of_jpeg_ls_comes_back(mode: str, tmp_path: Path) -> None:
    """Colour JPEG-LS in planes, lines or samples is the same picture."""
    rgb = noise((24, 17, 3), 8, signed=False)
    dataset = small_image(1, rgb[..., 0])
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 3, 0, "RGB"
    dataset.PixelData = rgb.tobytes()
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    encoded = dcmtk("dcmcjpls", f"--interleave-{mode}", at=tmp_path)
    data = next(generate_frames(encoded.PixelData, number_of_frames=1))
    assert np.array_equal(rgb, decode(JPEG + "80", data, describe(rgb)))


@pytest.mark.parametrize("transform", [1, 2])
def test_colour_transform_of_jpeg_ls_is_undone(transform: int) -> None:
    """The marker that many JPEG-LS writers use for decorrelated colours (APP8 mrfx) is understood."""
    rgb = noise((24, 17, 3), 8, signed=False)
    red, green, blue = (rgb[..., sample].astype(int) for sample in range(3))
    less = green if transform == 1 else (red + green) // 2
    stored = np.stack([red - green + 128, green, blue - less + 128], -1) % 256
    data = imagecodecs.jpegls_encode(stored.astype(np.uint8))
    marked = data[:2] + b"\xff\xe8\x00\x07mrfx" + bytes([transform]) + data[2:]
    assert np.array_equal(rgb, decode(JPEG + "80", marked, describe(rgb)))


@pytest.mark.parametrize("itemsize", [1, 2])
@pytest.mark.parametrize("syntax", [NATIVE, "1.2.840.10008.1.2.2", NATIVE + ".98", "1.2.840.10008.1.2.8.1"])
def test_planes_show_what_pixels_show(syntax: str, itemsize: int) -> None:
    """Planar Configuration 1 changes where samples lie, not the picture."""
    rgb = noise((3, 5, 3), 8 * itemsize, signed=False)
    description = describe(rgb)
    planar = PixelDescription(
        rows=3, columns=5, samples_per_pixel=3, bits_allocated=8 * itemsize, bits_stored=8 * itemsize,
        high_bit=8 * itemsize - 1, planar_configuration=1, photometric_interpretation="RGB",
    )  # fmt: skip
    expected = decode(syntax, ENCODERS[syntax](rgb, 8 * itemsize), description)
    planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
    assert np.array_equal(expected, decode(syntax, ENCODERS[syntax](planes, 8 * itemsize), planar))


@pytest.mark.parametrize("syntax", [JPEG + n for n in ("57", "70", "80", "81", "90", "91")])
def test_codestream_has_no_high_bit(syntax: str) -> None:
    """With High Bit 15 over 12 bits stored, a codestream of 12 bits holds the values themselves."""
    pixels = noise((24, 17), 12, signed=False)
    description = PixelDescription(rows=24, columns=17, bits_stored=12, high_bit=15)
    data = ENCODERS[syntax](pixels, 12)
    if syntax in (JPEG + "80", JPEG + "81"):
        data = bytes(jpeg_ls.encode_pixel_data(
            pixels.tobytes(), rows=24, columns=17, samples_per_pixel=1, bits_stored=12, lossy_error=0
        ))  # fmt: skip
    assert pixels.tolist() == decode(syntax, data, description).tolist()


def test_whole_word_in_a_codestream_keeps_its_high_bit() -> None:
    """A codestream of 16 bits over 12 stored below bit 15 holds the word as it was allocated."""
    pixels = noise((3, 5), 12, signed=False)
    description = PixelDescription(rows=3, columns=5, bits_stored=12, high_bit=15)
    assert pixels.tolist() == decode(JPEG + "80", ENCODERS[JPEG + "80"](pixels << 4, 16), description).tolist()


def test_sign_of_jpeg_2000_gives_way_to_pixel_representation() -> None:
    """Two's complement of 13 bits in an unsigned codestream is signed where the image says so, and the reverse."""
    pixels = noise((24, 17), 13, signed=True)
    unsigned = imagecodecs.jpeg2k_encode(bit_pattern(pixels, 13), reversible=True, level=0, bitspersample=13)
    signed = imagecodecs.jpeg2k_encode(pixels, reversible=True, level=0, bitspersample=13)
    assert pixels.tolist() == decode(JPEG + "90", unsigned, describe(pixels, 16)).tolist()
    pattern = bit_pattern(pixels, 13)
    assert pattern.tolist() == decode(JPEG + "90", signed, describe(pattern, 16)).tolist()
    assert 1 == len(remarks(JPEG + "90", unsigned, describe(pixels, 16)))


def test_untidy_runs_are_read_as_far_as_they_count() -> None:
    """RLE whose last run or padding goes beyond the image is shown; one that ends before it is damaged."""
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    header, body = rle(pixels)[:64], bytes([47]) + pixels.tobytes()
    for tail in (b"\x05\x07\x07", b"\xf0\x07", b"\x05", b"\x00\x00"):
        assert pixels.tolist() == decode("1.2.840.10008.1.2.5", header + body + tail, describe(pixels)).tolist()
    beyond = bytes([60]) + pixels.tobytes() + bytes(13)
    assert pixels.tolist() == decode("1.2.840.10008.1.2.5", header + beyond, describe(pixels)).tolist()
    with pytest.raises(DamagedImageError, match="40 bytes"):
        decode("1.2.840.10008.1.2.5", header + bytes([39]) + pixels.tobytes()[:40], describe(pixels))


def smooth(bits: int = 8, *, color: bool = False) -> np.ndarray:
    """Return a picture that lossy compression hardly hurts."""
    y, x = np.mgrid[:64, :64]
    gray = (x + y) * ((1 << bits) - 1) // 126
    pixels = np.stack([gray, gray[::-1], (1 << bits) - 1 - gray], -1) if color else gray
    return pixels.astype(np.uint8 if bits <= 8 else np.uint16)


PROCESSES = {"+eb": "50", "+ee": "51", "+es": "53", "+ep": "55", "+el": "57", "+e1": "70"}


def dcmtk(tool: str, *arguments: str, at: Path) -> pydicom.Dataset:
    """Run one of DCMTK's programs from in.dcm to out.dcm."""
    subprocess.run([f"/usr/bin/{tool}", *arguments, "in.dcm", "out.dcm"], cwd=at, check=True, capture_output=True)
    return pydicom.dcmread(at / "out.dcm")


@pytest.mark.parametrize(("process", "bits"), [(p, b) for p in PROCESSES for b in (8, 12) if (p, b) != ("+eb", 12)])
def test_jpeg_processes_equal_dcmtks(process: str, bits: int, tmp_path: Path) -> None:
    """What DCMTK encodes, retired processes too, decodes as DCMTK decodes it: lossless exactly, lossy within rounding."""
    pixels = smooth(bits)
    dataset = small_image(1, pixels)
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    encoded = dcmtk("dcmcjpeg", process, at=tmp_path)
    assert JPEG + PROCESSES[process] == encoded.file_meta.TransferSyntaxUID
    data = next(generate_frames(encoded.PixelData, number_of_frames=1))
    (tmp_path / "out.dcm").rename(tmp_path / "in.dcm")
    expected = dcmtk("dcmdjpeg", at=tmp_path).pixel_array
    decoded = decode(encoded.file_meta.TransferSyntaxUID, data, describe(pixels, bits))
    lossless = process in ("+el", "+e1")
    assert np.abs(decoded.astype(int) - expected).max() <= (0 if lossless else 1)
    assert ("none" if lossless else "some") == loss(encoded.file_meta.TransferSyntaxUID, data)


@pytest.mark.parametrize("near", [0, 2])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_jpeg_ls_equals_dcmtks(bits: int, near: int, tmp_path: Path) -> None:
    """JPEG-LS of DCMTK decodes as DCMTK decodes it, near-lossless too."""
    pixels = smooth(bits)
    dataset = small_image(1, pixels)
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    encoded = dcmtk("dcmcjpls", *(["+en", "+md", str(near)] if near else ["+el"]), at=tmp_path)
    data = next(generate_frames(encoded.PixelData, number_of_frames=1))
    (tmp_path / "out.dcm").rename(tmp_path / "in.dcm")
    expected = dcmtk("dcmdjpls", at=tmp_path).pixel_array
    decoded = decode(encoded.file_meta.TransferSyntaxUID, data, describe(pixels, bits))
    assert np.array_equal(expected, decoded)
    assert np.abs(decoded.astype(int) - pixels).max() <= near
    assert ("some" if near else "none") == loss(encoded.file_meta.TransferSyntaxUID, data)


@pytest.mark.parametrize(
    ("syntax", "data", "expected"),
    [
        ("91", imagecodecs.jpeg2k_encode(smooth(), reversible=True, level=0), "unknown"),
        ("91", imagecodecs.jpeg2k_encode(smooth(), reversible=False, level=40), "some"),
        ("90", imagecodecs.jpeg2k_encode(smooth(), reversible=True, level=0), "none"),
        ("90", imagecodecs.jpeg2k_encode(smooth(), reversible=False, level=40), "some"),
        ("203", imagecodecs.htj2k_encode(smooth(), reversible=True), "unknown"),
        ("203", imagecodecs.htj2k_encode(smooth(), reversible=False, level=0.01), "some"),
        ("81", imagecodecs.jpegls_encode(smooth()), "none"),
        ("81", imagecodecs.jpegls_encode(smooth(), level=3), "some"),
        ("80", imagecodecs.jpegls_encode(smooth(), level=3), "some"),
        ("110", imagecodecs.jpegxl_encode(smooth(), lossless=True), "none"),
        ("111", imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(smooth(color=True))), "some"),
        ("112", imagecodecs.jpegxl_encode(smooth(), lossless=True), "some"),
    ],
)
def test_codestream_says_whether_anything_was_lost(syntax: str, data: bytes, expected: str) -> None:
    """NEAR, the wavelet and the process prove it; where they do not, the syntax counts."""
    assert expected == loss(JPEG + syntax, data)
    pixels = smooth(color=syntax == "111")
    told = [note for note in remarks(JPEG + syntax, data, describe(pixels)) if "lossy" in note]
    assert bool(told) == (expected == "some" and JPEG + syntax not in LOSSY)


@pytest.mark.parametrize(
    ("syntax", "data", "tolerance"),
    [
        ("91", imagecodecs.jpeg2k_encode(smooth(12), reversible=False, level=60, bitspersample=12), 30),
        ("203", imagecodecs.htj2k_encode(smooth(12), reversible=False, level=0.001), 200),
        ("112", imagecodecs.jpegxl_encode(smooth(12), distance=0.1, bitspersample=12), 40),
        ("81", imagecodecs.jpegls_encode(smooth(12), level=2), 2),
    ],
)
def test_lossy_values_are_near_what_was_encoded(syntax: str, data: bytes, tolerance: int) -> None:
    """Lossy frames of 12 bits keep their scale."""
    decoded = decode(JPEG + syntax, data, describe(smooth(12), 12))
    assert np.abs(decoded.astype(int) - smooth(12)).max() <= tolerance


def test_recompressed_jpeg_shows_the_jpeg() -> None:
    """JPEG XL JPEG Recompression shows what the JPEG within it shows, within the rounding of two decoders."""
    original = imagecodecs.jpeg8_encode(smooth(color=True), level=95, subsampling="444")
    recompressed = imagecodecs.jpegxl_encode_jpeg(original)
    description = describe(smooth(color=True), photometric="YBR_FULL_422")
    shown = decode(JPEG + "111", recompressed, description)
    assert np.abs(shown.astype(int) - decode(JPEG + "50", original, description)).max() <= 4
