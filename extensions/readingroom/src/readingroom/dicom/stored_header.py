"""The attributes of a file as they lie in it, found by the lengths of its elements: nothing is decoded or written anew.

The attributes of 500 CT slices, 256 each, come through the imaging service in 95 ms so, and in 1,420 ms where each is read
into a dataset and written again (15 x; 8 x for 68 each). Whatever is not plainly a file of PS3.10 in little endian is left
to ``part10``, which knows the other ways and all the refusals.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pydicom.datadict import dictionary_VR
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, STANDARD_VR

from readingroom.dicom.bounded import MAX_ITEMS, MAX_VALUE
from readingroom.dicom.part10 import (
    BIG_ENDIAN,
    DEFLATED,
    IMPLICIT,
    MAX_ATTRIBUTES,
    OTHER_ENCODINGS,
    PIXEL_TAGS,
    UNDEFINED_LENGTH,
)

_READS = (2**15, 2**20, MAX_VALUE)
"""Bytes read of a file, more where they do not reach the pixel data; of longer attributes nothing is handed out."""

MAX_DEPTH = 16
_META = 132
_FIRST_TAG = 0x00080000
_SYNTAX_TAG = 0x00020010
_SYNTAX = re.compile(rb"(1\.2\.840\.10008\.1\.2(?:\.[0-9]+)*)\0?")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, b"\xfe\xff\x0d\xe0\0\0\0\0", 0xFFFEE0DD
_DELIMITERS = 0xFFFE
_HEAD = struct.Struct("<HHL")
_EXPLICIT_HEAD = struct.Struct("<HH2sH")
_LONG_LENGTH = struct.Struct("<L")
_IS_LONG = {vr.value.encode(): vr in EXPLICIT_VR_LENGTH_32 for vr in STANDARD_VR}

ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class StoredHeader:
    """File Meta Information, in explicit VR, and the dataset up to its pixel data, both little endian (PS3.5 7, PS3.10 7.1)."""

    meta: bytes
    dataset: bytes
    is_implicit: bool


@runtime_checkable
class StoredHeaders(Protocol):
    """What a source offers beyond ``StudySource`` that has the files of its objects at hand."""

    def stored_header(self, sop_uid: str) -> StoredHeader | None:
        """Return the bytes that ``metadata`` would read, None where it has to be asked; raises as the source does."""


class _UnusualError(Exception):
    """Something that is not plain: whoever reads tolerantly is to say what becomes of it."""


def stored_header(read_at: ReadAt, size: int) -> StoredHeader | None:
    """Return the attributes in ``size`` bytes, of which ``read_at`` gives a length from an offset; None for unusual ones.

    Nothing of the pixel data, nor of what follows it, is part of them.
    """
    for length in _READS:
        data = read_at(min(length, size), 0)
        try:
            return _header(data, size)
        except struct.error:  # an element goes on behind what was read
            if len(data) >= size:
                return None
        except _UnusualError:
            return None
    return None


def _header(data: bytes, size: int) -> StoredHeader:
    if data[_META - 4 : _META] != b"DICM":
        raise _UnusualError
    syntax, start = _meta(data)
    if syntax in OTHER_ENCODINGS or syntax in (DEFLATED, BIG_ENDIAN):
        raise _UnusualError
    is_implicit = syntax == IMPLICIT
    if is_implicit and data[start + 4 : start + 6].isalpha():
        raise _UnusualError  # the parser would take it for explicit VR
    dataset = data[start : _dataset_end(data, start, size, is_implicit=is_implicit)]
    if not dataset or dataset.count(_HEAD.pack(_ITEM >> 16, _ITEM & 0xFFFF, 0)[:4]) > MAX_ITEMS:
        raise _UnusualError
    return StoredHeader(data[_META:start], dataset, is_implicit)


def _meta(data: bytes) -> tuple[str, int]:
    """Return the Transfer Syntax UID and where the dataset begins."""
    place, last, syntax = _META, 0, None
    while data[place : place + 2] == b"\x02\0":
        tag, vr, length, value = _element(data, place, is_implicit=False)
        if tag <= last or length == UNDEFINED_LENGTH:
            raise _UnusualError
        if tag == _SYNTAX_TAG and vr == b"UI":
            syntax = _SYNTAX.fullmatch(data, value, value + length)
        place, last = value + length, tag
    if syntax is None:
        raise _UnusualError
    return syntax[1].decode(), place


def _dataset_end(data: bytes, place: int, size: int, *, is_implicit: bool) -> int:
    """Return where the pixel data element begins, or the end of a file that has none."""
    last = _FIRST_TAG - 1
    for _ in range(MAX_ATTRIBUTES):
        if place == size == len(data):
            return place
        tag, vr, length, value = _element(data, place, is_implicit=is_implicit)
        if tag in PIXEL_TAGS:
            return place
        if tag <= last:
            raise _UnusualError
        last = tag
        place = value + length if length != UNDEFINED_LENGTH else _sequence_end(data, tag, vr, value, 1)
    raise _UnusualError


def _element(data: bytes, place: int, *, is_implicit: bool) -> tuple[int, bytes, int, int]:
    """Return tag, VR (empty where none is written), length and place of the value of an element (PS3.5 7.1)."""
    if is_implicit:
        group, element, length = _HEAD.unpack_from(data, place)
        if group == _DELIMITERS:
            raise _UnusualError
        return group << 16 | element, b"", length, place + 8
    group, element, vr, length = _EXPLICIT_HEAD.unpack_from(data, place)
    is_long = _IS_LONG.get(vr)
    if is_long is None or group == _DELIMITERS:
        raise _UnusualError
    if is_long:
        return group << 16 | element, vr, _LONG_LENGTH.unpack_from(data, place + 8)[0], place + 12
    return group << 16 | element, vr, length, place + 8


def _sequence_end(data: bytes, tag: int, vr: bytes, place: int, depth: int) -> int:
    """Return where a value of undefined length ends, which must be a sequence of items (PS3.5 7.5)."""
    if depth > MAX_DEPTH or not _is_sequence(tag, vr):
        raise _UnusualError
    while True:
        group, element, length = _HEAD.unpack_from(data, place)
        found = group << 16 | element
        if found == _SEQUENCE_END and not length:
            return place + 8
        if found != _ITEM:
            raise _UnusualError
        place = _item_end(data, place + 8, length, depth, is_implicit=not vr)


def _item_end(data: bytes, place: int, length: int, depth: int, *, is_implicit: bool) -> int:
    """Return where an item ends; whoever leaps over the end that it says never finds one."""
    end = None if length == UNDEFINED_LENGTH else place + length
    while place != end:
        if end is None and data[place : place + 8] == _ITEM_END:
            return place + 8
        tag, vr, length, value = _element(data, place, is_implicit=is_implicit)
        place = value + length if length != UNDEFINED_LENGTH else _sequence_end(data, tag, vr, value, depth + 1)
    return place


def _is_sequence(tag: int, vr: bytes) -> bool:
    if vr:
        return vr == b"SQ"
    try:
        return bool(dictionary_VR(tag) == "SQ")
    except KeyError:
        return False
