"""What a page asks of its viewer process, and what it tells it."""

from dataclasses import dataclass

from readingroom.wire.readouts import ReadOutRequest
from readingroom.wire.values import Reformat, Window


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """The state one viewport wants to show; ``seq`` grows with every change the reader makes.

    ``position`` counts frames of the series from 0 in reading order, or planes when ``reformat`` asks for those; None is
    the one in the middle. ``window`` None asks for the image's own, ``choice`` for one of its windows and VOI LUTs by its
    number from 0. ``presentation_uid`` names the presentation state to show it with. ``moving`` says that the reader's hand
    is changing the view just now, so that a link too slow for exact pictures may carry others until it rests. ``focus`` is
    where the reader looks, as the share of rows above it: large pictures arrive from there outwards. ``pointed`` says that
    the pointer is over the viewport: of several it comes first.
    """

    viewport: str
    seq: int
    series_uid: str
    position: int | None
    window: Window | None = None
    inverted: bool = False
    choice: int | None = None
    presentation_uid: str = ""
    overlays: bool = True
    reformat: Reformat | None = None
    moving: bool = False
    focus: float = 0.5
    pointed: bool = False


@dataclass(frozen=True, slots=True)
class Painted:
    """The browser has painted the frame of state ``seq``, or left it out, and with it every earlier one.

    ``verified`` tells whether its hash was equal. ``arrived_ms`` is when its last byte came, by the page's own clock;
    ``busy_ms`` is how long the page took from there until it was painted.
    """

    viewport: str
    seq: int
    verified: bool
    arrived_ms: float = 0.0
    busy_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Received:
    """The browser has one strip of the frame of state ``seq``, since ``arrived_ms`` by its own clock."""

    viewport: str
    seq: int
    first_row: int
    arrived_ms: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """Asks to be sent neighbours of a picture before the reader comes to them: the ring that scrolling is painted from.

    ``look`` is the number of the last ``view``: all but the position is taken from there, so that nothing can be asked
    ahead that was not looked at. ``positions`` are all that the page does not have yet, the next one first; they take the
    place of those named before, and one that was sent and is not named any more has arrived.
    """

    viewport: str
    look: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Walked:
    """The browser wanted the picture of a position as state ``seq`` and has painted it from its ring."""

    viewport: str
    seq: int
    position: int
    verified: bool


@dataclass(frozen=True, slots=True)
class CoverageRequest:
    """Asks which images of a series this reader has seen."""

    series_uid: str


@dataclass(frozen=True, slots=True)
class StudiesRequest:
    """Asks for the study list."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Asks for the series of one study."""

    study_uid: str


@dataclass(frozen=True, slots=True)
class ThumbnailRequest:
    """Asks for a small picture of a series' middle frame."""

    series_uid: str


@dataclass(frozen=True, slots=True)
class PlacesRequest:
    """Asks where the images of a series lie in the patient."""

    series_uid: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life; ``sent`` is the page's own clock in milliseconds and comes back unchanged.

    ``round_trip_ms`` is how long the last such answer took, None before the first.
    """

    sent: float
    round_trip_ms: float | None = None


@dataclass(frozen=True, slots=True)
class DisplayRequest:
    """Says by its name which display the page is on, empty for one that nobody has named."""

    display: str


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """Asks whether measured luminances (cd/m²) are those of a screen to read on, and to keep them when ``save`` is set.

    ``corrected`` says that they were measured through the display's correction; ``dark`` and ``bright`` are five points
    of an even field each, or none.
    """

    display: str
    luminance: tuple[float, ...]
    ambient: float
    dark: tuple[float, ...]
    bright: tuple[float, ...]
    corrected: bool
    save: bool


Request = (
    DisplayRequest
    | MeasureRequest
    | ReadOutRequest
    | ViewRequest
    | Painted
    | Received
    | Ahead
    | Walked
    | CoverageRequest
    | StudiesRequest
    | OpenRequest
    | ThumbnailRequest
    | PlacesRequest
    | Ping
)
