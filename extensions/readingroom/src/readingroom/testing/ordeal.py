"""The whole path that a file takes, for tests with files that lie, and what it costs."""

import os
import threading
from pathlib import Path
from typing import Self

from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import ReadingRoomError


def show(path: Path) -> str:
    """Scan a file, read its attributes, decode its first and last frame, make pictures; return what went wrong, if anything."""
    try:
        source = FileSource(path)
        frames = source.frames(source.series(source.studies()[0].uid)[0].uid)
        for reference in {frames[0].frame, frames[-1].frame} if frames else ():
            load_frame(source, source.sop_uid, reference).picture()
    except ReadingRoomError as error:
        return str(error) or "nothing said"
    return ""


def resident() -> int:
    """Return the memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Growth:
    """Watches how much larger this process gets than it was at the beginning, in a thread of its own."""

    def __init__(self) -> None:
        self.start = self.peak = resident()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ends.set()
        self._thread.join()

    @property
    def bytes(self) -> int:
        """Return the growth at its worst."""
        return self.peak - self.start

    def _watch(self) -> None:
        while not self._ends.wait(0.005):
            self.peak = max(self.peak, resident())
