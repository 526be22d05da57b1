"""A PACS as a source of studies: what was fetched is kept within bounds and given as long as the PACS does not answer.

Single frames and small objects are fetched whole, so that frame, attributes and checks are those of a file; of large
multi-frame objects the attributes and single frames are fetched, where the protocol allows that.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from pydicom import Dataset

from readingroom.dicom.archive import Archive, MalformedAnswerError
from readingroom.dicom.held import HeldObject, hold, hold_head, reaches_pixels
from readingroom.dicom.image import float_bytes, pixel_description
from readingroom.dicom.kept import BoundedCache, KeyedLocks
from readingroom.dicom.listing import ALL, COUNTS, PLACES
from readingroom.dicom.listings import Listings
from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.part10 import BIG_ENDIAN, DEFLATED
from readingroom.dicom.scan import ScannedFile
from readingroom.dicom.source import SourceState
from readingroom.dicom.stored_header import StoredHeader, stored_header
from readingroom.dicom.study_list import StudyList
from readingroom.dicom.whole import RelayedAnswer, WholeObject, written_as
from readingroom.errors import DamagedImageError, NotFoundError, SourceUnavailableError, UnreadableFileError
from readingroom.pixels.codecs import STREAMS, is_encapsulated

CACHE_BYTES = 256 * 2**20
SMALL = 16 * 2**20
"""A multi-frame object of no more pixels, counted as 16 bits each, is fetched whole: one request instead of hundreds."""

_WHOLE_ONLY = frozenset({BIG_ENDIAN, DEFLATED}) | STREAMS


class RemoteSource:
    """The studies of an archive. Thread-safe."""

    def __init__(self, archive: Archive, cache_bytes: int = CACHE_BYTES) -> None:
        self._archive = archive
        self._held: BoundedCache[HeldObject] = BoundedCache(cache_bytes)
        self._frames: BoundedCache[EncodedFrame] = BoundedCache(cache_bytes // 4)
        self._listings = Listings(archive, self._held, self.expect_changes)
        self._list = StudyList(archive, self._listings.forget)
        self._locks = KeyedLocks()

    def studies(self) -> Sequence[Study]:
        """Return the studies of the PACS, newest first, as of the last seconds."""
        return self._list.studies()

    def study(self, study_uid: str) -> Study:
        """Return one study of that list; raises ``NotFoundError``."""
        for study in self._list.studies():
            if study.uid == study_uid:
                return study
        raise NotFoundError(f"There is no study {study_uid:.64} in the list of this PACS.")

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study in the order of their numbers; raises ``NotFoundError``.

        A series that the PACS cannot describe is left out and told among the problems.
        """
        found = [each for each in self._listings.of_study(study_uid) if each.scanned]
        rows = [each.series for each in found]
        return tuple(sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.uid)))

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames of a series in reading order; raises ``NotFoundError``."""
        return self._listings.of_series(series_uid, PLACES).frames

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return every object of a series by instance number; raises ``NotFoundError``."""
        return self._listings.of_series(series_uid, ALL).instances

    def frame_counts(self, series_uid: str) -> Mapping[str, int]:
        """Return how many frames each object of a series has, without fetching any; raises ``NotFoundError``."""
        return {one.sop_uid: len(one.geometries) for one in self._listings.of_series(series_uid, COUNTS).scanned}

    def metadata(self, sop_uid: str) -> Dataset:
        """Return an instance's attributes without its pixel data; shared between callers, not to be changed."""
        return self._object(sop_uid, whole=False).opened.dataset

    def stored_header(self, sop_uid: str) -> StoredHeader | None:
        """Return the attributes as they came in a whole object, None where only they were fetched, or are unusual."""
        data = self._object(sop_uid, whole=False).data
        return stored_header(lambda length, at: data[at : at + length], len(data)) if data else None

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored; raises ``NotFoundError``."""
        held = self._held.get(sop_uid)
        if held is not None and held.data:
            return _frame_of(held, frame)
        if (kept := self._frames.get((sop_uid, frame))) is not None:
            return kept
        if _is_small(self._scanned(sop_uid)):
            return _frame_of(self._object(sop_uid, whole=True), frame)
        head = self._object(sop_uid, whole=False)
        _require_frame(head, frame)
        found = None if _must_be_whole(head) else self._single_frame(sop_uid, frame, head)
        if found is None:
            return _frame_of(self._object(sop_uid, whole=True), frame)
        self._frames.put((sop_uid, frame), found, len(found.data))
        return found

    def objects(self, series_uid: str, sop_uid: str = "") -> Iterator[WholeObject]:
        """Yield the objects of a series, or one of them, as they come in; nothing is kept. Raises ``NotFoundError``."""
        for data in self._archive.objects(self._listings.study_of(series_uid), series_uid, sop_uid):
            yield WholeObject(written_as(data), iter((data,)))

    @contextmanager
    def relay(self, series_uid: str) -> Iterator[RelayedAnswer | None]:
        """Give a series as the PACS sends it, None where its protocol is another; raises ``NotFoundError``."""
        relay = getattr(self._archive, "relay", None)
        if relay is None:
            yield None
            return
        with relay(self._listings.study_of(series_uid), series_uid) as answer:
            yield answer

    def whole_series(self, series_uid: str) -> Iterator[bytes]:
        """Yield every object of a series as a Part 10 file in its own transfer syntax, as they come in.

        Nothing is checked or kept. Raises ``NotFoundError``.
        """
        yield from self._archive.objects(self._listings.study_of(series_uid), series_uid)

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in of the series that were opened, and why."""
        return self._listings.problems()

    def state(self) -> SourceState:
        """Return the revision, which grows with every change that was noticed, and why the PACS does not answer."""
        return self._list.state()

    def expect_changes(self) -> None:
        """Ask for the study list anew at the next opportunity."""
        self._list.expect_changes()

    def close(self) -> None:
        """Close every connection."""
        self._listings.close()
        self._archive.close()

    def _object(self, sop_uid: str, *, whole: bool) -> HeldObject:
        held = self._held.get(sop_uid)
        if held is None or (whole and not held.data):
            with self._locks.holding(("object", sop_uid)):
                held = self._held.get(sop_uid)
                if held is None or (whole and not held.data):
                    held = self._fetch(sop_uid, whole=whole or _is_small(self._scanned(sop_uid)))
                    self._held.put(sop_uid, held, held.nbytes)
        return held

    def _fetch(self, sop_uid: str, *, whole: bool) -> HeldObject:
        study_uid, series_uid = self._listings.place(sop_uid)
        try:
            if whole:
                came = list(islice(self._archive.objects(study_uid, series_uid, sop_uid), 2))
                if not came:
                    raise NotFoundError(f"There is no instance {sop_uid:.64} in the PACS.")
                held = hold(came[0])
            else:
                held = hold_head(self._archive.head(study_uid, series_uid, sop_uid, reaches_pixels))
        except UnreadableFileError as error:
            raise DamagedImageError(f"This object of the PACS {error}.") from error
        except SourceUnavailableError:
            self._list.expect_changes()
            raise
        if (held.scanned.sop_uid, held.scanned.series.uid) != (sop_uid, series_uid):
            raise MalformedAnswerError(f"{self._archive.name} sent another object than the one asked for.")
        return held

    def _single_frame(self, sop_uid: str, frame: int, head: HeldObject) -> EncodedFrame | None:
        """Return a frame fetched alone, None where the PACS gives it only otherwise than it is stored."""
        found = self._archive.frame(*self._listings.place(sop_uid), sop_uid, frame)
        syntax = head.scanned.transfer_syntax_uid
        if found is None or found.transfer_syntax_uid not in ("", syntax):
            return None
        if is_encapsulated(syntax):
            return EncodedFrame(syntax, found.data)
        length = _native_bits(head.opened.dataset) // 8
        if len(found.data) < length:
            raise DamagedImageError(f"{self._archive.name} sent {len(found.data)} bytes of a frame of {length}.")
        return EncodedFrame(syntax, found.data[:length])

    def _scanned(self, sop_uid: str) -> ScannedFile:
        _, series_uid = self._listings.place(sop_uid)
        found = self._listings.of_series(series_uid, COUNTS).by_sop_uid.get(sop_uid)
        if found is None:
            raise NotFoundError(f"There is no instance {sop_uid:.64} in the PACS that can be shown.")
        return found


def _frame_of(held: HeldObject, frame: int) -> EncodedFrame:
    _require_frame(held, frame)
    return held.frame(frame)


def _require_frame(held: HeldObject, frame: int) -> None:
    count = len(held.scanned.geometries)
    if not 1 <= frame <= count:
        raise NotFoundError(f"This instance has {count} frames; there is no frame {frame}.")


def _is_small(scanned: ScannedFile) -> bool:
    count = len(scanned.geometries)
    return count <= 1 or 2 * count * scanned.rows * scanned.columns <= SMALL


def _must_be_whole(head: HeldObject) -> bool:
    """Return whether frames of an object are cut from it here, because servers differ in how they would cut them."""
    syntax = head.scanned.transfer_syntax_uid
    return syntax in _WHOLE_ONLY or (not is_encapsulated(syntax) and _native_bits(head.opened.dataset) % 8 != 0)


def _native_bits(dataset: Dataset) -> int:
    description = None if float_bytes(dataset) else pixel_description(dataset)
    if description is not None:
        return description.native_bits
    return int(dataset.Rows) * int(dataset.Columns) * 8 * float_bytes(dataset)
