"""A file or a folder opened as a source for one command, leaving no trace where it lies."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.errors import UnreadableFileError

if TYPE_CHECKING:
    from readingroom.dicom.source import SourceState, StudySource

_TOLD_EVERY_S = 1.0


@contextmanager
def opened(path: Path) -> Iterator["StudySource"]:
    """Give the studies of a file or folder; progress goes to standard error, the index of a folder to a temporary one.

    Raises
    ------
    UnreadableFileError
        When there is nothing there, or nothing that can be read and is DICOM.
    """
    from readingroom.dicom.folder import FolderSource  # noqa: PLC0415 - pydicom and NumPy take half a second
    from readingroom.dicom.single import FileSource  # noqa: PLC0415

    if not path.is_dir():
        yield FileSource(path)
        return
    _refuse_closed(path)
    with tempfile.TemporaryDirectory(prefix="readingroom-") as folder:
        source = FolderSource(path, Path(folder) / "index.sqlite")
        try:
            state = source.refresh(Progress("files read"))
            if not source.studies() and all(problem.kind != "unreadable" for problem in source.problems()):
                raise UnreadableFileError(state.message)
            yield source
        finally:
            source.close()


def _refuse_closed(path: Path) -> None:
    try:
        os.scandir(path).close()
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read ({error.strerror or error}).") from error


class Progress:
    """Tells on standard error how far a long command has got, at most once a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._told = time.monotonic()

    def __call__(self, state: "SourceState") -> None:
        """Tell the files seen by a scan."""
        self.tell(state.files_seen)

    def step(self) -> None:
        """Count one and tell."""
        self._count += 1
        self.tell(self._count)

    def tell(self, count: int) -> None:
        """Tell a number, unless one was told within the last second."""
        if time.monotonic() - self._told >= _TOLD_EVERY_S:
            sys.stderr.write(f"{count:,} {self._what}\n")
            self._told = time.monotonic()
