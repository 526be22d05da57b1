"""What a codestream says about itself, read before any memory is asked for on its word."""

from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.codecs.jpegxl_header import JpegXlHeader
from readingroom.pixels.description import PixelDescription

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_HEADERS = frozenset({0xF7, *range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_MARKER = b"\xff\xd9"
_MAX_PADDING = 64
_JFIF, _ADOBE = 0xE0, 0xEE
JPEG_LS_FRAME = 0xF7


class JpegHeader:
    """What a JPEG or JPEG-LS stream says of itself up to its first scan (ITU-T T.81 B.2, T.87 C.2).

    ``frame_type`` is the SOF marker's number. ``adobe_transform`` is None when there is no Adobe marker, ``is_jfif``
    whether there is a JFIF one. ``component_ids`` and ``sampling`` have a byte for each component, the sampling
    factors as H and V in its halves. ``near`` and ``point_transform`` are those of the first scan.
    """

    def __init__(self, data: bytes) -> None:
        self.adobe_transform: int | None = None
        self.is_jfif = False
        self.component_ids = self.sampling = b""
        self.rows = self.columns = self.samples = self.precision = self.frame_type = 0
        self.near = self.point_transform = 0
        if data[:2] != b"\xff\xd8":
            raise DamagedImageError("The compressed image does not begin like JPEG.")
        position, in_header = 2, True
        while in_header and position + 4 <= len(data):
            in_header = data[position + 1] != _START_OF_SCAN
            position = self._read_marker(data, position)
        if self.frame_type and not self.rows:
            raise UnsupportedImageError("JPEG that tells its rows only at its end (DNL) is not supported.")
        if not self.rows:
            raise DamagedImageError("The compressed image ends before it says how large it is.")

    @property
    def near_or_point_transform(self) -> int:
        """Return NEAR of JPEG-LS or Pt of lossless JPEG: how much of a value was given up, 0 for nothing."""
        return self.near if self.frame_type == JPEG_LS_FRAME else self.point_transform

    def _read_marker(self, data: bytes, position: int) -> int:
        if data[position] != 0xFF:  # noqa: PLR2004 - every marker begins so
            raise DamagedImageError("The compressed image is not JPEG after its first bytes.")
        marker = data[position + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill bytes may precede a marker
            return position + 1
        if marker in _STANDALONE:
            return position + 2
        length = int.from_bytes(data[position + 2 : position + 4])
        body = data[position + 4 : position + 2 + length]
        if marker in _FRAME_HEADERS and len(body) >= 6:  # noqa: PLR2004 - precision, rows, columns, samples
            self.frame_type = marker
            self.precision, self.samples = body[0], body[5]
            self.rows, self.columns = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            self.component_ids, self.sampling = body[6::3], body[7::3]
        elif marker == _START_OF_SCAN and len(body) >= 4:  # noqa: PLR2004 - components, then three parameters
            self.near, self.point_transform = body[-3], body[-1] & 0x0F
        elif marker == _JFIF and body[:4] == b"JFIF":
            self.is_jfif = True
        elif marker == _ADOBE and body[:5] == b"Adobe" and len(body) >= 12:  # noqa: PLR2004 - transform is byte 11
            self.adobe_transform = body[11]
        return position + 2 + length


def jpeg2000_size(data: bytes) -> tuple[int, int, int]:
    """Return rows, columns and components from the SIZ marker of a JPEG 2000 codestream (ITU-T T.800 A.5.1)."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0 or len(data) < start + 42:
        raise DamagedImageError("The compressed image does not begin like JPEG 2000.")
    x1, y1, x0, y0 = (int.from_bytes(data[start + at : start + at + 4]) for at in (8, 12, 16, 20))
    return y1 - y0, x1 - x0, int.from_bytes(data[start + 40 : start + 42])


def jpeg2000_samples(data: bytes) -> tuple[int, bool]:
    """Return the bits of a sample and whether it is signed, from the SIZ marker (Ssiz, ITU-T T.800 A.5.1)."""
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0 or len(data) < start + 43:
        raise DamagedImageError("The compressed image does not begin like JPEG 2000.")
    return (data[start + 42] & 0x7F) + 1, data[start + 42] >= 0x80  # noqa: PLR2004 - the highest bit


def jpeg2000_is_reversible(data: bytes) -> bool:
    """Return whether a JPEG 2000 codestream uses the 5/3 wavelet (COD marker, ITU-T T.800 A.6.1)."""
    start = data.find(b"\xff\x52", 0, 65_536)
    return start >= 0 and len(data) > start + 13 and data[start + 13] == 1


def jpeg2000_is_high_throughput(data: bytes) -> bool:
    """Return whether a JPEG 2000 codestream has a CAP marker right after SIZ (ITU-T T.814 A.3)."""
    siz = data.find(b"\xff\x4f\xff\x51", 0, 4096) + 2
    after = siz + 2 + int.from_bytes(data[siz + 2 : siz + 4])
    return siz >= 2 and data[after : after + 2] == b"\xff\x50"  # noqa: PLR2004 - found at all


def jpeg2000_transforms_color(data: bytes) -> bool:
    """Return whether a JPEG 2000 codestream decorrelates its colours itself (COD marker, ITU-T T.800 A.6.1)."""
    start = data.find(b"\xff\x52", 0, 65_536)
    return start >= 0 and len(data) > start + 8 and data[start + 8] == 1


def jpegxl_size(data: bytes) -> tuple[int, int]:
    """Return rows and columns of a JPEG XL codestream."""
    header = JpegXlHeader(data)
    return header.rows, header.columns


def check_end(data: bytes) -> None:
    """Raise ``DamagedImageError`` when a JPEG or JPEG 2000 stream has no end marker: decoders would fill in grey.

    A byte of padding may follow the marker (PS3.5 A.4); some writers fill up to a block of theirs with zeros.
    """
    is_near = data.rfind(_END_MARKER, max(len(data) - _MAX_PADDING, 0)) >= 0
    if not is_near and not data.rstrip(b"\0").endswith(_END_MARKER):
        raise DamagedImageError("The compressed image is cut off before its end.")


def check_size(rows: int, columns: int, samples: int, description: PixelDescription) -> None:
    """Raise ``DamagedImageError`` when a codestream's own size is not the one in the image's attributes."""
    if (rows, columns, samples) != (description.rows, description.columns, description.samples_per_pixel):
        raise DamagedImageError(
            f"The image says it has {description.rows} rows, {description.columns} columns and "
            f"{description.samples_per_pixel} samples, but its pixel data holds {rows}, {columns} and {samples}."
        )
