"""What the pixel under a reader's pointer measures, in words: of an image from its stored values, of a plane as it was cut."""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from readingroom.dicom.model import FrameGeometry, FrameReference
from readingroom.dicom.picture import LoadedFrame
from readingroom.dicom.quantities.modality_values import modality_values, pixel_at
from readingroom.dicom.quantities.probe import OUTSIDE, Probe, probe_frame
from readingroom.dicom.quantities.readings import suv_readings
from readingroom.dicom.quantities.units import quantity_text
from readingroom.pixels.roi import Point
from readingroom.wire import Reformat
from readingroom_viewer.reformats import ShownPlane

PROJECTED = {"mip": "Largest value", "minip": "Smallest value", "mean": "Mean"}


@dataclass(frozen=True, slots=True)
class PixelValue:
    """A pixel that was read: of which frame or plane, and what is said about it.

    ``column`` and ``row`` count from 0. ``place`` is LPS in millimetres, None where the image lies nowhere.
    """

    study_uid: str
    series_uid: str
    reference: FrameReference
    plane: str
    column: int
    row: int
    text: str
    place: tuple[float, float, float] | None
    notes: tuple[str, ...] = ()


def pixel_value(study_uid: str, series_uid: str, reference: FrameReference, plane: str, found: Probe) -> PixelValue:
    """Return what was found at a pixel of a frame, or of a ``plane`` of this name, with its place."""
    place = place_of(reference.geometry, found.column, found.row)
    notes = (*found.refusals, *found.warnings)
    return PixelValue(study_uid, series_uid, reference, plane, found.column, found.row, found.text, place, notes)


def image_value(dataset: Dataset, reference: FrameReference, loaded: LoadedFrame, point: Point) -> Probe:
    """Return what a pixel of an image measures; raises ``NotMeasurableError`` outside of it.

    A value that the image gives no unit says so, and whether it is the stored one.
    """
    found = probe_frame(dataset, reference.frame, loaded, point)
    if found.value is None or found.unit or found.readings or loaded.pipeline is None:
        return found
    pipeline = loaded.pipeline
    stored = pipeline.modality is None and (pipeline.slope, pipeline.intercept) == (1, 0)
    shown = f"stored value {found.text}" if stored else f"{found.text} (no unit)"
    return Probe(found.column, found.row, found.value, "", shown, (), found.refusals, found.warnings)


def plane_value(dataset: Dataset, plane: ShownPlane, wanted: Reformat, point: Point) -> Probe:
    """Return what a pixel of a reformatted plane holds; ``dataset`` is an image of its volume, which names the unit.

    Raises ``NotMeasurableError`` outside the plane.
    """
    frame = plane.frame.frame
    measured = modality_values(dataset, plane.like.frame, frame)
    column, row = pixel_at(point, measured.shape)
    value = None if plane.frame.absent[row, column] else measured.at(point)
    if value is None:
        return Probe(column, row, None, measured.unit, OUTSIDE)
    suv = suv_readings(dataset, plane.like.frame, value, "BW")
    shown = [quantity_text(value, measured.unit), *(reading.text for reading in suv.readings)]
    if not measured.unit and not suv.readings:
        shown = [f"{shown[0]} (no unit)"]
    how = "Interpolated between the images."
    if wanted.projection is not None:
        how = f"{PROJECTED[wanted.projection]} in a slab of {wanted.slab_mm:g} mm."
    return Probe(column, row, value, measured.unit, " · ".join(shown), suv.readings, suv.refusals, (*suv.warnings, how))


def place_of(geometry: FrameGeometry, column: int, row: int) -> tuple[float, float, float] | None:
    """Return where the centre of a pixel lies, LPS in millimetres (PS3.3 C.7.6.2.1.1)."""
    if geometry.orientation is None or geometry.position is None or geometry.spacing is None:
        return None
    across, down = np.array(geometry.orientation[:3]), np.array(geometry.orientation[3:])
    at = np.array(geometry.position) + across * (column * geometry.spacing[1]) + down * (row * geometry.spacing[0])
    x, y, z = (round(float(n), 3) for n in at)
    return x, y, z
