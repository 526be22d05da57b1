"""The messages between a reading page and its viewer process, typed once (its twin is ``js/messages.ts``).

Requests and small answers are JSON text messages with a ``type``. Pictures are binary messages:
4 bytes header length (little endian), the 32 bytes of the header's SHA-256, the header as UTF-8 JSON, then the encoded
8-bit pixels, whose own SHA-256 the header holds. So nothing of a picture, be it a pixel, a spacing or a place, can change
on its way unnoticed. Both hashes come with the message: they prove its transit, not its sender, whom TLS and login prove.

There are two lanes. A ``view`` request replaces the one before it that was not rendered yet: the newest wins. One that is
``ordered`` never is: each is rendered and sent, in the order asked. A large picture comes as several messages of whole
rows (``FrameHeader.strip``, then ``StripHeader``), each of which the page acknowledges with ``received``; whatever was
painted it acknowledges with ``painted``. Strips of one viewport may come between those of another. A picture whose
strips stop coming was overtaken by a newer state and is followed by that.
"""

import hashlib
import json
import math
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from readingroom.errors import WireError
from readingroom.pixels.presentation import Presentation

MAX_REQUEST_BYTES = 65_536
"""No request of a page comes near this; a longer one is refused unread."""

MAX_SLAB_MM = 1000.0
PlaneName = Literal["axial", "coronal", "sagittal"]
Projection = Literal["mip", "minip", "mean"]
_LEAD = struct.Struct("<I32s")

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
Codec = Literal["lz4", "png", "jpeg", "raw"]
"""All but ``jpeg`` are exact; a picture that came as ``jpeg`` is never one at rest."""


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window in modality values (HU for CT): centre, width and VOI LUT Function (PS3.3 C.11.2.1)."""

    center: float
    width: float
    function: VoiFunction = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class VoiChoice:
    """A window of the image, or, where ``window`` is None, a VOI LUT of it (PS3.3 C.11.2.1)."""

    explanation: str
    window: Window | None


@dataclass(frozen=True, slots=True)
class Reformat:
    """A plane of the patient to cut out of a series: one voxel thick, or a slab of ``slab_mm`` millimetres projected."""

    plane: PlaneName
    slab_mm: float = 0.0
    projection: Projection | None = None


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """The state one viewport wants to show; ``seq`` grows with every change the reader makes.

    ``position`` counts frames of the series from 0 in reading order, or planes when ``reformat`` asks for those; None is
    the one in the middle. ``window`` None asks for the image's own, ``choice``
    for one of its windows and VOI LUTs by its number from 0. ``presentation_uid`` names the presentation state to show it with.
    ``moving`` says that the reader's hand is changing the view just now, so that a link too slow for exact pictures may
    carry others until it rests. ``ordered`` puts the request in the lane where nothing is left out. ``focus`` is where the
    reader looks, as the share of rows above it: large pictures arrive from there outwards.
    """

    viewport: str
    seq: int
    series_uid: str
    position: int | None
    window: Window | None = None
    inverted: bool = False
    choice: int | None = None
    presentation_uid: str = ""
    overlays: bool = True
    reformat: Reformat | None = None
    moving: bool = False
    ordered: bool = False
    focus: float = 0.5


@dataclass(frozen=True, slots=True)
class Painted:
    """The browser has painted the frame of state ``seq``, or left it out, and with it every earlier one.

    ``verified`` tells whether its hash was equal. ``arrived_ms`` is when its last byte came, by the page's own clock;
    ``busy_ms`` is how long the page took from there until it was painted.
    """

    viewport: str
    seq: int
    verified: bool
    arrived_ms: float = 0.0
    busy_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Received:
    """The browser has one strip of the frame of state ``seq``, since ``arrived_ms`` by its own clock."""

    viewport: str
    seq: int
    first_row: int
    arrived_ms: float


@dataclass(frozen=True, slots=True)
class StudiesRequest:
    """Asks for the study list."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Asks for the series of one study."""

    study_uid: str


@dataclass(frozen=True, slots=True)
class ThumbnailRequest:
    """Asks for a small picture of a series' middle frame."""

    series_uid: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life; ``sent`` is the page's own clock in milliseconds and comes back unchanged.

    ``round_trip_ms`` is how long the last such answer took, None before the first.
    """

    sent: float
    round_trip_ms: float | None = None


@dataclass(frozen=True, slots=True)
class DisplayRequest:
    """Says by its name which display the page is on, empty for one that nobody has named."""

    display: str


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """Asks whether measured luminances (cd/m²) are those of a screen to read on, and to keep them when ``save`` is set.

    ``corrected`` says that they were measured through the display's correction; ``dark`` and ``bright`` are five points
    of an even field each, or none.
    """

    display: str
    luminance: tuple[float, ...]
    ambient: float
    dark: tuple[float, ...]
    bright: tuple[float, ...]
    corrected: bool
    save: bool


Request = (
    DisplayRequest
    | MeasureRequest
    | ViewRequest
    | Painted
    | Received
    | StudiesRequest
    | OpenRequest
    | ThumbnailRequest
    | Ping
)


@dataclass(frozen=True, slots=True)
class PresentationEntry:
    """A presentation state as a reader chooses it; ``created`` is ISO, ``problem`` says why it cannot be applied.

    ``positions`` are those of the frames it is for, by Series Instance UID.
    """

    uid: str
    label: str
    description: str
    creator: str
    created: str
    problem: str
    positions: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Strip:
    """The whole rows that one message of a large picture holds, from ``first_row`` (0 is the top)."""

    first_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class StripHeader:
    """What travels before a further strip of the frame whose ``FrameHeader`` came first."""

    viewport: str
    seq: int
    codec: Codec
    strip: Strip
    type: Literal["strip"] = "strip"


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What travels before the pixels of one frame. Lengths in millimetres, patient coordinates LPS.

    ``sha256`` is over the decoded 8-bit pixels, row by row (grey: 1 byte a pixel, colour: R, G, B), before ``jpeg`` took
    something from them.
    ``strip`` tells which rows the message holds, None when it holds them all.
    ``source_lossy`` is the ratio of a lossy source ("10.5"), "?" when lossy without a known ratio, or empty.
    ``value_range`` is the smallest and largest modality value of the frame, None for colour.
    ``choices`` are the image's own windows and VOI LUTs, the first the one it wants to be shown with; ``choice`` is the
    number of the one in use, ``drag_start`` the window that a drag begins with. ``presentation`` is what the page draws
    or lays out itself. Of a plane cut out of a volume, ``sop_uid`` is empty, ``frame`` 0, and ``loaded`` the share of the
    volume that is there. ``pixel_shape`` is height and width of a pixel, in millimetres or only as a ratio. ``notes`` are
    what the reader must know about this image, in words. ``pipeline`` is the digest that the audit names it by, ``display``
    what the reader's screen is good for, ``value_step`` the modality units between stored values, 0 where they are not
    even. ``gray`` tells whether larger values are brighter or darker, empty where more than the window makes grey of them.
    """

    viewport: str
    seq: int
    study_uid: str
    series_uid: str
    sop_uid: str
    frame: int
    position: int
    count: int
    rows: int
    columns: int
    samples: Literal[1, 3]
    codec: Codec
    sha256: str
    window: Window | None
    choices: tuple[VoiChoice, ...]
    value_range: tuple[float, float] | None
    inverted: bool
    drag_start: Window | None
    choice: int | None
    presentation_uid: str
    presentation: Presentation | None
    overlay_planes: int
    reformat: Reformat | None
    loaded: float
    notes: tuple[str, ...]
    source_lossy: str
    orientation: tuple[float, ...] | None
    slice_position: tuple[float, ...] | None
    spacing: tuple[float, float] | None
    pixel_shape: tuple[float, float]
    spacing_kind: str
    strip: Strip | None = None
    type: Literal["frame", "thumbnail"] = "frame"
    pipeline: str = ""
    display: Literal["calibrated", "review-only"] = "review-only"
    value_step: float = 0.0
    gray: Literal["", "up", "down"] = ""


def pack_frame(header: FrameHeader | StripHeader, payload: bytes) -> bytes:
    """Return one binary message: header length, the header's SHA-256, header, encoded pixels."""
    head = json.dumps(asdict(header), separators=(",", ":"), allow_nan=False).encode()
    return _LEAD.pack(len(head), hashlib.sha256(head).digest()) + head + payload


def unpack_frame(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and payload of a binary message; raises ``WireError`` when it is cut short or its header was changed."""
    if len(message) < _LEAD.size:
        raise WireError(f"A picture message of fewer than {_LEAD.size} bytes has no header.")
    length, digest = _LEAD.unpack_from(message)
    if length > len(message) - _LEAD.size:
        raise WireError("A picture message ends before its header does.")
    head = message[_LEAD.size : _LEAD.size + length]
    if hashlib.sha256(head).digest() != digest:
        raise WireError("The header of a picture message was changed on its way.")
    return json.loads(head), message[_LEAD.size + length :]


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
        reformat=None if fields.get("reformat") is None else _reformat(fields["reformat"]),
        moving=fields.get("moving") is True,
        ordered=fields.get("ordered") is True,
        focus=min(1.0, max(0.0, _number(fields.get("focus", 0.5)))),
    )


def _painted(fields: dict[str, Any]) -> Painted:
    return Painted(
        viewport=_text(fields["viewport"]),
        seq=_whole(fields["seq"]),
        verified=fields["verified"] is True,
        arrived_ms=_number(fields.get("arrived_ms", 0)),
        busy_ms=_number(fields.get("busy_ms", 0)),
    )


def _ping(fields: dict[str, Any]) -> Ping:
    measured = fields.get("round_trip_ms")
    return Ping(_number(fields["sent"]), None if measured is None else _number(measured))


def _window(fields: dict[str, Any]) -> Window:
    function = fields.get("function", "LINEAR")
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise ValueError(f"unknown VOI LUT Function {function!r:.40}")
    return Window(_number(fields["center"]), _number(fields["width"]), function)


def _reformat(fields: dict[str, Any]) -> Reformat:
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


_PARSERS: dict[str, Callable[[dict[str, Any]], Request]] = {
    "view": _view,
    "painted": _painted,
    "received": lambda f: Received(
        _text(f["viewport"]), _whole(f["seq"]), _whole(f["first_row"]), _number(f["arrived_ms"])
    ),
    "display": lambda f: DisplayRequest(_text(f["display"])),
    "measure": _measure,
    "studies": lambda _f: StudiesRequest(),
    "open": lambda f: OpenRequest(_text(f["study_uid"])),
    "thumbnail": lambda f: ThumbnailRequest(_text(f["series_uid"])),
    "ping": _ping,
}
