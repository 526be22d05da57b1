"""From a wanted state to the bytes on the wire: look up the frame, decode it once, window it, compress it."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import cv2
import lz4.block
import numpy as np

from readingroom.dicom.model import FrameReference, Series
from readingroom.dicom.picture import LoadedFrame, Picture, load_frame
from readingroom.dicom.source import StudySource
from readingroom.errors import NotFoundError
from readingroom.pixels.voi import Voi
from readingroom.wire import FrameHeader, ViewRequest, Window, pack_frame

DECODED_BYTES = 512 * 2**20
"""Decoded frames kept for re-windowing: a 500-slice CT is 262 MB, so one study and its prior fit."""

THUMBNAIL_EDGE = 128


class Renderer:
    """Renders the frames of the studies that its page has opened. Safe to call from a small thread pool."""

    def __init__(self, source: StudySource) -> None:
        self._source = source
        self._decoded = _DecodedFrames(DECODED_BYTES)
        self._series: dict[str, Series] = {}
        self._frames: dict[str, tuple[int, Sequence[FrameReference]]] = {}

    def open_study(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study and allow them to be rendered."""
        series = self._source.series(study_uid)
        self._series.update({entry.uid: entry for entry in series})
        return series

    def frame(self, request: ViewRequest) -> bytes:
        """Return the binary message that shows ``request``, lossless.

        Raises ``NotFoundError`` for a series that was not opened or a position outside it, and what decoding raises.
        """
        references = self._references(request.series_uid)
        if request.position >= len(references):
            raise NotFoundError(f"This series has {len(references)} images; there is no image {request.position + 1}.")
        reference = references[request.position]
        window = request.window
        voi = None if window is None else Voi(window.center, window.width, window.function)
        picture = self._loaded(reference).picture(voi, inverted=request.inverted)
        pixels = picture.pixels.tobytes()
        return self._message(request, reference, picture, pixels, len(references))

    def thumbnail(self, series_uid: str) -> bytes:
        """Return a small picture of the middle frame of a series in its own window, for the rail."""
        references = self._references(series_uid)
        if not references:
            raise NotFoundError("This series holds no image.")
        middle = len(references) // 2
        reference = references[middle]
        picture = self._loaded(reference).picture(None, inverted=False)
        small = _shrink(picture.pixels, THUMBNAIL_EDGE)
        request = ViewRequest(viewport="", seq=0, series_uid=series_uid, position=middle)
        return self._message(request, reference, picture, small.tobytes(), len(references), small.shape)

    def _references(self, series_uid: str) -> Sequence[FrameReference]:
        if series_uid not in self._series:
            raise NotFoundError("Open the study before asking for its images.")
        revision = self._source.state().revision
        cached = self._frames.get(series_uid)
        if cached is None or cached[0] != revision:
            cached = (revision, self._source.frames(series_uid))
            self._frames[series_uid] = cached
        return cached[1]

    def _loaded(self, reference: FrameReference) -> LoadedFrame:
        return self._decoded.get(
            (reference.sop_uid, reference.frame),
            lambda: load_frame(self._source, reference.sop_uid, reference.frame),
        )

    def _message(  # noqa: PLR0913, PLR0917 - one header gathers what five parts know
        self,
        request: ViewRequest,
        reference: FrameReference,
        picture: Picture,
        pixels: bytes,
        count: int,
        shape: tuple[int, ...] | None = None,
    ) -> bytes:
        rows, columns = (shape or picture.pixels.shape)[:2]
        geometry = reference.geometry
        header = FrameHeader(
            type="frame" if shape is None else "thumbnail",
            viewport=request.viewport,
            seq=request.seq,
            study_uid=self._series[request.series_uid].study_uid,
            series_uid=request.series_uid,
            sop_uid=reference.sop_uid,
            frame=reference.frame,
            position=request.position,
            count=count,
            rows=rows,
            columns=columns,
            samples=3 if picture.pixels.ndim == 3 else 1,  # noqa: PLR2004 - rows, columns, colour
            codec="lz4",
            sha256=hashlib.sha256(pixels).hexdigest(),
            window=None if picture.voi is None else _window(picture.voi),
            windows=tuple(_window(voi, explanation) for voi, explanation in picture.windows),
            value_range=picture.value_range,
            inverted=request.inverted,
            source_lossy=picture.source_lossy,
            orientation=geometry.orientation,
            slice_position=geometry.position,
            spacing=geometry.spacing,
            spacing_kind=geometry.spacing_kind,
        )
        return pack_frame(header, lz4.block.compress(pixels, store_size=False))


class _DecodedFrames:
    """The most recently used decoded frames, bounded by their bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, int], LoadedFrame] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int], load: Callable[[], LoadedFrame]) -> LoadedFrame:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        loaded = load()
        with self._lock:
            if key not in self._held:
                self._held[key] = loaded
                self._bytes += loaded.nbytes
            while self._bytes > self._limit and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1].nbytes
        return loaded


def _window(voi: Voi, explanation: str = "") -> Window:
    return Window(voi.center, voi.width, voi.function, explanation)


def _shrink(pixels: np.ndarray, edge: int) -> np.ndarray:
    """Return the picture area-averaged so that its longer side has ``edge`` pixels; navigation, never diagnosis."""
    rows, columns = pixels.shape[:2]
    scale = edge / max(rows, columns)
    if scale >= 1:
        return pixels
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
