"""Which pixels belong to a region, and how large it is."""

import math

import numpy as np
import pytest

from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Box, Ellipse, Polygon

IMAGE = Box(0, 0, 39, 29)


def members(shape: Ellipse | Polygon, box: Box = IMAGE) -> set[tuple[int, int]]:
    """Return (column, row) of every pixel of ``box`` that belongs."""
    rows, columns = np.nonzero(shape.mask(box))
    return {(int(c) + box.first_column, int(r) + box.first_row) for c, r in zip(columns, rows, strict=True)}


def inside_by_crossings(corners: list[tuple[float, float]], column: int, row: int) -> bool:
    """Return the even-odd rule, one point at a time, as textbooks have it."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 <= row) != (y1 <= row) and x0 + (row - y0) * (x1 - x0) / (y1 - y0) <= column:
            inside = not inside
    return inside


def test_a_rectangle_takes_its_left_and_top_edge() -> None:
    """Centres on the left and top edge belong, those on the right and bottom edge do not."""
    assert {(c, r) for c in (2, 3, 4) for r in (1, 2)} == members(Polygon.rectangle((2, 1), (5, 3)))
    assert {(c, r) for c in (2, 3, 4) for r in (1, 2)} == members(Polygon.rectangle((5, 3), (2, 1)))


def test_rectangles_side_by_side_share_no_pixel() -> None:
    """Four quarters that meet at a pixel centre hold every pixel once."""
    quarters = [Polygon.rectangle((10, 10), corner) for corner in ((0, 0), (20, 0), (0, 20), (20, 20))]
    found = [members(quarter) for quarter in quarters]
    assert 400 == sum(map(len, found)) == len(set().union(*found))


def test_triangles_that_share_a_slanted_edge_share_no_pixel() -> None:
    """A square cut along any line through it is the sum of its parts."""
    for corner in ((37.0, 29.0), (30.5, 11.25), (33.0, 17.0)):
        square = [(1.0, 2.0), (35.0, 2.0), corner, (3.0, 28.0)]
        whole = members(Polygon(tuple(square)))
        parts = [
            members(Polygon((square[0], square[1], square[2]))),
            members(Polygon((square[0], square[2], square[3]))),
        ]
        assert not parts[0] & parts[1]
        assert whole == parts[0] | parts[1]


def test_a_polygon_follows_the_even_odd_rule_at_every_pixel() -> None:
    """Random outlines, most of them crossing themselves, some with corners on pixel centres, agree with the rule."""
    random = np.random.default_rng(7)
    for step in range(60):
        points = random.uniform(-5, 45, (random.integers(3, 12), 2))
        corners = [(float(x), float(y)) for x, y in (np.rint(points) if step % 2 else points)]
        expected = {(c, r) for c in range(40) for r in range(30) if inside_by_crossings(corners, c, r)}
        assert expected == members(Polygon(tuple(corners)))


def test_a_mask_does_not_depend_on_the_box_asked_for() -> None:
    """The same pixels belong whichever part of the image is looked at."""
    shape = Polygon(((3.2, 4.0), (30.0, 7.7), (22.0, 25.0), (5.0, 20.0)))
    small = Box(8, 9, 17, 15)
    expected = {(c, r) for c, r in members(shape) if 8 <= c <= 17 and 9 <= r <= 15}
    assert expected == members(shape, small)
    assert members(shape) == members(shape, shape.box.within(30, 40))


def test_the_star_has_a_hole_and_no_outline_area() -> None:
    """A pentagram is empty in the middle by the even-odd rule; its outline area is not claimed."""
    angles = [math.pi / 2 + 2 * n * math.tau / 5 for n in range(5)]
    star = Polygon(tuple((20 + 12 * math.cos(a), 15 - 12 * math.sin(a)) for a in angles))
    assert (20, 15) not in members(star)
    assert (20, 6) in members(star)
    assert star.area is None


def test_areas_of_outlines_are_exact() -> None:
    """A rectangle, a triangle and an ellipse have the areas of the schoolbook, far from the origin too."""
    assert 6.0 == Polygon.rectangle((1000.5, 2000.5), (1003.5, 2002.5)).area
    assert 6.0 == Polygon(((0, 0), (4, 0), (0, 3))).area
    assert Polygon.rectangle((9e5 + 0.1, 9e5 + 0.3), (9e5 + 0.2, 9e5 + 0.4)).area == pytest.approx(0.01, rel=1e-8)
    assert Ellipse((5, 5), (3, 0), (0, 2)).area == pytest.approx(6 * math.pi, rel=1e-15)


def test_a_circle_in_millimetres_is_one_on_pixels_that_are_not_square() -> None:
    """With rows 2 mm and columns 0.5 mm apart exactly the pixels within the radius belong, the rim included."""
    spacing = (2.0, 0.5)
    circle = Ellipse.circle((20, 15), 8.0, spacing)
    expected = {(c, r) for c in range(40) for r in range(30) if ((c - 20) * 0.5) ** 2 + ((r - 15) * 2.0) ** 2 <= 64}
    assert expected == members(circle)
    assert circle.area * 1.0 == pytest.approx(64 * math.pi)


@pytest.mark.parametrize("degrees", [33, 80, 145, -100])
def test_a_turned_ellipse_takes_the_pixels_inside_it(degrees: float) -> None:
    """Half diameters at an angle describe the turned ellipse, and its box holds all of it."""
    turn = math.radians(degrees)
    first, second = (12 * math.cos(turn), 12 * math.sin(turn)), (-5 * math.sin(turn), 5 * math.cos(turn))
    ellipse = Ellipse((19.3, 14.1), first, second)
    expected = set()
    for c in range(40):
        for r in range(30):
            x, y = c - 19.3, r - 14.1
            along, across = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
            if (along / 12) ** 2 + (across / 5) ** 2 <= 1:
                expected.add((c, r))
    assert expected == members(ellipse)
    assert expected == members(ellipse, ellipse.box.within(30, 40))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Polygon(((0, 0), (1, 1))),
        lambda: Polygon(((0, 0), (math.nan, 1), (2, 2))),
        lambda: Polygon(((0, 0), (1e9, 1), (2, 2))),
        lambda: Polygon(((0.0, 0.0),) * 4_001),
        lambda: Ellipse((0, 0), (1, 1), (2, 2)),
        lambda: Ellipse.circle((0, 0), math.inf),
    ],
)
def test_what_is_no_region_is_refused_in_words(make: object) -> None:
    """Too few or too many corners, numbers that are none and flat ellipses never become a region."""
    with pytest.raises(NotMeasurableError, match=r"\.$"):
        make()  # type: ignore[operator]
