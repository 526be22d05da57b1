"""What travels with one picture: its header from what five parts know. Codec and hash are filled in when it is sent."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameReference
from readingroom.dicom.picture import Picture
from readingroom.pixels.voi import Voi
from readingroom.reading.audit import Pipeline
from readingroom.reading.display import UNKNOWN, DisplayState
from readingroom.wire import FrameHeader, Reformat, ViewRequest, VoiChoice, Window
from readingroom_viewer.outgoing import Rendered


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a series a picture shows: the study, the frame, how many there are, and what is said about its place."""

    study_uid: str
    reference: FrameReference
    count: int
    position: int
    notes: tuple[str, ...] = ()
    loaded: float = 1.0
    pixel_shape: tuple[float, float] | None = None
    """Height and width of a pixel where they are not those of its spacing."""
    display: DisplayState = UNKNOWN
    value_step: float = 0.0
    gray: Literal["", "up", "down"] = ""
    full_size: tuple[int, int] | None = None
    """Rows and columns of the whole picture where it comes in fewer while the hand moves."""


def rendered_frame(request: ViewRequest, shown: Shown, picture: Picture, presentation_uid: str = "") -> Rendered:
    """Return ``picture`` with its header, in answer to ``request``; ``presentation_uid`` is the state applied."""
    return Rendered(_header(request, shown, picture, picture.pixels, "frame", presentation_uid), picture.pixels)


def rendered_thumbnail(request: ViewRequest, shown: Shown, picture: Picture, small: NDArray[np.uint8]) -> Rendered:
    """Return ``small``, a picture made smaller for the rail, with its header."""
    return Rendered(_header(request, shown, picture, small, "thumbnail", ""), small)


def _header(  # noqa: PLR0913, PLR0917 - one header gathers what five parts know
    request: ViewRequest,
    shown: Shown,
    picture: Picture,
    pixels: NDArray[np.uint8],
    kind: str,
    presentation_uid: str,
) -> FrameHeader:
    geometry = shown.reference.geometry
    return FrameHeader(
        type="frame" if kind == "frame" else "thumbnail",
        viewport=request.viewport,
        seq=request.seq,
        study_uid=shown.study_uid,
        series_uid=request.series_uid,
        sop_uid=shown.reference.sop_uid,
        frame=shown.reference.frame,
        position=shown.position,
        count=shown.count,
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples=1 if pixels.ndim == 2 else 3,  # noqa: PLR2004 - rows, columns
        codec="raw",
        sha256="",
        window=_window(picture.voi),
        choices=tuple(VoiChoice(one.explanation, _window(one.voi, one.explanation)) for one in picture.choices),
        drag_start=_window(picture.drag_start),
        choice=_choice(picture),
        value_range=picture.value_range,
        inverted=request.inverted,
        presentation_uid=presentation_uid,
        presentation=picture.presentation,
        overlay_planes=picture.overlay_planes,
        overlays=request.overlays,
        reformat=request.reformat,
        loaded=shown.loaded,
        notes=(*picture.notes, *shown.notes),
        source_lossy=picture.source_lossy,
        orientation=geometry.orientation,
        slice_position=geometry.position,
        spacing=geometry.spacing,
        pixel_shape=geometry.spacing or shown.pixel_shape or (1.0, 1.0),
        spacing_kind=geometry.spacing_kind,
        pipeline=_pipeline(request, shown, picture, presentation_uid).digest,
        display="calibrated" if shown.display.calibrated else "review-only",
        value_step=shown.value_step,
        gray="" if shown.display.curve is not None else shown.gray,
        full_size=shown.full_size,
        window_origin=picture.window_origin,
    )


def _pipeline(request: ViewRequest, shown: Shown, picture: Picture, presentation_uid: str) -> Pipeline:
    """Return what the audit line of this picture names: all that made these pixels of that frame."""
    voi, reformat = picture.voi, request.reformat
    plane = "" if reformat is None else plane_name(reformat, shown.position)
    if shown.full_size is not None:
        plane += " coarse"
    return Pipeline(
        voi=None if voi is None else (voi.center, voi.width, voi.function),
        choice=_choice(picture) if voi is None else None,
        inverted=request.inverted,
        presentation_uid=presentation_uid,
        overlays=request.overlays,
        reformat=plane,
        display=shown.display.digest,
    )


def plane_name(reformat: Reformat, position: int) -> str:
    """Return how the audit names a plane that is no stored frame."""
    return f"{reformat.plane} {position} {reformat.slab_mm:g} mm {reformat.projection or ''}"


def _choice(picture: Picture) -> int | None:
    return next((number for number, one in enumerate(picture.choices) if one.voi is picture.used), None)


def _window(voi: object, explanation: str = "") -> Window | None:
    """Return a window for the wire, None for a VOI LUT or for none."""
    return Window(voi.center, voi.width, voi.function, explanation) if isinstance(voi, Voi) else None
