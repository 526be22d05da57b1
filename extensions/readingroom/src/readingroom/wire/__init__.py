"""The messages between a reading page and its viewer process, typed once (its twin is ``js/messages.ts``).

Requests and small answers are JSON text messages with a ``type``. Pictures are binary messages:
4 bytes header length (little endian), the 32 bytes of the header's SHA-256, the header as UTF-8 JSON, then the encoded
8-bit pixels, whose own SHA-256 the header holds. So nothing of a picture, be it a pixel, a spacing or a place, can change
on its way unnoticed. Both hashes come with the message: they prove its transit, not its sender, whom TLS and login prove.

There are two lanes on the one socket. A ``view`` request replaces the one before it that was not rendered yet: the newest
wins. Every other message is an event of its own, reliable and taken in the order sent, never merged. A large picture comes
as several messages of whole rows (``FrameHeader.strip``, then ``StripHeader``), each of which the page acknowledges with
``received``; whatever was painted it acknowledges with ``painted``. Strips of one viewport may come between those of
another. A picture whose strips stop coming was overtaken by a newer state and is followed by that.

What a reader scrolls to next is asked for ``ahead`` and comes as frames of that type, whole and exact; one that the reader
comes to is painted from there, and ``walked`` says so.
"""

from readingroom.wire.parsing import MAX_REQUEST_BYTES, MAX_SLAB_MM, MOST_AHEAD, parse_request
from readingroom.wire.pictures import FrameHeader, PresentationEntry, Strip, StripHeader, pack_frame, unpack_frame
from readingroom.wire.readouts import ReadOut, ReadOutRequest
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
from readingroom.wire.values import Codec, PlaneName, Projection, Reformat, VoiChoice, VoiFunction, Window

__all__ = [
    "MAX_REQUEST_BYTES",
    "MAX_SLAB_MM",
    "MOST_AHEAD",
    "Ahead",
    "Codec",
    "CoverageRequest",
    "DisplayRequest",
    "FrameHeader",
    "MeasureRequest",
    "OpenRequest",
    "Painted",
    "Ping",
    "PlacesRequest",
    "PlaneName",
    "PresentationEntry",
    "Projection",
    "ReadOut",
    "ReadOutRequest",
    "Received",
    "Reformat",
    "Request",
    "Strip",
    "StripHeader",
    "StudiesRequest",
    "ThumbnailRequest",
    "ViewRequest",
    "VoiChoice",
    "VoiFunction",
    "Walked",
    "Window",
    "pack_frame",
    "parse_request",
    "unpack_frame",
]
