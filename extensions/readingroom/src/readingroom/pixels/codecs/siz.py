"""The SIZ marker of a JPEG 2000 codestream: the grid, its tiles and its components (ITU-T T.800 A.5.1)."""

import struct

from readingroom.errors import DamagedImageError

_FIXED = struct.Struct(">HH8LH")
MAX_COMPONENTS = 16_384


class Siz:
    """What SIZ says; ``depths`` are bits and sign of each component, ``steps`` its horizontal and vertical sampling.

    ``tiles`` counts the tiles, 0 where they do not cover the image.
    """

    def __init__(self, data: bytes) -> None:
        start = data.find(b"\xff\x4f\xff\x51", 0, 4096) + 4
        if start < 4 or len(data) < start + _FIXED.size:  # noqa: PLR2004 - found at all
            raise DamagedImageError("The compressed image does not begin like JPEG 2000.")
        _, _, x1, y1, x0, y0, width, height, tile_x, tile_y, count = _FIXED.unpack_from(data, start)
        body = data[start + _FIXED.size : start + _FIXED.size + 3 * count]
        if not 1 <= count <= MAX_COMPONENTS or len(body) < 3 * count:
            raise DamagedImageError("The compressed image does not say how its components are sampled.")
        self.depths = [((byte & 0x7F) + 1, byte >= 0x80) for byte in body[::3]]  # noqa: PLR2004 - the highest bit
        self.steps = list(zip(body[1::3], body[2::3], strict=True))
        covers = width and height and tile_x <= x0 < tile_x + width and tile_y <= y0 < tile_y + height
        self.tiles = -(-(x1 - tile_x) // width) * -(-(y1 - tile_y) // height) if covers else 0
