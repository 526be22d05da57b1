"""Files that lie, made on the spot: each case is a name and a function that writes it, the same bytes every time."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.sequence import Sequence

from readingroom.testing.files import compress, small_image, write

JPEG = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
MEGA = 2**20

Case = Callable[[Path], None]


def zeros_deflated(length: int) -> bytes:
    """Return a raw deflate stream of ``length`` MiB of zeros without ever holding them."""
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = deflater.compress(bytes(MEGA)) + deflater.flush(zlib.Z_FULL_FLUSH)
    again = deflater.compress(bytes(MEGA)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return block + again * (length - 1) + deflater.flush()


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Return an element in Explicit VR Little Endian, with a length of its own choice."""
    promised = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    if vr in {b"OB", b"OW", b"SQ", b"UN", b"UT"}:
        return head + struct.pack("<HL", 0, promised) + value
    return head + struct.pack("<H", promised % 2**16) + value


def _with(path: Path, extra: bytes, before: bytes = b"\xe0\x7f\x10\x00", **changes: object) -> None:
    """Write a small image with raw bytes put before an element, the pixel data unless told otherwise."""
    write(small_image(1), path, **changes)
    data = path.read_bytes()
    at = data.index(before)
    path.write_bytes(data[:at] + extra + data[at:])


def _deflate_bomb(path: Path) -> None:
    dataset = small_image(1)
    dataset.file_meta.TransferSyntaxUID = DEFLATED
    write(dataset, path)
    data = path.read_bytes()
    start = (
        128 + 4 + 12 + int.from_bytes(data[140:144], "little")
    )  # preamble, prefix, the group length and what it says
    path.write_bytes(data[:start] + zeros_deflated(2048))


def _deflated_frame_bomb(path: Path) -> None:
    write(compress(small_image(1), DEFLATED_FRAME, [zeros_deflated(1024)]), path)


def _rle(rows: int, columns: int, segments: list[bytes]) -> Case:
    def make(path: Path) -> None:
        offsets = [64 + sum(map(len, segments[:n])) for n in range(len(segments))]
        header = struct.pack("<16L", len(segments), *offsets, *[0] * (15 - len(segments)))
        write(compress(small_image(1), RLE, [header + b"".join(segments)]), path, Rows=rows, Columns=columns)

    return make


def _rle_offsets(path: Path) -> None:
    header = struct.pack("<16L", 2, 64, 0xFFFFFFF0, *[0] * 13)
    write(compress(small_image(1), RLE, [header + bytes(64)]), path)


def siz(rows: int, columns: int, components: int = 1, tile: tuple[int, int] | None = None, step: int = 1) -> bytes:
    """Return a JPEG 2000 codestream that is all header (ITU-T T.800 A.5.1) and has no tile."""
    tile_rows, tile_columns = tile or (rows, columns)
    body = struct.pack(">H8LH", 0, columns, rows, 0, 0, tile_columns, tile_rows, 0, 0, components)
    body += bytes((15, step, step)) * components
    cod = b"\xff\x52" + struct.pack(">HBBHBBBBBB", 12, 0, 0, 1, 0, 5, 4, 4, 0, 1)
    qcd = b"\xff\x5c" + struct.pack(">HB", 19, 0x40) + bytes(range(0x88, 0x98))
    sot = b"\xff\x90" + struct.pack(">HHLBB", 10, 0, 0, 0, 1) + b"\xff\x93" + bytes(64)
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(body) + 2) + body + cod + qcd + sot + b"\xff\xd9"


def _j2k(data: bytes, rows: int, columns: int, syntax: str = "90") -> Case:
    def make(path: Path) -> None:
        write(compress(small_image(1), JPEG + syntax, [data]), path, Rows=rows, Columns=columns)

    return make


def jpeg_header(  # noqa: PLR0913, PLR0917 - each is a field of the header that may lie
    rows: int,
    columns: int,
    marker: int = 0xC3,
    precision: int = 16,
    samples: int = 1,
    sampling: int = 0x11,
    scans: int = 1,
) -> bytes:
    """Return a JPEG or JPEG-LS stream of a frame header, empty scans and an end."""
    components = b"".join(bytes((n + 1, sampling, 0)) for n in range(samples))
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 8 + 3 * samples, precision, rows, columns, samples) + components
    scan = struct.pack(">BBHB", 0xFF, 0xDA, 6 + 2 * samples, samples)
    scan += b"".join(bytes((n + 1, 0)) for n in range(samples)) + bytes((1, 0, 0))
    return b"\xff\xd8" + frame + scan * scans + bytes(64) + b"\xff\xd9"


def _jpeg(syntax: str, data: bytes, rows: int, columns: int) -> Case:
    def make(path: Path) -> None:
        write(compress(small_image(1), JPEG + syntax, [data]), path, Rows=rows, Columns=columns)

    return make


def _bits(*fields: tuple[int, int]) -> bytes:
    """Return (bits, value) fields from the lowest bit up, as JPEG XL packs its header."""
    value = at = 0
    for width, field in fields:
        value |= field << at
        at += width
    return value.to_bytes(32, "little")


def _deep_sequence(depth: int) -> Case:
    """Return nested sequences of undefined length."""
    opened = element(0x00081140, b"SQ", b"", 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return lambda path: _with(path, opened * depth + closed * depth, b"\x10\x00\x10\x00")


def _deep_defined(path: Path) -> None:
    inner = b""
    for _ in range(5000):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(inner)) + inner
        inner = element(0x00081140, b"SQ", item)
    _with(path, inner, b"\x10\x00\x10\x00")


def _many_items(count: int, tag: int = 0x52009230) -> Case:
    """Return per-frame functional groups of ``count`` empty items."""
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * count
    return lambda path: _with(path, element(tag, b"SQ", items), NumberOfFrames=1)


def _many_elements(path: Path) -> None:
    tiny = b"".join(
        struct.pack("<HH2sH", 0x0011 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(0x1000, 0x400000)
    )
    _with(path, tiny, b"\x28\x00\x02\x00")


def _frames(count: int) -> Case:
    return lambda path: (write(small_image(1), path, NumberOfFrames=count), None)[1]


def _frame_count_text(path: Path) -> None:
    write(small_image(1, np.zeros((2, 8, 6), np.int16)), path)
    data = path.read_bytes()
    at = data.index(b"\x28\x00\x08\x00IS")
    path.write_bytes(data[:at] + b"\x28\x00\x08\x00IS\x0a\x002147483648" + data[at + 10 :])


def _sparse(tag: int, vr: bytes, size: int) -> Case:
    """Return an image with a value of ``size`` zero bytes before its pixels that takes no room on the disk."""

    def make(path: Path) -> None:
        write(small_image(1), path)
        data = path.read_bytes()
        at = data.index(b"\xe0\x7f\x10\x00")
        head = data[:at] + element(tag, vr, b"", size)
        with path.open("wb") as file:
            file.write(head)
            file.seek(size, 1)
            file.write(data[at:])

    return make


def _sparse_tail(syntax: str, size: int) -> Case:
    """Return a compressed image of one fragment that is ``size`` zero bytes."""

    def make(path: Path) -> None:
        write(compress(small_image(1), syntax, [bytes(2)]), path)
        data = path.read_bytes()
        at = data.rindex(b"\xfe\xff\x00\xe0")
        with path.open("wb") as file:
            file.write(data[:at] + b"\xfe\xff\x00\xe0" + struct.pack("<L", size))
            file.seek(size, 1)
            file.write(b"\xfe\xff\xdd\xe0\0\0\0\0")

    return make


def _meta(changed: Callable[[bytes], bytes]) -> Case:
    def make(path: Path) -> None:
        write(small_image(1), path)
        path.write_bytes(changed(path.read_bytes()))

    return make


def _dicomdir(path: Path) -> None:
    """Write a DICOMDIR that points out of its folder (PS3.3 F)."""
    dataset = small_image(1)
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(dataset, keyword)
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    record = Dataset()
    record.DirectoryRecordType = "IMAGE"
    record.ReferencedFileID = ["AA", "AA", "ETC", "PASSWD"]
    dataset.DirectoryRecordSequence = Sequence([record])
    write(dataset, path, SOPClassUID="1.2.840.10008.1.3.10")
    path.write_bytes(path.read_bytes().replace(b"AA\\AA\\ETC", b"..\\..\\ETC"))


CASES: dict[str, Case] = {
    "deflate bomb": _deflate_bomb,
    "deflated frame bomb": _deflated_frame_bomb,
    "rle 65535 x 65535": _rle(65_535, 65_535, [b"\x81\0" * 64, b"\x81\0" * 64]),
    "rle says more segments than it has": _rle(8, 6, [b"\x81\0"] * 15),
    "rle offsets beyond the end": _rle_offsets,
    "rle holds too little": _rle(11_000, 11_000, [b"\x81\0" * 8192, b"\x81\0" * 8192]),
    "j2k 65535 x 65535": _j2k(siz(65_535, 65_535), 65_535, 65_535),
    "j2k giant of nothing": _j2k(siz(11_000, 11_000), 11_000, 11_000),
    "j2k other size": _j2k(siz(9000, 9000), 8, 6),
    "j2k one-pixel tiles": _j2k(siz(11_000, 11_000, tile=(1, 1)), 11_000, 11_000),
    "j2k 16 million tiles": _j2k(siz(4000, 4000, tile=(1, 1)), 4000, 4000),
    "htj2k of 33 bits": _j2k(siz(8, 6).replace(bytes((15, 1, 1)), bytes((32, 1, 1))), 8, 6, "201"),
    "j2k no tile size": _j2k(siz(512, 512, tile=(0, 0)), 512, 512),
    "j2k 16384 components": _j2k(siz(8, 6, components=16_384), 8, 6),
    "j2k components sampled by 255": _j2k(siz(8000, 8000, step=255), 8000, 8000),
    "htj2k giant": _j2k(siz(60_000, 60_000), 60_000, 60_000, "201"),
    "jpeg lossless giant": _jpeg("70", jpeg_header(65_535, 65_535), 65_535, 65_535),
    "jpeg lossless of nothing": _jpeg("70", jpeg_header(11_000, 11_000), 11_000, 11_000),
    "jpeg-ls giant": _jpeg("80", jpeg_header(65_535, 65_535, 0xF7), 65_535, 65_535),
    "jpeg-ls of nothing": _jpeg("80", jpeg_header(11_000, 11_000, 0xF7), 11_000, 11_000),
    "jpeg other size": _jpeg("50", jpeg_header(8000, 8000, 0xC0, 8), 8, 6),
    "jpeg 255 samples": _jpeg("50", jpeg_header(8, 6, 0xC0, 8, 255), 8, 6),
    "jpeg without rows": _jpeg("70", jpeg_header(0, 6), 8, 6),
    "jpeg sampled by nothing": _jpeg("70", jpeg_header(8, 6, sampling=0), 8, 6),
    "jpeg of 5,000 scans": _jpeg("50", jpeg_header(8, 6, 0xC2, 8, scans=5000), 8, 6),
    "jpeg of 200 bits": _jpeg("70", jpeg_header(8, 6, precision=200), 8, 6),
    "jpeg xl animation": _jpeg(
        "110", b"\xff\x0a" + _bits((1, 0), (5, 0), (3, 1), (1, 0), (1, 1), (3, 0), (3, 4)), 8, 8
    ),
    "jpeg xl of nothing": _jpeg("110", b"\xff\x0a" + b"\xff" * 64, 8, 6),
    "5,000-deep sequence": _deep_sequence(5000),
    "5,000-deep sequence of known lengths": _deep_defined,
    "functional groups of a million items": _many_items(10**6),
    "four million elements": _many_elements,
    "4 GB length": lambda path: _with(path, element(0x00091010, b"OB", b"abcd", 0xFFFFFFFE)),
    "4 GB length of text": lambda path: _with(
        path, element(0x00104000, b"UT", b"abcd", 0xFFFFFFF0), b"\x20\x00\x0d\x00"
    ),
    "undefined length in a wrong place": lambda path: _with(path, element(0x00091010, b"OB", b"abcd", 0xFFFFFFFF)),
    "100 MB of private data": _sparse(0x00091010, b"OB", 100 * MEGA),
    "2 GB of private data": _sparse(0x00091010, b"UN", 2**31),
    "2 GB sequence": _sparse(0x00081140, b"SQ", 2**31),
    "60 MB sequence of zeros": _sparse(0x00081140, b"SQ", 60 * MEGA),
    "2 GB compressed frame": _sparse_tail(JPEG + "80", 2**31),
    "2 GB rle frame": _sparse_tail(RLE, 2**31),
    "2 billion frames": _frame_count_text,
    "a million frames": _frames(10**6),
    "minus one frames": _frames(-1),
    "file meta group length lies": _meta(lambda data: data[:140] + b"\xff\xff\xff\x7f" + data[144:]),
    "file meta cut": _meta(lambda data: data[:200]),
    "no VR": _meta(lambda data: data.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00ZZ")),
    "zero VR": _meta(lambda data: data.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00\0\0")),
    "charset garbage": lambda path: _with(
        path, element(0x00080005, b"CS", b"\\ISO 9999\\\xff\xfe"), b"\x08\x00\x16\x00"
    ),
    "syntax of another world": _meta(lambda data: data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0")),
    "DICOMDIR with ../": _dicomdir,
    "LUT of a giant": lambda path: _with(
        path, element(0x00281053, b"DS", b"1e308 "), b"\xe0\x7f\x10\x00", RescaleSlope=None
    ),
}
