"""What is known of the series of a PACS: asked for once, kept within bounds, and believed while the PACS is silent."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from readingroom.dicom.archive import MAX_INSTANCES, Archive, MalformedAnswerError
from readingroom.dicom.held import HeldObject, hold
from readingroom.dicom.kept import BoundedCache, KeyedLocks
from readingroom.dicom.listing import ALL, COUNTS, PLACES, SeriesListing, listing
from readingroom.dicom.model import Problem
from readingroom.dicom.scan import ScannedFile, scan_attributes
from readingroom.errors import NotFoundError, SourceUnavailableError, UnreadableFileError

MAX_LISTED = 200_000
"""Frames of all series that are remembered together."""

WORKERS = 4
MAX_TOLD = 200
"""Problems of a series, and series with problems, that are remembered."""

_UID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


class Listings:
    """The listings of an archive's series. Thread-safe; every method may raise ``SourceUnavailableError``.

    Parameters
    ----------
    archive
        Who is asked.
    held
        Takes the objects of a series that had to be fetched whole.
    silent
        Called when the archive did not answer.
    """

    def __init__(self, archive: Archive, held: BoundedCache[HeldObject], silent: Callable[[], None]) -> None:
        self._archive, self._held, self._silent = archive, held, silent
        self._series: BoundedCache[tuple[str, ...]] = BoundedCache(MAX_LISTED)
        self._listings: BoundedCache[SeriesListing] = BoundedCache(MAX_LISTED, self._gone)
        self._places: dict[str, tuple[str, str]] = {}
        self._problems: OrderedDict[str, tuple[Problem, ...]] = OrderedDict()
        self._stale: set[str] = set()
        self._locks = KeyedLocks()
        self._workers = ThreadPoolExecutor(WORKERS, "pacs")

    def of_study(self, study_uid: str) -> list[SeriesListing]:
        """Return the series of a study, empty ones for those that cannot be described; raises ``NotFoundError``."""
        _require_uid(study_uid)
        with self._locks.holding(("study", study_uid)):
            uids = self._series.get(study_uid)
            if uids is None or study_uid in self._stale:
                try:
                    uids = self._archive.series(study_uid)
                    self._series.put(study_uid, uids, len(uids) + 1)
                except SourceUnavailableError:
                    if uids is None:
                        raise
            if not uids:
                raise NotFoundError(f"There is no study {study_uid:.64} in the PACS.")
            listings = list(self._workers.map(lambda uid: self._described(study_uid, uid), uids))
            self._stale.discard(study_uid)
        return listings

    def of_series(self, series_uid: str, needs: int) -> SeriesListing:
        """Return what is known of a series, at least what is needed (``listing``); raises ``NotFoundError``."""
        found = self._listing_in(self.study_of(series_uid), series_uid, needs)
        if not found.scanned:
            raise NotFoundError(f"There is no series {series_uid:.64} in the PACS that can be shown.")
        return found

    def place(self, sop_uid: str) -> tuple[str, str]:
        """Return study and series of an instance; raises ``NotFoundError``."""
        _require_uid(sop_uid)
        found = self._places.get(sop_uid) or self._archive.locate("SOPInstanceUID", sop_uid)
        if found is None:
            raise NotFoundError(f"There is no instance {sop_uid:.64} in the PACS.")
        return found

    def study_of(self, series_uid: str) -> str:
        """Return the study of a series; raises ``NotFoundError``."""
        _require_uid(series_uid)
        kept = self._listings.get(series_uid)
        if kept is not None and kept.scanned:
            return kept.scanned[0].study.uid
        found = self._archive.locate("SeriesInstanceUID", series_uid)
        if found is None:
            raise NotFoundError(f"There is no series {series_uid:.64} in the PACS.")
        return found[0]

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in of the series that were opened, and why."""
        found = (problem for problems in list(self._problems.values()) for problem in problems)
        return tuple(sorted(found, key=lambda problem: problem.path))

    def forget(self, study_uids: frozenset[str]) -> None:
        """Take it that studies have changed; what is known of them serves only until the PACS answers again."""
        for study_uid in study_uids:
            self._stale.update((study_uid, *(self._series.get(study_uid) or ())))

    def close(self) -> None:
        """Ask nothing more."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _described(self, study_uid: str, series_uid: str) -> SeriesListing:
        """Return a series of a study; one that cannot be described is an empty one with its problem."""
        try:
            return self._listing_in(study_uid, series_uid, COUNTS)
        except (MalformedAnswerError, NotFoundError) as error:
            empty = listing((), (Problem(series_uid, f"cannot be opened: {error}"),), COUNTS)
            self._keep(study_uid, series_uid, empty)
            return empty

    def _listing_in(self, study_uid: str, series_uid: str, needs: int) -> SeriesListing:
        with self._locks.holding(("series", series_uid)):
            kept = self._listings.get(series_uid)
            if kept is not None and kept.knows >= needs and series_uid not in self._stale:
                return kept
            try:
                found = self._fetch_listing(study_uid, series_uid, needs)
            except SourceUnavailableError:
                self._silent()
                if kept is None or kept.knows < needs:
                    raise
                return kept
            self._keep(study_uid, series_uid, found)
            self._stale.discard(series_uid)
            return found

    def _fetch_listing(self, study_uid: str, series_uid: str, needs: int) -> SeriesListing:
        described = self._archive.describe(study_uid, series_uid)
        knows = PLACES if self._archive.describes_places else COUNTS
        if knows == PLACES and all(each.transfer_syntax_uid for each in described):
            knows = ALL
        if not described or knows < needs:
            return self._pull(study_uid, series_uid)
        scanned: list[ScannedFile] = []
        problems: list[Problem] = []
        for each in described:
            try:
                scanned.append(scan_attributes(each.dataset, each.transfer_syntax_uid, has_pixels=each.has_pixels))
            except UnreadableFileError as error:
                problems.append(Problem(f"{series_uid}/{each.dataset.get('SOPInstanceUID', '?')}", str(error)))
        return listing(scanned, problems, knows)

    def _pull(self, study_uid: str, series_uid: str) -> SeriesListing:
        """Fetch a whole series, keeping as much of it as there is room for."""
        scanned: list[ScannedFile] = []
        problems: list[Problem] = []
        for data in islice(self._archive.objects(study_uid, series_uid), MAX_INSTANCES):
            try:
                held = hold(data)
            except UnreadableFileError as error:
                problems.append(Problem(f"{series_uid}/{len(scanned) + len(problems) + 1}", str(error)))
                continue
            scanned.append(held.scanned)
            self._held.put(held.scanned.sop_uid, held, held.nbytes)
        if not scanned and not problems:
            raise NotFoundError(f"There is no series {series_uid:.64} in the PACS.")
        return listing(scanned, problems, ALL)

    def _keep(self, study_uid: str, series_uid: str, found: SeriesListing) -> None:
        self._listings.put(series_uid, found, 1 + sum(len(one.geometries) or 1 for one in found.scanned))
        self._places.update(dict.fromkeys(found.by_sop_uid, (study_uid, series_uid)))
        self._problems.pop(series_uid, None)
        if found.problems:
            self._problems[series_uid] = found.problems[:MAX_TOLD]
        while len(self._problems) > MAX_TOLD:
            self._problems.popitem(last=False)

    def _gone(self, found: SeriesListing) -> None:
        for sop_uid in found.by_sop_uid:
            self._places.pop(sop_uid, None)


def _require_uid(uid: str) -> None:
    """Raise for what no PACS can hold; letters are not allowed in a UID, and are met in some."""
    if _UID.fullmatch(uid) is None:
        raise NotFoundError(f"{uid:.64} is no UID.")
