"""The presentation states of an opened study: which there are, which images they are for, and the one that is applied."""

from collections.abc import Iterator, Sequence

from readingroom.dicom.model import FrameReference, Series
from readingroom.dicom.presentation_state import (
    PresentationState,
    StateReference,
    load_presentation_state,
    presentation_states,
)
from readingroom.dicom.source import StudySource
from readingroom.errors import NotFoundError
from readingroom.wire import PresentationEntry


class StudyPresentations:
    """What a page may choose among; a state is read once, when it is first shown."""

    def __init__(self, source: StudySource) -> None:
        self._source = source
        self._references: dict[str, StateReference] = {}
        self._states: dict[str, PresentationState] = {}

    def open_study(self, series: Sequence[Series]) -> tuple[PresentationEntry, ...]:
        """Return the states among the series of a study with the positions of the frames they are for."""
        found = presentation_states(self._source, series)
        self._references.update({reference.sop_uid: reference for reference in found})
        if not found:
            return ()
        frames = {one.uid: self._source.frames(one.uid) for one in series if one.frame_count}
        return tuple(_entry(reference, frames) for reference in found)

    def state_for(self, uid: str, frame: FrameReference) -> PresentationState | None:
        """Return the state that a page chose, None when it is not for this frame; raises what reading it raises."""
        if not uid:
            return None
        reference = self._references.get(uid)
        if reference is None:
            raise NotFoundError("This presentation state is not in the study. Choose another way to show the image.")
        if not reference.refers_to(frame.sop_uid, frame.frame):
            return None
        if uid not in self._states:
            self._states[uid] = load_presentation_state(self._source, uid)
        return self._states[uid]


def _entry(reference: StateReference, frames: dict[str, Sequence[FrameReference]]) -> PresentationEntry:
    positions = {uid: tuple(_positions(reference, found)) for uid, found in frames.items()}
    return PresentationEntry(
        uid=reference.sop_uid,
        label=reference.label,
        description=reference.description,
        creator=reference.creator,
        created=reference.created,
        problem=reference.problem,
        positions={uid: found for uid, found in positions.items() if found},
    )


def _positions(reference: StateReference, frames: Sequence[FrameReference]) -> Iterator[int]:
    images = {uid for uid, _ in reference.images}
    for position, frame in enumerate(frames):
        if frame.sop_uid in images and reference.refers_to(frame.sop_uid, frame.frame):
            yield position
