"""Shutters hide exactly what lies outside of their shapes, on images of odd sizes."""

import math
from itertools import pairwise

import numpy as np
import pytest

from readingroom.errors import DamagedImageError
from readingroom.pixels.shutter import BitmapShutter, CircularShutter, PolygonalShutter, RectangularShutter, Shutter


def test_rectangle_shows_its_edges() -> None:
    """Rows and columns from edge to edge are seen, the edges included; edges beyond the image hide nothing."""
    seen = RectangularShutter(left=3, right=5, upper=2, lower=4).visible(7, 9)
    expected = np.zeros((7, 9), bool)
    expected[1:4, 2:5] = True
    assert np.array_equal(expected, seen)
    assert RectangularShutter(-4, 200, 0, 99).visible(7, 9).all()
    assert not RectangularShutter(5, 3, 1, 7).visible(7, 9).any()


@pytest.mark.parametrize(("row", "column", "radius"), [(4, 5, 3), (1, 1, 5), (-2, 4, 6), (30, 3, 4), (4, 5, 0)])
@pytest.mark.parametrize("aspect", [1.0, 2.0, 0.5])
def test_circle_is_round_in_millimetres(row: int, column: int, radius: int, aspect: float) -> None:
    """A pixel is seen when its centre is no farther from the centre than the radius, counted in widths of pixels."""
    seen = CircularShutter(row, column, radius, aspect).visible(7, 9)
    for r in range(7):
        for c in range(9):
            assert (math.hypot((r + 1 - row) * aspect, c + 1 - column) <= radius) == seen[r, c]


def on_segment(point: tuple[int, int], start: tuple[int, int], end: tuple[int, int]) -> bool:
    """Return whether a point lies on a segment, in whole numbers."""
    (y, x), (y0, x0), (y1, x1) = point, start, end
    between = min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1)
    return between and (x - x0) * (y1 - y0) == (x1 - x0) * (y - y0)


def inside(point: tuple[int, int], vertices: list[tuple[int, int]]) -> bool:
    """Return whether a point is inside or on a polygon by the sum of the angles it is seen under."""
    loop = [*vertices, vertices[0]]
    if any(on_segment(point, start, end) for start, end in pairwise(loop)):
        return True
    turned = 0.0
    for (y0, x0), (y1, x1) in pairwise(loop):
        a, b = math.atan2(y0 - point[0], x0 - point[1]), math.atan2(y1 - point[0], x1 - point[1])
        turned += (b - a + math.pi) % math.tau - math.pi
    return abs(turned) > math.pi


@pytest.mark.parametrize(
    "vertices",
    [
        [(2, 2), (2, 12), (10, 7)],
        [(1, 1), (1, 13), (11, 13), (11, 1)],
        [(-30, 5), (6, 40), (40, 5), (6, -20)],
        [(2, 2), (9, 2), (9, 6), (5, 6), (5, 9), (9, 9), (9, 12), (2, 12)],
        [(3, 3), (3, 3), (8, 8), (8, 8), (3, 8)],
    ],
)
def test_polygon_shows_what_is_inside_or_on_it(vertices: list[tuple[int, int]]) -> None:
    """Pixels are seen exactly when their centres are inside the polygon or on it, whichever way round it goes."""
    expected = [[inside((r, c), vertices) for c in range(1, 14)] for r in range(1, 12)]
    assert expected == PolygonalShutter(tuple(vertices)).visible(11, 13).tolist()
    assert expected == PolygonalShutter(tuple(reversed(vertices))).visible(11, 13).tolist()


def test_random_simple_polygons_agree_with_the_angles() -> None:
    """Forty seeded star-shaped polygons, partly outside of the image, show what the angles say."""
    random = np.random.default_rng(5)
    for _ in range(40):
        angles = np.sort(random.uniform(0, math.tau, 7))
        radii = random.uniform(3, 14, 7)
        vertices = [
            (round(8 + r * math.sin(a)), round(7 + r * math.cos(a))) for a, r in zip(angles, radii, strict=True)
        ]
        seen = PolygonalShutter(tuple(vertices)).visible(15, 13)
        expected = [[inside((r, c), vertices) for c in range(1, 14)] for r in range(1, 16)]
        assert expected == seen.tolist()


def test_shapes_together_leave_what_all_of_them_leave() -> None:
    """Several shapes show only what is inside of every one of them, in grey and in colour."""
    hidden = np.zeros((7, 9), bool)
    hidden[3, 4] = True
    shutter = Shutter((RectangularShutter(2, 8, 2, 6), CircularShutter(4, 5, 3), BitmapShutter(hidden)), gray=7)
    seen = RectangularShutter(2, 8, 2, 6).visible(7, 9) & CircularShutter(4, 5, 3).visible(7, 9) & ~hidden
    pixels = np.full((7, 9), 200, np.uint8)
    assert np.array_equal(np.where(seen, 200, 7), shutter.apply(pixels))
    assert np.array_equal(np.where(seen, 200, 7), shutter.apply(np.dstack([pixels] * 3))[..., 2])


@pytest.mark.parametrize("vertices", [(), ((1, 1), (2, 2)), ((1, 1), (2, 2), (3, 2**21)), ((1, 1),) * 20_000])
def test_polygons_no_shutter_has_are_refused(vertices: tuple[tuple[int, int], ...]) -> None:
    """Too few vertices, too many or too far away are damage."""
    with pytest.raises(DamagedImageError, match="polygonal shutter"):
        PolygonalShutter(vertices)


def test_huge_polygon_costs_no_more_than_the_image() -> None:
    """Ten thousand edges a million pixels long are done at once: only what meets the image is looked at."""
    far = 2**20
    vertices = tuple((far, far) if n % 2 else (-far, -far) for n in range(9_998))
    assert PolygonalShutter((*vertices, (-far, far))).visible(5, 5).shape == (5, 5)


def test_negative_radius_is_refused() -> None:
    """A radius below zero is damage, not its square."""
    with pytest.raises(DamagedImageError, match="radius of -3"):
        CircularShutter(1, 1, -3)
