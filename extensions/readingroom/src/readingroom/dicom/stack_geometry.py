"""The measured geometry of slices in a row: axes, spacing, shear, and how far the slices are from an even grid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameReference

Vectors = NDArray[np.float64]

EVEN_MM = 0.02
EVEN_FRACTION = 0.01
"""Slices lie on an even grid when each corner is within this of its place there, in millimetres or slice spacings."""

SQUARE_DEGREES = 0.1
"""A smaller shear is the rounding of the printed direction cosines over the length of a stack, and is corrected too."""

_OBLIQUE_DEGREES = 5.0
_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, eq=False, slots=True)
class StackGeometry:
    """Where the slices of a stack lie; millimetres, LPS (or the coordinates of an ultrasound volume).

    ``row`` and ``column`` are the directions in which a row and a column run, ``normal`` is their cross product.
    ``positions_mm`` (slices,) are distances along the normal from the origin of the coordinates. ``step`` leads from a
    slice to the next on the even grid between the first and the last. ``deviation_mm`` is the farthest that a corner of
    a slice lies from that grid, ``bend_mm`` that of a first pixel sideways from the straight line.
    """

    origin: Vectors
    row: Vectors
    column: Vectors
    normal: Vectors
    pixel_spacing: tuple[float, float]
    positions_mm: Vectors
    step: Vectors
    deviation_mm: float
    bend_mm: float

    @property
    def gaps(self) -> Vectors:
        """Return (slices - 1,) the distances from slice to slice along the normal, all positive."""
        return np.abs(np.diff(self.positions_mm))

    @property
    def slice_spacing(self) -> float:
        """Return the mean distance of an even stack, the median distance of an uneven one, in millimetres."""
        if len(self.positions_mm) == 1 or self.is_even:
            return abs(float(self.step @ self.normal))
        return float(np.median(self.gaps))

    @property
    def tolerance_mm(self) -> float:
        """Return how far a corner may be from the even grid."""
        return max(EVEN_MM, EVEN_FRACTION * abs(float(self.step @ self.normal)))

    @property
    def is_even(self) -> bool:
        """Return whether the even grid places every corner of every slice, sheared or not."""
        return self.deviation_mm <= self.tolerance_mm

    @property
    def shear(self) -> tuple[float, float]:
        """Return by how many millimetres slices shift along the rows and along the columns per millimetre of depth."""
        depth = float(self.step @ self.normal)
        return (float(self.step @ self.row) / depth, float(self.step @ self.column) / depth)

    @property
    def shear_degrees(self) -> float:
        """Return the angle between the line through the slices and their normal."""
        return math.degrees(math.atan(math.hypot(*self.shear)))

    @property
    def affine(self) -> Vectors:
        """Return (4, 4) float64 from (column, row, slice, 1), counted from 0 at the pixel's centre, to millimetres."""
        affine = np.eye(4)
        affine[:3, 0] = self.row * self.pixel_spacing[1]
        affine[:3, 1] = self.column * self.pixel_spacing[0]
        affine[:3, 2] = self.step
        affine[:3, 3] = self.origin
        return affine


def plane_of(frame: FrameReference) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return direction cosines and position of a frame, the patient's before the volume's; None without a full place."""
    geometry = frame.geometry
    if geometry.orientation is not None and geometry.position is not None:
        return geometry.orientation, geometry.position
    if geometry.volume_orientation is not None and geometry.volume_position is not None:
        return geometry.volume_orientation, geometry.volume_position
    return None


def measure(frames: Sequence[FrameReference]) -> StackGeometry:
    """Return the geometry of frames that all have a place, no two of them the same, in slice order."""
    planes = [plane for frame in frames if (plane := plane_of(frame)) is not None]
    cosines = np.array([plane[0] for plane in planes])
    positions = np.array([plane[1] for plane in planes])
    row, column, normal = axes(cosines[0])
    spacing = frames[0].geometry.spacing or (1.0, 1.0)
    step = _single_step(frames[0], normal) if len(frames) == 1 else (positions[-1] - positions[0]) / (len(frames) - 1)
    grid = positions[0] + np.arange(len(frames))[:, None] * step
    off = positions - grid
    reach = np.array([(frames[0].columns - 1) * spacing[1], (frames[0].rows - 1) * spacing[0]])
    turned = np.abs(cosines - cosines[0]).reshape(-1, 2, 3) * reach[:, None]
    deviation = np.linalg.norm(off, axis=1) + np.linalg.norm(turned.sum(axis=1), axis=1)
    direction = step / np.linalg.norm(step)
    sideways = off - np.outer(off @ direction, direction)
    return StackGeometry(
        origin=positions[0],
        row=row,
        column=column,
        normal=normal,
        pixel_spacing=spacing,
        positions_mm=positions @ normal,
        step=step,
        deviation_mm=float(deviation.max()),
        bend_mm=float(np.linalg.norm(sideways, axis=1).max()),
    )


def axes(cosines: Sequence[float] | Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """Return unit vectors along a row, along a column and along their normal."""
    row, column = np.asarray(cosines[:3], np.float64), np.asarray(cosines[3:], np.float64)
    normal = np.cross(row, column)
    return row, column, normal / np.linalg.norm(normal)


def plane_name(cosines: Sequence[float] | Vectors) -> str:
    """Return what a plane of the patient is called: ``axial``, ``oblique sagittal``, ``double oblique coronal``."""
    normal = np.abs(axes(cosines)[2])
    nearest = int(np.argmax(normal))
    limit = math.sin(math.radians(_OBLIQUE_DEGREES))
    tilts = int(np.count_nonzero(np.delete(normal, nearest) > limit))
    return f"{('', 'oblique ', 'double oblique ')[tilts]}{_PLANES[nearest]}"


def _single_step(frame: FrameReference, normal: Vectors) -> Vectors:
    """Return the depth of the one slice of a stack: nothing else lies along its normal."""
    geometry = frame.geometry
    return normal * (geometry.slice_thickness or geometry.spacing_between_slices or 1.0)
