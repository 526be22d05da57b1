"""A stack of slices as one array that is placed in the patient and may still be filling."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import UnsupportedImageError
from readingroom.pixels.grayscale import Padding

__all__ = ["Padding", "Volume"]

Floats = NDArray[np.float64]
VOLUME_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
SMALLEST_VOXEL_MM3 = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Volume:
    """Values on a grid of parallel slices; the grid may be oblique, anisotropic, sheared and of uneven spacing.

    Parameters
    ----------
    values
        (slices, rows, columns), C-contiguous, of an integer type of up to 32 bit or a float type. Stored values, or
        modality values where the slices differ in their rescale. NaN stands for no measurement.
    affine
        (4, 4) float64: (column, row, w, 1) of a voxel's centre to LPS millimetres; w is the slice's number, from 0.
    padding
        The range of values that stand for no measurement (PS3.3 C.7.5.1.1.2), None where there is none.
    ready
        (slices,) bool: which slices hold their values already. Written by the loader while others read.
    slice_coordinates
        (slices,) float64, strictly increasing: w of each slice where the spacing is uneven, None where w is its number.

    Raises
    ------
    UnsupportedImageError
        For arrays that make no volume: the message says why.
    """

    values: NDArray[Any]
    affine: Floats
    padding: Padding | None = None
    ready: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, np.bool_))
    slice_coordinates: Floats | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or not self.values.size or not self.values.flags.c_contiguous:  # noqa: PLR2004
            raise UnsupportedImageError("A volume is one contiguous array of slices, rows and columns.")
        if self.values.dtype.str[1:] not in VOLUME_TYPES:
            raise UnsupportedImageError(f"A volume of {self.values.dtype} values cannot be reformatted.")
        if not self.ready.size:
            object.__setattr__(self, "ready", np.ones(len(self.values), np.bool_))
        if self.affine.shape != (4, 4) or not np.isfinite(self.affine).all():
            raise UnsupportedImageError("The slices do not say where they lie in the patient.")
        if abs(np.linalg.det(self.affine[:3, :3])) < SMALLEST_VOXEL_MM3:
            raise UnsupportedImageError("The slices lie on top of each other and make no volume.")
        along = self.slice_coordinates
        if self.ready.shape != (len(self.values),) or (along is not None and along.shape != (len(self.values),)):
            raise UnsupportedImageError("The slices of the volume cannot be counted.")
        if along is not None and (len(along) < 2 or not (np.diff(along) > 0).all()):  # noqa: PLR2004 - one gap
            raise UnsupportedImageError("The slices of the volume are not in the order of their positions.")

    @property
    def fill(self) -> float:
        """Return the value of pixels without measurement: the padding value, else the type's smallest, NaN for reals."""
        if self.values.dtype.kind == "f":
            return float("nan")
        return float(np.iinfo(self.values.dtype).min) if self.padding is None else self.padding.value

    @property
    def center_mm(self) -> Floats:
        """Return the centre of the volume, (3,) LPS millimetres."""
        return np.asarray(self.corners_mm().mean(axis=0))

    def corners_mm(self) -> Floats:
        """Return the centres of the eight voxels at the corners, (8, 3) LPS millimetres."""
        slices, rows, columns = self.values.shape
        along = (0, slices - 1) if self.slice_coordinates is None else self.slice_coordinates[[0, -1]]
        grid = np.array([(c, r, w, 1.0) for c in (0, columns - 1) for r in (0, rows - 1) for w in along])
        return np.asarray((grid @ self.affine.T)[:, :3])

    def step_mm(self, direction: Floats) -> float:
        """Return how far to go along ``direction`` (3,) to cross one voxel along the axis that is crossed fastest.

        Where the spacing is uneven, that of the slices is the smallest.
        """
        crossed = np.abs(np.linalg.solve(self.affine[:3, :3], direction))
        if self.slice_coordinates is not None:
            crossed[2] /= np.diff(self.slice_coordinates).min()
        return float(1 / crossed.max())

    def half_extent_mm(self, direction: Floats) -> float:
        """Return half of a voxel's extent along ``direction`` (3,)."""
        return float(np.abs(direction @ self.affine[:3, :3]).sum() / 2)
