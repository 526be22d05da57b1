"""What can be decoded and shown, one row for each transfer syntax and each form of pixel data, and the test that proves it.

The tables of docs/conformance.md come from here; a contract test checks that each named test is there.
"""

from dataclasses import dataclass

from readingroom.pixels.codecs.table import DECODERS, INSTALL, LOSSY, NEWER_NAMES, STREAMS

_LOSSLESS_AND_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (81, 91, 93, 112, 203))
_MATRIX = "tests/pixels/test_matrix.py"
_COLORS = "tests/dicom/test_colors.py"
_JPEG_COLORS = "tests/pixels/test_jpeg_colors.py"
_REFUSED = "tests/contracts/test_conformance.py::test_syntax_without_decoder_is_refused_by_name"
_TESTS = {
    "native": f"{_MATRIX}::test_grey_values_come_back",
    "big_endian": f"{_MATRIX}::test_grey_values_come_back",
    "rle": f"{_MATRIX}::test_grey_values_come_back",
    "deflated_frame": f"{_MATRIX}::test_grey_values_come_back",
    "jpeg": f"{_MATRIX}::test_jpeg_processes_equal_dcmtks",
    "jpegls": f"{_MATRIX}::test_jpeg_ls_equals_dcmtks",
    "jpeg2000": f"{_MATRIX}::test_grey_values_come_back",
    "jpegxl": f"{_MATRIX}::test_grey_values_come_back",
    "video": "tests/pixels/test_video.py::test_each_frame_is_the_one_asked_for",
}
_OTHER_TESTS = {
    **{f"1.2.840.10008.1.2.4.{n}": f"{_JPEG_COLORS}::test_retired_arithmetic_jpeg_is_shown" for n in (52, 54, 56)},
    "1.2.840.10008.1.2.4.111": f"{_MATRIX}::test_recompressed_jpeg_shows_the_jpeg",
}


@dataclass(frozen=True, slots=True)
class SyntaxSupport:
    """One transfer syntax (PS3.6 table A-1): its decoder, empty where there is none, what it keeps, and the test."""

    uid: str
    name: str
    decoder: str
    keeps: str
    note: str
    test: str

    @property
    def is_supported(self) -> bool:
        """Return whether images in this syntax can be shown."""
        return bool(self.decoder)


@dataclass(frozen=True, slots=True)
class PixelSupport:
    """One form of pixel data (PS3.3 C.7.6.3): how it is shown, or that it is refused by name, and the test."""

    form: str
    shown: str
    test: str


def transfer_syntaxes() -> tuple[SyntaxSupport, ...]:
    """Return a row for every transfer syntax of the Standard, in the order of their UIDs."""
    from pydicom._uid_dict import UID_dictionary  # noqa: PLC0415 - the list of the Standard has no other door

    names = {uid: entry[0] for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"} | NEWER_NAMES
    return tuple(_row(uid, names[uid]) for uid in sorted(names, key=lambda uid: [int(part) for part in uid.split(".")]))


def _row(uid: str, name: str) -> SyntaxSupport:
    decoder = DECODERS.get(uid, "")
    keeps = "lossless"
    if uid in LOSSY:
        keeps = "lossless or lossy" if uid in _LOSSLESS_AND_LOSSY else "lossy"
    note = f"needs {INSTALL[decoder]}" if uid in STREAMS else ""
    test = _OTHER_TESTS.get(uid) or _TESTS.get(decoder, _REFUSED)
    return SyntaxSupport(uid, name, decoder, keeps if decoder else "", note if decoder else "refused by name", test)


PIXELS: tuple[PixelSupport, ...] = (
    PixelSupport(
        "1 bit, frames not beginning at a byte",
        "yes",
        "tests/dicom/test_locate.py::test_frames_of_single_bits_need_not_begin_at_a_byte",
    ),
    PixelSupport(
        "2 to 16 bits stored in 8 or 16, signed and unsigned", "exact", f"{_MATRIX}::test_grey_values_come_back"
    ),
    PixelSupport(
        "17 to 32 bits stored in 32, signed and unsigned",
        "exact; JPEG 2000 (not HTJ2K) up to 24 bits",
        f"{_MATRIX}::test_32_bits_come_back",
    ),
    PixelSupport(
        "32 bits in big endian, by words or by bytes",
        "the smoother of the two, with a note",
        "tests/dicom/test_odd_images.py::test_big_endian_of_32_bits_is_read_however_it_was_written",
    ),
    PixelSupport(
        "Codestreams whose header contradicts itself or the image",
        "refused by name, before a decoder is asked",
        "tests/pixels/test_headers.py::test_header_that_forbids_is_refused",
    ),
    PixelSupport(
        "Float and Double Float Pixel Data",
        "by formula",
        "tests/dicom/test_picture.py::test_floating_point_pixels_are_shown",
    ),
    PixelSupport(
        "Bits Allocated of 4, 12, 24, 64 (integers)",
        "refused by name",
        f"{_JPEG_COLORS}::test_bits_allocated_that_are_not_shown_are_named",
    ),
    PixelSupport(
        "High Bit other than Bits Stored - 1",
        "exact; bits around are masked",
        f"{_MATRIX}::test_codestream_has_no_high_bit",
    ),
    PixelSupport("Planar Configuration 0 and 1", "exact", f"{_MATRIX}::test_planes_show_what_pixels_show"),
    PixelSupport(
        "Offset tables: none, Basic, Extended, wrong; any number of fragments",
        "every frame itself",
        "tests/dicom/test_locate.py::test_each_frame_is_found",
    ),
    PixelSupport(
        "MONOCHROME1, MONOCHROME2",
        "through the grayscale pipeline",
        "tests/dicom/test_picture.py::test_monochrome1_is_shown_with_small_values_white",
    ),
    PixelSupport(
        "RGB, more than 8 bits", "its highest 8 bits", f"{_MATRIX}::test_deep_colours_show_their_highest_bits"
    ),
    PixelSupport("YBR_FULL, YBR_FULL_422", "as RGB", f"{_JPEG_COLORS}::test_ybr_full_equals_pydicoms"),
    PixelSupport("YBR_PARTIAL_422 (retired)", "as RGB", f"{_JPEG_COLORS}::test_partial_range_is_spread_over_the_whole"),
    PixelSupport("YBR_RCT, YBR_ICT", "as RGB, by the codestream", f"{_MATRIX}::test_colours_come_back"),
    PixelSupport(
        "YBR_PARTIAL_420", "in video only", "tests/pixels/test_video.py::test_colours_agree_with_another_player"
    ),
    PixelSupport(
        "HSV, ARGB, CMYK (retired), 2 or 4 samples per pixel",
        "refused by name",
        f"{_JPEG_COLORS}::test_colour_space_that_is_not_shown_is_named",
    ),
    PixelSupport(
        "JPEG whose colours contradict Photometric Interpretation",
        "as the codestream proves, with a note",
        f"{_JPEG_COLORS}::test_codestream_that_proves_its_colours_is_believed",
    ),
    PixelSupport(
        "PALETTE COLOR, 8 and 16 bit entries and indices",
        "as RGB",
        f"{_COLORS}::test_entries_are_what_they_hold_whatever_their_bits_say",
    ),
    PixelSupport(
        "Segmented palettes: discrete, linear, indirect", "as RGB", f"{_COLORS}::test_segments_make_the_table"
    ),
    PixelSupport(
        "Supplemental palette",
        "grey below, coloured above",
        f"{_COLORS}::test_supplemental_palette_colours_what_lies_above_the_grey",
    ),
    PixelSupport(
        "ICC Profile, of the image or of an optical path",
        "to sRGB, perceptual intent; useless ones are told",
        f"{_COLORS}::test_colours_go_through_their_profile_to_srgb",
    ),
    PixelSupport(
        "Color Space without ICC Profile",
        "as sRGB, with a note",
        f"{_COLORS}::test_colour_space_without_profile_is_told",
    ),
    PixelSupport(
        "Lossy history and lossy codestreams",
        "marked with their ratio",
        f"{_MATRIX}::test_codestream_says_whether_anything_was_lost",
    ),
)
"""The forms of pixel data and what becomes of them."""
