"""Lookup tables: what they refuse, how their ends hold, how the sign of their input is found out."""

import numpy as np
import pytest

from readingroom.errors import DamagedImageError
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.voi import Voi, equivalent_window


@pytest.mark.parametrize(
    ("entries", "bits"), [([], 8), ([1.0], 0), ([1.0], 17), ([256.0], 8), ([-1.0], 8), ([0.0] * 65_537, 16)]
)
def test_impossible_table_cannot_come_into_being(entries: list[float], bits: int) -> None:
    """No entries, too many, impossible bits or an entry larger than its bits are refused."""
    with pytest.raises(DamagedImageError):
        LookupTable(0, np.array(entries), bits)


def test_ends_hold_and_halves_go_up() -> None:
    """Below the first and above the last mapped value their entries hold; 0.5 belongs to the entry of 1."""
    table = LookupTable(-1, np.array([10.0, 20.0, 30.0]), 8)
    assert [10, 10, 10, 20, 30, 30] == table.apply(np.array([-np.inf, -9, -0.6, -0.5, 0.5, np.inf])).tolist()


@pytest.mark.parametrize(
    ("first", "low", "high", "expected"),
    [
        (63_488, -2048, 2047, -2048),  # a signed CT, written as US
        (-2048, -2048, 2047, -2048),
        (40_000, 32_768, 65_535, 40_000),  # values above 32,767, whatever the sign of what was stored
        (-25_536, 32_768, 65_535, 40_000),  # the same read as SS
        (100, -50, 5000, 100),
        (65_535, 0, 10, -1),
        (-32_768, -40_000, 40_000, -32_768),  # both fit alike: as it is written
        (32_768, -40_000, 40_000, 32_768),
    ],
)
def test_first_value_mapped_takes_the_sign_with_which_the_table_fits(
    first: int, low: float, high: float, expected: int
) -> None:
    """Of the two numbers that 16 bits may mean, the one is taken with which the table covers more of its input."""
    assert expected == LookupTable(first, np.zeros(4096), 8).covering(low, high).first_mapped


def test_equivalent_window_of_a_straight_lut_is_linear() -> None:
    """A LUT that is a window in disguise gives that window back to within an input value."""
    window = Voi(1000, 800)
    table = LookupTable(0, np.floor(window.apply(np.arange(4096)) / 255 * 65_535 + 0.5), 16)
    found = equivalent_window(table)
    assert "LINEAR" == found.function
    assert (pytest.approx(1000, abs=1), pytest.approx(800, abs=2)) == (found.center, found.width)


@pytest.mark.parametrize("falling", [False, True])
def test_equivalent_window_of_a_film_curve_is_a_sigmoid(falling: bool) -> None:
    """A LUT shaped like film, as mammography has it, starts a drag as SIGMOID, so that the picture does not jump."""
    window = Voi(1500, 900, "SIGMOID")
    entries = np.floor(window.apply(np.arange(4096)) / 255 * 4095 + 0.5)
    found = equivalent_window(LookupTable(0, 4095 - entries if falling else entries, 12))
    assert "SIGMOID" == found.function
    assert (pytest.approx(1500, abs=2), pytest.approx(900, abs=4)) == (found.center, found.width)


@pytest.mark.parametrize("entries", [[7.0], [7.0, 7.0, 7.0], [0.0, 255.0], [0.0, 200.0, 100.0, 255.0, 3.0]])
def test_every_lut_has_an_equivalent_window(entries: list[float]) -> None:
    """Also one of a single entry, one without contrast, a step, and one that goes up and down."""
    assert equivalent_window(LookupTable(5, np.array(entries), 8)).width > 0


def test_a_window_is_its_own_equivalent() -> None:
    """What is a window already starts a drag as it is."""
    assert Voi(1, 2, "LINEAR_EXACT") == equivalent_window(Voi(1, 2, "LINEAR_EXACT"))
