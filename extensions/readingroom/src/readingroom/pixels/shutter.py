"""Display shutters: what lies outside of their shapes is hidden (PS3.3 C.7.6.11, C.7.6.15).

Rows and columns count from 1, as in the Standard. A pixel is inside a shape when its centre is inside or on the edge;
of several shapes only what lies inside all of them is seen.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError

Mask = NDArray[np.bool_]
MAX_COORDINATE = 2**20
"""No shutter lies farther off than this; products of two such numbers stay exact in 64 bits."""

MAX_VERTICES = 10_000


@dataclass(frozen=True, slots=True)
class RectangularShutter:
    """The columns and rows of the edges, which are themselves seen."""

    left: int
    right: int
    upper: int
    lower: int

    def visible(self, rows: int, columns: int) -> Mask:
        """Return which pixels are inside."""
        row, column = _grid(rows, columns)
        return (row >= self.upper) & (row <= self.lower) & (column >= self.left) & (column <= self.right)


@dataclass(frozen=True, slots=True)
class CircularShutter:
    """Row and column of the centre; the radius counts pixels along a row.

    ``aspect`` is the height of a pixel divided by its width: the shape is a circle in millimetres.

    Raises
    ------
    DamagedImageError
        For a negative radius.
    """

    row: int
    column: int
    radius: int
    aspect: float = 1.0

    def __post_init__(self) -> None:
        if self.radius < 0:
            raise DamagedImageError(f"A circular shutter has a radius of {self.radius}.")

    def visible(self, rows: int, columns: int) -> Mask:
        """Return which pixels are inside."""
        row, column = _grid(rows, columns)
        return ((row - self.row) * self.aspect) ** 2 + (column - self.column) ** 2 <= self.radius**2


@dataclass(frozen=True, slots=True)
class PolygonalShutter:
    """(row, column) of at least three vertices, implicitly closed.

    Raises
    ------
    DamagedImageError
        For fewer than three vertices, or more or farther ones than any shutter has.
    """

    vertices: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(self.vertices) < 3:  # noqa: PLR2004 - a triangle
            raise DamagedImageError("A polygonal shutter has fewer than three vertices.")
        if len(self.vertices) > MAX_VERTICES:
            raise DamagedImageError(f"A polygonal shutter has {len(self.vertices)} vertices, more than {MAX_VERTICES}.")
        if max(abs(value) for vertex in self.vertices for value in vertex) > MAX_COORDINATE:
            raise DamagedImageError("A polygonal shutter lies far outside of any image.")

    def visible(self, rows: int, columns: int) -> Mask:
        """Return which pixels are inside, by the parity of the edges left of them, in whole numbers throughout."""
        crossings = np.zeros((rows, columns + 1), np.bool_)
        on_edge = np.zeros((rows, columns), np.bool_)
        for start, end in zip(self.vertices, (*self.vertices[1:], self.vertices[0]), strict=True):
            _cross(crossings, start, end)
            _trace(on_edge, start, end)
        return np.logical_xor.accumulate(crossings, axis=1)[:, :columns] | on_edge


@dataclass(frozen=True, eq=False, slots=True)
class BitmapShutter:
    """An overlay of the size of the image whose set bits hide the image (PS3.3 C.7.6.15)."""

    hidden: Mask

    def visible(self, rows: int, columns: int) -> Mask:
        """Return which pixels are not hidden."""
        if self.hidden.shape != (rows, columns):
            raise DamagedImageError("A bitmap shutter is not of the size of the image.")
        return ~self.hidden


ShutterShape = RectangularShutter | CircularShutter | PolygonalShutter | BitmapShutter


@dataclass(frozen=True, slots=True)
class Shutter:
    """The shapes of a shutter, and the P-value (0 to 65535) and 8-bit display value of what they hide."""

    shapes: tuple[ShutterShape, ...]
    p_value: int = 0
    gray: int = 0

    @property
    def nbytes(self) -> int:
        """Return the memory that bitmaps take."""
        return sum(shape.hidden.nbytes for shape in self.shapes if isinstance(shape, BitmapShutter))

    def visible(self, rows: int, columns: int) -> Mask:
        """Return which pixels every shape leaves visible."""
        seen = np.ones((rows, columns), np.bool_)
        for shape in self.shapes:
            seen &= shape.visible(rows, columns)
        return seen

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return 8-bit pixels, grey or RGB, with what is outside replaced."""
        seen = self.visible(*pixels.shape[:2])
        return np.where(seen if pixels.ndim == 2 else seen[..., np.newaxis], pixels, np.uint8(self.gray))  # noqa: PLR2004 - grey


def _grid(rows: int, columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(1, rows + 1)[:, np.newaxis], np.arange(1, columns + 1)[np.newaxis, :]


def _cross(crossings: Mask, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Toggle, in each row that an edge crosses, the first pixel at or right of it (lower end of the edge excluded)."""
    (top, left), (bottom, right) = sorted((start, end))
    rows, last = crossings.shape[0], crossings.shape[1] - 1
    row = np.arange(max(top, 1), min(bottom, rows + 1))
    if not row.size:
        return
    column = left - (-(right - left) * (row - top)) // (bottom - top)
    crossings[row - 1, np.clip(column - 1, 0, last)] ^= True


def _trace(on_edge: Mask, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Mark the pixels of the image whose centres lie exactly on an edge."""
    steps = math.gcd(end[0] - start[0], end[1] - start[1])
    first, last = 0, steps
    for at, to, size in zip(start, end, on_edge.shape, strict=True):
        stride = (to - at) // steps if steps else 0
        if stride == 0:
            last = last if 1 <= at <= size else -1
            continue
        near, far = sorted(((1 - at) / stride, (size - at) / stride))
        first, last = max(first, math.ceil(near)), min(last, math.floor(far))
    step = np.arange(first, last + 1)
    rows, columns = (at - 1 + step * ((to - at) // max(steps, 1)) for at, to in zip(start, end, strict=True))
    on_edge[rows, columns] = True
