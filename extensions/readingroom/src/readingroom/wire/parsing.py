"""From a text message of a page to the request that it holds; whatever is no request is refused in words."""

import json
import math
from collections.abc import Callable
from typing import Any, get_args

from readingroom.errors import WireError
from readingroom.wire.readouts import ReadOutRequest
from readingroom.wire.requests import (
    Ahead,
    CoverageRequest,
    DisplayRequest,
    MeasureRequest,
    OpenRequest,
    Painted,
    Ping,
    PlacesRequest,
    Received,
    Request,
    StudiesRequest,
    ThumbnailRequest,
    ViewRequest,
    Walked,
)
from readingroom.wire.values import PlaneName, Projection, Reformat, Window

MAX_REQUEST_BYTES = 65_536
"""No request of a page comes near this; a longer one is refused unread."""

MAX_SLAB_MM = 1000.0

MOST_AHEAD = 12
"""Ten pictures ahead of a reader and two behind; a page that asks for more is not ours."""


def parse_request(text: str | bytes) -> Request:
    """Return the request that a page's text message holds; raises ``WireError`` for anything else."""
    if isinstance(text, bytes) or len(text) > MAX_REQUEST_BYTES:
        raise WireError("A request is a JSON text message of at most 64 KiB.")
    try:
        fields = json.loads(text)
        kind = fields.pop("type")
        return _PARSERS[kind](fields)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise WireError(f"Not a request of this protocol: {type(error).__name__} {error}"[:200]) from error


def _view(fields: dict[str, Any]) -> ViewRequest:
    window = fields.get("window")
    return ViewRequest(
        viewport=_text(fields["viewport"]),
        seq=_whole(fields["seq"]),
        series_uid=_text(fields["series_uid"]),
        position=None if fields["position"] is None else _whole(fields["position"]),
        window=None if window is None else _window(window),
        inverted=fields.get("inverted") is True,
        choice=None if fields.get("choice") is None else _whole(fields["choice"]),
        presentation_uid=_text(fields.get("presentation_uid", "")),
        overlays=fields.get("overlays") is not False,
        reformat=_reformat(fields.get("reformat")),
        moving=fields.get("moving") is True,
        focus=min(1.0, max(0.0, _number(fields.get("focus", 0.5)))),
        pointed=fields.get("pointed") is True,
    )


def _painted(fields: dict[str, Any]) -> Painted:
    return Painted(
        viewport=_text(fields["viewport"]),
        seq=_whole(fields["seq"]),
        verified=fields["verified"] is True,
        arrived_ms=_number(fields.get("arrived_ms", 0)),
        busy_ms=_number(fields.get("busy_ms", 0)),
    )


def _ahead(fields: dict[str, Any]) -> Ahead:
    positions = fields["positions"]
    if not isinstance(positions, list) or len(positions) > MOST_AHEAD:
        raise ValueError(f"not a list of at most {MOST_AHEAD} positions")
    return Ahead(_text(fields["viewport"]), _whole(fields["look"]), tuple(_whole(one) for one in positions))


def _walked(fields: dict[str, Any]) -> Walked:
    return Walked(
        viewport=_text(fields["viewport"]),
        seq=_whole(fields["seq"]),
        position=_whole(fields["position"]),
        verified=fields["verified"] is True,
    )


def _ping(fields: dict[str, Any]) -> Ping:
    measured = fields.get("round_trip_ms")
    return Ping(_number(fields["sent"]), None if measured is None else _number(measured))


def _window(fields: dict[str, Any]) -> Window:
    function = fields.get("function", "LINEAR")
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise ValueError(f"unknown VOI LUT Function {function!r:.40}")
    return Window(_number(fields["center"]), _number(fields["width"]), function)


def _reformat(fields: dict[str, Any] | None) -> Reformat | None:
    if fields is None:
        return None
    plane, projection, slab = fields["plane"], fields.get("projection"), _number(fields.get("slab_mm", 0))
    if (
        plane not in get_args(PlaneName)
        or projection not in (None, *get_args(Projection))
        or not 0 <= slab <= MAX_SLAB_MM
    ):
        raise ValueError(f"no plane {plane!r:.40} of {slab:g} mm projected by {projection!r:.40}")
    return Reformat(plane, slab, projection)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r:.40}")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"not a whole number from 0: {value!r:.40}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 128:  # noqa: PLR2004 - UIDs have at most 64 characters
        raise ValueError("not a short text")
    return value


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list) or len(values) > 256:  # noqa: PLR2004 - a display has no more driving levels
        raise ValueError("not a short list of numbers")
    return tuple(_number(value) for value in values)


def _measure(fields: dict[str, Any]) -> MeasureRequest:
    return MeasureRequest(
        display=_text(fields["display"]),
        luminance=_numbers(fields["luminance"]),
        ambient=_number(fields["ambient"]),
        dark=_numbers(fields["dark"]),
        bright=_numbers(fields["bright"]),
        corrected=fields["corrected"] is True,
        save=fields["save"] is True,
    )


def _read_out(fields: dict[str, Any]) -> ReadOutRequest:
    return ReadOutRequest(
        viewport=_text(fields["viewport"]),
        number=_whole(fields["number"]),
        series_uid=_text(fields["series_uid"]),
        position=_whole(fields["position"]),
        column=_number(fields["column"]),
        row=_number(fields["row"]),
        reformat=_reformat(fields.get("reformat")),
    )


_PARSERS: dict[str, Callable[[dict[str, Any]], Request]] = {
    "view": _view,
    "painted": _painted,
    "received": lambda f: Received(
        _text(f["viewport"]), _whole(f["seq"]), _whole(f["first_row"]), _number(f["arrived_ms"])
    ),
    "ahead": _ahead,
    "walked": _walked,
    "coverage": lambda f: CoverageRequest(_text(f["series_uid"])),
    "display": lambda f: DisplayRequest(_text(f["display"])),
    "measure": _measure,
    "readout": _read_out,
    "studies": lambda _f: StudiesRequest(),
    "open": lambda f: OpenRequest(_text(f["study_uid"])),
    "thumbnail": lambda f: ThumbnailRequest(_text(f["series_uid"])),
    "places": lambda f: PlacesRequest(_text(f["series_uid"])),
    "ping": _ping,
}
