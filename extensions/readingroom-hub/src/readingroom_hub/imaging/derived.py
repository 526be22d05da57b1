"""Derived objects that readers make here: checked, kept in a folder of the gateway's own, and seen as part of their study."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydicom import Dataset

from readingroom.dicom.attributes import quiet_reading, values, whole
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import Study
from readingroom.dicom.part10 import OpenedFile, open_file
from readingroom.dicom.scan import ScannedFile, scan_file
from readingroom.errors import UnreadableFileError

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
KEPT_CLASSES = frozenset(
    {
        *(f"1.2.840.10008.5.1.4.1.1.88.{n}" for n in (11, 22, 33, 34, 35)),  # Structured Reports
        "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection
        *(f"1.2.840.10008.5.1.4.1.1.11.{n}" for n in (1, 2, 3, 4)),  # presentation states
        SEGMENTATION,
    }
)
"""What readers make: reports, key images, presentation states and segmentations. Images are made by modalities."""

MAX_OBJECT = 64 * 2**20
_UID = re.compile(r"[0-9]+(?:\.[0-9]+){1,}")
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


class NotKeptError(Exception):
    """An object that is not kept, with the failure reason of PS3.18 10.5.3 and words for a person."""

    def __init__(self, reason: int, words: str) -> None:
        super().__init__(words)
        self.reason = reason


NOT_SUPPORTED, DUPLICATE, NO_MATCH, NOT_UNDERSTOOD, NO_ROOM = 0x0122, 0x0111, 0xA900, 0xC000, 0xA700


class DerivedObjects:
    """The folder of derived objects below ``state``, and its index. Several copies of the gateway may share it."""

    def __init__(self, state: Path) -> None:
        self._folder, self._incoming = state / "derived", state / "incoming"
        for folder in (self._folder, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = state / "derived.lock"
        self.source = FolderSource(self._folder, state / "derived-index" / "index.sqlite")
        with self._alone():
            self.source.refresh()

    def keep(self, data: bytes, study: Study, images: frozenset[str]) -> ScannedFile:
        """Check an object of ``study`` and keep it; it is on the disk, and found, when this returns.

        Parameters
        ----------
        data
            The object as a PS3.10 file.
        study
            The study that it was sent for.
        images
            UIDs of the series of that study that are not ours.

        Raises
        ------
        NotKeptError
            With the reason; nothing is kept then.
        """
        incoming = self._incoming / secrets.token_hex(16)
        try:
            _write(incoming, data)
            scanned = check(incoming, data, study, images)
            with self._alone():
                self._move(incoming, scanned, data)
                self.source.refresh()
        except OSError as error:
            raise NotKeptError(NO_ROOM, f"The object cannot be kept ({error.strerror or error}).") from error
        finally:
            incoming.unlink(missing_ok=True)
        return scanned

    def _move(self, incoming: Path, scanned: ScannedFile, data: bytes) -> None:
        """Give the file its name; one that is there stays as it is: what was kept is never changed."""
        folder = self._folder / scanned.study.uid
        folder.mkdir(exist_ok=True, mode=0o700)
        kept = folder / f"{scanned.sop_uid}.dcm"
        with suppress(FileExistsError):
            os.link(incoming, kept)
        if kept.stat().st_size != len(data) or kept.read_bytes() != data:
            raise NotKeptError(
                DUPLICATE, "Another object with this SOP Instance UID is kept already, and never changed."
            )
        _to_disk(folder)
        _to_disk(self._folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only copy of the gateway that changes folder and index."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def check(path: Path, data: bytes, study: Study, images: frozenset[str]) -> ScannedFile:
    """Return what an object is; raises ``NotKeptError`` for what is no derived object of this study."""
    if data[:128].strip(b"\0"):
        raise NotKeptError(NOT_UNDERSTOOD, "The object has a preamble, which may be a program; it is refused.")
    try:
        scanned, opened = scan_file(path), open_file(path)
    except UnreadableFileError as error:
        raise NotKeptError(NOT_UNDERSTOOD, f"The object {error}.") from error
    if scanned is None or scanned.sop_class_uid not in KEPT_CLASSES:
        raise NotKeptError(
            NOT_SUPPORTED, "Only reports, key images, presentation states and segmentations are kept here."
        )
    if (scanned.study.uid, scanned.study.patient_id) != (study.uid, study.patient_id):
        raise NotKeptError(NO_MATCH, "The object is of another study or another patient than it was sent for.")
    if not all(_UID.fullmatch(uid) for uid in (scanned.sop_uid, scanned.series.uid)):
        raise NotKeptError(NO_MATCH, "The object has a UID that is none.")
    if scanned.series.uid in images:
        raise NotKeptError(NO_MATCH, "The object is put into a series of the images; it needs a series of its own.")
    _check_pixels(opened, scanned.sop_class_uid)
    return scanned


def _check_pixels(opened: OpenedFile, sop_class_uid: str) -> None:
    """Refuse pixel data but that of a segmentation, also within sequences: icons and copies of images."""
    if sop_class_uid == SEGMENTATION:
        if not values(opened.dataset, "SegmentSequence") or whole(opened.dataset, "BitsAllocated") not in (1, 8):
            raise NotKeptError(NO_MATCH, "The object says it is a segmentation but holds another kind of pixels.")
    elif opened.pixels is not None:
        raise NotKeptError(NO_MATCH, "The object holds pixel data, which reports and presentation states do not.")
    if _has_inner_pixels(opened.dataset):
        raise NotKeptError(NO_MATCH, "The object holds pixel data within a sequence; it is refused.")


def _has_inner_pixels(dataset: Dataset) -> bool:
    with quiet_reading():
        try:
            return any(int(element.tag) in _PIXELS for element in dataset.iterall())
        except Exception as error:  # untrusted values: whatever reading them raises, the object is refused
            words = f"The object is damaged and cannot be read ({type(error).__name__})."
            raise NotKeptError(NOT_UNDERSTOOD, words) from error


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
