"""A frame of a study made into the 8-bit picture that a reader sees."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading, text, whole
from readingroom.dicom.colors import contradictions, in_srgb, palette_in_srgb, supplemental_colors
from readingroom.dicom.image import (
    float_bytes,
    lossy_ratio,
    modality_lut,
    padding,
    pixel_description,
    rescale,
)
from readingroom.dicom.mask_subtraction import mask_notes
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.palette import palette
from readingroom.dicom.presentation_state import PresentationState, require_reference
from readingroom.dicom.presented import PLAIN, Dressing, dress, state_choices, state_pipeline
from readingroom.dicom.source import StudySource
from readingroom.dicom.voi_choices import gray_notes, presentation_shape, voi_choices
from readingroom.dicom.whereabouts import told_where
from readingroom.errors import DamagedImageError, NotFoundError
from readingroom.pixels.color import Palette
from readingroom.pixels.decoding import decode_isolated
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.presentation import Presentation
from readingroom.pixels.voi import Voi, VoiChoice, WindowOrigin, equivalent_window

ExplainedWindows = tuple[tuple[Voi, str], ...]
BYTE = 256


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """Rendered pixels of native resolution and what they were rendered with.

    ``pixels`` is uint8, C-contiguous, (rows, columns) or (rows, columns, 3) RGB. ``used`` is the window or VOI LUT shown
    with, None for colour. ``choices`` are the image's own, the first of them the one it is shown with by default.
    ``value_range`` holds the smallest and largest modality value without padding, None for colour.
    ``source_lossy`` is the ratio of a lossy source ("10.5"), "?" when it is not known, empty for a lossless source.
    ``notes`` are sentences that the reader must know: what of the image could not be shown, or contradicts itself.
    ``presentation`` is what is still to be done where the picture is shown: turning, displayed area, graphics and text.
    ``overlay_planes`` counts those that the image has or the state activates, painted or not. ``window_origin`` says
    where the window comes from.
    """

    pixels: NDArray[np.uint8]
    used: Voi | LookupTable | None
    choices: tuple[VoiChoice, ...]
    value_range: tuple[float, float] | None
    source_lossy: str
    notes: tuple[str, ...] = ()
    presentation: Presentation | None = None
    overlay_planes: int = 0
    window_origin: WindowOrigin = ""

    @property
    def voi(self) -> Voi | None:
        """Return the window used, None for colour and for an image shown through a VOI LUT."""
        return self.used if isinstance(self.used, Voi) else None

    @property
    def drag_start(self) -> Voi | None:
        """Return the window that a drag starts from: the one used, or the one most like the VOI LUT; None for colour."""
        return None if self.used is None else equivalent_window(self.used)

    @property
    def windows(self) -> ExplainedWindows:
        """Return the windows among the choices, each with its explanation."""
        return tuple((choice.voi, choice.explanation) for choice in self.choices if isinstance(choice.voi, Voi))

    @property
    def samples(self) -> int:
        """Return 1 for grey, 3 for RGB."""
        return 1 if self.pixels.ndim == 2 else 3  # noqa: PLR2004 - rows, columns

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the pixels, row by row, in hexadecimal."""
        return hashlib.sha256(self.pixels.data).hexdigest()


@dataclass(frozen=True, eq=False, slots=True)
class LoadedFrame:
    """A decoded frame, ready to be rendered again and again; ``stored`` is RGB when ``pipeline`` is None.

    ``supplemental`` are colours for values above the grey ones (PS3.3 C.7.6.19); no window and no inversion changes them.
    ``dressing`` is what lies on top: a shutter, overlays, and what a presentation state asks for.
    """

    stored: NDArray[Any]
    pipeline: GrayscalePipeline | None
    choices: tuple[VoiChoice, ...]
    value_range: tuple[float, float] | None
    source_lossy: str
    span: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    supplemental: Palette | None = None
    dressing: Dressing = PLAIN
    window_origin: WindowOrigin = ""

    @property
    def nbytes(self) -> int:
        """Return the memory that the decoded values and what lies on top of them take."""
        return self.stored.nbytes + self.dressing.nbytes

    @property
    def value_step(self) -> float:
        """Return the modality units from one stored value to the next, 0 where they are not even or there are none."""
        pipeline = self.pipeline
        is_even = pipeline is not None and pipeline.modality is None and self.stored.dtype.kind in "iu"
        return abs(pipeline.slope) if pipeline is not None and is_even else 0.0

    @property
    def gray(self) -> Literal["", "up", "down"]:
        """Return whether larger values are brighter or darker, empty where more than a window makes grey of them."""
        pipeline = self.pipeline
        if pipeline is None or pipeline.presentation is not None or self.supplemental is not None:
            return ""
        return "down" if pipeline.shape == "INVERSE" else "up"

    def picture(
        self,
        voi: Voi | LookupTable | None = None,
        inverted: bool = False,
        display: DisplayCurve | None = None,
        *,
        overlays: bool = True,
    ) -> Picture:
        """Return the frame through a window or VOI LUT, None for its own, on a calibrated display, None for any other.

        Colour takes no window and no display curve, but can be inverted. The shutter hides what it hides whatever the
        window; without ``overlays`` no overlay plane is painted.
        """
        if self.pipeline is None:
            pixels, used = (255 - self.stored if inverted else self.stored), None
        else:
            pipeline = self.pipeline.with_voi(voi or self.pipeline.voi, inverted=inverted).on_display(display)
            pixels, used = pipeline.apply(self.stored, self.span), pipeline.voi
        if self.supplemental is not None:
            pixels = self.supplemental.over(pixels, self.stored)
        dressing = self.dressing if self.pipeline is None else self.dressing.on_display(display)
        shown = dressing.over(np.ascontiguousarray(pixels), overlays=overlays)
        notes = self.notes + dressing.notes
        return Picture(
            shown,
            used,
            self.choices,
            self.value_range,
            self.source_lossy,
            notes,
            dressing.presentation,
            len(dressing.overlays),
            self._origin_of(used),
        )

    def through(self, window: Voi, origin: WindowOrigin) -> "LoadedFrame":
        """Return the same frame with another window to begin with, and where that comes from."""
        if self.pipeline is None:
            return self
        return replace(self, pipeline=self.pipeline.with_voi(window, inverted=False), window_origin=origin)

    def _origin_of(self, used: Voi | LookupTable | None) -> WindowOrigin:
        if used is None or (self.pipeline is not None and used is self.pipeline.voi):
            return self.window_origin
        return "image" if any(used is choice.voi for choice in self.choices) else "reader"

    def voi_lut(self, number: int) -> LookupTable:
        """Return a VOI LUT of the image by its number from 1; raises ``NotFoundError`` when there is none of it."""
        tables = [choice.voi for choice in self.choices if isinstance(choice.voi, LookupTable)]
        if not 1 <= number <= len(tables):
            held = {0: "no VOI LUT", 1: "one VOI LUT"}.get(len(tables), f"{len(tables)} VOI LUTs")
            raise NotFoundError(f"This image holds {held}; there is no VOI LUT {number}.")
        return tables[number - 1]


def render_frame(
    source: StudySource, sop_uid: str, frame: int, voi: Voi | None = None, inverted: bool = False
) -> Picture:
    """Return one frame (1-based) of an instance as a picture; raises what ``load_frame`` raises."""
    return load_frame(source, sop_uid, frame).picture(voi, inverted)


def load_frame(source: StudySource, sop_uid: str, frame: int, state: PresentationState | None = None) -> LoadedFrame:
    """Return one frame (1-based) of an instance, decoded, with the parts of its grayscale pipeline.

    With a presentation ``state`` the image's own lookup tables, shutter and overlays give way to those of the state.

    Raises
    ------
    NotFoundError, SourceUnavailableError
        As the source does.
    UnsupportedImageError, DamagedImageError
        When the frame cannot be shown or the state is not for it; the message says why.
    """
    dataset = source.metadata(sop_uid)
    if state is not None:
        require_reference(state, sop_uid, frame)
    encoded = source.frame(sop_uid, frame)
    loaded = _decoded(dataset, encoded, frame, state)
    with quiet_reading():
        return replace(loaded, dressing=dress(dataset, encoded, frame, loaded.stored.shape[:2], state))


def _decoded(dataset: Dataset, encoded: EncodedFrame, frame: int, state: PresentationState | None) -> LoadedFrame:
    """Return a frame without what lies on top of it."""
    with quiet_reading():
        real_bytes = float_bytes(dataset)
        description = None if real_bytes else pixel_description(dataset)
        colors = palette(dataset)
    with told_where(dataset, text(dataset, "SOPInstanceUID"), frame):
        if description is None:
            stored = _real_values(encoded.data, dataset.Rows, dataset.Columns, real_bytes)
        else:
            stored = decode_isolated(encoded.transfer_syntax_uid, encoded.data, description, encoded.number)
        lossy, notes = lossy_ratio(dataset, encoded), contradictions(encoded, description)
    stored.flags.writeable = False
    if colors is not None:
        colors, more = palette_in_srgb(colors, dataset, frame)
        return LoadedFrame(colors.apply(stored), None, (), None, lossy, notes=notes + more)
    if description is not None and description.is_color:
        rgb, more = in_srgb(stored, dataset, frame)
        return LoadedFrame(rgb, None, (), None, lossy, notes=notes + more)
    supplemental, more = supplemental_colors(dataset, frame)
    with quiet_reading():
        loaded = (
            _gray(dataset, frame, stored, lossy) if state is None else _presented(state, dataset, frame, stored, lossy)
        )
        return replace(loaded, notes=loaded.notes + notes + more, supplemental=supplemental)


def _presented(state: PresentationState, dataset: Dataset, frame: int, stored: NDArray[Any], lossy: str) -> LoadedFrame:
    pipeline = state_pipeline(state, dataset, stored.dtype)
    span, value_range = _span(stored), _value_range(pipeline, stored)
    ends = _possible_range(pipeline, dataset, stored) or value_range
    choices = state_choices(state, text(dataset, "SOPInstanceUID"), frame, *ends)
    default, origin = _default(choices, ends, "frame" if ends is value_range else "bits")
    pipeline = pipeline.with_voi(default, inverted=False)
    return LoadedFrame(stored, pipeline, choices, value_range, lossy, span, window_origin=origin)


def _gray(dataset: Dataset, frame: int, stored: NDArray[Any], lossy: str) -> LoadedFrame:
    slope, intercept = rescale(dataset, frame)
    pipeline = GrayscalePipeline(
        voi=Voi(0.5, 1),
        slope=slope,
        intercept=intercept,
        modality=modality_lut(dataset, stored.dtype),
        padding=padding(dataset, stored.dtype),
        shape=presentation_shape(dataset),
    )
    possible = _possible_range(pipeline, dataset, stored)
    span, value_range = _span(stored), _value_range(pipeline, stored)
    choices = voi_choices(dataset, frame, *(possible or value_range))
    default, origin = _default(choices, *_full_range(pipeline, possible, value_range))
    notes = gray_notes(dataset, frame, choices) + mask_notes(dataset, frame)
    pipeline = pipeline.with_voi(default, inverted=False)
    return LoadedFrame(stored, pipeline, choices, value_range, lossy, span, notes, window_origin=origin)


def _default(
    choices: tuple[VoiChoice, ...], ends: tuple[float, float], origin: WindowOrigin
) -> tuple[Voi | LookupTable, WindowOrigin]:
    """Return what a frame is shown with: its own first choice, else a window over a range of values."""
    return (choices[0].voi, "image") if choices else (Voi.of_range(*ends), origin)


def _span(stored: NDArray[Any]) -> tuple[int, int] | None:
    """Return the smallest and largest stored value of integers, padding included: the part of the table that is used."""
    return (int(stored.min()), int(stored.max())) if stored.dtype.kind in "iu" and stored.size else None


def _possible_range(pipeline: GrayscalePipeline, dataset: Dataset, stored: NDArray[Any]) -> tuple[float, float] | None:
    """Return the smallest and largest modality value that the bits stored can hold, None for floating point."""
    if stored.dtype.kind not in "iu":
        return None
    bits = min(max(whole(dataset, "BitsStored") or 8 * stored.itemsize, 1), 8 * stored.itemsize)
    low = -(2 ** (bits - 1)) if stored.dtype.kind == "i" else 0
    ends = np.array([low, low + 2**bits - 1], np.float64)
    modality = pipeline.modality_values(ends) if pipeline.modality is None else pipeline.modality.entries
    return float(modality.min()), float(modality.max())


def _full_range(
    pipeline: GrayscalePipeline, possible: tuple[float, float] | None, found: tuple[float, float]
) -> tuple[tuple[float, float], WindowOrigin]:
    """Return the range that an image without any VOI attribute is shown with, and what it is the range of.

    Its VOI LUT is the identity (PS3.4 N.2.1.3). Bytes are shown so, as screens and films were captured. Wider values
    seldom use the range they could: they are shown from the smallest to the largest there is, of this frame until
    ``readingroom.dicom.shared_window`` finds those that are looked at together with it.
    """
    plain = pipeline.modality is None and (pipeline.slope, pipeline.intercept) == (1.0, 0.0)
    if plain and possible is not None and possible[1] - possible[0] < BYTE:
        return possible, "bits"
    return found, "frame"


def _value_range(pipeline: GrayscalePipeline, stored: NDArray[Any]) -> tuple[float, float]:
    """Return the smallest and largest modality value that is no padding; (0, 1) when every pixel is."""
    real = stored if pipeline.padding is None else stored[~pipeline.padding.covers(stored)]
    real = real[np.isfinite(real)] if stored.dtype.kind == "f" else real
    if not real.size:
        return 0.0, 1.0
    ends = np.array([real.min(), real.max()]) if pipeline.modality is None else real
    modality = pipeline.modality_values(ends)
    return float(modality.min()), float(modality.max())


def _real_values(data: bytes, rows: int, columns: int, size: int) -> NDArray[Any]:
    """Return Float or Double Float Pixel Data (PS3.3 C.7.6.24, C.7.6.25)."""
    if len(data) < rows * columns * size:
        raise DamagedImageError(f"The image says it has {rows} rows but its pixel data holds only {len(data)} bytes.")
    return np.frombuffer(data, f"<f{size}", rows * columns).reshape(rows, columns)
