"""The studies behind the hub's imaging service: the only source of a reading server, which has no study on its disk.

Lists and attributes are kept for as long as the service's revision stays the same, so that a picture that is windowed
anew asks nothing. Frames are not kept here: whoever renders them keeps them decoded.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydicom import Dataset

from readingroom.dicom.model import EncodedFrame, FrameReference, Instance, Problem, Series, Study
from readingroom.dicom.source import SourceState
from readingroom.errors import NotFoundError, SourceUnavailableError, WireError
from readingroom.wire.gateway import parse_instances, parse_problems, parse_series, parse_state, parse_studies
from readingroom.wire.gateway_frames import parse_frames
from readingroom.wire.gateway_header import parse_header, parse_headers
from readingroom_viewer.hub_client import HubClient
from readingroom_viewer.sent_headers import SentHeaders

STATE_S = 1.0
"""How long a revision is taken for the present one: images that arrive are seen that much later."""

LISTED_S = 2.0
"""How long the study list is kept: what somebody may know changes without a revision."""

HEADERS_TOGETHER = 8192
"""Attributes of larger series are asked for one by one: those of so many CT slices are 40 MB, which are kept."""

LISTS_KEPT = 512
FRAMES_AT_ONCE = 4
_UID = re.compile(r"[A-Za-z0-9._-]{1,64}")
Value = TypeVar("Value")
Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an instance belongs: every request names its study, because every right is one to a study."""

    study_uid: str
    series_uid: str

    @property
    def path(self) -> str:
        return f"/studies/{self.study_uid}/series/{self.series_uid}"


class GatewaySource:
    """A ``StudySource`` over the imaging service; safe to call from several threads.

    A series is known by its study, and an instance by its series, once those were asked for. Every method may raise
    ``AccessRefusedError`` and ``RecordsUnavailableError`` beside what the protocol says.
    """

    def __init__(self, client: HubClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._state: tuple[float, SourceState] | None = None
        self._listed: tuple[float, Sequence[Study]] | None = None
        self._studies: dict[str, str] = {}
        self._places: dict[str, _Place] = {}
        self._lists: OrderedDict[Hashable, Any] = OrderedDict()
        self._headers = SentHeaders()

    @property
    def frames_at_once(self) -> int:
        """How many frames are asked for side by side (``RemoteFrames``)."""
        return FRAMES_AT_ONCE

    def studies(self) -> Sequence[Study]:
        """Return every study that this person may know of, newest first."""
        listed = self._listed
        if listed is None or self._clock() - listed[0] > LISTED_S:
            listed = (self._clock(), _parsed(parse_studies, self._get("/readingroom/studies")))
            self._listed = listed
        return listed[1]

    def study(self, study_uid: str) -> Study:
        """Return one study; raises ``NotFoundError`` for one that is gone."""
        found = _parsed(parse_studies, self._get(f"/readingroom/studies/{_uid(study_uid)}"))
        if len(found) != 1:
            raise SourceUnavailableError(f"The imaging service told of {len(found)} studies, not of one. Try again.")
        return found[0]

    def series(self, study_uid: str) -> Sequence[Series]:
        """Return the series of a study in the order of their numbers; asked anew each time a study is opened."""
        found = _parsed(parse_series, self._get(f"/readingroom/studies/{_uid(study_uid)}/series"))
        with self._lock:
            self._studies.update({one.uid: study_uid for one in found})
        return found

    def frames(self, series_uid: str) -> Sequence[FrameReference]:
        """Return the frames of a series in reading order."""
        return self._listed_of(series_uid, "frames", parse_frames)

    def instances(self, series_uid: str) -> Sequence[Instance]:
        """Return every object of a series."""
        return self._listed_of(series_uid, "instances", parse_instances)

    def metadata(self, sop_uid: str) -> Dataset:
        """Return an instance's attributes without its pixel data; shared between callers, not to be changed."""
        self.state()
        place, headers = self._place(sop_uid), self._headers
        kept = _parsed(headers.get, sop_uid)
        if kept is not None:
            return kept
        sent = _parsed(parse_header, self._get(f"/readingroom{place.path}/instances/{_uid(sop_uid)}/header"))
        return _parsed(headers.read, sent)

    def prepare(self, sop_uid: str) -> None:
        """Ask for the attributes of a whole series at once (``RemoteFrames``)."""
        place, headers = self._place(sop_uid), self._headers
        wanted = [uid for uid, one in list(self._places.items()) if one == place]
        missing = sum(uid not in headers for uid in wanted)
        if missing > 1 and len(wanted) <= HEADERS_TOGETHER:
            headers.keep(_parsed(parse_headers, self._get(f"/readingroom{place.path}/headers")))

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return one frame's bytes as stored; raises ``NotFoundError``."""
        answer = self._client.get(f"/readingroom{self._place(sop_uid).path}/instances/{_uid(sop_uid)}/frames/{frame}")
        syntax, number = answer.headers.get("X-Transfer-Syntax", ""), answer.headers.get("X-Frame-Number", "")
        if not syntax or not number.isdigit():
            raise SourceUnavailableError("The imaging service sent a frame without saying what it is. Try again.")
        return EncodedFrame(syntax, answer.data, int(number))

    def problems(self) -> Sequence[Problem]:
        """Return what could not be taken in, and why."""
        return _parsed(parse_problems, self._get("/readingroom/problems"))

    def state(self) -> SourceState:
        """Return the revision and the progress, asked for once a second; what is kept of another revision goes."""
        state = self._state
        if state is None or self._clock() - state[0] > STATE_S:
            asked_at = self._clock()
            found = _parsed(parse_state, self._get("/readingroom/state"))
            with self._lock:
                if self._state is not None and self._state[1].revision != found.revision:
                    self._lists.clear()
                    self._headers = SentHeaders()  # another, so that what is under way is kept with the old
                state = self._state = (asked_at, found)
        return state[1]

    def forget(self, study_uid: str) -> Collection[str]:
        """Keep nothing of a study that was closed or left; return the UIDs of its series."""
        with self._lock:
            gone = {uid for uid, place in self._places.items() if place.study_uid == study_uid}
            self._headers.drop(gone)
            for uid in gone:
                del self._places[uid]
            for key in [key for key in self._lists if self._studies.get(cast("tuple[str, str]", key)[0]) == study_uid]:
                del self._lists[key]
            series = [one for one, study in self._studies.items() if study == study_uid]
            for one in series:
                del self._studies[one]
        return series

    def _listed_of(self, series_uid: str, what: str, parse: Callable[[bytes], Sequence[Value]]) -> Sequence[Value]:
        self.state()
        with self._lock:
            kept = self._lists.get((series_uid, what))
            study_uid = self._studies.get(series_uid)
        if study_uid is None:
            raise NotFoundError("Open the study before asking for its series.")
        if kept is not None:
            return cast("Sequence[Value]", kept)
        place = _Place(study_uid, series_uid)
        found = _parsed(parse, self._get(f"/readingroom{place.path}/{what}"))
        with self._lock:
            self._places.update({cast("Instance | FrameReference", one).sop_uid: place for one in found})
            self._lists[series_uid, what] = found
            while len(self._lists) > LISTS_KEPT:
                self._lists.popitem(last=False)
        return found

    def _place(self, sop_uid: str) -> _Place:
        with self._lock:
            place = self._places.get(sop_uid)
        if place is None:
            raise NotFoundError("There is no such image in a study that is open.")
        return place

    def _get(self, path: str) -> bytes:
        return self._client.get(path).data


def _parsed(parse: Callable[[Message], Value], message: Message) -> Value:
    try:
        return parse(message)
    except WireError as error:
        raise SourceUnavailableError(str(error)) from error


def _uid(uid: str) -> str:
    """Return a UID, with letters that old programs wrote, as part of an address; ``NotFoundError`` for what is none."""
    if not _UID.fullmatch(uid):
        raise NotFoundError("There is no study or image of this name.")
    return uid
