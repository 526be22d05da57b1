"""Drawing a presentation on 8-bit pixels at native resolution: turned, cut to the displayed area, graphics and text.

Lines are one pixel wide and not smoothed, all blending is in whole numbers: the same state gives the same bytes. What
the displayed area shows beyond the image is black. Pixels are never scaled: the presentation's size mode is for a
display, not for a file.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.presentation import DisplayedArea, GraphicLayer, Point, Presentation, Shape, TextObject

Pixels = NDArray[np.uint8]
CURVE_STEPS = 16
"""Chords of an interpolated curve between two of its points."""

ELLIPSE_STEPS = 180
FURTHEST = 2.0**20
"""Points farther off than this are drawn as if they were here: OpenCV draws in 32-bit whole numbers."""

AREA_BEYOND = 3
"""A displayed area larger than the image by more than this factor is cut to the image: a file could claim anything."""

TEXT_HEIGHT = (9, 32)
"""Smallest and largest height of a line of text in pixels."""

ANCHOR_GAP = 4


def draw(pixels: Pixels, presentation: Presentation) -> tuple[Pixels, tuple[str, ...]]:
    """Return 8-bit pixels, (rows, columns) or (rows, columns, 3), laid out as the presentation asks, and notes in words."""
    rows, columns = pixels.shape[:2]
    canvas = _Canvas(presentation, rows, columns)
    drawn = canvas.laid_out(pixels)
    for layer in presentation.layers:
        _draw_layer(drawn, layer, canvas)
    return drawn, canvas.notes()


class _Canvas:
    """Where points of the image are in the picture drawn."""

    def __init__(self, presentation: Presentation, rows: int, columns: int) -> None:
        self._turn = presentation.transformation
        self._size = rows, columns
        self._area, self._cut = _bounded(presentation.area, rows, columns)
        self._stretched = presentation.area.aspect_ratio not in (None, (1, 1))
        first = self._turn.forward((self._area.left, self._area.top), rows, columns)
        last = self._turn.forward((self._area.right, self._area.bottom), rows, columns)
        self._left, self._top = (min(a, b) for a, b in zip(first, last, strict=True))
        self.unknown = ""

    def point(self, point: Point) -> Point:
        """Return a point of the image in the picture."""
        x, y = self._turn.forward(point, *self._size)
        return x - self._left, y - self._top

    def laid_out(self, pixels: Pixels) -> Pixels:
        """Return the displayed area, turned clockwise and then flipped; black where there is no image."""
        area, (rows, columns) = self._area, self._size
        shown = np.zeros((area.bottom - area.top, area.right - area.left, *pixels.shape[2:]), np.uint8)
        top, left = max(area.top, 0), max(area.left, 0)
        bottom, right = max(min(area.bottom, rows), top), max(min(area.right, columns), left)
        shown[top - area.top : bottom - area.top, left - area.left : right - area.left] = pixels[top:bottom, left:right]
        turned = np.rot90(shown, -(self._turn.rotation // 90))
        return np.ascontiguousarray(turned[:, ::-1] if self._turn.flip else turned)

    def notes(self) -> tuple[str, ...]:
        """Return what the picture does not show as the presentation asks."""
        notes = []
        if self._cut:
            notes.append("The displayed area lies far outside of the image; the whole image is shown.")
        if self._stretched:
            notes.append("The presentation state stretches pixels to an aspect ratio; the picture has square ones.")
        if self.unknown:
            notes.append(f"The font has no sign for {self.unknown}; a question mark stands for it.")
        return tuple(notes)


def _bounded(area: DisplayedArea, rows: int, columns: int) -> tuple[DisplayedArea, bool]:
    near = (
        area.right - area.left <= AREA_BEYOND * columns
        and area.bottom - area.top <= AREA_BEYOND * rows
        and area.left < columns
        and area.top < rows
        and area.right > 0
        and area.bottom > 0
    )
    return (area, False) if near else (DisplayedArea(0, 0, columns, rows), True)


def _draw_layer(drawn: Pixels, layer: GraphicLayer, canvas: _Canvas) -> None:
    for shape in layer.shapes:
        _draw_shape(drawn, shape, layer.gray, canvas)
    for text in layer.texts:
        _draw_text(drawn, text, layer.gray, canvas)


def _draw_shape(drawn: Pixels, shape: Shape, gray: int, canvas: _Canvas) -> None:
    import cv2  # noqa: PLC0415 - a quarter of a second that a listing never needs

    points = np.array([canvas.point(point) for point in shape.points], np.float64)
    if shape.kind in ("POINT", "MULTIPOINT"):
        for x, y in _pixels(points):
            _draw_cross(drawn, (int(x), int(y)), gray)
        return
    curve = _CURVES[shape.kind](points)
    closed = shape.kind in ("CIRCLE", "ELLIPSE")
    corners: Any = _pixels(curve)
    color = (gray,) * 3
    if shape.filled:
        cv2.fillPoly(drawn, [corners], color, lineType=cv2.LINE_8)
    cv2.polylines(drawn, [corners], closed, color, 1, cv2.LINE_8)


def _pixels(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the pixel in which each point lies."""
    return np.floor(np.clip(points, -FURTHEST, FURTHEST)).astype(np.int32)


def _draw_cross(drawn: Pixels, at: tuple[int, int], gray: int) -> None:
    """Draw a point as five pixels: one alone cannot be told from noise."""
    x, y = at
    for column, row in ((x, y), (x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
        if 0 <= row < drawn.shape[0] and 0 <= column < drawn.shape[1]:
            drawn[row, column] = gray


def _circle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    center, rim = points
    radius = math.dist(center, rim)
    across, down = np.array([radius, 0]), np.array([0, radius])
    return _ellipse(np.array([center - across, center + across, center - down, center + down]))


def _ellipse(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return chords of the ellipse whose axes end at the points (PS3.3 C.10.5.1.2)."""
    first, second = (points[1] - points[0]) / 2, (points[3] - points[2]) / 2
    angles = np.linspace(0, math.tau, ELLIPSE_STEPS, endpoint=False)[:, np.newaxis]
    return np.asarray((points[0] + points[1]) / 2 + np.cos(angles) * first + np.sin(angles) * second)


def _interpolated(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return chords of a Catmull-Rom curve through every point; the Standard leaves the kind of curve open."""
    closed = len(points) > 2 and bool((points[0] == points[-1]).all())  # noqa: PLR2004 - a line has no inside
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    p = np.vstack([before, points, after])
    t = (np.arange(CURVE_STEPS) / CURVE_STEPS)[np.newaxis, :, np.newaxis]
    p0, p1, p2, p3 = (p[i : len(p) - 3 + i, np.newaxis] for i in range(4))
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def _polyline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points


_CURVES = {"POLYLINE": _polyline, "INTERPOLATED": _interpolated, "CIRCLE": _circle, "ELLIPSE": _ellipse}


def _draw_text(drawn: Pixels, text: TextObject, gray: int, canvas: _Canvas) -> None:
    anchor = None if text.anchor is None else canvas.point(text.anchor)
    if anchor is not None and text.anchor_visible:
        _draw_cross(drawn, tuple(int(v) for v in _pixels(np.array(anchor))), gray)  # type: ignore[arg-type]
    if text.top_left is not None and text.bottom_right is not None:
        corners = np.array([canvas.point(text.top_left), canvas.point(text.bottom_right)])
        _draw_boxed(drawn, text, corners, gray, canvas)
    elif anchor is not None:
        patch = _written(text.text.split("\n"), TEXT_HEIGHT[0] + 3, "LEFT", canvas)
        x, y = _pixels(np.array(anchor))
        _stamp(drawn, patch, int(x) + ANCHOR_GAP, int(y) - patch.shape[0] // 2, gray)


def _draw_boxed(drawn: Pixels, text: TextObject, corners: NDArray[np.float64], gray: int, canvas: _Canvas) -> None:
    """Draw text in a box in the direction from its first to its last corner, wherever turning has put them."""
    lines = text.text.split("\n")
    width, height = np.abs(corners[1] - corners[0])
    quarter = {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[
        bool(corners[1][0] >= corners[0][0]), bool(corners[1][1] >= corners[0][1])
    ]
    along, across = (height, width) if quarter % 2 else (width, height)
    patch = _written(
        lines, int(np.clip(across / len(lines), *TEXT_HEIGHT)), text.justification, canvas, int(min(along, FURTHEST))
    )
    patch = np.rot90(patch, -quarter)
    first = _pixels(corners[0])
    x = int(first[0]) - (patch.shape[1] - 1 if quarter in (1, 2) else 0)
    y = int(first[1]) - (patch.shape[0] - 1 if quarter in (2, 3) else 0)
    _stamp(drawn, patch, x, y, gray)


def _written(lines: list[str], height: int, justification: str, canvas: _Canvas, width: int = 0) -> Pixels:
    """Return lines of text as coverage 0 to 255 in a patch at least as wide as the box."""
    rendered = [_line(line, height, canvas) for line in lines]
    wide = max(min(width, 4096), *(line.shape[1] for line in rendered))
    patch = np.zeros((height * len(lines), wide), np.uint8)
    for number, line in enumerate(rendered):
        left = {"LEFT": 0, "CENTER": (wide - line.shape[1]) // 2, "RIGHT": wide - line.shape[1]}[justification]
        patch[number * height : (number + 1) * height, left : left + line.shape[1]] = line
    return patch


def _line(line: str, height: int, canvas: _Canvas) -> Pixels:
    """Return one line of text; OpenCV's own font has the signs of most of the world's scripts."""
    import cv2  # noqa: PLC0415 - as above

    font: Any = cv2.FontFace("sans")
    size = max(round(height * 0.75), 6)
    room = np.zeros((height, 16 + height * (len(line) + 1)), np.uint8)
    end, _ = cv2.putText(room, line, (0, round(height * 0.78)), (255,), font, size, 400)
    canvas.unknown += "".join(c for c in line if c not in canvas.unknown and not c.isspace() and _is_unknown(c))
    return room[:, : max(int(end[0]) + 1, 1)]


def _is_unknown(character: str) -> bool:
    """Return whether the font has no sign for a character."""
    if character.isascii():
        return False
    return np.array_equal(_sign(character), _sign("?"))


def _sign(character: str) -> Pixels:
    import cv2  # noqa: PLC0415 - as above

    room = np.zeros((32, 64), np.uint8)
    cv2.putText(room, character, (0, 24), (255,), cv2.FontFace("sans"), 20, 400)
    return room


def _stamp(drawn: Pixels, patch: Pixels, x: int, y: int, gray: int) -> None:
    """Paint a patch of coverage at column x and row y, cut to the picture."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + patch.shape[0], drawn.shape[0]), min(x + patch.shape[1], drawn.shape[1])
    if top >= bottom or left >= right:
        return
    cover = patch[top - y : bottom - y, left - x : right - x].astype(np.uint32)
    under = drawn[top:bottom, left:right]
    cover = cover if under.ndim == 2 else cover[..., np.newaxis]  # noqa: PLR2004 - grey
    under[:] = (under * (255 - cover) + gray * cover + 127) // 255
