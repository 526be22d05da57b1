"""How the frames of a stack become one array: a common type, a common meaning, one place in the patient.

Slices of one rescale keep their stored values. Slices that differ in it (PET, and CT of some vendors) become modality
values: exact whole numbers where every slope and intercept is whole, else float32, which is off by 2^-24 of a value, less
than a two-hundredth of a step of 16-bit stored values. Padding that differs becomes one value, or NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.slice_values import SliceValues
from readingroom.dicom.stacks import Stack
from readingroom.errors import UnsupportedImageError
from readingroom.pixels.grayscale import Padding

REFUSED = ("not_aligned", "not_parallel")
"""Warnings about slices that no straight grid holds."""


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """The type of a volume's values, its padding, and whether its values are stored values or modality values."""

    dtype: np.dtype[Any]
    padding: Padding | None
    is_modality: bool

    @property
    def fill(self) -> float:
        """Return the value of voxels without measurement."""
        if self.padding is not None:
            return self.padding.value
        return float("nan") if self.dtype.kind == "f" else float(np.iinfo(self.dtype).min)

    def takes(self, values: SliceValues) -> bool:
        """Return whether the stored values of a slice are the volume's as they are, in its own type."""
        return not self.is_modality and values.dtype == self.dtype

    def put(self, stored: NDArray[Any], values: SliceValues, out: NDArray[Any]) -> None:
        """Write the stored values of a slice into the volume."""
        if not self.is_modality:
            np.copyto(out, stored, casting="safe")
            return
        modality = stored.astype(np.float64) * values.slope + values.intercept
        out[...] = modality
        if values.padding is not None:
            out[values.padding.covers(stored)] = self.fill


def plan(slices: Sequence[SliceValues]) -> VolumePlan:
    """Return how slices make a volume.

    Raises
    ------
    UnsupportedImageError
        For colours and for Modality LUTs that differ.
    """
    kinds = set(slices)
    if not all(kind.is_gray for kind in kinds):
        raise UnsupportedImageError("Colour images make no volume: there is no colour between two colours.")
    if len({kind.modality_lut for kind in kinds}) > 1:
        raise UnsupportedImageError("The slices have different Modality LUTs and make no volume together.")
    rescales = {(kind.slope, kind.intercept) for kind in kinds}
    paddings = {kind.padding for kind in kinds}
    common = np.result_type(*(kind.dtype for kind in kinds))
    if len(rescales) == len(paddings) == 1 and (common.kind == "f" or common.itemsize <= 4):  # noqa: PLR2004 - bytes
        return VolumePlan(common, paddings.pop(), is_modality=False)
    if any(kind.modality_lut for kind in kinds):
        raise UnsupportedImageError("The slices have a Modality LUT but differ in their padding: they make no volume.")
    return _modality_plan(kinds)


def _modality_plan(kinds: set[SliceValues]) -> VolumePlan:
    whole = all(kind.slope.is_integer() and kind.intercept.is_integer() for kind in kinds)
    low = min(kind.modality_range[0] for kind in kinds)
    high = max(kind.modality_range[1] for kind in kinds)
    for dtype in (np.dtype(np.int16), np.dtype(np.int32)):
        limits = np.iinfo(dtype)
        if whole and limits.min < low and high <= limits.max:
            return VolumePlan(dtype, Padding(limits.min, limits.min), is_modality=True)
    return VolumePlan(np.dtype(np.float32), None, is_modality=True)


def placement(stack: Stack) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return a volume's affine and, where the spacing is uneven, its slice coordinates (``pixels.volume.Volume``).

    Raises
    ------
    UnsupportedImageError
        For frames that lie nowhere in the patient, or on no straight grid; by the stack's own warning.
    """
    if stack.has_geometry and stack.coordinates != "patient":
        raise UnsupportedImageError("These images say where they lie for the transducer, not in the patient.")
    affine = stack.affine
    for warning in stack.warnings:
        if warning.kind in REFUSED:
            raise UnsupportedImageError(f"These images cannot be reformatted. {warning.sentence}")
    if stack.geometry is None or stack.geometry.is_even:
        return affine, None
    along = stack.positions_mm - stack.positions_mm[0]
    return affine, along / along[-1] * (len(along) - 1)
