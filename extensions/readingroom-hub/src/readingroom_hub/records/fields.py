"""Reading the JSON of a request: every field of its type and size, or a refusal that names it."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from readingroom_hub.records.refusals import RequestError

MAX_BODY = 4 * 2**20
MAX_TEXT = 4096
MAX_LIST = 100_000

E = TypeVar("E", bound=StrEnum)


def object_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request's body; raises ``RequestError``."""
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RequestError("The request is no JSON.") from None
    if not isinstance(found, dict):
        raise RequestError("The request is no JSON object.")
    return found


def text(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a text; without ``default`` it must be there and not empty."""
    value = given.get(name, default)
    if (
        not isinstance(value, str)
        or len(value) > MAX_TEXT
        or value != storable(value)
        or (default is None and not value)
    ):
        raise RequestError(f"{name} must be a text of at most {MAX_TEXT} characters.")
    return value


def storable(value: str) -> str:
    """Return a text as a database can keep it: half a surrogate pair as a question mark, no zero byte, not too long."""
    return value.encode("utf-8", "replace").decode().replace("\0", "")[:MAX_TEXT]


def told(given: Mapping[str, Any], name: str) -> str:
    """Return a text that came out of somebody's DICOM file, made storable: a damaged name must not hide the study."""
    value = given.get(name, "")
    return text({name: storable(value) if isinstance(value, str) else value}, name, "")


def texts(given: Mapping[str, Any], name: str, most: int = MAX_LIST) -> tuple[str, ...]:
    """Return a list of texts, none of them empty."""
    found = items(given, name, most)
    return tuple(text({name: value}, name) for value in found)


def items(given: Mapping[str, Any], name: str, most: int = MAX_LIST) -> list[Any]:
    """Return a list of at most ``most`` values."""
    value = given.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise RequestError(f"{name} must be a list of at most {most}.")
    return value


def objects(given: Mapping[str, Any], name: str, most: int = MAX_LIST) -> list[dict[str, Any]]:
    """Return a list of JSON objects."""
    found = items(given, name, most)
    if not all(isinstance(each, dict) for each in found):
        raise RequestError(f"{name} must be a list of objects.")
    return found


def nested(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a JSON object within the object."""
    value = given.get(name)
    if not isinstance(value, dict):
        raise RequestError(f"{name} must be an object.")
    return value


def number(given: Mapping[str, Any], name: str, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """Return a whole number within its bounds."""
    value = given.get(name)
    if type(value) is not int or not least <= value <= most:
        raise RequestError(f"{name} must be a whole number from {least} to {most}.")
    return value


def one_of(given: Mapping[str, Any], name: str, names: type[E]) -> E:
    """Return a member of an enumeration by its value."""
    try:
        return names(text(given, name))
    except ValueError:
        raise RequestError(f"{name} must be one of {', '.join(each.value for each in names)}.") from None


def choice(given: Mapping[str, Any], name: str, *allowed: str) -> str:
    """Return one of the words that are allowed."""
    value = text(given, name)
    if value not in allowed:
        raise RequestError(f"{name} must be one of {', '.join(allowed)}.")
    return value


def moment(given: Mapping[str, Any], name: str, default: datetime | None = None) -> datetime:
    """Return a time with its zone, in ISO 8601."""
    if default is not None and name not in given:
        return default
    try:
        value = datetime.fromisoformat(text(given, name))
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise RequestError(f"{name} must be a time with its zone, as in 2026-01-31T12:00:00+00:00.")
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
