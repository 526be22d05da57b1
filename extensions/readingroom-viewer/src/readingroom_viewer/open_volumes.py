"""The volumes that the viewports of a page look at, loading side by side, within a bound of memory."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from readingroom.dicom.multiplanar import MultiplanarSeries
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.errors import UnsupportedImageError

VOLUME_BYTES = 1024 * 2**20
"""Values held for one page: four CT series of 500 slices of 512 by 512. A single larger volume is held alone."""

LEFT_S = 2.0
"""A page asks for a volume that is filling several times a second; one not asked for so long has been left."""


@dataclass(slots=True)
class OpenVolume:
    """A volume, its loader, and when a plane of it was asked for last."""

    loader: VolumeLoader
    series: MultiplanarSeries
    asked: float


class OpenVolumes:
    """The volumes asked for lately by Series Instance UID. Safe to call from several threads."""

    def __init__(self, source: StudySource, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._lock = threading.Lock()
        self._open: OrderedDict[str, OpenVolume] = OrderedDict()

    def get(self, series_uid: str, stack: Callable[[], Stack]) -> OpenVolume:
        """Return the volume of a series, begun now from the frames that ``stack`` names unless it is open.

        Raises what ``stack`` and the loader raise, and ``UnsupportedImageError`` where others that are looked at fill the
        memory there is.
        """
        with self._lock:
            if series_uid not in self._open:
                loader = VolumeLoader(self._source, stack())
                self._make_room(loader.volume.values.nbytes)
                series = MultiplanarSeries.of(self._source, loader)
                self._open[series_uid] = OpenVolume(loader.start(), series, self._clock())
            opened = self._open[series_uid]
            opened.asked = self._clock()
            self._open.move_to_end(series_uid)
        return opened

    def close(self) -> None:
        """Load no more."""
        with self._lock:
            for opened in self._open.values():
                opened.loader.cancel()

    def _make_room(self, needed: int) -> None:
        """Let go of what was asked for longest ago; never of what still fills for a viewport, or two would never be full."""
        while (
            self._open and needed + sum(one.series.volume.values.nbytes for one in self._open.values()) > VOLUME_BYTES
        ):
            left = next((uid for uid, one in self._open.items() if self._may_go(one)), None)
            if left is None:
                raise UnsupportedImageError(
                    "The volumes in the other viewports are still being loaded and leave no memory for this one. "
                    "Wait until they are whole, then choose the plane again."
                )
            self._open.pop(left).loader.cancel()

    def _may_go(self, opened: OpenVolume) -> bool:
        return opened.loader.is_done or self._clock() - opened.asked > LEFT_S
