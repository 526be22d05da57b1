"""Planes of the series that a page looks at in another direction than it was acquired in."""

import threading
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameReference
from readingroom.dicom.multiplanar import MultiplanarSeries, ReformattedFrame
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.errors import NotFoundError, UnsupportedImageError
from readingroom.pixels.plane import PATIENT_PLANES, PlaneName, patient_plane
from readingroom.pixels.volume import Volume
from readingroom.wire import Reformat

FROM_THE_HEAD = frozenset({"axial"})
"""Planes read against their axis: axial ones from head to feet; coronal ones run from front to back, sagittal ones
from the patient's right to the left."""


@dataclass(frozen=True, eq=False, slots=True)
class ShownPlane:
    """One plane of a volume: its picture to be, its place among all of them, and how much of the volume is there."""

    frame: ReformattedFrame
    reference: FrameReference
    position: int
    count: int
    loaded: float
    notes: tuple[str, ...]


class Reformats:
    """The volume of the series looked at last; it fills while planes of it are shown. Safe to call from several threads."""

    def __init__(self, source: StudySource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._open: tuple[str, VolumeLoader, MultiplanarSeries] | None = None
        self._last: tuple[tuple[object, ...], ReformattedFrame] | None = None

    def plane(self, series_uid: str, wanted: Reformat, position: int | None) -> ShownPlane:
        """Return a plane by its position from 0, the middle one for None; raises what makes the series no volume."""
        loader, series = self._volume(series_uid)
        places = plane_positions(series.volume, wanted.plane)
        position = len(places) // 2 if position is None else position
        if position >= len(places):
            raise NotFoundError(f"There are {len(places)} planes in this direction; there is no plane {position + 1}.")
        ready = int(series.volume.ready.sum())
        key = (series_uid, wanted, position, ready)
        frame = self._cut(key, series, wanted, float(places[position]))
        rows, columns = frame.frame.stored.shape
        return ShownPlane(
            frame=frame,
            reference=FrameReference("", 0, rows, columns, frame.geometry),
            position=position,
            count=len(places),
            loaded=1.0 if loader.is_done else ready / len(series.volume.ready),
            notes=_notes(loader),
        )

    def close(self) -> None:
        """Load no more."""
        opened = self._open
        if opened is not None:
            opened[1].cancel()

    def _cut(self, key: tuple[object, ...], series: MultiplanarSeries, wanted: Reformat, at: float) -> ReformattedFrame:
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        frame = series.frame(patient_plane(series.volume, wanted.plane, at), wanted.slab_mm, wanted.projection)
        self._last = (key, frame)
        return frame

    def _volume(self, series_uid: str) -> tuple[VolumeLoader, MultiplanarSeries]:
        with self._lock:
            if self._open is None or self._open[0] != series_uid:
                if self._open is not None:
                    self._open[1].cancel()
                    self._open = self._last = None
                loader = VolumeLoader(self._source, _largest(self._source, series_uid)).start()
                self._open = (series_uid, loader, MultiplanarSeries.of(self._source, loader))
            _, loader, series = self._open
        loader.wait(0)
        return loader, series


def plane_positions(volume: Volume, name: PlaneName) -> NDArray[np.float64]:
    """Return where the planes of a direction lie along its patient axis (LPS millimetres), in the order of reading.

    They are one voxel apart, from the first voxel's centre to the last.
    """
    axis = PATIENT_PLANES[name][2]
    along = volume.corners_mm()[:, axis]
    step = volume.step_mm(np.eye(3)[axis])
    places = along.min() + step * np.arange(floor((along.max() - along.min()) / step + 1e-6) + 1)
    return np.flip(places) if name in FROM_THE_HEAD else np.asarray(places)


def _largest(source: StudySource, series_uid: str) -> Stack:
    """Return the stack with the most slices, the first of equal ones."""
    stack = max(stacks(source, series_uid), key=lambda one: len(one.frames), default=None)
    if stack is None or len(stack.frames) < 2:  # noqa: PLR2004 - one slice has no depth
        raise UnsupportedImageError("This series holds no stack of images that could be shown in another plane.")
    return stack


def _notes(loader: VolumeLoader) -> tuple[str, ...]:
    warnings = tuple(warning.sentence for warning in loader.stack.warnings)
    if not loader.problems:
        return warnings
    count, of = len(loader.problems), len(loader.stack.frames)
    return (*warnings, f"{count} of {of} slices could not be read and are missing here: {loader.problems[0].reason}")
