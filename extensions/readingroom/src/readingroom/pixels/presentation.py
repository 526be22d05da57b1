"""What a presentation state asks for beyond pixel values: turning, the area shown, graphics and text (PS3.3 C.10.4 to C.10.7).

Points are (x, y) in pixels of the image *before* it is turned or flipped: (0, 0) is the outer corner of the first pixel,
(columns, rows) that of the last (PS3.3 C.10.5). Everything here is frozen and becomes JSON by ``dataclasses.asdict``.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from readingroom.pixels.grayscale import round_to_display
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import WHITE

Point = tuple[float, float]
Rotation = Literal[0, 90, 180, 270]
ShapeKind = Literal["POINT", "MULTIPOINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE"]
Justification = Literal["LEFT", "CENTER", "RIGHT"]
SizeMode = Literal["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"]

P_VALUE_WHITE = 65_535


@dataclass(frozen=True, slots=True)
class SpatialTransformation:
    """Image Rotation, clockwise in degrees, and *then* Image Horizontal Flip (PS3.3 C.10.6)."""

    rotation: Rotation = 0
    flip: bool = False

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """Return rows and columns of the turned image."""
        return (columns, rows) if self.rotation in (90, 270) else (rows, columns)

    def forward(self, point: Point, rows: float, columns: float) -> Point:
        """Return where a point of an image of that size lies once it is turned and flipped."""
        x, y = point
        turned = {
            0: (x, y), 90: (rows - y, x), 180: (columns - x, rows - y), 270: (y, columns - x),
        }[self.rotation]  # fmt: skip
        width = rows if self.rotation in (90, 270) else columns
        return (width - turned[0], turned[1]) if self.flip else turned

    def backward(self, point: Point, rows: float, columns: float) -> Point:
        """Return the point of the image that ``forward`` brings to ``point``."""
        x, y = point
        width = rows if self.rotation in (90, 270) else columns
        x = width - x if self.flip else x
        return {
            0: (x, y), 90: (y, rows - x), 180: (columns - x, rows - y), 270: (columns - y, x),
        }[self.rotation]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """The part of the image to be shown (PS3.3 C.10.4), from the outer corner (left, top) to (right, bottom).

    It may reach beyond the image. ``pixel_spacing`` is (vertical, horizontal) in millimetres on the display,
    ``aspect_ratio`` vertical : horizontal, ``magnification`` display pixels to an image pixel; None where not given.
    """

    left: int
    top: int
    right: int
    bottom: int
    size_mode: SizeMode = "SCALE TO FIT"
    pixel_spacing: tuple[float, float] | None = None
    aspect_ratio: tuple[int, int] | None = None
    magnification: float | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One graphic object (PS3.3 C.10.5.2): a circle is its centre and a point on it, an ellipse the ends of its axes."""

    kind: ShapeKind
    points: tuple[Point, ...]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class TextObject:
    """Unformatted text of one or several lines, in a box or beside an anchor point (PS3.3 C.10.5.1.1).

    ``top_left`` and ``bottom_right`` are named as before the image is turned; the text runs from the one to the other.
    """

    text: str
    top_left: Point | None = None
    bottom_right: Point | None = None
    justification: Justification = "LEFT"
    anchor: Point | None = None
    anchor_visible: bool = False


@dataclass(frozen=True, slots=True)
class GraphicLayer:
    """A layer of graphics (PS3.3 C.10.7); those of a higher order lie on top.

    ``p_value`` (0 to 65535) is what the state recommends, ``gray`` the 8-bit value that shows it on the reader's display.
    """

    name: str
    order: int
    p_value: int
    gray: int
    description: str = ""
    shapes: tuple[Shape, ...] = ()
    texts: tuple[TextObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Presentation:
    """How one frame is to be laid out and what is drawn on it, layers from the lowest to the highest."""

    label: str
    description: str
    transformation: SpatialTransformation
    area: DisplayedArea
    layers: tuple[GraphicLayer, ...]

    def on_display(self, display: DisplayCurve | None) -> "Presentation":
        """Return the same presentation with the greys that a calibrated display needs, None for any other."""
        layers = tuple(replace(layer, gray=display_gray(layer.p_value, display)) for layer in self.layers)
        return replace(self, layers=layers)


def display_gray(p_value: int, display: DisplayCurve | None = None) -> int:
    """Return the 8-bit value of a 16-bit P-value on a calibrated display; on any other floor(y + 0.5)."""
    y = np.array([min(max(p_value, 0), P_VALUE_WHITE) * (WHITE / P_VALUE_WHITE)])
    return int((round_to_display(y) if display is None else display.apply(y))[0])
