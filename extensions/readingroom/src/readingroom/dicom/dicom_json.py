"""DICOM JSON (PS3.18 Annex F) as a dataset that reads like one from a file, without its bulk data.

Elements are kept raw, as a file's parser leaves them, so that only those are converted that somebody asks for: pydicom's
own conversion takes 1.7 ms an instance, this a quarter of it.
"""

import base64
import binascii
import codecs
import json
import math
import re
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from readingroom.dicom.archive import MalformedAnswerError

UTF_8 = "ISO_IR 192"
MAX_ITEM = 64 * 2**20
"""Bytes of one instance as JSON; those of ten thousand frames take 40 MB."""

_LONGEST_PIECE = 8 * 2**20
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_CHARACTER_SET = BaseTag(0x00080005)
_REMEMBERED = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM", "UI", "US"})
"""VRs of short values, equal ones of which are the same bytes; not so 0 and -0 of binary reals."""

MAX_KNOWN = 10_000
_NUMBERS = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q", "OW": "H", "OL": "I",
    "OF": "f", "OD": "d",
}  # fmt: skip
Known = dict[tuple[Any, ...], RawDataElement]
_ENCODINGS = convert_encodings([UTF_8])
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def items(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON array as they come in, holding no more than one; raises ``MalformedAnswerError``.

    A reader may stop early: what comes after is then never parsed.
    """
    decoder = json.JSONDecoder(parse_constant=_no_number)
    text, at, began = "", 0, False
    for more in _pieces(chunks):
        text, at = text[at:] + more, 0
        if not began:
            text = text.lstrip("\ufeff \t\r\n")
            began, at = _begins(text), 1
        while at < len(text):
            at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr] # it matches nothing, too
            if text.startswith("]", at):
                next(chunks, b"")  # to its end, so that the connection can be used again
                return
            found, end = _one(decoder, text, at)
            if found is None:
                break
            yield found
            at = end
        if len(text) - at > MAX_ITEM:
            raise MalformedAnswerError(f"The PACS describes one object in more than {MAX_ITEM // 2**20} MiB.")
    if began:
        raise MalformedAnswerError("The PACS sent a list that is cut off or cannot be read.")


def dataset_from(item: dict[str, Any], known: Known | None = None) -> Dataset:
    """Return the attributes of a DICOM JSON object; bulk data is absent. Raises ``MalformedAnswerError``.

    ``known`` is handed from one object of a series to the next, which share most of their elements: it starts empty.
    """
    try:
        return _dataset(item, {} if known is None else known)
    except (TypeError, ValueError, KeyError, AttributeError, struct.error, OverflowError, RecursionError) as error:
        raise MalformedAnswerError(f"The PACS sent DICOM JSON that breaks its own rules ({error}).") from error


def _pieces(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield what comes in as text, in pieces that double in length: a long item is not tried at every packet."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    held: list[bytes] = []
    size = total = 0
    try:
        for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            total += len(chunk)
            if size >= min(total // 2, _LONGEST_PIECE):
                yield decoder.decode(b"".join(held))
                held, size = [], 0
        yield decoder.decode(b"".join(held), final=True)
    except UnicodeDecodeError as error:
        raise MalformedAnswerError("The PACS sent JSON that is not in UTF-8.") from error


def _begins(text: str) -> bool:
    """Return whether an array has begun; nothing at all is an empty one."""
    if text and text[0] != "[":
        raise MalformedAnswerError("The PACS sent something that is no list of DICOM JSON.")
    return bool(text)


def _one(decoder: json.JSONDecoder, text: str, at: int) -> tuple[dict[str, Any] | None, int]:
    """Return the object that begins at a place and where it ends, None while it has not come whole."""
    if at < len(text) and text[at] != "{":
        raise MalformedAnswerError("The PACS sent a list that holds something else than DICOM JSON.")
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError:
        return None, at
    except RecursionError as error:
        raise MalformedAnswerError("The PACS sent JSON that is nested too deep.") from error


def _no_number(name: str) -> float:
    raise MalformedAnswerError(f"The PACS sent JSON with the number {name}, which there is not.")


def _dataset(item: dict[str, Any], known: Known) -> Dataset:
    elements: dict[BaseTag, RawDataElement | DataElement] = {}
    for name, held in item.items():
        tag = _tag(name)
        element = None if tag is None else _element(tag, held, known)
        if element is not None:
            elements[element.tag] = element
    elements[_CHARACTER_SET] = _UTF_8
    dataset = Dataset(elements)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=_ENCODINGS)
    dataset.file_meta = FileMetaDataset()
    return dataset


@lru_cache(4096)
def _tag(name: str) -> BaseTag | None:
    """Return a tag, None for what does not belong into a dataset: a tag has 8 digits, and file meta information is apart."""
    tag = BaseTag(int(name, 16))
    return None if tag.group == 2 or len(name) != 8 else tag  # noqa: PLR2004


def _element(tag: BaseTag, held: dict[str, Any], known: Known) -> RawDataElement | DataElement | None:
    vr = held["vr"]
    if "BulkDataURI" in held:
        return None
    if vr == "SQ":
        return DataElement(tag, "SQ", Sequence([_dataset(item or {}, known) for item in held.get("Value") or ()]))
    if "InlineBinary" in held:
        return _raw(tag, vr, _binary(held["InlineBinary"]))
    values = held.get("Value") or ()
    if vr not in _REMEMBERED:
        return _raw(tag, vr, _value(vr, values))
    key = (tag, vr, *values)
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_KNOWN:
            known.clear()
        found = known[key] = _raw(tag, vr, _value(vr, values))
    return found


def _raw(tag: BaseTag, vr: str, value: bytes) -> RawDataElement:
    return RawDataElement(tag, vr, len(value), value, 0, is_implicit_VR=False, is_little_endian=True)


_UTF_8 = _raw(_CHARACTER_SET, "CS", UTF_8.encode())


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a value that is no Base64") from error


def _value(vr: str, values: Any) -> bytes:  # noqa: ANN401 - whatever the PACS sent
    """Return values as the bytes they would be in a file; a value that is null is empty (PS3.18 F.2.5)."""
    kind = _NUMBERS.get(vr)
    if kind is not None:
        numbers = [float(value) if kind in "fd" else int(value) for value in values if value is not None]
        return struct.pack(f"<{len(numbers)}{kind}", *numbers)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(value[:4], 16), int(value[4:], 16)) for value in values)
    told = _name if vr == "PN" else _text
    return "\\".join(told(value) for value in values).encode()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _name(value: object) -> str:
    """Return a person's name with its groups parted as in a file (PS3.5 6.2.1)."""
    if not isinstance(value, dict):
        return _text(value)
    return "=".join(_text(value.get(group)) for group in _GROUPS).rstrip("=")
