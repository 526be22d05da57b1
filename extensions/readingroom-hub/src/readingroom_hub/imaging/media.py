"""Which media types a caller accepts and which belongs to a transfer syntax (PS3.18 8.7.3)."""

from collections.abc import Collection
from dataclasses import dataclass

from readingroom_hub.imaging.errors import MalformedRequestError, NotAcceptableError

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
JSON = "application/json"
OCTETS = "application/octet-stream"
ANY_SYNTAX = "*"

MOST_RANGES = 32
_JPEG = "1.2.840.10008.1.2.4."
_RENDERED = frozenset({"image/png", "image/gif", "text/html", "text/plain", "text/xml", "application/pdf"})

_TYPES = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    **{f"{_JPEG}{n}": "image/jpeg" for n in (50, 51, 52, 53, 54, 55, 56, 57, 70)},
    **{f"{_JPEG}{n}": "image/jls" for n in (80, 81)},
    **{f"{_JPEG}{n}": "image/jp2" for n in (90, 91)},
    **{f"{_JPEG}{n}": "image/jpx" for n in (92, 93)},
    **{f"{_JPEG}{n}": "image/jxl" for n in (110, 111, 112)},
    **{f"{_JPEG}{n}": "image/jphc" for n in (201, 202, 203)},
    **{f"{_JPEG}{n}{part}": "video/mpeg" for n in (100, 101) for part in ("", ".1")},
    **{f"{_JPEG}{n}{part}": "video/mp4" for n in range(102, 107) for part in ("", ".1")},
    **{f"{_JPEG}{n}": "video/H265" for n in (107, 108)},
}
_DEFAULTS = {
    OCTETS: "1.2.840.10008.1.2.1",
    DICOM: "1.2.840.10008.1.2.1",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/jpeg": f"{_JPEG}70",
    "image/jls": f"{_JPEG}80",
    "image/jp2": f"{_JPEG}90",
    "image/jpx": f"{_JPEG}92",
    "image/jxl": f"{_JPEG}110",
    "image/jphc": f"{_JPEG}201",
    "video/mpeg": f"{_JPEG}100",
    "video/mp4": f"{_JPEG}102",
    "video/H265": f"{_JPEG}107",
}
"""What a media type means where no transfer syntax is named (PS3.18 Tables 8.7.3-4 and 8.7.3-5)."""


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One entry of an Accept header: media type in lower case, parameters by name, weight from 0 to 1."""

    name: str
    parameters: dict[str, str]
    weight: float

    @property
    def part(self) -> str:
        """The media type of the parts of a multipart answer, else the type itself."""
        return self.parameters.get("type", "*/*").lower() if self.name == "multipart/related" else self.name


def media_type(transfer_syntax_uid: str) -> str:
    """Return the media type of frames of a transfer syntax; octets for what lies uncompressed."""
    return _TYPES.get(transfer_syntax_uid, OCTETS)


def accepted(header: str) -> list[MediaRange]:
    """Return what an Accept header asks for, the most wanted first; raises ``MalformedRequestError``."""
    entries = _split(header if header.strip() else "*/*", ",")
    if len(entries) > MOST_RANGES:
        raise MalformedRequestError(f"The Accept header names more than {MOST_RANGES} media types.")
    ranges = [_range(entry) for entry in entries if entry.strip()]
    return sorted((each for each in ranges if each.weight > 0), key=lambda each: -each.weight)


def choose_frames(header: str, transfer_syntax_uid: str) -> str:
    """Return the media type of the parts of an answer that holds frames as they are stored (PS3.18 8.7.3.3).

    Raises
    ------
    NotAcceptableError
        Where the caller takes only what would have to be rendered or compressed anew.
    """
    own = media_type(transfer_syntax_uid)
    for each in accepted(header):
        if each.name not in ("multipart/related", "*/*", "multipart/*") or not _is_same(each.part, own):
            continue
        wanted = each.parameters.get("transfer-syntax") or (ANY_SYNTAX if "*" in each.part else _DEFAULTS[own])
        if wanted in (ANY_SYNTAX, transfer_syntax_uid) or _are_both_plain(wanted, transfer_syntax_uid):
            return own
    raise NotAcceptableError(
        f"These frames are stored as {own} (transfer syntax {transfer_syntax_uid}) and are given out as they are: this "
        "gateway neither renders nor compresses anew.",
        f'Ask for multipart/related; type="{own}"; transfer-syntax=*.',
    )


def names_syntax(header: str) -> bool:
    """Return whether a caller wants objects in one transfer syntax, rather than as they are."""
    return any(each.parameters.get("transfer-syntax", ANY_SYNTAX) != ANY_SYNTAX for each in accepted(header))


def choose(header: str, offered: Collection[str], syntaxes: Collection[str] = ()) -> str:
    """Return which of the media types ``offered`` a caller takes; raises ``NotAcceptableError``.

    ``syntaxes`` are the transfer syntaxes in which objects lie, each of which a named one must cover.
    """
    for each in accepted(header):
        found = next((name for name in offered if _is_same(each.part, name)), None)
        wanted = each.parameters.get("transfer-syntax", ANY_SYNTAX)
        if found and (wanted == ANY_SYNTAX or all(syntax == wanted for syntax in syntaxes)):
            return found
    rendered = any(each.part in _RENDERED for each in accepted(header))
    why = "nothing is rendered here" if rendered else "nothing is written anew here"
    raise NotAcceptableError(f"This is given out as {' or '.join(offered)} only: {why}.", "Ask for that media type.")


def _is_same(asked: str, own: str) -> bool:
    return asked in ("*/*", own.lower()) or (asked.endswith("/*") and own.startswith(asked[:-1]))


def _are_both_plain(first: str, second: str) -> bool:
    """Return whether both syntaxes hold frames as the same bytes: their datasets differ, native frames do not."""
    plain = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1.98"}
    return {first, second} <= plain


def _range(entry: str) -> MediaRange:
    name, *parts = _split(entry, ";")
    parameters = {}
    for part in parts:
        key, _, value = part.partition("=")
        parameters[key.strip().lower()] = value.strip().strip('"')
    try:
        weight = float(parameters.pop("q", "1"))
    except ValueError as error:
        raise MalformedRequestError("The Accept header has a weight that is no number.") from error
    if name.count("/") != 1 or not 0 <= weight <= 1:
        raise MalformedRequestError("The Accept header names what is no media type, or weighs it beyond 0 to 1.")
    return MediaRange(name.strip().lower(), parameters, weight)


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that stands in no quotes."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts
