"""A presentation state, or an image's own shutter and overlays, brought to one decoded frame."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.image import as_signed, padding
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.overlays import pixel_words, planes, read_overlays
from readingroom.dicom.presentation_graphics import Annotation, StoredShape, StoredText, Units
from readingroom.dicom.presentation_state import PresentationState, require_reference
from readingroom.dicom.shutters import StoredShutter, pixel_aspect, read_shutter
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.overlay import OverlayPlane, paint
from readingroom.pixels.presentation import (
    P_VALUE_WHITE,
    DisplayedArea,
    GraphicLayer,
    Point,
    Presentation,
    Shape,
    SpatialTransformation,
    TextObject,
    display_gray,
)
from readingroom.pixels.shutter import BitmapShutter, Shutter, ShutterShape
from readingroom.pixels.voi import Voi, VoiChoice


@dataclass(frozen=True, eq=False, slots=True)
class Dressing:
    """What goes on top of a frame's grey or colour values.

    ``shutter`` and ``overlays`` are burnt into the 8-bit frame, the ``presentation`` is drawn by whoever shows it.
    ``notes`` say in words what could not be applied.
    """

    shutter: Shutter | None = None
    overlays: tuple[OverlayPlane, ...] = ()
    presentation: Presentation | None = None
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Return the memory that masks take."""
        shutter = self.shutter.nbytes if self.shutter is not None else 0
        return shutter + sum(plane.mask.nbytes for plane in self.overlays)

    def on_display(self, display: DisplayCurve | None) -> "Dressing":
        """Return the same dressing with the greys that a calibrated display needs, None for any other."""
        if display is None or self is PLAIN:
            return self
        shutter = self.shutter
        return replace(
            self,
            shutter=None if shutter is None else replace(shutter, gray=display_gray(shutter.p_value, display)),
            overlays=tuple(replace(plane, gray=display_gray(plane.p_value, display)) for plane in self.overlays),
            presentation=None if self.presentation is None else self.presentation.on_display(display),
        )

    def over(self, pixels: NDArray[np.uint8], *, overlays: bool) -> NDArray[np.uint8]:
        """Return 8-bit pixels behind the shutter and, if wanted, below the overlays (PS3.4 N.2.2, figure N.2-1)."""
        seen = pixels if self.shutter is None else self.shutter.apply(pixels)
        return paint(seen, self.overlays) if overlays else seen


PLAIN = Dressing()


def dress(
    dataset: Dataset, encoded: EncodedFrame, frame: int, shape: tuple[int, ...], state: PresentationState | None
) -> Dressing:
    """Return what lies on top of a frame of ``shape`` (rows, columns): the image's own, or all that a state says."""
    rows, columns = shape
    if state is None:
        return own_dressing(dataset, encoded, frame, (rows, columns))
    return state_dressing(state, dataset, encoded, frame, (rows, columns))


def own_dressing(dataset: Dataset, encoded: EncodedFrame, frame: int, shape: tuple[int, int]) -> Dressing:
    """Return the shutter and the overlays that an image holds itself, for one frame of (rows, columns) ``shape``."""
    stored = read_shutter(dataset)
    overlays, damaged = read_overlays(dataset)
    shown, absent = planes(overlays, frame, shape, pixel_words(dataset, encoded) if overlays else None)
    shutter = _burnt(stored.on_pixels_of(pixel_aspect(dataset)), stored.p_value, shape)
    return Dressing(shutter, shown, None, (*stored.notes, *damaged, *absent))


def state_dressing(
    state: PresentationState, dataset: Dataset, encoded: EncodedFrame, frame: int, shape: tuple[int, int]
) -> Dressing:
    """Return what a presentation state puts on a frame; raises ``DamagedImageError`` when it is not for this image."""
    sop_uid = str(dataset.SOPInstanceUID)
    require_reference(state, sop_uid, frame)
    overlays, notes = _activated(state, dataset, encoded, frame, shape)
    shutter, closed = _state_shutter(state, dataset, frame, shape)
    presentation = _presentation(state, sop_uid, frame, shape)
    return Dressing(shutter, overlays, presentation, (*state.notes, *notes, *closed))


def state_choices(state: PresentationState, sop_uid: str, frame: int, low: float, high: float) -> tuple[VoiChoice, ...]:
    """Return the windows and the VOI LUT that a state has for a frame, none where values are to be shown as they are.

    ``low`` and ``high`` are the smallest and largest modality value that there may be.
    """
    item = next((voi for voi in state.vois if voi.scope.covers(sop_uid, frame)), None)
    if item is None:
        return ()
    luts = () if item.lut is None else (VoiChoice(item.lut.covering(low, high), item.lut_explanation),)
    return tuple(VoiChoice(voi, explanation) for voi, explanation in item.windows) + luts


def state_pipeline(state: PresentationState, dataset: Dataset, dtype: np.dtype[Any]) -> GrayscalePipeline:
    """Return the grayscale pipeline of a state for stored values of a type, but for its VOI LUT (PS3.4 N.2.1).

    Only padding is the image's own: it says which pixels are no image, which no state takes back.
    """
    slope, intercept = state.rescale
    modality = state.modality
    if modality is not None:
        modality = replace(modality, first_mapped=as_signed(modality.first_mapped, signed=dtype.kind == "i"))
    return GrayscalePipeline(
        voi=Voi(0.5, 1),
        slope=slope,
        intercept=intercept,
        modality=modality,
        padding=padding(dataset, dtype),
        shape=state.shape,
        presentation=state.presentation,
    )


def _activated(
    state: PresentationState, dataset: Dataset, encoded: EncodedFrame, frame: int, shape: tuple[int, int]
) -> tuple[tuple[OverlayPlane, ...], tuple[str, ...]]:
    """Return the overlays that the state activates, its own before the image's (PS3.3 C.11.7)."""
    wanted = {group: layer for group, layer in state.activation.items() if layer}
    wanted.pop(state.shutter.overlay_group or 0, None)
    held, damaged = read_overlays(dataset) if wanted else ((), ())
    groups = {overlay.group: overlay for overlay in (*held, *state.overlays) if overlay.group in wanted}
    words = pixel_words(dataset, encoded) if any(overlay.packed is None for overlay in groups.values()) else None
    shown, absent = planes(groups.values(), frame, shape, words)
    order = {layer.name: place for place, layer in enumerate(state.layers)}
    p_values = {layer.name: layer.p_value for layer in state.layers}
    coloured = [_in_gray(plane, p_values.get(wanted[plane.group], P_VALUE_WHITE)) for plane in shown]
    coloured.sort(key=lambda plane: order.get(wanted[plane.group], len(order)))
    missing = sorted(set(wanted) - set(groups))
    lost = tuple(f"The presentation state shows overlay {group:04X}, which is not there." for group in missing)
    return tuple(coloured), (*damaged, *absent, *lost)


def _in_gray(plane: OverlayPlane, p_value: int) -> OverlayPlane:
    return replace(plane, p_value=p_value, gray=display_gray(p_value))


def _state_shutter(
    state: PresentationState, dataset: Dataset, frame: int, shape: tuple[int, int]
) -> tuple[Shutter | None, tuple[str, ...]]:
    stored: StoredShutter = state.shutter
    shapes = stored.on_pixels_of(pixel_aspect(dataset))
    if stored.overlay_group is None:
        return _burnt(shapes, stored.p_value, shape), ()
    bitmap = next((o for o in state.overlays if o.group == stored.overlay_group and o.packed is not None), None)
    if bitmap is None:
        note = f"The bitmap shutter {stored.overlay_group:04X} is not there; it is not applied."
        return _burnt(shapes, stored.p_value, shape), (note,)
    if bitmap.applies_to(frame):
        shapes = (*shapes, BitmapShutter(bitmap.mask(frame, shape)))
    return _burnt(shapes, stored.p_value, shape), ()


def _burnt(shapes: tuple[ShutterShape, ...], p_value: int, shape: tuple[int, int]) -> Shutter | None:
    """Return the shutter as one bitmap, computed once for a frame that is rendered again and again."""
    if not shapes:
        return None
    return Shutter((BitmapShutter(~Shutter(shapes).visible(*shape)),), p_value, display_gray(p_value))


def _presentation(state: PresentationState, sop_uid: str, frame: int, shape: tuple[int, int]) -> Presentation:
    rows, columns = shape
    area = next((a for scope, a in state.areas if scope.covers(sop_uid, frame)), DisplayedArea(0, 0, columns, rows))
    place = _Placement(state.transformation, area, rows, columns)
    annotations = [a for a in state.annotations if a.scope.covers(sop_uid, frame)]
    names = [layer.name for layer in state.layers]
    strays = sorted({a.layer for a in annotations} - set(names))
    layers = [
        GraphicLayer(
            layer.name,
            layer.order,
            layer.p_value,
            display_gray(layer.p_value),
            layer.description,
            *place.on_layer(annotations, layer.name),
        )
        for layer in state.layers
    ]
    top = max((layer.order for layer in state.layers), default=0)
    layers += [
        GraphicLayer(name, top + 1, P_VALUE_WHITE, 255, "", *place.on_layer(annotations, name)) for name in strays
    ]
    drawn = tuple(layer for layer in layers if layer.shapes or layer.texts)
    return Presentation(state.reference.label, state.reference.description, state.transformation, area, drawn)


@dataclass(frozen=True, slots=True)
class _Placement:
    """Turns fractions of the displayed area into pixels of the image."""

    transformation: SpatialTransformation
    area: DisplayedArea
    rows: int
    columns: int

    def on_layer(self, annotations: list[Annotation], name: str) -> tuple[tuple[Shape, ...], tuple[TextObject, ...]]:
        found = [annotation for annotation in annotations if annotation.layer == name]
        return (
            tuple(self._shape(shape) for annotation in found for shape in annotation.shapes),
            tuple(self._text(text) for annotation in found for text in annotation.texts),
        )

    def _shape(self, stored: StoredShape) -> Shape:
        if stored.units == "PIXEL":
            return stored.shape
        return replace(stored.shape, points=tuple(self._point(point, "DISPLAY") for point in stored.shape.points))

    def _text(self, stored: StoredText) -> TextObject:
        held = stored.text
        return replace(
            held,
            top_left=None if held.top_left is None else self._point(held.top_left, stored.box_units),
            bottom_right=None if held.bottom_right is None else self._point(held.bottom_right, stored.box_units),
            anchor=None if held.anchor is None else self._point(held.anchor, stored.anchor_units),
        )

    def _point(self, point: Point, units: Units) -> Point:
        """Return a point in pixels of the image; (0, 0) to (1, 1) is the displayed area as the reader sees it."""
        if units == "PIXEL":
            return point
        turned = self.transformation
        ends = [
            turned.forward(corner, self.rows, self.columns)
            for corner in ((self.area.left, self.area.top), (self.area.right, self.area.bottom))
        ]
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(*ends, strict=True))
        shown = (x0 + point[0] * (x1 - x0), y0 + point[1] * (y1 - y0))
        return turned.backward(shown, self.rows, self.columns)
