"""What a PACS must be able to do for ``readingroom.dicom.remote``, whatever protocol it speaks, and what may go wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pydicom import Dataset

from readingroom.dicom.model import EncodedFrame, Study
from readingroom.errors import SourceUnavailableError

MAX_STUDIES = 10_000
"""A longer list helps nobody find a patient, and a PACS may hold millions."""

MAX_INSTANCES = 50_000
"""Of one series; whole-slide images and perfusion series have some ten thousand."""

MAX_OBJECT = 2**30
"""Bytes of one object that are taken into memory."""


class MalformedAnswerError(SourceUnavailableError):
    """The PACS answered, but with something that its protocol does not allow; nothing of it is used."""


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """What a search for studies found; ``message`` is for the reader, empty when the list is complete."""

    studies: tuple[Study, ...]
    message: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """What a PACS says of an instance without sending it; ``transfer_syntax_uid`` is empty where it does not say."""

    dataset: Dataset
    transfer_syntax_uid: str
    has_pixels: bool


class Archive(Protocol):
    """A PACS as a client sees it. Thread-safe; every method may raise ``SourceUnavailableError``."""

    name: str
    """How a reader is told of it, as in "The PACS at 10.0.0.1"."""

    describes_places: bool
    """Whether ``describe`` tells where frames lie; otherwise that is known only after the objects have come."""

    def studies(self) -> FoundStudies:
        """Search for studies, at most ``MAX_STUDIES``."""

    def series(self, study_uid: str) -> tuple[str, ...]:
        """Return the Series Instance UIDs of a study, none for a study that is not there."""

    def describe(self, study_uid: str, series_uid: str) -> tuple[Described, ...]:
        """Return what is said of the instances of a series, at most ``MAX_INSTANCES``; none for one that is not there."""

    def locate(self, keyword: str, uid: str) -> tuple[str, str] | None:
        """Return study and series of a ``SeriesInstanceUID`` or ``SOPInstanceUID``, None where there is none."""

    def objects(self, study_uid: str, series_uid: str, sop_uid: str = "") -> Iterator[bytes]:
        """Yield the objects of a series, or one of them, as Part 10 files in their own transfer syntax."""

    def head(self, study_uid: str, series_uid: str, sop_uid: str, is_enough: Callable[[bytes], bool]) -> bytes:
        """Return the beginning of an object, as soon as it is enough, or all of it."""

    def frame(self, study_uid: str, series_uid: str, sop_uid: str, frame: int) -> EncodedFrame | None:
        """Return one frame undecoded, None where only whole objects can be had; its syntax may be empty, when unsaid."""

    def close(self) -> None:
        """Close every connection."""
