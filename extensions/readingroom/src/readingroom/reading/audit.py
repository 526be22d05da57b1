"""What is written down of every picture that came to rest on a reader's screen: never a pixel, always enough to ask later.

The pictures themselves can be made again from the study and the pipeline; the line proves which they were.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

HASH_LENGTH = 64
"""Characters of a SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All that makes stored values into the pixels of a picture (PS3.4 N.2), by name, and for which screen.

    ``voi`` is the window as (centre, width, VOI LUT Function), None for colour and for the image's own VOI LUT number
    ``choice``. ``presentation_uid`` is the state applied, ``reformat`` says how a plane lies that is no stored frame,
    ``display`` is the SHA-256 of the display curve, empty where none is applied.
    """

    voi: tuple[float, float, str] | None
    choice: int | None
    inverted: bool
    presentation_uid: str
    overlays: bool
    reformat: str = ""
    display: str = ""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of these values as canonical JSON: the same for the same pipeline on every machine."""
        return hashlib.sha256(canonical({"pipeline": 1, **asdict(self)})).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One picture at rest: who saw which frame through which pipeline, its hash, and whether the browser proved it.

    ``frame`` is 1-based as in DICOM. ``pipeline`` is ``Pipeline.digest``, ``sha256`` that of the 8-bit pixels.
    ``moving`` counts the pictures sent to the same viewport since its line before, which were on their way to this one
    or lie beside it in the page's ring.

    Raises
    ------
    ValueError
        For a time without its zone, or a digest that is none.
    """

    at: datetime
    person: str
    study_uid: str
    series_uid: str
    sop_uid: str
    frame: int
    pipeline: str
    sha256: str
    verified: bool
    moving: int = 0

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("An audit line needs the zone of its time.")
        if HASH_LENGTH not in {len(self.pipeline)} & {len(self.sha256)}:
            raise ValueError("An audit line holds two SHA-256 in hexadecimal.")


@dataclass(frozen=True, slots=True)
class SweepAlarm:
    """Pictures were asked for that together tell stored values: of one slice, or slice after slice of a study.

    ``share`` is the part of the slice's values told apart, ``pictures`` how many different windows did it; of a study
    ``slices`` says of how many slices. ``sop_uid`` and ``frame`` name the slice that made it so.
    """

    at: datetime
    person: str
    study_uid: str
    sop_uid: str
    frame: int
    kind: Literal["slice", "study"]
    pictures: int
    share: float
    slices: int = 1


@dataclass(frozen=True, slots=True)
class ReadOutLine:
    """Values of single pixels were read out of one picture: who, of which frame or plane, and how many of them.

    ``sop_uid`` is empty and ``frame`` 0 for a plane, which ``reformat`` then names.
    """

    at: datetime
    person: str
    study_uid: str
    series_uid: str
    sop_uid: str
    frame: int
    reformat: str
    pixels: int


@dataclass(frozen=True, slots=True)
class ReadOutAlarm:
    """So many pixels were read out, one by one, that this is no reading any more: of one slice or of a whole study."""

    at: datetime
    person: str
    study_uid: str
    sop_uid: str
    frame: int
    kind: Literal["slice", "study"]
    pixels: int


AuditEntry = AuditLine | SweepAlarm | ReadOutLine | ReadOutAlarm


class AuditLog(Protocol):
    """Where audit entries go. ``append`` never waits; its result is the entry's number once it cannot be lost any more."""

    def append(self, entry: AuditEntry) -> Future[int]:
        """Take an entry; raises ``RecordsUnavailableError`` when no more can be taken."""

    def trouble(self) -> str:
        """Return why entries are not being kept just now, in words for a reader; empty when all is well."""


def entry_fields(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as JSON knows it: its kind, and its time in ISO 8601."""
    return {"entry": type(entry).__name__, **asdict(entry), "at": entry.at.isoformat()}


def canonical(fields: Mapping[str, Any]) -> bytes:
    """Return JSON that is the same for the same fields: sorted, without blanks, in ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
