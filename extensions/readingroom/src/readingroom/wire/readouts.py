"""What a page asks about a single pixel, and what it is told."""

from dataclasses import dataclass
from typing import Literal

from readingroom.wire.values import Reformat


@dataclass(frozen=True, slots=True)
class ReadOutRequest:
    """Asks what a pixel measures: ``column`` and ``row`` count from 0, whole at pixel centres; the rest as in a view.

    ``number`` comes back with the answer.
    """

    viewport: str
    number: int
    series_uid: str
    position: int
    column: float
    row: float
    reformat: Reformat | None = None


@dataclass(frozen=True, slots=True)
class ReadOut:
    """What the pixel measures in words, and where it lies in the patient: LPS in millimetres, None where nowhere.

    ``sop_uid`` and ``frame`` name the image that was read, empty and 0 for a plane. ``notes`` are what must be known about
    the value. Where nothing can be said, ``text`` is empty and the notes say why.
    """

    viewport: str
    number: int
    sop_uid: str
    frame: int
    text: str
    place: tuple[float, float, float] | None = None
    notes: tuple[str, ...] = ()
    type: Literal["readout"] = "readout"
