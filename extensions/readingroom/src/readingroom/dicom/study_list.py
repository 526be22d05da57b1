"""The study list of a PACS, asked for again now and then, and what is said while the PACS does not answer."""

import threading
import time
from collections.abc import Callable

from readingroom.dicom.archive import Archive
from readingroom.dicom.model import Study
from readingroom.dicom.source import SourceState
from readingroom.errors import ReadingRoomError

EVERY_S = 15.0
PATIENCE = 20
"""A list that takes long is asked for less often, so that asking takes no more than a twentieth of the PACS' time."""

STILL_SHOWN = "What was fetched before is still shown; anything else cannot be until it answers."


class StudyList:
    """Thread-safe; ``changed`` is called with the UIDs of studies that are no longer as they were."""

    def __init__(self, archive: Archive, changed: Callable[[frozenset[str]], None]) -> None:
        self._archive = archive
        self._changed = changed
        self._refreshing = threading.Lock()
        self._studies: tuple[Study, ...] | None = None
        self._error: ReadingRoomError | None = None
        self._message = ""
        self._revision = 0
        self._due = 0.0

    def studies(self) -> tuple[Study, ...]:
        """Return the newest list that could be had; raises ``SourceUnavailableError`` where there never was one."""
        if self._is_due():
            with self._refreshing:
                if self._is_due():
                    self._refresh()
        if self._studies is None and self._error is not None:
            raise self._error
        return self._studies or ()

    def state(self) -> SourceState:
        """Return what is known now; a list that is due is asked for by a thread of its own."""
        if self._is_due() and self._refreshing.acquire(blocking=False):
            threading.Thread(target=self._refresh_and_release, name="study list", daemon=True).start()
        studies = self._studies
        is_first = studies is None and self._error is None
        seen = sum(study.instance_count for study in studies or ())
        return SourceState(self._revision, is_first, seen, self._message)

    def expect_changes(self) -> None:
        """Ask for the list anew at the next opportunity."""
        self._due = 0.0

    def _is_due(self) -> bool:
        return time.monotonic() >= self._due

    def _refresh_and_release(self) -> None:
        try:
            self._refresh()
        finally:
            self._refreshing.release()

    def _refresh(self) -> None:
        began = time.monotonic()
        try:
            found = self._archive.studies()
        except ReadingRoomError as error:
            self._error = error
            self._say(f"{error} {STILL_SHOWN}" if self._studies is not None else str(error))
        else:
            self._error = None
            self._take(_newest_first(found.studies))
            self._say(found.message)
        now = time.monotonic()
        self._due = now + max(EVERY_S, PATIENCE * (now - began) if self._error is None else 0.0)

    def _take(self, studies: tuple[Study, ...]) -> None:
        held = {study.uid: study for study in self._studies or ()}
        new = {study.uid: study for study in studies}
        is_first, self._studies = self._studies is None, studies
        if is_first or held != new:
            self._changed(frozenset(uid for uid in held if held[uid] != new.get(uid)))
            self._revision += 1

    def _say(self, message: str) -> None:
        if message != self._message:
            self._message = message
            self._revision += 1


def _newest_first(studies: tuple[Study, ...]) -> tuple[Study, ...]:
    by_uid = sorted(studies, key=lambda study: study.uid)
    return tuple(sorted(by_uid, key=lambda study: (study.date, study.time), reverse=True))
