"""The window functions against the text of PS3.3 C.11.2.1, written down a second time."""

import math

import numpy as np
import pytest

from readingroom.errors import ReadingRoomError
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi

WINDOWS = [
    Voi(40, 400),
    Voi(-600, 1500),
    Voi(2048, 4096),
    Voi(0, 1),
    Voi(0.5, 2),
    Voi(127.5, 256),
    Voi(100.3, 17.7),
    Voi(32768, 65535),
    Voi(40, 400, "LINEAR_EXACT"),
    Voi(0, 0.25, "LINEAR_EXACT"),
    Voi(1000, 1, "LINEAR_EXACT"),
    Voi(40, 400, "SIGMOID"),
    Voi(-5.5, 0.5, "SIGMOID"),
]


def reference(x: float, voi: Voi) -> int:
    """One value by the pseudo-code of the Standard, in plain Python."""
    c, w = voi.center, voi.width
    if voi.function == "SIGMOID":
        exponent = -4 * ((x - c) / w)
        y = 255 / (1 + math.exp(exponent)) if exponent < 700 else 0.0
    elif voi.function == "LINEAR_EXACT":
        if x <= c - w / 2:
            y = 0.0
        elif x > c + w / 2:
            y = 255.0
        else:
            y = ((x - c) / w + 0.5) * 255
    elif x <= c - 0.5 - (w - 1) / 2:
        y = 0.0
    elif x > c - 0.5 + (w - 1) / 2:
        y = 255.0
    else:
        y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
    return min(255, max(0, math.floor(y + 0.5)))


@pytest.mark.parametrize("voi", WINDOWS, ids=str)
@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_table_is_the_standards_formula(voi: Voi, dtype: str) -> None:
    """Each of the 65,536 entries equals the Standard's formula for the value that its bit pattern means."""
    table = GrayscalePipeline(voi=voi, slope=1.5, intercept=-1024).table(np.dtype(dtype))
    every = np.arange(65_536, dtype=np.uint16).view(dtype).tolist()
    assert [reference(value * 1.5 - 1024, voi) for value in every] == table.tolist()


@pytest.mark.parametrize(
    ("center", "width", "function"),
    [
        (0, 0.99, "LINEAR"),
        (0, 0, "LINEAR_EXACT"),
        (0, -1, "SIGMOID"),
        (math.nan, 1, "LINEAR"),
        (0, math.inf, "LINEAR"),
        (0, 1, "linear"),
    ],
)
def test_window_that_the_standard_forbids_is_refused(center: float, width: float, function: str) -> None:
    """LINEAR needs a width of at least 1, the others one above 0; numbers are finite; functions are named exactly."""
    with pytest.raises(ReadingRoomError):
        Voi(center, width, function)  # type: ignore[arg-type]


def test_width_of_one_is_a_step() -> None:
    """A LINEAR window of width 1 has no grey: black up to half below the centre, white above."""
    assert [0, 0, 255] == Voi(10, 1).apply(np.array([9.0, 9.5, 9.6])).tolist()


def test_range_window_reaches_black_and_white_exactly() -> None:
    """The window of a range shows its smallest value black and its largest white."""
    assert [0, 255] == Voi.of_range(-7, 3093).apply(np.array([-7, 3093])).tolist()
