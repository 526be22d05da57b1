"""From a wanted state to a picture: look up the frame, decode it once, window it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from readingroom.dicom.model import FrameReference, Series
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.presentation_state import PresentationState
from readingroom.dicom.quantities.calibration import pixel_shape
from readingroom.dicom.shared_window import SharedWindows
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import SeriesWarning
from readingroom.errors import NotFoundError, NotMeasurableError, ReadingRoomError
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.roi import Point
from readingroom.pixels.voi import Voi
from readingroom.reading.coverage import FrameKey
from readingroom.reading.display import UNKNOWN, DisplayState
from readingroom.wire import PresentationEntry, ReadOutRequest, Reformat, ViewRequest
from readingroom_viewer.codec_choice import Choice
from readingroom_viewer.display_quality import is_pattern, pattern_frame
from readingroom_viewer.headers import Shown, plane_name, rendered_frame, rendered_thumbnail
from readingroom_viewer.leases import Leases, NoLeases
from readingroom_viewer.outgoing import Rendered, outgoing
from readingroom_viewer.pixel_values import PixelValue, image_value, pixel_value, plane_value
from readingroom_viewer.places import places
from readingroom_viewer.presentations import StudyPresentations
from readingroom_viewer.reformats import Reformats
from readingroom_viewer.series_frames import series_frames

DECODED_BYTES = 512 * 2**20
"""Decoded frames kept for re-windowing: a 500-slice CT is 262 MB, so one study and its prior fit."""

THUMBNAIL_EDGE = 128


class Renderer:
    """Renders frames of the studies that its page has opened, while ``leases`` last. Safe to call from a few threads."""

    def __init__(self, source: StudySource, leases: Leases | None = None) -> None:
        self._source = source
        self._leases = leases or NoLeases()
        self._series: dict[str, Series] = {}
        self._frames = series_frames(source)
        self._empty()

    def _empty(self) -> None:
        """Begin with nothing kept; what a thread still holds of before is dropped with that."""
        self._decoded = _DecodedFrames(DECODED_BYTES)
        self._windows = SharedWindows(self._source, lambda reference: self._loaded(reference, None, ""))
        self._presentations = StudyPresentations(self._source)
        self._reformats = Reformats(self._source)

    def open_study(self, study_uid: str) -> tuple[Sequence[Series], Sequence[PresentationEntry]]:
        """Return the series and the presentation states of a study and allow them to be rendered."""
        series = self._source.series(study_uid)
        self._series.update({entry.uid: entry for entry in series})
        return series, self._presentations.open_study(series)

    def close_study(self, study_uid: str) -> None:
        """Render nothing of a study any more, and keep nothing: neither a frame, a volume nor a presentation state."""
        self._series = {uid: series for uid, series in self._series.items() if series.study_uid != study_uid}
        self._reformats.close()
        self._empty()

    def prepare(self, study_uid: str) -> None:
        """Decode the picture that a page shows first of an opened study; what is wrong with it is told when it is asked for."""
        first = next((one for one in self._series.values() if one.study_uid == study_uid and one.frame_count), None)
        if first is None:
            return
        with suppress(ReadingRoomError):
            references, _ = self._references(first.uid)
            if references:
                self._loaded(references[len(references) // 2], None, "")

    def frame(self, request: ViewRequest, display: DisplayState = UNKNOWN) -> bytes:
        """Return one binary message that shows ``request`` exactly, however large; raises what ``render`` raises."""
        return _whole(self.render(request, display))

    def render(self, request: ViewRequest, display: DisplayState = UNKNOWN) -> Rendered:
        """Return the picture that shows ``request`` on a display.

        Raises ``NotFoundError`` for a series that was not opened or a position outside it, ``StudyClosedError`` where the
        lease has lapsed, however much is kept, and what decoding raises.
        """
        if request.reformat is not None:
            return self._plane(request, request.reformat, display)
        if is_pattern(request.series_uid):
            return pattern_frame(request, display)
        shown = self._shown(request)
        state = self._presentations.state_for(request.presentation_uid, shown.reference)
        applied = "" if state is None else request.presentation_uid
        loaded = self._loaded(shown.reference, state, applied)
        if state is None:
            loaded = self._windows.applied(request.series_uid, shown.reference, loaded)
        voi = _wanted_voi(request, loaded)
        picture = loaded.picture(voi, request.inverted, display.curve, overlays=request.overlays)
        shown = replace(shown, display=display, value_step=loaded.value_step, gray=loaded.gray)
        return rendered_frame(request, shown, picture, applied)

    def _plane(self, request: ViewRequest, wanted: Reformat, display: DisplayState) -> Rendered:
        self._check_opened(request.series_uid)
        plane = self._reformats.plane(request.series_uid, wanted, request.position, moving=request.moving)
        study_uid = self._series[request.series_uid].study_uid
        shown = Shown(study_uid, plane.reference, plane.count, plane.position, plane.notes, plane.loaded)
        shown = replace(shown, display=display, value_step=plane.frame.frame.value_step, gray=plane.frame.frame.gray)
        shown = replace(shown, full_size=plane.full_size)
        voi = _wanted_voi(request, plane.frame.frame)
        return rendered_frame(request, shown, plane.frame.picture(voi, request.inverted, display.curve))

    def read_out(self, request: ReadOutRequest) -> PixelValue:
        """Return what a pixel measures; raises what ``render`` raises, and ``NotMeasurableError`` outside the image."""
        if is_pattern(request.series_uid):
            raise NotMeasurableError("A test pattern holds no measured values.")
        point = (request.column, request.row)
        if request.reformat is not None:
            return self._read_plane(request, request.reformat, point)
        shown = self._shown(request)
        reference = shown.reference
        loaded = self._loaded(reference, None, "")
        found = image_value(self._source.metadata(reference.sop_uid), reference, loaded, point)
        return pixel_value(shown.study_uid, request.series_uid, reference, "", found)

    def _read_plane(self, request: ReadOutRequest, wanted: Reformat, point: Point) -> PixelValue:
        self._check_opened(request.series_uid)
        plane = self._reformats.plane(request.series_uid, wanted, request.position)
        found = plane_value(self._source.metadata(plane.like.sop_uid), plane, wanted, point)
        study_uid = self._series[request.series_uid].study_uid
        name = plane_name(wanted, plane.position)
        return pixel_value(study_uid, request.series_uid, plane.reference, name, found)

    def places(self, series_uid: str) -> dict[str, Any]:
        """Return where the images of an opened series lie in the patient."""
        return places(self._references(series_uid)[0])

    def close(self) -> None:
        """Stop what still loads for the page."""
        self._reformats.close()

    def thumbnail(self, series_uid: str) -> bytes:
        """Return a small picture of the middle frame of a series in its own window, for the rail."""
        request = ViewRequest(viewport="", seq=0, series_uid=series_uid, position=None)
        shown = self._shown(request)
        loaded = self._windows.applied(series_uid, shown.reference, self._loaded(shown.reference, None, ""))
        picture = loaded.picture()
        return _whole(rendered_thumbnail(request, shown, picture, _shrink(picture.pixels, THUMBNAIL_EDGE)))

    def _loaded(self, reference: FrameReference, state: PresentationState | None, applied: str) -> LoadedFrame:
        return self._decoded.get(
            (reference.sop_uid, reference.frame, reference.version, applied),
            lambda: load_frame(self._source, reference.sop_uid, reference.frame, state),
        )

    def _shown(self, request: ViewRequest | ReadOutRequest) -> Shown:
        references, warnings = self._references(request.series_uid)
        position = len(references) // 2 if request.position is None else request.position
        if position >= len(references):
            raise NotFoundError(f"This series has {len(references)} images; there is no image {position + 1}.")
        notes = tuple(one.sentence for one in warnings if one.start <= position < one.stop)
        study_uid, reference = self._series[request.series_uid].study_uid, references[position]
        shape = None
        if reference.geometry.spacing is None:
            shape = pixel_shape(self._source.metadata(reference.sop_uid), reference.frame)
        return Shown(study_uid, reference, len(references), position, notes, pixel_shape=shape)

    def frame_keys(self, series_uid: str) -> Sequence[FrameKey]:
        """Return what names the frames of an opened series, in reading order."""
        return [(one.sop_uid, one.frame) for one in self._references(series_uid)[0]]

    def _check_opened(self, series_uid: str) -> None:
        if series_uid not in self._series:
            raise NotFoundError("Open the study before asking for its images.")
        self._leases.check(self._series[series_uid].study_uid)

    def _references(self, series_uid: str) -> tuple[Sequence[FrameReference], Sequence[SeriesWarning]]:
        self._check_opened(series_uid)
        return self._frames.of(series_uid)


def _whole(rendered: Rendered) -> bytes:
    """Return a picture as one message, exact."""
    return outgoing(rendered, Choice("lz4"), strip_bytes=max(1, rendered.pixels.nbytes)).message(0)


def _wanted_voi(request: ViewRequest, loaded: LoadedFrame) -> Voi | LookupTable | None:
    """Return the window or the image's own choice that a page asks for, None for the image's own way."""
    if request.window is not None:
        return Voi(request.window.center, request.window.width, request.window.function)
    if request.choice is None:
        return None
    if request.choice >= len(loaded.choices):
        raise NotFoundError(
            f"This image offers {len(loaded.choices)} windows; there is no number {request.choice + 1}."
        )
    return loaded.choices[request.choice].voi


_Key = tuple[str, int, int, str]
"""SOP Instance UID, frame, version of the file, UID of the presentation state that was applied."""


class _DecodedFrames:
    """The most recently used decoded frames, bounded by their bytes; one that two threads want is loaded once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[_Key, LoadedFrame] = OrderedDict()
        self._loading: dict[_Key, threading.Lock] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: _Key, load: Callable[[], LoadedFrame]) -> LoadedFrame:
        held = self._kept(key)
        if held is not None:
            return held
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        try:
            with loading:
                return self._kept(key) or self._keep(key, load())
        finally:
            self._loading.pop(key, None)

    def _kept(self, key: _Key) -> LoadedFrame | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def _keep(self, key: _Key, loaded: LoadedFrame) -> LoadedFrame:
        with self._lock:
            if key not in self._held:
                self._held[key] = loaded
                self._bytes += loaded.nbytes
            while self._bytes > self._limit and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1].nbytes
        return loaded


def _shrink(pixels: np.ndarray, edge: int) -> np.ndarray:
    """Return the picture area-averaged so that its longer side has ``edge`` pixels; navigation, never diagnosis."""
    rows, columns = pixels.shape[:2]
    scale = edge / max(rows, columns)
    if scale >= 1:
        return pixels
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
