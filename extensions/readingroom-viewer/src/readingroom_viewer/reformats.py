"""Planes of the series that a page looks at in another direction than it was acquired in."""

from collections import OrderedDict
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameReference
from readingroom.dicom.multiplanar import MultiplanarSeries, ReformattedFrame, stack_notes
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.errors import NotFoundError, UnsupportedImageError
from readingroom.pixels.plane import PATIENT_PLANES, Plane, PlaneName, patient_plane
from readingroom.pixels.reformat import samples
from readingroom.pixels.volume import Volume
from readingroom.wire import Reformat
from readingroom_viewer.open_volumes import OpenVolumes

FROM_THE_HEAD = frozenset({"axial"})
"""Planes read against their axis: axial ones from head to feet; coronal ones run from front to back, sagittal ones
from the patient's right to the left."""

COSTLY_SAMPLES = 2_000_000
"""A plane of more places takes two display frames and longer: 10 mm MIP of 512² takes 86 ms, in half the size 23 ms."""

MOST_CUTS = 12
"""One for each viewport of the largest layout."""


@dataclass(frozen=True, eq=False, slots=True)
class ShownPlane:
    """One plane of a volume: its picture to be, its place among all of them, and how much of the volume is there.

    ``full_size`` is the rows and columns that it has at rest, None for one that has them.
    """

    frame: ReformattedFrame
    reference: FrameReference
    position: int
    count: int
    loaded: float
    notes: tuple[str, ...]
    full_size: tuple[int, int] | None
    like: FrameReference
    """The image in the middle of the volume, which says what its values are."""


class Reformats:
    """Planes of the series that a page looks at; their volumes fill meanwhile. Safe to call from several threads."""

    def __init__(self, source: StudySource) -> None:
        self._source = source
        self._volumes = OpenVolumes(source)
        self._cuts: OrderedDict[tuple[str, Reformat], tuple[tuple[int, int], ReformattedFrame]] = OrderedDict()

    def plane(self, series_uid: str, wanted: Reformat, position: int | None, *, moving: bool = False) -> ShownPlane:
        """Return a plane by its position from 0, the middle one for None; raises what makes the series no volume.

        A costly one that is not at hand comes in half the rows and columns while the reader's hand is ``moving``.
        """
        opened = self._volumes.get(series_uid, lambda: _largest(self._source, series_uid))
        loader, series = opened.loader, opened.series
        loader.wait(0)
        places = plane_positions(series.volume, wanted.plane)
        position = len(places) // 2 if position is None else position
        if position >= len(places):
            raise NotFoundError(f"There are {len(places)} planes in this direction; there is no plane {position + 1}.")
        ready = int(series.volume.ready.sum())
        full = patient_plane(series.volume, wanted.plane, float(places[position]))
        frame = self._cut((series_uid, wanted), (position, ready), series, full, moving=moving)
        rows, columns = frame.frame.stored.shape
        return ShownPlane(
            frame=frame,
            reference=FrameReference("", 0, rows, columns, frame.geometry),
            position=position,
            count=len(places),
            loaded=1.0 if loader.is_done else ready / len(series.volume.ready),
            notes=_notes(loader),
            full_size=None if (rows, columns) == (full.rows, full.columns) else (full.rows, full.columns),
            like=loader.stack.frames[len(loader.stack.frames) // 2],
        )

    def close(self) -> None:
        """Load no more."""
        self._volumes.close()

    def _cut(
        self, key: tuple[str, Reformat], at: tuple[int, int], series: MultiplanarSeries, full: Plane, *, moving: bool
    ) -> ReformattedFrame:
        """Return a plane; the last one of each direction is kept for other windows over it."""
        wanted = key[1]
        kept = self._cuts.get(key)
        if kept is not None and kept[0] == at:
            return kept[1]
        if moving and samples(series.volume, full, wanted.slab_mm) > COSTLY_SAMPLES:
            return series.frame(full.coarser(), wanted.slab_mm, wanted.projection)
        frame = series.frame(full, wanted.slab_mm, wanted.projection)
        self._cuts.pop(key, None)
        self._cuts[key] = at, frame
        while len(self._cuts) > MOST_CUTS:
            self._cuts.popitem(last=False)
        return frame


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
    notes = stack_notes(loader.stack)
    if not loader.problems:
        return notes
    count, of = len(loader.problems), len(loader.stack.frames)
    return (*notes, f"{count} of {of} slices could not be read and are missing here: {loader.problems[0].reason}")
