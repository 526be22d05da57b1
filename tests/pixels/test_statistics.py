"""Statistics and volumes, against ITK on the same mask."""

import math

import numpy as np
import pytest

from readingroom.errors import NotMeasurableError
from readingroom.pixels.roi import Ellipse, Polygon
from readingroom.pixels.statistics import (
    line_positions,
    mask_volume,
    nearest_pixel,
    region_mask,
    stacked_volume,
    statistics,
)


def test_statistics_equal_those_of_itk() -> None:
    """Count, mean, minimum, maximum and sample standard deviation are ITK's on the same mask of random HU."""
    import SimpleITK

    random = np.random.default_rng(3)
    for shape in (Ellipse((30, 25), (14.5, 3), (-2, 9)), Polygon(((2, 2), (60, 9), (33, 44), (1.5, 30)))):
        values = random.integers(-1024, 3071, (48, 64)).astype(np.float64)
        box, inside = region_mask(shape, 48, 64)
        whole = np.zeros((48, 64), np.uint8)
        whole[box.slices] = inside
        oracle = SimpleITK.LabelStatisticsImageFilter()
        oracle.Execute(SimpleITK.GetImageFromArray(values), SimpleITK.GetImageFromArray(whole))
        found = statistics(values[box.slices], inside)
        assert (oracle.GetCount(1), oracle.GetMean(1)) == (found.count, found.mean)
        assert (oracle.GetMinimum(1), oracle.GetMaximum(1)) == (found.minimum, found.maximum)
        assert found.sd == pytest.approx(oracle.GetSigma(1), rel=1e-12)


def test_padding_is_left_out_and_counted() -> None:
    """Pixels outside the field of view, and numbers that are none, change no statistic and are told."""
    values = np.array([[-2000.0, 10.0, 20.0], [30.0, np.nan, -2000.0]])
    found = statistics(values, np.ones((2, 3), np.bool_), values != -2000)
    assert (3, 3, 20.0, 10.0, 10.0, 30.0) == (
        found.count, found.excluded, found.mean, found.sd, found.minimum, found.maximum
    )  # fmt: skip


def test_one_pixel_has_no_standard_deviation() -> None:
    """A spread of one value is not 0 but unknown."""
    assert statistics(np.array([[5.0]]), np.array([[True]])).sd is None


def test_a_region_without_pixels_is_refused() -> None:
    """Between pixel centres, outside the image, or all padding: each refusal says which."""
    with pytest.raises(NotMeasurableError, match="centre inside"):
        region_mask(Polygon.rectangle((1.1, 1.1), (1.9, 1.9)), 10, 10)
    with pytest.raises(NotMeasurableError, match="centre inside"):
        region_mask(Polygon.rectangle((20, 20), (30, 30)), 10, 10)
    with pytest.raises(NotMeasurableError, match="field of view"):
        statistics(np.zeros((2, 2)), np.ones((2, 2), np.bool_), np.zeros((2, 2), np.bool_))


def test_a_region_over_the_edge_counts_what_the_image_has() -> None:
    """Only pixels of the image are counted, wherever the outline goes."""
    box, inside = region_mask(Polygon.rectangle((-5.5, -5.5), (1.5, 2.5)), 10, 10)
    assert ((0, 0), 6) == ((box.first_column, box.first_row), np.count_nonzero(inside))


def test_volume_is_voxels_times_the_determinant() -> None:
    """Spacing, order of axes, direction and the shear of a tilted gantry all come from the affine."""
    mask = np.zeros((4, 5, 6), np.bool_)
    mask[1:3, 1:4, 2:5] = True
    sheared = np.array([[0.5, 0, 0, 9], [0, 0.7, 0.4, 9], [0, 0.2, -2.0, 9], [0, 0, 0, 1]])
    assert 18 * 0.5 * (0.7 * 2.0 + 0.4 * 0.2) == pytest.approx(mask_volume(mask, sheared))
    assert 18 * 6.0 == pytest.approx(mask_volume(mask, np.diag([1.0, -2.0, 3.0])[::-1]))


def test_outlines_on_slices_make_a_volume() -> None:
    """A stack of equal areas is a cylinder; a sphere outlined every millimetre comes within 1 %, in any order."""
    assert 4 * 2.0 * 7 == stacked_volume([7.0] * 4, [0.0, 2.0, 4.0, 6.0])
    heights = [float(z) for z in range(-14, 15)]
    areas = [math.pi * (15**2 - z**2) for z in heights]
    mixed = np.random.default_rng(1).permutation(len(heights))
    found = stacked_volume([areas[i] for i in mixed], [heights[i] for i in mixed])
    assert 4 / 3 * math.pi * 15**3 == pytest.approx(found, rel=0.01)


def test_a_stack_with_a_hole_has_no_volume() -> None:
    """A slice left out, two outlines on one slice, or a single slice are refused, never bridged."""
    for heights, word in (([0.0, 1.0, 3.0], "every slice"), ([0.0, 0.0, 1.0], "one slice"), ([0.0], "two slices")):
        with pytest.raises(NotMeasurableError, match=word):
            stacked_volume([1.0] * len(heights), heights)


def test_a_profile_steps_by_at_most_a_pixel_and_reads_the_nearest() -> None:
    """A line of 5 pixels has 6 points; halves go up, the rounding rule of the project."""
    points = line_positions((1.0, 2.0), (4.0, 6.0))
    assert (6, 2) == points.shape
    assert [[1, 2], [2, 3], [2, 4], [3, 4], [3, 5], [4, 6]] == nearest_pixel(points).tolist()
    assert [[1, 0], [0, -1]] == nearest_pixel(np.array([[0.5, 0.49], [-0.5, -0.51]])).tolist()
