"""The values that an image measures, in float64 with their unit: HU of a CT, Bq/ml of a PET (PS3.3 C.11.1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.picture import LoadedFrame
from readingroom.dicom.quantities.units import dose_scaling, modality_unit
from readingroom.errors import NotMeasurableError
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.roi import MAX_COORDINATE, Box, Mask, Point
from readingroom.pixels.statistics import Floats, nearest_pixel


@dataclass(frozen=True, eq=False, slots=True)
class ModalityValues:
    """A frame's stored values and how they become modality values, float64; padding holds no value.

    ``scale`` multiplies what the Modality LUT gives: Dose Grid Scaling of an RT Dose, 1 otherwise.
    """

    stored: NDArray[Any]
    pipeline: GrayscalePipeline
    unit: str
    scale: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        rows, columns = self.stored.shape
        return rows, columns

    def patch(self, box: Box) -> tuple[Floats, Mask]:
        """Return the values inside ``box``, which the image must hold, and which of them are measurements."""
        stored = self.stored[box.slices]
        values = self.pipeline.modality_values(stored) * self.scale
        valid = np.isfinite(values)
        return values, valid if self.pipeline.padding is None else valid & ~self.pipeline.padding.covers(stored)

    def whole(self) -> tuple[Floats, Mask]:
        """Return every value and which of them are measurements."""
        rows, columns = self.shape
        return self.patch(Box(0, 0, columns - 1, rows - 1))

    def at(self, point: Point) -> float | None:
        """Return the value of the pixel that a point lies in, None where that is padding.

        It is the nearest pixel's own value: nothing is interpolated that was not measured. Raises
        ``NotMeasurableError`` outside the image.
        """
        column, row = pixel_at(point, self.shape)
        values, valid = self.patch(Box(column, row, column, row))
        return float(values[0, 0]) if valid[0, 0] else None


def modality_values(dataset: Dataset, frame: int, loaded: LoadedFrame) -> ModalityValues:
    """Return the modality values of a loaded frame; raises ``NotMeasurableError`` for a colour image."""
    if loaded.pipeline is None:
        raise NotMeasurableError("A colour image holds colours, not measured values.")
    with quiet_reading():
        return ModalityValues(
            loaded.stored, loaded.pipeline, modality_unit(dataset, frame), dose_scaling(dataset) or 1.0
        )


def pixel_at(point: Point, shape: tuple[int, int]) -> tuple[int, int]:
    """Return (column, row) of the pixel of an image of ``shape`` (rows, columns) that a point lies in.

    Raises
    ------
    NotMeasurableError
        When the point lies outside the image.
    """
    if not all(abs(value) <= MAX_COORDINATE for value in point):
        raise NotMeasurableError("This point lies outside the image.")
    column, row = (int(index) for index in nearest_pixel(np.array(point)))
    if not (0 <= column < shape[1] and 0 <= row < shape[0]):
        raise NotMeasurableError("This point lies outside the image.")
    return column, row
