"""A presentation state for the CT phantom: its own window, a circular shutter, graphics and text on the middle slice."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread

from readingroom.testing.identity import fictional_uid
from readingroom.testing.phantom import (
    DEFAULT_STUDY,
    INSERT_HU,
    INSERT_RADIUS,
    SPHERES,
    WATER_RADIUS,
    PhantomSeries,
    insert_centers,
)

LABEL = "SPHERES"
WINDOW = (60.0, 400.0)
LAYER_P_VALUE = 0xC000
SHUTTER_RADIUS_MM = WATER_RADIUS - 4


def write_marks(folder: Path, images: Sequence[Path]) -> Path:
    """Write a Grayscale Softcopy Presentation State for a phantom as ``write_phantom`` makes it; return its file.

    Window, shutter and displayed area are for all ``images``, graphics and text for the middle one.
    """
    import highdicom.pr as hd  # noqa: PLC0415 - a third of a second for one file

    slices = [dcmread(path, stop_before_pixels=True) for path in images]
    layer = hd.GraphicLayer("MEASURED", order=1, description="What was measured")
    state: Dataset = hd.GrayscaleSoftcopyPresentationState(
        referenced_images=slices,
        series_instance_uid=fictional_uid("phantom/series/presentation"),
        series_number=900,
        sop_instance_uid=fictional_uid("phantom/presentation/1"),
        instance_number=1,
        manufacturer="Reading Room sample",
        manufacturer_model_name="Reading Room sample",
        software_versions="1",
        device_serial_number="1",
        content_label=LABEL,
        content_description="Sphere and inserts, soft tissue",
        content_creator_name="Tutor^Tamara",
        graphic_layers=[layer],
        graphic_annotations=[_annotation(hd, slices[len(slices) // 2], layer)],
        voi_lut_transformations=[
            hd.SoftcopyVOILUTTransformation(*WINDOW, window_explanation="Soft tissue of the presentation state")
        ],
    )
    _make_reproducible(state)
    _add_shutter(state, slices[0])
    path = folder / "PR0001.dcm"
    state.save_as(path, enforce_file_format=True)
    return path


def _annotation(hd: Any, middle: Dataset, layer: Any) -> Any:  # noqa: ANN401 - highdicom is loaded late
    """Return a circle around the middle sphere with its diameter, and the number of each insert beside it."""
    sphere = SPHERES[1]
    radius = sphere[3] + 2
    circle = hd.GraphicObject("CIRCLE", np.array([_pixel(0, 0), _pixel(radius, 0)]), "PIXEL")
    arrow = hd.GraphicObject("POLYLINE", np.array([_pixel(22, -22), _pixel(9, -9)]), "PIXEL")
    texts = [
        hd.TextObject(
            f"Kugel \u00f8 {2 * sphere[3]:g} mm",
            "PIXEL",
            (*_pixel(22, -30), *_pixel(60, -22)),
            text_justification="LEFT",
        )
    ]
    for value, center in zip(INSERT_HU, insert_centers(), strict=True):
        x, y = (component * (1 - (INSERT_RADIUS + 8) / math.hypot(*center)) for component in center)
        box = (*_pixel(x - 11, y - 3), *_pixel(x + 11, y + 3))
        texts.append(hd.TextObject(f"{value} HU", "PIXEL", box))
    return hd.GraphicAnnotation([middle], layer, graphic_objects=[circle, arrow], text_objects=texts)


def _pixel(x: float, y: float) -> tuple[float, float]:
    """Return millimetres from the axis as a point in pixels, (0, 0) being the outer corner of the first."""
    scan = PhantomSeries()
    return tuple(scan.size // 2 + 0.5 + value / scan.pixel_spacing for value in (x, y))  # type: ignore[return-value]


def _make_reproducible(state: Dataset) -> None:
    """Put the study's date where highdicom writes today's, so that a second run makes the same bytes."""
    for what in ("Series", "InstanceCreation", "PresentationCreation"):
        setattr(state, f"{what}Date", DEFAULT_STUDY.date)
        setattr(state, f"{what}Time", "101500")
    for now in ("ContentDate", "ContentTime"):
        state.pop(now, None)
    state.GraphicLayerSequence[0].GraphicLayerRecommendedDisplayGrayscaleValue = LAYER_P_VALUE
    state.SeriesDescription = "Presentation state"


def _add_shutter(state: Dataset, image: Dataset) -> None:
    """Add the Display Shutter Module, which highdicom does not write: a circle a little narrower than the water."""
    state.ShutterShape = "CIRCULAR"
    state.CenterOfCircularShutter = [image.Rows // 2 + 1, image.Columns // 2 + 1]
    state.RadiusOfCircularShutter = round(SHUTTER_RADIUS_MM / float(image.PixelSpacing[0]))
    state.ShutterPresentationValue = 0
