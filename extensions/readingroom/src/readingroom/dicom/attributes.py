"""Attributes read tolerantly: a value that breaks its own rules counts as absent, and nothing is printed about it."""

import math
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from struct import calcsize, unpack
from typing import Any

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence as PydicomSequence
from pydicom.tag import BaseTag

_PLAIN_TEXT = frozenset({"AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
_CHARACTERS = frozenset({"LO", "PN", "SH"})
_SPECIAL = frozenset(b"\x1b~")
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}

_READING = threading.RLock()
"""Warning filters belong to the process, so one thread at a time may hold them changed."""


@contextmanager
def quiet_reading() -> Iterator[None]:
    """Keep pydicom's remarks about untidy values from becoming noise or, where warnings are errors, refusals."""
    with _READING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def values(dataset: Dataset | None, keyword: str | int) -> tuple[Any, ...]:
    """Return every value of an attribute, empty when it is absent, empty or cannot be read.

    Repeating groups (overlays) have no keyword of their own: they are asked for by tag.
    """
    if dataset is None:
        return ()
    try:
        tag = tag_of(keyword)
        element = dataset.keys().mapping.get(tag)  # asking the Dataset itself costs five times as much
        if element is None:
            return ()
        if isinstance(element, RawDataElement) and (plain := plain_values(element)) is not None:
            return plain
        value = dataset[element.tag].value
    except Exception:  # noqa: BLE001 - converting an untrusted value may raise anything; the attribute is then absent
        return ()
    if value is None or value == "":
        return ()
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__") or hasattr(value, "family_name"):
        return (value,)
    return tuple(value)


@cache
def tag_of(keyword: str | int) -> BaseTag:
    """Return the tag of a keyword of the Standard; raises ``KeyError`` for any other."""
    tag = tag_for_keyword(keyword) if isinstance(keyword, str) else keyword
    if tag is None:
        raise KeyError(keyword)
    return BaseTag(tag)


def plain_values(element: RawDataElement) -> tuple[Any, ...] | None:
    """Return the values of an element whose bytes mean the same in every character set; None for other elements.

    pydicom's own conversion costs ten times as much, and a folder holds a hundred thousand files of fifty such values.
    ASCII without escapes is the same in all character sets of PS3.3 C.12.1.1.2 but for the tilde, which Japan replaced.
    """
    vr, value = element.VR or dictionary_VR(element.tag), element.value
    if not isinstance(value, bytes):
        return None
    if vr in _PLAIN_TEXT or (vr in _CHARACTERS and value.isascii() and not _SPECIAL.intersection(value)):
        whole = value.decode("ascii").rstrip("\0 ")
        return tuple(whole.split("\\")) if whole else ()
    kind = _NUMBERS.get(vr)
    if kind is None or len(value) % calcsize(kind):
        return None
    count = len(value) // calcsize(kind)
    return unpack(f"{'<' if element.is_little_endian else '>'}{count}{kind}", value)


def numbers(dataset: Dataset | None, keyword: str | int) -> tuple[float, ...]:
    """Return every value of an attribute as finite float64, empty when one of them is none."""
    read = values(dataset, keyword)
    if not read:
        return ()
    try:
        found = tuple([float(value) for value in read])
    except (TypeError, ValueError, OverflowError):
        return ()
    return found if all(map(math.isfinite, found)) else ()


def number(dataset: Dataset | None, keyword: str | int) -> float | None:
    """Return the first value of an attribute as float, None when there is none."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def whole(dataset: Dataset | None, keyword: str | int) -> int | None:
    """Return the first value of an attribute as int, None when there is none."""
    found = number(dataset, keyword)
    return None if found is None else int(found)


def text(dataset: Dataset | None, keyword: str | int) -> str:
    """Return an attribute as one line of text, several values parted by backslashes, empty when there is none."""
    found = values(dataset, keyword)
    return "\\".join([str(value).strip() for value in found]).strip("\x00 \r\n\t") if found else ""


def first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, None when there is none."""
    found = values(dataset, keyword)
    return found[0] if found and isinstance(found[0], Dataset) else None


def items(dataset: Dataset | None, keyword: str) -> Sequence[Dataset]:
    """Return a sequence as it is, uncopied: there may be thousands of frames, each asking for its own item."""
    if dataset is None:
        return ()
    try:
        found = dataset.get(keyword) if tag_of(keyword) in dataset.keys() else ()  # noqa: SIM118 - as in `values`
    except Exception:  # noqa: BLE001 - as in `values`
        return ()
    return found if isinstance(found, PydicomSequence) else ()


def private_blocks(dataset: Dataset) -> dict[tuple[int, str], int]:
    """Return the tag before the first element of every private block, by group and creator (PS3.5 7.8.1)."""
    found = {}
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset gives its elements, converted
        group, element = tag >> 16, tag & 0xFFFF
        if group & 1 and 0x10 <= element <= 0xFF:  # noqa: PLR2004 - where creators are
            with suppress(Exception):  # an untrusted value may raise anything; the block is then nobody's
                found[group, str(dataset[tag].value).strip()] = group << 16 | element << 8
    return found


def private_value(dataset: Dataset, tag: int) -> Any:  # noqa: ANN401 - of any type
    """Return a private element's value, None when it is absent or cannot be read."""
    try:
        return dataset[tag].value if tag in dataset else None
    except Exception:  # noqa: BLE001 - as in `values`
        return None


def has_functional_groups(dataset: Dataset) -> bool:
    """Return whether an image describes its frames in functional groups."""
    keys = dataset.keys()
    return tag_of("PerFrameFunctionalGroupsSequence") in keys or tag_of("SharedFunctionalGroupsSequence") in keys


def functional_group(dataset: Dataset, frame: int, macro: str) -> Dataset | None:
    """Return the item of a functional group macro for a frame (PS3.3 C.7.6.16): its own, else the shared one.

    For an image without functional groups this is the dataset itself, which holds the same attributes at its top.
    """
    if not has_functional_groups(dataset):
        return dataset
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    item = first_item(own[frame - 1], macro) if frame <= len(own) else None
    return item if item is not None else first_item(shared, macro)


def display_name(dataset: Dataset, keyword: str = "PatientName") -> str:
    """Return the patient's or another name as lists of people are sorted: ``Family, Given Middle`` (PS3.5 6.2.1)."""
    found = values(dataset, keyword)
    if not found:
        return ""
    alphabetic, *others = str(found[0]).split("=")
    chosen = alphabetic if alphabetic.strip("^ ") else next((part for part in others if part.strip("^ ")), "")
    family, given, middle = ([part.strip() for part in chosen.split("^")] + ["", "", ""])[:3]
    return ", ".join(part for part in (family, f"{given} {middle}".strip()) if part)


def iso_date(dataset: Dataset, keyword: str) -> str:
    """Return a DA attribute as ``YYYY-MM-DD``, empty when it is no date (PS3.5 6.2)."""
    digits = text(dataset, keyword).replace(".", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 and digits.isdigit() else ""  # noqa: PLR2004


def iso_time(dataset: Dataset, keyword: str) -> str:
    """Return a TM attribute as ``HH:MM:SS`` or as much of it as there is, empty when it is no time (PS3.5 6.2)."""
    digits = text(dataset, keyword).replace(":", "").split(".")[0]
    if not digits.isdigit() or len(digits) < 2:  # noqa: PLR2004 - hours
        return ""
    return ":".join(digits[at : at + 2] for at in range(0, min(len(digits), 6), 2))
