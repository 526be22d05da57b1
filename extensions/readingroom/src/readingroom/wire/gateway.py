"""What the imaging service tells a reading server about studies: compact JSON of the values of ``readingroom.dicom.model``.

A message is ``{"version": 1, "kind": "series", "rows": [[…], …]}``; a row holds the fields of one value in the order in which
the dataclass declares them, whose types are checked when it is read. DICOM JSON of 500 slices costs seconds, this
milliseconds. The two sides are one release: a message of another version is refused, never guessed at.
Frames have their own module, ``gateway_frames``, and the attributes of one instance ``gateway_header``.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from readingroom.dicom.model import Instance, Problem, Series, Study
from readingroom.dicom.source import SourceState
from readingroom.errors import (
    AccessRefusedError,
    DamagedImageError,
    NotFoundError,
    ReadingRoomError,
    RecordsUnavailableError,
    SourceUnavailableError,
    UnreadableFileError,
    UnsupportedImageError,
    WireError,
)

VERSION = 1
MAX_MESSAGE_BYTES = 256 * 2**20
"""A study list of 100,000 rows has 40 MB, a series of 100,000 frames 20 MB."""

MAX_TEXT = 2**16

ERRORS: Mapping[str, type[ReadingRoomError]] = {
    "access_refused": AccessRefusedError,
    "damaged_image": DamagedImageError,
    "not_found": NotFoundError,
    "records_unavailable": RecordsUnavailableError,
    "source_unavailable": SourceUnavailableError,
    "unreadable_file": UnreadableFileError,
    "unsupported_image": UnsupportedImageError,
}
"""The codes of refusals that a caller can tell apart, and the error that each stands for on both sides."""

Check = Callable[[object], object]


class GatewayVersionError(WireError):
    """A message of another release than this program's."""


def pack_rows(rows: Sequence[Study | Series | Instance | Problem | SourceState], kind: str) -> bytes:
    """Return the message that holds ``rows``, all of the class that ``kind`` names; ``WireError`` for what JSON cannot hold."""
    names = [field.name for field in fields(_KINDS[kind])]
    return pack_message(kind, {"rows": [[getattr(row, name) for name in names] for row in rows]})


def pack_message(kind: str, content: Mapping[str, object]) -> bytes:
    """Return the JSON of a message of this version; raises ``WireError`` for numbers that are not finite."""
    message = {"version": VERSION, "kind": kind, **content}
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    except ValueError as error:
        raise WireError(f"These {kind} hold what cannot be sent: {error}.") from error


def parse_studies(message: bytes) -> tuple[Study, ...]:
    """Return the studies of a message; raises ``WireError``."""
    return cast("tuple[Study, ...]", _parse_rows(message, "studies"))


def parse_series(message: bytes) -> tuple[Series, ...]:
    """Return the series of a message; raises ``WireError``."""
    return cast("tuple[Series, ...]", _parse_rows(message, "series"))


def parse_instances(message: bytes) -> tuple[Instance, ...]:
    """Return the instances of a message; raises ``WireError``."""
    return cast("tuple[Instance, ...]", _parse_rows(message, "instances"))


def parse_problems(message: bytes) -> tuple[Problem, ...]:
    """Return the problems of a message; raises ``WireError``."""
    return cast("tuple[Problem, ...]", _parse_rows(message, "problems"))


def parse_state(message: bytes) -> SourceState:
    """Return the state of a source; raises ``WireError``."""
    rows = _parse_rows(message, "state")
    if len(rows) != 1:
        raise WireError(f"A source has one state; {len(rows)} were sent.")
    return cast("SourceState", rows[0])


def parse_message(message: bytes, kind: str) -> dict[str, Any]:
    """Return the content of a message; raises ``WireError`` unless it is one of this version and of this ``kind``."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise WireError(f"The imaging service sent {len(message)} bytes, more than any list of {kind} has.")
    try:
        content = json.loads(message, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"The imaging service sent no JSON ({error})."[:200]) from error
    if not isinstance(content, dict):
        raise WireError("The imaging service sent no message of this protocol.")
    if content.get("version") != VERSION:
        raise GatewayVersionError(
            f"The imaging service speaks version {content.get('version')!r:.20} and this viewer version {VERSION}; "
            "both must be of one release of Reading Room."
        )
    if content.get("kind") != kind:
        raise WireError(f"The imaging service sent {content.get('kind')!r:.40} where {kind} were asked for.")
    return content


def error_from(message: bytes, status: int) -> ReadingRoomError:
    """Return the error that a refusal of the imaging service stands for, in its own words; never raises."""
    try:
        error = json.loads(message)["error"]
        words = " ".join(str(error[name]) for name in ("message", "what_to_do") if error.get(name))
        return ERRORS.get(error["code"], SourceUnavailableError)(words)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return SourceUnavailableError(f"The imaging service answered {status} without a reason. No image was opened.")


def list_of(content: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of a message; raises ``WireError`` when it is something else."""
    found = content.get(name)
    if not isinstance(found, list):
        raise WireError(f"The imaging service sent no list of {name}.")
    return found


def is_text(value: object) -> str:
    """Return a text of bounded length; raises ``TypeError``."""
    if type(value) is str and len(value) <= MAX_TEXT:
        return value
    raise TypeError(f"not a text: {value!r:.40}")


def is_whole(value: object) -> int:
    """Return a whole number of 64 bits; raises ``TypeError``."""
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    raise TypeError(f"not a whole number: {value!r:.40}")


def is_number(value: object) -> float:
    """Return a finite number; raises ``TypeError``."""
    if type(value) is float and math.isfinite(value):
        return value
    return float(is_whole(value))


def checker(hint: Any) -> Check:  # noqa: ANN401 - a type hint may be any object
    """Return what checks a JSON value against the type of a field and turns lists into tuples."""
    if get_origin(hint) is UnionType:
        return _optional([each for each in get_args(hint) if each is not NoneType])
    if get_origin(hint) is Literal:
        return _one_of(get_args(hint))
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint))
    return {str: is_text, int: is_whole, float: is_number, bool: _is_bool}[hint]


def _parse_rows(message: bytes, kind: str) -> tuple[object, ...]:
    held, checks = _KINDS[kind], _CHECKS[kind]
    rows = list_of(parse_message(message, kind), "rows")
    try:
        return tuple(held(*[check(value) for check, value in zip(checks, row, strict=True)]) for row in rows)
    except (TypeError, ValueError) as error:
        raise WireError(f"The imaging service sent a row that is none of {kind}: {error}."[:200]) from error


def _optional(hints: Sequence[Any]) -> Check:
    (hint,) = hints
    check = checker(hint)
    return lambda value: None if value is None else check(value)


def _one_of(allowed: tuple[object, ...]) -> Check:
    def check(value: object) -> object:
        if value in allowed:
            return value
        raise TypeError(f"not one of {allowed}: {value!r:.40}")

    return check


def _tuple(hints: tuple[Any, ...]) -> Check:
    if hints[-1] is Ellipsis:
        each = checker(hints[0])
        return lambda value: tuple(each(entry) for entry in _list(value))
    checks = tuple(checker(hint) for hint in hints)
    return lambda value: tuple(check(entry) for check, entry in zip(checks, _list(value), strict=True))


def _list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    raise TypeError(f"not a list: {value!r:.40}")


def _is_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError(f"not true or false: {value!r:.40}")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


_KINDS: dict[str, type[Any]] = {
    "studies": Study,
    "series": Series,
    "instances": Instance,
    "problems": Problem,
    "state": SourceState,
}
_CHECKS = {
    kind: tuple(checker(get_type_hints(held)[field.name]) for field in fields(held)) for kind, held in _KINDS.items()
}
