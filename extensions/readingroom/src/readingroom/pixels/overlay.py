"""Overlay planes painted into an 8-bit frame (PS3.3 C.9.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class OverlayPlane:
    """One plane: ``mask`` is bool (rows, columns) of the image.

    ``p_value`` (0 to 65535) says how bright it is to look, ``gray`` is the 8-bit value it is painted with.
    """

    group: int
    mask: Mask
    p_value: int = 65_535
    gray: int = 255
    label: str = ""


def paint(pixels: NDArray[np.uint8], planes: Iterable[OverlayPlane]) -> NDArray[np.uint8]:
    """Return 8-bit pixels, grey or RGB, with planes painted on them in their order."""
    painted = pixels
    for plane in planes:
        if painted is pixels:
            painted = pixels.copy()
        painted[plane.mask] = plane.gray
    return painted


def outline(mask: Mask) -> Mask:
    """Return the pixels of a region that touch its outside by an edge; beyond the image is outside."""
    padded = np.pad(mask, 1)
    surrounded = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~surrounded
