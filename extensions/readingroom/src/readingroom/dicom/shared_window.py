"""One window for all frames that are scrolled through together, where the images hold none of their own.

Each frame over its own range would flicker from slice to slice, and lie: the same tissue in another grey, noise as bright
as a vessel. Chosen is the range of the frame in the middle of those whose values can be compared: the slices of one size of
a series, or the frames of one image, but for what is measured in another way (b-value, echo, energy). Single images
without a place, such as radiographs, each keep their own. It depends on the series alone, not on what was looked at first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from readingroom.dicom.model import FrameReference
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.errors import ReadingRoomError
from readingroom.pixels.voi import Voi

Load = Callable[[FrameReference], LoadedFrame]

_OF_ANOTHER_KIND = frozenset(
    {
        "segment",
        "b-value",
        "image type",
        "echo time",
        "echo number",
        "inversion time",
        "flip angle",
        "repetition time",
        "metabolite",
        "data type",
        "tube voltage",
        "energy window",
    }
)
"""Dimensions along which a value means something else; along all others, time above all, it means the same."""

_TRIED = 16
"""Frames looked at for one that is not the same value all over."""


@dataclass(eq=False, slots=True)
class _Together:
    """Frames that share a window, and the window once it is ``known``; None for a frame that keeps its own."""

    frames: list[FrameReference] = field(default_factory=list)
    known: bool = False
    window: Voi | None = None


class SharedWindows:
    """The windows found so far for the series of a source; ``load`` may keep what it decodes. Safe to call from threads."""

    def __init__(self, source: StudySource, load: Load | None = None) -> None:
        self._source = source
        self._load = load or (lambda reference: load_frame(source, reference.sop_uid, reference.frame))
        self._groups: dict[str, tuple[int, dict[tuple[str, int], _Together]]] = {}

    def applied(self, series_uid: str, reference: FrameReference, loaded: LoadedFrame) -> LoadedFrame:
        """Return a frame of a series with the window of those it is shown among; as it is where it has its own."""
        if loaded.window_origin != "frame":
            return loaded
        window = self._window(series_uid, reference)
        return loaded if window is None else loaded.through(window, "series")

    def _window(self, series_uid: str, reference: FrameReference) -> Voi | None:
        revision = self._source.state().revision
        held = self._groups.get(series_uid)
        if held is None or held[0] != revision:
            groups = _comparable(stacks(self._source, series_uid))
            held = (revision, {(frame.sop_uid, frame.frame): group for group in groups for frame in group.frames})
            self._groups[series_uid] = held
        group = held[1].get((reference.sop_uid, reference.frame))
        if group is None:
            return None
        if not group.known:
            group.window, group.known = self._window_of(group.frames), True
        return group.window

    def _window_of(self, frames: list[FrameReference]) -> Voi | None:
        """Return the window over the middle frame that is not one value all over, None for a frame alone."""
        if len(frames) < 2:  # noqa: PLR2004 - nothing to be compared with
            return None
        for reference in _from_the_middle(frames):
            try:
                loaded = self._load(reference)
            except ReadingRoomError:  # it says so where it is shown itself
                continue
            if loaded.value_range is not None and loaded.value_range[0] < loaded.value_range[1]:
                return Voi.of_range(*loaded.value_range)
        return None


def _comparable(found: tuple[Stack, ...]) -> list[_Together]:
    groups: dict[tuple[object, ...], _Together] = {}
    for stack in found:
        kind = tuple((name, value) for name, value in stack.dimensions.items() if name in _OF_ANOTHER_KIND)
        for frame in stack.frames:
            image = "" if stack.has_geometry else frame.sop_uid
            groups.setdefault((frame.rows, frame.columns, image, *kind), _Together()).frames.append(frame)
    return list(groups.values())


def _from_the_middle(frames: list[FrameReference]) -> Iterator[FrameReference]:
    middle = len(frames) // 2
    yield from (frames[n] for n in sorted(range(len(frames)), key=lambda n: abs(n - middle))[:_TRIED])
