"""Which module decodes which transfer syntax (PS3.6 table A-1), and what each syntax allows."""

_JPEG = "1.2.840.10008.1.2.4."
_VIDEO = (*(f"{n}{part}" for n in range(100, 106) for part in ("", ".1")), "107", "108")

DECODERS = {
    "1.2.840.10008.1.2": "native",
    "1.2.840.10008.1.2.1": "native",
    "1.2.840.10008.1.2.1.99": "native",
    "1.2.840.10008.1.2.1.98": "native",
    "1.2.840.10008.1.2.2": "big_endian",
    "1.2.840.10008.1.2.5": "rle",
    "1.2.840.10008.1.2.8.1": "deflated_frame",
    **{f"{_JPEG}{n}": "jpeg" for n in (50, 51, 52, 53, 54, 55, 56, 57, 70)},
    **{f"{_JPEG}{n}": "jpegls" for n in (80, 81)},
    **{f"{_JPEG}{n}": "jpeg2000" for n in (90, 91, 201, 202, 203)},
    **{f"{_JPEG}{n}": "jpegxl" for n in (110, 111, 112)},
    **{f"{_JPEG}{n}": "video" for n in _VIDEO},
}
"""Transfer Syntax UID to the name of the module here that decodes it.

Left out, and so refused by name: stereo video (.106), of which one eye would be
shown; hierarchical JPEG and arithmetic lossless JPEG (.58 to .66, retired), multi-component
JPEG 2000 (.92, .93), syntaxes whose pixels lie elsewhere (JPIP, SMPTE ST 2110) and the retired wrappings of a dataset.
"""

LOSSY = frozenset(f"{_JPEG}{n}" for n in (*range(50, 57), *range(59, 65), 81, 91, 93, 111, 112, 203, *_VIDEO))
"""Syntaxes whose frames are, or may be, compressed with loss (PS3.5 section 10); .111 holds what was lossy JPEG."""

STREAMS = frozenset(f"{_JPEG}{n}" for n in _VIDEO)
"""Syntaxes whose fragments together hold one video, not a frame each (PS3.5 A.4.5 and after)."""

INSTALL = {"video": "pip install 'readingroom[video]'"}
"""How to get what a decoder needs; the others need nothing that does not come with this package."""

NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
"""Syntaxes whose pixel data is not in fragments (PS3.5 8.2)."""

_ANY_TEXT = 0
"""pydicom's validation mode for a UID that may be none: its name is wanted because something is wrong with it."""

NEWER_NAMES = {
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    f"{_JPEG}110": "JPEG XL Lossless",
    f"{_JPEG}111": "JPEG XL JPEG Recompression",
    f"{_JPEG}112": "JPEG XL",
}
"""Names of PS3.6 table A-1 that pydicom does not know yet."""


def is_encapsulated(transfer_syntax_uid: str) -> bool:
    """Return whether pixel data of this syntax lies in fragments (PS3.5 A.4)."""
    return transfer_syntax_uid not in NATIVE


def uid_name(uid: str) -> str:
    """Return the Standard's name of a SOP class or transfer syntax (PS3.6 A-1), what is given where it has none."""
    from pydicom.uid import UID  # noqa: PLC0415 - needed for words only

    return (NEWER_NAMES.get(uid) or UID(uid, _ANY_TEXT).name) if uid else "unnamed"


def syntax_name(transfer_syntax_uid: str) -> str:
    """Return a transfer syntax in words, its UID behind them."""
    name = uid_name(transfer_syntax_uid)
    return name if name == transfer_syntax_uid else f"{name} ({transfer_syntax_uid})"
