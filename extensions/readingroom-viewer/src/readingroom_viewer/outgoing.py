"""A rendered picture on its way: its codec chosen, cut into strips of rows where it is large, encoded one by one."""

import hashlib
from dataclasses import dataclass, replace
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.encode import encode
from readingroom.wire import FrameHeader, Strip, StripHeader, pack_frame
from readingroom_viewer.codec_choice import Choice

STRIP_BYTES = 384 * 2**10
"""Decoded bytes of a strip: about 128 KiB compressed, which a browser takes in 2.7 times quicker than one large message."""

LEAST_STRIP_BYTES = 24 * 2**10
FIRST_STRIP_BYTES = 37 * 2**10
"""Over a link that nothing is known of; each one after it has twice as many. A slice of 512 by 512 is then four strips, most
of it in the three that leave at once, and over 200 kbit/s none is a silence that a page takes for a lost connection (6 s)."""

STRIP_S = 0.05
"""On a slow link a strip takes no longer than one frame of motion, so that a newer state need not wait."""

LONGEST_TRIP_S = 0.3
"""What a round trip takes longer than this is a queue, and no reason to make it longer."""


@dataclass(frozen=True, eq=False, slots=True)
class Rendered:
    """A picture and what is known about it; the header's codec, hash and strip are still to be filled in."""

    header: FrameHeader
    pixels: NDArray[np.uint8]


@dataclass(eq=False, slots=True)
class Outgoing:
    """The messages of one picture, cut outwards from where the reader looks and encoded one by one. Knows no socket."""

    header: FrameHeader
    pixels: NDArray[np.uint8]
    choice: Choice
    strips: list[Strip]
    """What has been cut so far, the whole picture for one in one message."""

    _focus: int

    @property
    def exact(self) -> bool:
        """Whether this is the picture wanted: whole, and in a codec that loses nothing."""
        return self.choice.exact and self.header.full_size is None

    @property
    def is_whole(self) -> bool:
        """Whether it goes in one message."""
        return self.header.strip is None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be cut."""
        return sum(strip.rows for strip in self.strips) == self.header.rows

    def message(self, number: int, choice: Choice | None = None) -> bytes:
        """Return message ``number`` from 0, encoding its rows now; the first one carries the whole header.

        Later strips may be in another exact codec than the first.
        """
        strip, choice = self.strips[number], choice or self.choice
        payload = encode(choice.codec, self.pixels[strip.first_row : strip.first_row + strip.rows], choice.quality)
        if number == 0:
            return pack_frame(self.header, payload)
        return pack_frame(StripHeader(self.header.viewport, self.header.seq, choice.codec, strip), payload)

    def cut(self, strip_bytes: int) -> Strip:
        """Cut the next strip of ``strip_bytes`` decoded bytes: on the side where the reader's row is nearer."""
        above = min(strip.first_row for strip in self.strips)
        below = max(strip.first_row + strip.rows for strip in self.strips)
        rows = _rows(self.pixels, strip_bytes)
        left = self.pixels.shape[0] - below
        upwards = above > 0 and (left == 0 or self._focus - above <= below - self._focus)
        strip = Strip(max(0, above - rows), min(rows, above)) if upwards else Strip(below, min(rows, left))
        self.strips.append(strip)
        return strip


def outgoing(rendered: Rendered, choice: Choice, focus: float = 0.5, strip_bytes: int = STRIP_BYTES) -> Outgoing:
    """Return a picture on its way with its first message cut; one up to two strips large goes whole, so does one with loss.

    ``focus`` is a share of the rows from the top, ``strip_bytes`` the decoded bytes of the first strip.
    """
    if choice.step > 1:
        rendered = _coarser(rendered, choice.step)
    pixels = np.ascontiguousarray(rendered.pixels)
    total = pixels.shape[0]
    row = min(total, round(focus * total))
    first = Strip(0, total)
    if choice.exact and pixels.nbytes > 2 * strip_bytes:
        rows = min(total, _rows(pixels, strip_bytes))
        first = Strip(min(total - rows, max(0, row - rows // 2)), rows)
    header = replace(
        rendered.header,
        codec=choice.codec,
        sha256=hashlib.sha256(pixels.data).hexdigest(),
        strip=first if first.rows < total else None,
    )
    return Outgoing(header, pixels, choice, [first], row)


def first_strip_bytes(goodput: float | None, ratio: float) -> int:
    """Return the decoded bytes of a picture's first strip; a small one where nothing is known of the link."""
    return FIRST_STRIP_BYTES if goodput is None else strip_bytes_for(goodput, ratio)


def next_strip_bytes(goodput: float | None, ratio: float, last: int) -> int:
    """Return the decoded bytes of the strip after one of ``last``: twice as many while nothing is known of the link."""
    return min(STRIP_BYTES, 2 * last) if goodput is None else strip_bytes_for(goodput, ratio)


def strip_bytes_for(goodput: float, ratio: float) -> int:
    """Return the decoded bytes of a strip for a link of ``goodput`` bits a second and a codec's usual ratio."""
    return int(min(STRIP_BYTES, max(LEAST_STRIP_BYTES, goodput / 8 * STRIP_S * ratio)))


def strips_on_their_way(base_trip: float | None, strip_s: float = STRIP_S) -> int:
    """Return how many strips may be unacknowledged: what a round trip holds, and two to keep the link busy.

    ``strip_s`` is the seconds that the link takes for one.
    """
    return 2 + ceil(min(LONGEST_TRIP_S, base_trip or 0.0) / max(STRIP_S, strip_s))


def _rows(pixels: NDArray[np.uint8], strip_bytes: int) -> int:
    return max(1, strip_bytes // int(pixels[0].nbytes))


def _coarser(rendered: Rendered, step: int) -> Rendered:
    """Return the picture area-averaged over ``step`` by ``step`` pixels: for the eye of a moving hand, in the same place."""
    header = rendered.header
    rows, columns = ceil(header.rows / step), ceil(header.columns / step)
    shrunk = cv2.resize(rendered.pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    down, across = header.rows / rows, header.columns / columns
    spacing = None if header.spacing is None else (header.spacing[0] * down, header.spacing[1] * across)
    made = replace(
        header,
        rows=rows,
        columns=columns,
        spacing=spacing,
        pixel_shape=(header.pixel_shape[0] * down, header.pixel_shape[1] * across),
        slice_position=_first_pixel(header, spacing),
        full_size=header.full_size or (header.rows, header.columns),
    )
    return Rendered(made, np.asarray(shrunk, np.uint8))


def _first_pixel(header: FrameHeader, spacing: tuple[float, float] | None) -> tuple[float, ...] | None:
    """Return the centre of the coarse first pixel, in mm: half the difference of both sizes from that of the fine one."""
    if header.slice_position is None or header.orientation is None or header.spacing is None or spacing is None:
        return header.slice_position
    down, across = (spacing[0] - header.spacing[0]) / 2, (spacing[1] - header.spacing[1]) / 2
    row, column = np.array(header.orientation[:3]), np.array(header.orientation[3:])
    return tuple((np.array(header.slice_position) + across * row + down * column).tolist())
