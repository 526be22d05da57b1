"""What travels before the pixels of a picture, and the binary message that holds both."""

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from typing import Any, Literal

from readingroom.errors import WireError
from readingroom.pixels.presentation import Presentation
from readingroom.pixels.voi import WindowOrigin
from readingroom.wire.values import Codec, Reformat, VoiChoice, Window

_LEAD = struct.Struct("<I32s")


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
    or lays out itself. ``overlay_planes`` counts those of the image, burnt in where ``overlays`` were asked for.
    Of a plane cut out of a volume, ``sop_uid`` is empty, ``frame`` 0, and ``loaded`` the share of the
    volume that is there. ``pixel_shape`` is height and width of a pixel, in millimetres or only as a ratio. ``notes`` are
    what the reader must know about this image, in words. ``pipeline`` is the digest that the audit names it by, ``display``
    what the reader's screen is good for, ``value_step`` the modality units between stored values, 0 where they are not
    even. ``gray`` tells whether larger values are brighter or darker, empty where more than the window makes grey of them.
    ``type`` is ``ahead`` for a neighbour that was asked for before it is wanted; ``seq`` is then the number of its look.
    ``full_size`` is the rows and columns that the same rectangle has at rest, where it came in fewer and larger pixels
    because the hand moves; None otherwise. Such a picture is never the one wanted, whatever its codec.
    ``window_origin`` is where ``window`` comes from.
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
    overlays: bool
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
    type: Literal["frame", "ahead", "thumbnail"] = "frame"
    pipeline: str = ""
    display: Literal["calibrated", "review-only"] = "review-only"
    value_step: float = 0.0
    gray: Literal["", "up", "down"] = ""
    full_size: tuple[int, int] | None = None
    window_origin: WindowOrigin = ""


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
