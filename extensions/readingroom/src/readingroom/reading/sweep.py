"""When do pictures amount to the stored values? The rule behind the alarm, and why it does not cry at readers.

An 8-bit picture through a window cuts the scale of values at 255 places at most; two values between which no picture
cuts look the same in all of them. To tell n values apart takes (n - 1) / 255 pictures: 17 for 12 bits, and 17 windows of
width 256 side by side gave back 99.98 % of a slice when it was tried. But a hand that drags a window of width 2000 for
two seconds cuts nearly everywhere too. What no reader does is

- to lay **narrow** windows (hardly more than one value a grey level) side by side over half of what a slice holds. Readers
  use narrow windows on the few hundred values of one tissue. This alarms on one slice;
- to take many different windows on **slice after slice**. Readers drag on a few slices and scroll through the others with
  a handful of windows, which cut at far fewer places. This alarms on a study.

All pictures that were sent count, those in motion too: whoever collects them need not wait for one to rest. An image of
few values (10 bits take 4 pictures) can be told from ordinary reading by no such rule; its audit lines remain.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from readingroom.reading.audit import SweepAlarm

Cuts = NDArray[np.float64]

GRAY_CUTS: Cuts = np.arange(255, dtype=np.float64) + 0.5
"""Where P-values 0 to 255 round to another grey level; a display curve has its own."""

MAX_PLACES = 4095
"""Places between neighbouring values that are told apart; images of more values are counted in coarser steps."""

MIN_VALUES = 1024
"""Slices of fewer values are no matter for an alarm on one slice: half of them fit into two windows."""

NARROW = 320
"""Values across the widest window that still tells nearly all of its values apart with 255 cuts."""

SLICE_SHARE, SLICE_PICTURES = 0.5, 8
"""Half of a slice's values told apart by narrow windows, and eight windows: of 12 bits it takes 8 of width 256."""

REBUILT_SHARE, REBUILT_PICTURES = 0.5, 8
"""A slice counts as rebuilt from half on, by eight windows or more: all nine presets cut a CT at a third of the places."""

STUDY_SLICES = 24
"""More slices of one study than this are not rebuilt by dragging windows while reading."""

MEMORY = timedelta(hours=24)
FRAMES_REMEMBERED = 4096
"""Bounds the memory to about 35 MB; the frame asked for longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class SentPicture:
    """What left the server: whose, of which frame, and through which window.

    ``value_range`` holds the smallest and largest modality value of the frame, ``value_step`` the modality units between
    neighbouring stored values (0 where not even), ``pipeline`` is ``Pipeline.digest``.
    """

    at: datetime
    person: str
    study_uid: str
    sop_uid: str
    frame: int
    pipeline: str
    voi: tuple[float, float, str]
    value_range: tuple[float, float]
    value_step: float = 0.0

    @property
    def values(self) -> int:
        """Return how many stored values there can be from the smallest to the largest."""
        low, high = self.value_range
        return round((high - low) / self.value_step) + 1 if self.value_step > 0 else MAX_PLACES + 1


def cut_values(voi: tuple[float, float, str], at: Cuts = GRAY_CUTS) -> Cuts:
    """Return the modality values at which a window changes from one grey level to the next (PS3.3 C.11.2.1.2, .3)."""
    center, width, function = voi
    share = at[(at > 0) & (at < 255)] / 255  # noqa: PLR2004 - the white of 8 bits
    if function == "SIGMOID":
        return np.asarray(center - width / 4 * np.log(1 / share - 1))
    if function == "LINEAR":
        return np.asarray((share - 0.5) * (width - 1) + center - 0.5)
    return np.asarray((share - 0.5) * width + center)


@dataclass(slots=True)
class _Slice:
    """The places between values of one frame at which some picture cut, and those that narrow windows laid bare."""

    first: datetime
    cut: NDArray[np.bool_]
    bare: NDArray[np.bool_]
    pipelines: set[str] = field(default_factory=set)
    narrow: set[str] = field(default_factory=set)

    def add(self, picture: SentPicture, at: Cuts) -> None:
        self.pipelines.add(picture.pipeline)
        low, high = picture.value_range
        places = np.ceil((cut_values(picture.voi, at) - low) / (high - low) * len(self.cut)).astype(np.int64) - 1
        inside = places[(places >= 0) & (places < len(self.cut))]
        self.cut[inside] = True
        if picture.voi[1] <= NARROW * (high - low) / max(picture.values - 1, 1) and len(inside):
            self.narrow.add(picture.pipeline)
            self.bare[inside.min() : inside.max() + 1] = True

    @property
    def rebuilt(self) -> bool:
        return len(self.pipelines) >= REBUILT_PICTURES and float(self.cut.mean()) >= REBUILT_SHARE


class SweepWatch:
    """Adds up what was sent to each person and says when it amounts to stored values. Knows no clock but its pictures'."""

    def __init__(self) -> None:
        self._slices: OrderedDict[tuple[str, str, int], _Slice] = OrderedDict()
        self._rebuilt: dict[tuple[str, str], dict[tuple[str, int], datetime]] = {}
        self._said: dict[tuple[str, ...], datetime] = {}

    def add(self, picture: SentPicture, at: Cuts = GRAY_CUTS) -> list[SweepAlarm]:
        """Take a picture whose display changes level ``at`` these P-values; return the alarms it raises, each once a day."""
        low, high = picture.value_range
        if not high > low:
            return []
        known = self._slice(picture)
        if picture.pipeline in known.pipelines:
            return []
        known.add(picture, at)
        return [alarm for alarm in (self._of_slice(picture, known), self._of_study(picture, known)) if alarm]

    def _slice(self, picture: SentPicture) -> _Slice:
        key = (picture.person, picture.sop_uid, picture.frame)
        known = self._slices.get(key)
        if known is None or picture.at - known.first > MEMORY:
            places = max(1, min(MAX_PLACES, picture.values - 1))
            known = _Slice(picture.at, np.zeros(places, np.bool_), np.zeros(places, np.bool_))
            self._slices[key] = known
        self._slices.move_to_end(key)
        if len(self._slices) > FRAMES_REMEMBERED:
            self._slices.popitem(last=False)
        return known

    def _of_slice(self, picture: SentPicture, known: _Slice) -> SweepAlarm | None:
        share = float(known.bare.mean())
        if picture.values < MIN_VALUES or len(known.narrow) < SLICE_PICTURES or share < SLICE_SHARE:
            return None
        if self._was_said(picture, "slice", picture.sop_uid, str(picture.frame)):
            return None
        return _alarm(picture, "slice", len(known.narrow), share)

    def _of_study(self, picture: SentPicture, known: _Slice) -> SweepAlarm | None:
        if not known.rebuilt:
            return None
        slices = self._rebuilt.setdefault((picture.person, picture.study_uid), {})
        slices.setdefault((picture.sop_uid, picture.frame), picture.at)
        for key in [key for key, at in slices.items() if picture.at - at > MEMORY]:
            del slices[key]
        if len(slices) <= STUDY_SLICES or self._was_said(picture, "study", picture.study_uid):
            return None
        return _alarm(picture, "study", len(known.pipelines), float(known.cut.mean()), len(slices))

    def _was_said(self, picture: SentPicture, *what: str) -> bool:
        key = (picture.person, *what)
        before = self._said.get(key)
        if before is not None and picture.at - before <= MEMORY:
            return True
        self._said[key] = picture.at
        return False


def _alarm(picture: SentPicture, kind: str, pictures: int, share: float, slices: int = 1) -> SweepAlarm:
    return SweepAlarm(
        at=picture.at,
        person=picture.person,
        study_uid=picture.study_uid,
        sop_uid=picture.sop_uid,
        frame=picture.frame,
        kind="slice" if kind == "slice" else "study",
        pictures=pictures,
        share=round(share, 3),
        slices=slices,
    )
