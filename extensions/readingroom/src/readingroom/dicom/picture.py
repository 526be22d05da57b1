"""A frame of a study made into the 8-bit picture that a reader sees."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.attributes import quiet_reading, text
from readingroom.dicom.colors import contradictions, in_srgb, palette_in_srgb, supplemental_colors
from readingroom.dicom.image import (
    float_bytes,
    lossy_ratio,
    modality_lut,
    padding,
    pixel_description,
    rescale,
    voi_lut,
    windows,
)
from readingroom.dicom.palette import palette
from readingroom.dicom.source import StudySource
from readingroom.dicom.whereabouts import told_where
from readingroom.errors import DamagedImageError
from readingroom.pixels.color import Palette
from readingroom.pixels.decoding import decode_isolated
from readingroom.pixels.grayscale import GrayscalePipeline, LookupTable
from readingroom.pixels.voi import Voi

ExplainedWindows = tuple[tuple[Voi, str], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """Rendered pixels of native resolution and what they were rendered with.

    ``pixels`` is uint8, C-contiguous, (rows, columns) or (rows, columns, 3) RGB. ``voi`` is the window used, None for
    colour and for an image shown through its own VOI LUT. ``windows`` are the image's own, each with its explanation.
    ``value_range`` holds the smallest and largest modality value without padding, None for colour.
    ``source_lossy`` is the ratio of a lossy source ("10.5"), "?" when it is not known, empty for a lossless source.
    ``notes`` are sentences that the reader must know: what of the image could not be shown, or contradicts itself.
    """

    pixels: NDArray[np.uint8]
    voi: Voi | None
    windows: ExplainedWindows
    value_range: tuple[float, float] | None
    source_lossy: str
    notes: tuple[str, ...] = ()

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
    """

    stored: NDArray[Any]
    pipeline: GrayscalePipeline | None
    windows: ExplainedWindows
    value_range: tuple[float, float] | None
    source_lossy: str
    notes: tuple[str, ...] = ()
    supplemental: Palette | None = None

    @property
    def nbytes(self) -> int:
        """Return the memory that the decoded values take."""
        return self.stored.nbytes

    def picture(self, voi: Voi | None = None, inverted: bool = False) -> Picture:
        """Return the frame through a window, None for its own; colour takes no window but can be inverted."""
        if self.pipeline is None:
            pixels, used = (255 - self.stored if inverted else self.stored), None
        else:
            pipeline = self.pipeline.with_voi(voi or self.pipeline.voi, inverted=inverted)
            pixels, used = pipeline.apply(self.stored), pipeline.voi
        if self.supplemental is not None:
            pixels = self.supplemental.over(pixels, self.stored)
        shown_with = used if isinstance(used, Voi) else None
        shown = np.ascontiguousarray(pixels)
        return Picture(shown, shown_with, self.windows, self.value_range, self.source_lossy, self.notes)


def render_frame(
    source: StudySource, sop_uid: str, frame: int, voi: Voi | None = None, inverted: bool = False
) -> Picture:
    """Return one frame (1-based) of an instance as a picture; raises what ``load_frame`` raises."""
    return load_frame(source, sop_uid, frame).picture(voi, inverted)


def load_frame(source: StudySource, sop_uid: str, frame: int) -> LoadedFrame:
    """Return one frame (1-based) of an instance, decoded, with the parts of its grayscale pipeline.

    Raises
    ------
    NotFoundError, SourceUnavailableError
        As the source does.
    UnsupportedImageError, DamagedImageError
        When the frame cannot be shown; the message says why.
    """
    dataset = source.metadata(sop_uid)
    encoded = source.frame(sop_uid, frame)
    with quiet_reading():
        real_bytes = float_bytes(dataset)
        description = None if real_bytes else pixel_description(dataset)
        lossy = lossy_ratio(dataset, encoded)
        colors = palette(dataset)
    if description is None:
        stored = _real_values(encoded.data, dataset.Rows, dataset.Columns, real_bytes)
    else:
        with told_where(dataset, sop_uid, frame):
            stored = decode_isolated(encoded.transfer_syntax_uid, encoded.data, description, encoded.number)
    stored.flags.writeable = False
    notes = contradictions(encoded, description)
    if colors is not None:
        colors, more = palette_in_srgb(colors, dataset, frame)
        return LoadedFrame(colors.apply(stored), None, (), None, lossy, notes + more)
    if description is not None and description.is_color:
        rgb, more = in_srgb(stored, dataset, frame)
        return LoadedFrame(rgb, None, (), None, lossy, notes + more)
    supplemental, more = supplemental_colors(dataset, frame)
    with quiet_reading():
        return replace(_gray(dataset, frame, stored, lossy), notes=notes + more, supplemental=supplemental)


def _gray(dataset: Any, frame: int, stored: NDArray[Any], lossy: str) -> LoadedFrame:  # noqa: ANN401 - a pydicom Dataset
    slope, intercept = rescale(dataset, frame)
    own_windows = windows(dataset, frame)
    pipeline = GrayscalePipeline(
        voi=Voi(0.5, 1),
        slope=slope,
        intercept=intercept,
        modality=modality_lut(dataset, stored.dtype),
        padding=padding(dataset, stored.dtype),
        shape="INVERSE" if text(dataset, "PhotometricInterpretation") == "MONOCHROME1" else "IDENTITY",
    )
    value_range = _value_range(pipeline, stored)
    default: Voi | LookupTable | None = own_windows[0][0] if own_windows else voi_lut(dataset, frame)
    pipeline = pipeline.with_voi(default or Voi.of_range(*value_range), inverted=False)
    return LoadedFrame(stored, pipeline, own_windows, value_range, lossy)


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
