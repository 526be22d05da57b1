"""A rendered picture on its way: its codec chosen, cut into strips of rows where it is large, encoded one by one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.encode import encode
from readingroom.wire import FrameHeader, Strip, StripHeader, pack_frame
from readingroom_viewer.codec_choice import Choice

WHOLE_BYTES = 768 * 2**10
"""Decoded bytes up to which a picture is one message: compressed it then stays well below 512 KiB."""

STRIP_BYTES = 384 * 2**10
"""Decoded bytes of a strip: about 128 KiB compressed, which a browser takes in 2.7 times quicker than one large message."""

LEAST_STRIP_BYTES = 48 * 2**10
STRIP_S = 0.05
"""On a slow link a strip takes no longer than one frame of motion, so that a newer state need not wait."""


@dataclass(frozen=True, eq=False, slots=True)
class Rendered:
    """A picture and what is known about it; the header's codec, hash and strip are still to be filled in."""

    header: FrameHeader
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Outgoing:
    """The messages of one picture, each made when it is asked for. Knows no socket."""

    header: FrameHeader
    pixels: NDArray[np.uint8]
    choice: Choice
    strips: Sequence[Strip]

    def message(self, number: int) -> bytes:
        """Return message ``number`` from 0, encoding its rows now; the first one carries the whole header."""
        strip = self.strips[number]
        payload = encode(
            self.choice.codec, self.pixels[strip.first_row : strip.first_row + strip.rows], self.choice.quality
        )
        if number == 0:
            return pack_frame(self.header, payload)
        return pack_frame(StripHeader(self.header.viewport, self.header.seq, self.choice.codec, strip), payload)


def outgoing(rendered: Rendered, choice: Choice, focus: float = 0.5, strip_bytes: int = STRIP_BYTES) -> Outgoing:
    """Return the messages that carry a picture; the strips of a large one run outwards from ``focus``.

    ``focus`` is a share of the rows from the top, ``strip_bytes`` the decoded bytes of a strip.
    """
    pixels = np.ascontiguousarray(rendered.pixels)
    whole = Strip(0, pixels.shape[0])
    strips = (whole,) if pixels.nbytes <= WHOLE_BYTES or not choice.exact else _strips(pixels, focus, strip_bytes)
    header = replace(
        rendered.header,
        codec=choice.codec,
        sha256=hashlib.sha256(pixels.data).hexdigest(),
        strip=strips[0] if len(strips) > 1 else None,
    )
    return Outgoing(header, pixels, choice, strips)


def strip_bytes_for(goodput: float | None, ratio: float) -> int:
    """Return the decoded bytes of a strip for a link of ``goodput`` bits a second and a codec's usual ratio."""
    if goodput is None:
        return STRIP_BYTES
    return int(min(STRIP_BYTES, max(LEAST_STRIP_BYTES, goodput / 8 * STRIP_S * ratio)))


def _strips(pixels: NDArray[np.uint8], focus: float, strip_bytes: int) -> tuple[Strip, ...]:
    total = pixels.shape[0]
    rows = max(1, strip_bytes // (pixels.nbytes // total))
    strips = [Strip(first, min(rows, total - first)) for first in range(0, total, rows)]
    return tuple(sorted(strips, key=lambda one: abs(one.first_row + one.rows / 2 - focus * total)))


def strips_on_their_way(base_trip: float | None) -> int:
    """Return how many strips of a picture may be unacknowledged: what a round trip holds, and two to keep the link busy."""
    return 2 + ceil((base_trip or 0.0) / STRIP_S)
