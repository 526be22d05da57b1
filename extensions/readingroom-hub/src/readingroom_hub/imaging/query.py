"""What a search asks for, and whether a study, series or instance matches it (PS3.18 10.6, PS3.4 C.2.2.2)."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from readingroom_hub.imaging.errors import MalformedRequestError

MOST_RESULTS = 1000
"""Results of one answer; more are asked for by ``offset``."""

LONGEST_VALUE = 1024
MOST_KEYS = 64
NOT_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
MORE = "There are additional results that can be requested by limit and offset."

Attributes = Mapping[str, tuple[Any, ...]]
"""Keyword to the values that a study, series or instance has, as DICOM writes them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search: what must match by keyword, what to return besides, and which part of the results."""

    matches: tuple[tuple[str, str], ...]
    include: frozenset[str]
    include_all: bool
    limit: int
    offset: int
    fuzzy: bool

    def is_matched_by(self, attributes: Attributes) -> bool:
        """Return whether every key matches."""
        return all(_matches(keyword, asked, attributes.get(keyword, ())) for keyword, asked in self.matches)


def parse_query(arguments: Mapping[str, Sequence[bytes]], known: frozenset[str]) -> Query:
    """Return the search that a URL's parameters ask for.

    Parameters
    ----------
    arguments
        Parameters of the URL, percent-decoded.
    known
        Keywords that can be matched at this level.

    Raises
    ------
    MalformedRequestError
        For what is no parameter, an attribute nobody knows, or one that cannot be matched here: passing over it would
        return more than was asked for.
    """
    if sum(map(len, arguments.values())) > MOST_KEYS:
        raise MalformedRequestError(f"A search has at most {MOST_KEYS} parameters.")
    texts = {name: [_text(value) for value in values] for name, values in arguments.items()}
    special = {"limit", "offset", "fuzzymatching", "includefield"}
    include = {name.strip() for value in texts.get("includefield", []) for name in value.split(",") if name.strip()}
    matches = []
    for name, values in texts.items():
        if name in special:
            continue
        keyword = keyword_of(name)
        if len(values) != 1:
            raise MalformedRequestError(f"The search names {keyword} more than once.")
        if keyword not in known:
            raise MalformedRequestError(f"{keyword} cannot be searched for at this level.")
        _check(keyword, values[0])
        matches.append((keyword, values[0]))
    return Query(
        matches=tuple(matches),
        include=frozenset(keyword_of(name) for name in include - {"all"}),
        include_all="all" in include,
        limit=min(_whole(texts, "limit", MOST_RESULTS), MOST_RESULTS),
        offset=_whole(texts, "offset", 0),
        fuzzy=_single(texts, "fuzzymatching") == "true",
    )


def keyword_of(name: str) -> str:
    """Return the keyword of an attribute named by keyword or by its eight hexadecimal digits."""
    named = name if tag_for_keyword(name) is not None else ""
    keyword = str(keyword_for_tag(int(name, 16))) if re.fullmatch(r"[0-9A-Fa-f]{8}", name) else named
    if not keyword:
        raise MalformedRequestError(f"{name[:64]!a} is no attribute that DICOM knows.")
    return keyword


def name_key(name: str) -> str:
    """Return a person's name as ``Family^Given Middle`` in capitals, however many components it was written with."""
    family, *others = (part.strip() for part in name.partition("=")[0].split("^"))
    return "^".join(part for part in (family, " ".join(part for part in others[:2] if part)) if part).upper()


def _matches(keyword: str, asked: str, held: tuple[Any, ...]) -> bool:
    if not asked:
        return True
    vr = dictionary_VR(keyword)
    values = [str(value) for value in held]
    if vr == "UI":
        return bool(set(re.split(r"[,\\]", asked)) & set(values))
    if vr in _RANGES and "-" in asked:
        return any(_in_range(value, asked, _RANGES[vr]) for value in values)
    if vr == "IS":
        return any(value.isdigit() and int(value) == int(asked) for value in values)
    if vr == "PN":
        return any(_like(name_key(value), name_key(asked)) for value in values)
    return any(_like(value, asked) for value in values)


def _like(value: str, asked: str) -> bool:
    return fnmatch.fnmatchcase(value, asked.replace("[", "[[]"))


def _in_range(value: str, asked: str, width: int) -> bool:
    first, _, last = asked.partition("-")
    padded = value.ljust(width, "0")
    return first.ljust(width, "0") <= padded and (not last or padded <= last.ljust(width, "9"))


_RANGES = {"DA": 8, "TM": 6}
_DATE = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")
_TIME = re.compile(r"\d{2,6}|\d{2,6}-|-\d{2,6}|\d{2,6}-\d{2,6}")
_UIDS = re.compile(r"[0-9.]{1,64}(?:[,\\][0-9.]{1,64})*")
_PATTERNS = {
    "DA": (_DATE, "a date as YYYYMMDD, or two with a hyphen between"),
    "TM": (_TIME, "a time as HHMMSS, or two with a hyphen between"),
    "UI": (_UIDS, "one or more UIDs with commas between"),
    "IS": (re.compile(r"\d{1,9}"), "a whole number"),
}


def _check(keyword: str, value: str) -> None:
    pattern, words = _PATTERNS.get(dictionary_VR(keyword), (None, ""))
    if value and pattern is not None and not pattern.fullmatch(value):
        raise MalformedRequestError(f"The search asks for a {keyword} of {value[:64]!a}; that must be {words}.")


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError("A parameter of the search is no UTF-8.") from error
    if len(text) > LONGEST_VALUE or not text.isprintable():
        raise MalformedRequestError("A parameter of the search is too long or holds control characters.")
    return text


def _single(texts: Mapping[str, list[str]], name: str) -> str:
    values = texts.get(name, [""])
    if len(values) != 1:
        raise MalformedRequestError(f"The search names {name} more than once.")
    return values[0]


def _whole(texts: Mapping[str, list[str]], name: str, otherwise: int) -> int:
    value = _single(texts, name)
    if value and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise MalformedRequestError(f"{name} is {value[:64]!a}; it must be a whole number from 0.")
    return int(value) if value else otherwise
