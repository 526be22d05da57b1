"""Graphics and text drawn where a presentation says, in every script, and cut to the picture."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from readingroom.pixels.annotation import draw
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.presentation import (
    DisplayedArea,
    GraphicLayer,
    Presentation,
    Shape,
    SpatialTransformation,
    TextObject,
    display_gray,
)

BLACK = np.zeros((40, 60), np.uint8)


def drawn(
    *parts: Shape | TextObject,
    pixels: NDArray[np.uint8] = BLACK,
    turn: SpatialTransformation = SpatialTransformation(),  # noqa: B008 - frozen
) -> NDArray[np.uint8]:
    """Return the picture of parts drawn in grey 200."""
    shapes = tuple(part for part in parts if isinstance(part, Shape))
    texts = tuple(part for part in parts if isinstance(part, TextObject))
    layer = GraphicLayer("A", 1, 51_400, 200, "", shapes, texts)
    rows, columns = pixels.shape[:2]
    return draw(pixels, Presentation("L", "", turn, DisplayedArea(0, 0, columns, rows), (layer,)))[0]


def lit(picture: NDArray[np.uint8]) -> set[tuple[int, int]]:
    """Return column and row of every pixel that is not black."""
    return {(int(x), int(y)) for y, x in np.argwhere(picture > 0)}


def test_polyline_begins_and_ends_in_the_pixels_of_its_points() -> None:
    """A point at (x, y) lies in the pixel of column floor(x) and row floor(y); lines have the layer's grey alone."""
    picture = drawn(Shape("POLYLINE", ((2.9, 3.1), (10.0, 3.9), (10.5, 8.0))))
    assert {(x, 3) for x in range(2, 11)} | {(10, y) for y in range(3, 9)} == lit(picture)
    assert {0, 200} == set(np.unique(picture))


def test_circle_goes_through_its_point() -> None:
    """Every pixel of a circle is within one pixel of its radius, all around; filled it has no hole."""
    picture = drawn(Shape("CIRCLE", ((30.5, 20.5), (30.5, 32.5))))
    assert all(abs(math.hypot(x - 30, y - 20) - 12) < 1 for x, y in lit(picture))
    assert {(30, 32), (30, 8), (42, 20), (18, 20)} <= lit(picture)
    full = drawn(Shape("CIRCLE", ((30.5, 20.5), (30.5, 32.5)), filled=True))
    assert {(x, y) for x in range(60) for y in range(40) if math.hypot(x - 30, y - 20) <= 11.5} <= lit(full)


@pytest.mark.parametrize("degrees", [0, 30, 75])
def test_ellipse_ends_where_its_axes_end(degrees: float) -> None:
    """Pixels of an ellipse satisfy its equation to within a pixel, however it is turned."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    ends = [(30.5 + a * c - b * s, 20.5 + a * s + b * c) for a, b in ((-16, 0), (16, 0), (0, -7), (0, 7))]
    found = lit(drawn(Shape("ELLIPSE", tuple(ends))))
    assert len(found) > 60
    for x, y in found:
        u, v = (x - 30) * c + (y - 20) * s, -(x - 30) * s + (y - 20) * c
        assert abs(math.hypot(u / 16, v / 7) - 1) < 1.5 / 7
    assert {(math.floor(x), math.floor(y)) for x, y in ends} <= {
        (x + i, y + j) for x, y in found for i in (-1, 0, 1) for j in (-1, 0, 1)
    }


def test_interpolated_curve_passes_through_every_point() -> None:
    """The curve touches the pixel of each of its points and is smooth between them."""
    points = ((5.5, 5.5), (15.5, 30.5), (30.5, 10.5), (50.5, 35.5))
    found = lit(drawn(Shape("INTERPOLATED", points)))
    assert {(math.floor(x), math.floor(y)) for x, y in points} <= found
    closed = lit(drawn(Shape("INTERPOLATED", (*points, points[0]))))
    assert found != closed


def test_points_are_marked_by_crosses_cut_to_the_picture() -> None:
    """A point is five pixels; outside of the picture nothing is drawn, and nothing fails."""
    assert {(4, 4), (3, 4), (5, 4), (4, 3), (4, 5)} == lit(drawn(Shape("POINT", ((4.2, 4.8),))))
    assert {(0, 0), (1, 0), (0, 1)} == lit(drawn(Shape("MULTIPOINT", ((0, 0), (-50, 3), (1e30, -1e30)))))


@pytest.mark.parametrize("kind", ["POLYLINE", "CIRCLE", "ELLIPSE", "INTERPOLATED"])
def test_shapes_beyond_any_picture_are_harmless(kind: str) -> None:
    """Points a light year away draw nothing that fails."""
    points = ((-1e30, 1.0), (1e30, 2.0), (3.0, -1e30), (4.0, 1e30))
    shown = points[:2] if kind == "CIRCLE" else points
    assert BLACK.shape == drawn(Shape(kind, shown, filled=True)).shape  # type: ignore[arg-type]


def test_colour_pictures_are_drawn_on_in_grey() -> None:
    """On RGB all three channels take the layer's grey."""
    picture = drawn(Shape("POLYLINE", ((1, 1), (5, 1))), pixels=np.zeros((10, 10, 3), np.uint8))
    assert [200, 200, 200] == picture[1, 3].tolist()


@pytest.mark.parametrize(
    ("rotation", "flip"), [(0, False), (90, False), (180, False), (270, False), (0, True), (90, True)]
)
def test_shapes_turn_with_the_image(rotation: int, flip: bool) -> None:
    """A line over an edge of the image lies over the same edge after turning."""
    pixels = BLACK.copy()
    pixels[7, 5:50] = 100
    turn = SpatialTransformation(rotation, flip)  # type: ignore[arg-type]
    picture = drawn(Shape("POLYLINE", ((5.5, 7.5), (49.5, 7.5))), pixels=pixels, turn=turn)
    assert {0, 200} == set(np.unique(picture))
    assert 45 == (picture == 200).sum()


@pytest.mark.parametrize("text", ["ASCII", "Größe ñ ç ł ž", "Ω β µ ± ° →", "Опухоль", "右肺 結節", "폐 결절", "عقدة"])
def test_text_of_every_script_is_drawn(text: str) -> None:
    """Letters of many scripts are drawn each as themselves, none as a question mark, and no note is needed."""
    layer = GraphicLayer("A", 1, 65_535, 255, texts=(TextObject(text, (2.0, 2.0), (300.0, 26.0)),))
    presentation = Presentation("L", "", SpatialTransformation(), DisplayedArea(0, 0, 320, 30), (layer,))
    picture, notes = draw(np.zeros((30, 320), np.uint8), presentation)
    assert () == notes
    assert (picture > 128).any()
    other = GraphicLayer("A", 1, 65_535, 255, texts=(TextObject("?" * len(text), (2.0, 2.0), (300.0, 26.0)),))
    questions, _ = draw(
        np.zeros((30, 320), np.uint8), Presentation("L", "", SpatialTransformation(), presentation.area, (other,))
    )
    assert not np.array_equal(questions, picture)


def test_sign_that_the_font_lacks_is_told() -> None:
    """A sign without a glyph is drawn as a question mark, and the note holds the sign itself."""
    layer = GraphicLayer("A", 1, 65_535, 255, texts=(TextObject("Linear B \U00010000", (1.0, 1.0), (90.0, 12.0)),))
    presentation = Presentation("L", "", SpatialTransformation(), DisplayedArea(0, 0, 100, 20), (layer,))
    _, notes = draw(np.zeros((20, 100), np.uint8), presentation)
    assert ["\U00010000" in note for note in notes] == [True]


def center_of_mass(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """Return x and y of the middle of what is drawn."""
    rows, columns = np.nonzero(picture)
    return float(columns.mean()), float(rows.mean())


def test_text_is_justified_in_its_box() -> None:
    """The same word lies left, in the middle and right of the box it is written for."""
    places = [
        center_of_mass(drawn(TextObject("ii", (0.0, 10.0), (60.0, 24.0), justification)))  # type: ignore[arg-type]
        for justification in ("LEFT", "CENTER", "RIGHT")
    ]
    left, middle, right = (x for x, _ in places)
    assert left < 12
    assert 25 < middle < 35
    assert right > 48
    assert all(10 <= place[1] <= 24 for place in places)


def test_lines_of_text_lie_below_each_other() -> None:
    """Each line has its share of the height of the box."""
    one, two = (drawn(TextObject(text, (0.0, 0.0), (60.0, 40.0))) for text in ("X\n ", " \nX"))
    assert center_of_mass(one)[1] < 20 < center_of_mass(two)[1]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ((5.0, 5.0), (45.0, 17.0), 0),
        ((45.0, 5.0), (33.0, 35.0), 1),
        ((45.0, 35.0), (5.0, 23.0), 2),
        ((5.0, 35.0), (17.0, 5.0), 3),
    ],
)
def test_text_runs_from_the_first_to_the_last_corner(
    first: tuple[float, float], last: tuple[float, float], expected: int
) -> None:
    """The direction of text is that from the top left to the bottom right corner, wherever turning has put them."""
    picture = drawn(TextObject("L", first, last))
    upright = drawn(TextObject("L", (5.0, 5.0), (45.0, 17.0)))
    cut = [image[np.ix_(image.any(1), image.any(0))] for image in (picture, upright)]
    assert np.array_equal(np.rot90(cut[1], -expected), cut[0])
    x, y = center_of_mass(picture)
    assert abs(x - first[0]) < 13
    assert abs(y - first[1]) < 13


def test_text_beside_an_anchor() -> None:
    """Without a box text lies right of its anchor, which is marked only when it is to be seen."""
    hidden = drawn(TextObject("X", anchor=(10.0, 20.0)))
    seen = drawn(TextObject("X", anchor=(10.0, 20.0), anchor_visible=True))
    assert min(x for x, _ in lit(hidden)) > 10
    assert {(10, 20), (9, 20), (11, 20), (10, 19), (10, 21)} == lit(seen) - lit(hidden)


def test_stretched_pixels_are_told() -> None:
    """A picture has square pixels: that the state wants others is said."""
    area = DisplayedArea(0, 0, 60, 40, aspect_ratio=(2, 1))
    assert "square" in draw(BLACK, Presentation("L", "", SpatialTransformation(), area, ()))[1][0]


@pytest.mark.parametrize("p_value", [0, 1, 128, 129, 32_767, 32_896, 65_534, 65_535, -4, 99_999])
def test_p_values_become_greys_by_the_rounding_rule(p_value: int) -> None:
    """A P-value of 16 bits is shown as floor(y + 0.5) of 255."""
    assert math.floor(min(max(p_value, 0), 65_535) * 255 / 65_535 + 0.5) == display_gray(p_value)


def test_p_values_pass_the_curve_of_a_calibrated_display() -> None:
    """On a calibrated display graphics have the driving level that shows their P-value."""
    curve = DisplayCurve(np.arange(255.0) / 2)
    layer = GraphicLayer("A", 1, 32_896, display_gray(32_896))
    shown = Presentation("L", "", SpatialTransformation(), DisplayedArea(0, 0, 1, 1), (layer,)).on_display(curve)
    assert (128, int(curve.apply(np.array([128.0]))[0])) == (layer.gray, shown.layers[0].gray)
    assert shown.layers[0].gray != 128
