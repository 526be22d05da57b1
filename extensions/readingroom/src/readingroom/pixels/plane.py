"""A plane of pixels anywhere in the patient, laid as radiologists look at it.

Axial planes are seen from the feet, coronal ones from the front, sagittal ones from the patient's left: the patient's
right is on the image's left, the head up; on sagittal planes anterior is on the image's left.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from numpy.typing import ArrayLike

from readingroom.errors import ReadingRoomError
from readingroom.pixels.volume import Floats, Volume

Vector = tuple[float, float, float]
PlaneName = Literal["axial", "coronal", "sagittal"]

PATIENT_PLANES: dict[str, tuple[Vector, Vector, int]] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 2),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), 1),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), 0),
}
"""Direction of a row, direction of a column, and the LPS axis along which the plane is placed."""

MAX_EDGE = 2**14
UNIT = 1e-6


class InvalidPlaneError(ReadingRoomError, ValueError):
    """A plane that cannot be; the message says which rule it breaks."""


class OutsideVolumeError(ReadingRoomError, ValueError):
    """A plane that does not meet the volume; the message says how far the volume reaches."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Pixels of a plane, in LPS millimetres.

    ``origin`` is the centre of the first pixel, ``row_direction`` the direction in which the column number grows,
    ``column_direction`` that in which the row number grows (the first and last three of Image Orientation (Patient),
    PS3.3 C.7.6.2.1.1), ``spacing`` the distance between rows, then between columns.

    Raises
    ------
    InvalidPlaneError
        For directions that are no perpendicular unit vectors, sizes out of 1 to 16,384 or numbers that are not finite.
    """

    origin: Vector
    row_direction: Vector
    column_direction: Vector
    spacing: tuple[float, float]
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.origin, *self.row_direction, *self.column_direction, *self.spacing))):
            raise InvalidPlaneError("The position, directions and spacing of a plane must be finite numbers.")
        row, column = np.array(self.row_direction), np.array(self.column_direction)
        if max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column)) > UNIT:
            raise InvalidPlaneError("The directions of a plane must be perpendicular unit vectors.")
        if min(self.spacing) <= 0:
            raise InvalidPlaneError("The pixel spacing of a plane must be above 0 mm.")
        if not (1 <= self.rows <= MAX_EDGE and 1 <= self.columns <= MAX_EDGE):
            raise InvalidPlaneError(f"A plane of {self.rows} rows and {self.columns} columns cannot be drawn.")

    @property
    def normal(self) -> Vector:
        """Return the unit vector perpendicular to the plane: row direction × column direction."""  # noqa: RUF002
        return _vector(np.cross(self.row_direction, self.column_direction))

    @property
    def orientation(self) -> tuple[float, float, float, float, float, float]:
        """Return Image Orientation (Patient)."""
        return (*self.row_direction, *self.column_direction)

    @property
    def center(self) -> Vector:
        """Return the middle of the plane, LPS millimetres."""
        return self.position((self.rows - 1) / 2, (self.columns - 1) / 2)

    def position(self, row: float, column: float) -> Vector:
        """Return where a pixel lies, LPS millimetres; rows and columns from 0, fractions allowed."""
        along = np.array(self.row_direction) * (column * self.spacing[1])
        return _vector(np.array(self.origin) + along + np.array(self.column_direction) * (row * self.spacing[0]))

    def moved(self, distance_mm: float) -> "Plane":
        """Return the plane moved along its normal."""
        return replace(self, origin=_vector(np.array(self.origin) + np.array(self.normal) * distance_mm))

    def coarser(self, factor: int = 2) -> "Plane":
        """Return the plane of the same extent, to the rim, in ``factor`` times fewer rows and columns."""
        rows, columns = -(-self.rows // factor), -(-self.columns // factor)
        down, across = self.rows / rows, self.columns / columns
        return replace(
            self,
            origin=self.position((down - 1) / 2, (across - 1) / 2),
            spacing=(self.spacing[0] * down, self.spacing[1] * across),
            rows=rows,
            columns=columns,
        )

    def rotated(self, axis: ArrayLike, degrees: float, about: ArrayLike | None = None) -> "Plane":
        """Return the plane turned about ``axis`` through the point ``about``, by default its middle; right-handed.

        Turning about the row or the column direction makes an oblique plane; both, one after the other, a double
        oblique one.
        """
        point = np.array(self.center if about is None else about, np.float64)
        turn = rotation(axis, degrees)
        row, column = turn @ self.row_direction, turn @ self.column_direction
        origin = point + turn @ (np.array(self.origin) - point)
        return replace(
            self, origin=_vector(origin), row_direction=_vector(row), column_direction=_vector(_square(row, column))
        )


def patient_plane(volume: Volume, name: PlaneName, position_mm: float | None = None) -> Plane:
    """Return the axial, coronal or sagittal plane that covers the whole volume.

    Parameters
    ----------
    position_mm
        z of an axial, y of a coronal, x of a sagittal plane in LPS; None for the middle of the volume.

    Raises
    ------
    OutsideVolumeError
        When there is nothing of the volume at that position.
    """
    row, column, axis = PATIENT_PLANES[name]
    through = volume.center_mm
    if position_mm is not None:
        through[axis] = position_mm
    return covering_plane(volume, row, column, through)


def covering_plane(volume: Volume, row: ArrayLike, column: ArrayLike, through: ArrayLike) -> Plane:
    """Return the plane of square pixels through a point that covers the whole volume.

    Pixels are as large as the smaller of the steps that cross one voxel along a row and along a column, and they lie
    so that, where the plane coincides with a slice of the volume, each is the centre of a voxel.

    Parameters
    ----------
    row, column
        Directions of a row and of a column; made perpendicular unit vectors.
    through
        A point of the plane, LPS millimetres.

    Raises
    ------
    OutsideVolumeError
        When the plane does not meet the volume.
    InvalidPlaneError
        When the directions make no plane or the plane would be too large.
    """
    across = _unit(row)
    down = _square(across, np.asarray(column, np.float64))
    normal = np.cross(across, down)
    point = np.asarray(through, np.float64)
    _check_met(volume, normal, point)
    spacing = min(volume.step_mm(across), volume.step_mm(down))
    first_column, columns = _extent(volume, across, spacing)
    first_row, rows = _extent(volume, down, spacing)
    origin = across * first_column + down * first_row + normal * (normal @ point)
    return Plane(_vector(origin), _vector(across), _vector(down), (spacing, spacing), rows, columns)


def rotation(axis: ArrayLike, degrees: float) -> Floats:
    """Return the (3, 3) matrix that turns by ``degrees`` about ``axis``, right-handed (Rodrigues)."""
    x, y, z = _unit(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross))


def _extent(volume: Volume, direction: Floats, spacing: float) -> tuple[float, int]:
    """Return the coordinate of the first pixel along a direction and how many have their centre within the volume."""
    along, reach = volume.corners_mm() @ direction, volume.half_extent_mm(direction)
    margin = max(math.ceil(reach / spacing - UNIT) - 1, 0)
    first = float(along.min() - margin * spacing)
    return first, min(math.ceil((along.max() + reach - first) / spacing - UNIT), MAX_EDGE + 1)


def _check_met(volume: Volume, normal: Floats, point: Floats) -> None:
    along = volume.corners_mm() @ normal
    margin = volume.half_extent_mm(normal)
    if not along.min() - margin <= normal @ point <= along.max() + margin:
        sign = -1.0 if normal[np.abs(normal).argmax()] < 0 else 1.0
        low, high = sorted((sign * along.min(), sign * along.max()))
        raise OutsideVolumeError(
            f"There is nothing at {sign * (normal @ point):g} mm: the images reach from {low:g} to {high:g} mm."
        )


def _square(row: Floats, column: Floats) -> Floats:
    """Return the unit vector next to ``column`` that is perpendicular to the unit vector ``row``."""
    return _unit(column - row * (row @ column))


def _unit(vector: ArrayLike) -> Floats:
    found = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(found))
    if not math.isfinite(length) or length < UNIT:
        raise InvalidPlaneError("The directions of a plane must be two different directions.")
    return np.asarray(found / length)


def _vector(array: Floats) -> Vector:
    return cast("Vector", tuple(float(value) for value in array))
