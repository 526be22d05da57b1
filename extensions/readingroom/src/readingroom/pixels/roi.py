"""Regions of interest in image pixel coordinates and the pixels that belong to them.

Coordinates are (column, row) from 0 with whole numbers at pixel centres, as in the image plane equation (PS3.3
C.7.6.2.1.1): the first pixel reaches from -0.5 to 0.5. SCOORD of a structured report counts from the corner (PS3.3
C.18.6.1.2: add 0.5), a presentation state from 1 (PS3.3 C.10.5: add 1).

One rule for every shape: a pixel belongs when its centre does. Of a centre exactly on the outline, those on a left or
top edge of a polygon or rectangle belong and those on a right or bottom edge do not, so that shapes side by side share
no pixel; the outline of an ellipse belongs to it. A polygon that crosses itself follows the even-odd rule.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import NotMeasurableError

Point = tuple[float, float]
Mask = NDArray[np.bool_]

MAX_COORDINATE = 2.0**20
"""Beyond any image, and far enough below 2**53 for every coordinate to be exact to a billionth of a pixel."""

MAX_CORNERS = 4_000
"""A minute of freehand drawing; whether so many edges cross is known within half a second."""
_CORNERS_OF_AN_AREA = 3
_CORNERS_TO_CROSS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """The pixels first_column..last_column of rows first_row..last_row, both ends included."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns), 0 for what is empty."""
        return max(self.last_row - self.first_row + 1, 0), max(self.last_column - self.first_column + 1, 0)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return the slices that cut the box out of an image of shape (rows, columns)."""
        rows, columns = self.shape
        return slice(self.first_row, self.first_row + rows), slice(self.first_column, self.first_column + columns)

    def within(self, rows: int, columns: int) -> "Box":
        """Return the part of the box that an image of this size has."""
        return Box(
            max(self.first_column, 0),
            max(self.first_row, 0),
            min(self.last_column, columns - 1),
            min(self.last_row, rows - 1),
        )


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse by its centre and two conjugate half diameters, as (columns, rows) from the centre.

    What is a circle in the patient is an ellipse in pixels that are not square, and one turned there is skewed here:
    conjugate half diameters describe all of them exactly.

    Raises
    ------
    NotMeasurableError
        When the half diameters span no area or a coordinate is out of bounds.
    """

    center: Point
    first: Point
    second: Point

    def __post_init__(self) -> None:
        _check_points((self.center, self.first, self.second))
        if not self.area:
            raise NotMeasurableError("This ellipse has no area: draw it larger.")

    @classmethod
    def circle(cls, center: Point, radius: float, spacing: tuple[float, float] = (1.0, 1.0)) -> "Ellipse":
        """Return a circle; ``radius`` in the unit of ``spacing`` (between rows, between columns): pixels or mm."""
        return cls(center, (radius / spacing[1], 0.0), (0.0, radius / spacing[0]))

    @classmethod
    def in_box(cls, corner: Point, opposite: Point) -> "Ellipse":
        """Return the upright ellipse between two opposite corners."""
        (x0, y0), (x1, y1) = corner, opposite
        return cls(((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, 0.0), (0.0, (y1 - y0) / 2))

    @property
    def area(self) -> float:
        """Return the area in square pixels."""
        return math.pi * abs(self.first[0] * self.second[1] - self.first[1] * self.second[0])

    @property
    def box(self) -> Box:
        """Return the pixels whose centres may belong."""
        half = (math.hypot(self.first[0], self.second[0]), math.hypot(self.first[1], self.second[1]))
        (x, y), (across, down) = self.center, half
        return Box(math.floor(x - across), math.floor(y - down), math.ceil(x + across), math.ceil(y + down))

    def mask(self, box: Box) -> Mask:
        """Return which pixels of ``box`` belong."""
        rows, columns = box.shape
        x = np.arange(box.first_column, box.first_column + columns) - self.center[0]
        y = (np.arange(box.first_row, box.first_row + rows) - self.center[1])[:, np.newaxis]
        determinant = self.first[0] * self.second[1] - self.first[1] * self.second[0]
        along = (x * self.second[1] - y * self.second[0]) / determinant
        across = (y * self.first[0] - x * self.first[1]) / determinant
        return np.asarray(along**2 + across**2 <= 1.0)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline by its corners in order; the last is joined to the first. Freehand outlines are polygons.

    Raises
    ------
    NotMeasurableError
        For fewer than three corners, more than 4,000, or a coordinate out of bounds.
    """

    corners: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not _CORNERS_OF_AN_AREA <= len(self.corners) <= MAX_CORNERS:
            raise NotMeasurableError(f"An outline needs 3 to {MAX_CORNERS:,} corners, not {len(self.corners):,}.")
        _check_points(self.corners)

    @classmethod
    def rectangle(cls, corner: Point, opposite: Point) -> "Polygon":
        """Return the upright rectangle between two opposite corners."""
        (x0, y0), (x1, y1) = corner, opposite
        return cls(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))

    @property
    def area(self) -> float | None:
        """Return the area in square pixels, None for an outline that crosses itself."""
        points = np.array(self.corners)
        if _crosses_itself(points):
            return None
        x, y = (points - points[0]).T
        return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)

    @property
    def box(self) -> Box:
        """Return the pixels whose centres may belong."""
        points = np.array(self.corners)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))

    def mask(self, box: Box) -> Mask:
        """Return which pixels of ``box`` belong: those with an odd number of edges to their left."""
        rows, columns = box.shape
        turns = np.zeros((rows, columns + 1), np.int32)
        for start, end in zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True):
            (x0, y0), (x1, y1) = sorted((start, end), key=lambda point: point[1])
            first, last = max(math.ceil(y0), box.first_row), min(math.ceil(y1), box.first_row + rows)
            if first >= last:
                continue
            row = np.arange(first, last)
            crossing = np.ceil(x0 + (row - y0) * ((x1 - x0) / (y1 - y0))) - box.first_column
            np.add.at(turns, (row - box.first_row, np.clip(crossing, 0, columns).astype(np.int64)), 1)
        return np.asarray(turns.cumsum(axis=1)[:, :columns] % 2 == 1)


Shape = Ellipse | Polygon


def _check_points(points: Sequence[Point]) -> None:
    if not all(math.isfinite(value) and abs(value) <= MAX_COORDINATE for point in points for value in point):
        raise NotMeasurableError("A point of this region lies outside any image.")


def _crosses_itself(points: NDArray[np.float64]) -> bool:
    """Return whether two edges of a closed outline that are no neighbours properly cross."""
    count = len(points)
    if count < _CORNERS_TO_CROSS:
        return False
    ends = np.roll(points, -1, axis=0)
    for index in range(count - 2):
        later = slice(index + 2, count - 1 if index == 0 else count)
        start, end = points[later], ends[later]
        sides = _side(points[index], ends[index], start) * _side(points[index], ends[index], end)
        others = _side(start, end, points[index]) * _side(start, end, ends[index])
        if np.any((sides < 0) & (others < 0)):
            return True
    return False


def _side(start: NDArray[np.float64], end: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sign of the turn from start over end to point."""
    along, to = end - start, point - start
    return np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
