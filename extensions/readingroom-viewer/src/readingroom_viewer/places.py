"""Where the images of a series lie in the patient, for viewports that scroll together."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from readingroom.dicom.model import FrameReference

MICROMETRE = 3
"""Decimals of a millimetre that a page is told."""


def places(frames: Sequence[FrameReference]) -> dict[str, Any]:
    """Return frame of reference, orientation and the centre of each frame in LPS millimetres, in reading order.

    A series whose frames do not all lie in one frame of reference and one orientation has no centres.
    """
    geometries = [frame.geometry for frame in frames]
    shared = {(one.frame_of_reference_uid, one.orientation) for one in geometries}
    uid, orientation = shared.pop() if len(shared) == 1 else ("", None)
    if not uid or orientation is None or any(one.position is None or one.spacing is None for one in geometries):
        return {"frame_of_reference_uid": "", "orientation": [], "centers": []}
    return {
        "frame_of_reference_uid": uid,
        "orientation": list(orientation),
        "centers": [_center(frame) for frame in frames],
    }


def _center(frame: FrameReference) -> list[float]:
    geometry = frame.geometry
    across, down = np.split(np.array(geometry.orientation), 2)
    between_rows, between_columns = geometry.spacing or (0.0, 0.0)
    middle = across * between_columns * (frame.columns - 1) / 2 + down * between_rows * (frame.rows - 1) / 2
    return [round(float(value), MICROMETRE) for value in np.array(geometry.position) + middle]
