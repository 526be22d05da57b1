"""What a reader must know about the geometry of a stack before trusting a distance across its slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.ma  # else np.median loads it when a first series is opened: 9 ms

from readingroom.dicom.model import FrameReference
from readingroom.dicom.stack_geometry import EVEN_FRACTION, EVEN_MM, SQUARE_DEGREES, StackGeometry

WarningKind = Literal[
    "missing_slices",
    "uneven_spacing",
    "gantry_tilt",
    "not_orthogonal",
    "not_aligned",
    "not_parallel",
    "spacing_disagrees",
    "duplicate_positions",
    "mixed_orientation",
    "mixed_size",
    "mixed_frame_of_reference",
    "no_geometry",
    "mosaic",
]
WARNING_KINDS: tuple[WarningKind, ...] = get_args(WarningKind)

WHOLE_GAP = 0.05
"""A gap within this of a whole number of slice spacings is made of missing slices."""

GAPS_TOLD = 3


@dataclass(frozen=True, slots=True)
class GeometryWarning:
    """One thing that is not as a reader would assume; ``sentence`` is plain English that ends with a full stop."""

    kind: WarningKind
    sentence: str


def spacing_warnings(geometry: StackGeometry, frames: Sequence[FrameReference]) -> list[GeometryWarning]:
    """Return what is wrong with the distances within a stack of two or more slices."""
    if len(frames) < 2:  # noqa: PLR2004 - there is no distance within one slice
        return []
    found = [
        _gap_warning(geometry),
        _bend_warning(geometry),
        _turn_warning(geometry),
        _shear_warning(geometry),
        _disagreement(geometry, frames),
    ]
    return [warning for warning in found if warning is not None]


def _gap_warning(geometry: StackGeometry) -> GeometryWarning | None:
    gaps, usual = geometry.gaps, float(np.median(geometry.gaps))
    even = np.linspace(geometry.positions_mm[0], geometry.positions_mm[-1], len(geometry.positions_mm))
    if np.abs(geometry.positions_mm - even).max() <= geometry.tolerance_mm:
        return None
    steps = np.rint(gaps / usual)
    if (steps >= 1).all() and (np.abs(gaps / usual - steps) <= WHOLE_GAP * steps).all() and (steps > 1).any():
        return _missing(geometry, steps)
    low, high = float(gaps.min()), float(gaps.max())
    return GeometryWarning(
        "uneven_spacing",
        f"The slices lie {told_mm(low)} to {told_mm(high)} mm apart: "
        "counting slices does not give a distance, and no even spacing may be assumed.",
    )


def _missing(geometry: StackGeometry, steps: np.ndarray) -> GeometryWarning:
    places = np.flatnonzero(steps > 1)
    ends = [sorted((geometry.positions_mm[n], geometry.positions_mm[n + 1])) for n in places[:GAPS_TOLD]]
    where = ", ".join(f"between {told_mm(low)} and {told_mm(high)} mm" for low, high in ends)
    others = len(places) - GAPS_TOLD
    where += f" and in {others} more gaps" if others > 1 else " and in one more gap" if others == 1 else ""
    count = int((steps - 1).sum())
    many = "1 slice is" if count == 1 else f"{count} slices are"
    return GeometryWarning(
        "missing_slices",
        f"{many} missing {where}: the pictures jump there, and counting slices does not give a distance.",
    )


def _bend_warning(geometry: StackGeometry) -> GeometryWarning | None:
    if geometry.bend_mm <= geometry.tolerance_mm:
        return None
    return GeometryWarning(
        "not_aligned",
        f"The slices are shifted sideways against each other by up to {told_mm(geometry.bend_mm)} mm, "
        "not along one straight line: a place on one slice is not below the same place on the next.",
    )


def _turn_warning(geometry: StackGeometry) -> GeometryWarning | None:
    """Return a warning for slices whose directions differ by less than what makes them another orientation."""
    if geometry.is_even or geometry.bend_mm > geometry.tolerance_mm or _gap_warning(geometry) is not None:
        return None
    return GeometryWarning(
        "not_parallel",
        "The slices are turned slightly against each other: "
        f"at their corners distances are off by up to {told_mm(geometry.deviation_mm)} mm.",
    )


def _shear_warning(geometry: StackGeometry) -> GeometryWarning | None:
    if geometry.shear_degrees <= SQUARE_DEGREES or geometry.bend_mm > geometry.tolerance_mm:
        return None
    across, down = (abs(shear) for shear in geometry.shear)
    shift = told_mm(float(np.hypot(across, down)) * geometry.slice_spacing)
    degrees = f"{geometry.shear_degrees:.1f}°"
    if across <= np.tan(np.radians(SQUARE_DEGREES)):
        return GeometryWarning(
            "gantry_tilt",
            f"The slices lie aslant, as from a gantry tilted by {degrees}: each is shifted by {shift} mm "
            "against the one before, so that straight anatomy runs aslant through the stack.",
        )
    return GeometryWarning(
        "not_orthogonal",
        f"The line through the slices is {degrees} away from their normal: each is shifted by {shift} mm against the one "
        "before, so that straight anatomy runs aslant through the stack.",
    )


def _disagreement(geometry: StackGeometry, frames: Sequence[FrameReference]) -> GeometryWarning | None:
    """Return a warning when Spacing Between Slices is not the distance of the positions (PS3.3 C.7.6.2.1.1).

    Slice Thickness is no distance between slices: they may overlap or leave gaps.
    """
    said = {frame.geometry.spacing_between_slices for frame in frames} - {None}
    usual = float(np.median(geometry.gaps))
    wrong = [value for value in said if value is not None and abs(value - usual) > max(EVEN_MM, EVEN_FRACTION * usual)]
    if not wrong:
        return None
    return GeometryWarning(
        "spacing_disagrees",
        f"The images say that their slices are {told_mm(wrong[0])} mm apart, but their positions are "
        f"{told_mm(usual)} mm apart; the positions are used.",
    )


def told_mm(value: float) -> str:
    """Return millimetres as they are told to a reader, to a hundredth at most."""
    told = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if told == "-0" else told
