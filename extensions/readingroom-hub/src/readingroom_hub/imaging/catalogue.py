"""What belongs to which study: looked up in the source once for each of its revisions, asked for with every request."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar, cast

from readingroom.dicom.model import Instance, Series, Study
from readingroom.dicom.source import KnowsPlaces, StudySource, frame_counts
from readingroom.errors import NotFoundError
from readingroom.wire.gateway_frames import pack_frames
from readingroom_hub.imaging.decisions import StudyFacts, StudyKind

LOOK_AGAIN_S = 1.0
"""Seconds for which the source's revision is believed."""

KEPT = 256
SINGLES_KEPT = 2**14
"""Single studies and objects, a few hundred bytes each; they may not push out the lists."""

T = TypeVar("T")


class Catalogue:
    """Answers from memory as long as the source says that nothing has changed.

    Parameters
    ----------
    source
        Where studies come from; its methods are called in ``executor``.
    kind
        What the studies of the source are.
    executor
        Threads for what takes its time.
    """

    def __init__(self, source: StudySource, kind: StudyKind, executor: Executor) -> None:
        self.source, self._kind, self._executor = source, kind, executor
        self._kept: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()
        self._singles: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()
        self._revision: int | None = None
        self._looked: float | None = None
        self._looking: asyncio.Future[None] | None = None

    async def studies(self) -> Mapping[str, Study]:
        """Return all studies by their UID, newest first."""
        return await self._get("studies", lambda: {study.uid: study for study in self.source.studies()})

    async def facts(self, study_uid: str) -> StudyFacts:
        """Return what a decision about a study needs, also about one that is not here.

        It is asked for alone: a list of 100,000 instances takes 130 ms, and is another each second while a folder is indexed.
        """
        try:
            look_up = partial(self.source.study, study_uid)
            study = await self._get(("study", study_uid), look_up, self._singles, SINGLES_KEPT)
        except NotFoundError:
            return StudyFacts(study_uid, "identifiable")
        return StudyFacts.of(study, self._kind)

    async def all_facts(self) -> list[StudyFacts]:
        """Return what decisions about all studies need."""
        return [StudyFacts.of(study, self._kind) for study in (await self.studies()).values()]

    async def study(self, study_uid: str) -> Study:
        """Return one study; raises ``NotFoundError``."""
        return _found(await self.studies(), study_uid, "study", "here")

    async def frames_message(self, study_uid: str, series_uid: str) -> bytes:
        """Return ``gateway_frames`` of a series of this study, packed once for all who ask; raises ``NotFoundError``."""
        _found(await self.series(study_uid), series_uid, "series", "in this study")
        return await self._get(("packed", series_uid), lambda: pack_frames(self.source.frames(series_uid)))

    async def series(self, study_uid: str) -> Mapping[str, Series]:
        """Return the series of a study by their UID in their order; raises ``NotFoundError``."""
        look_up: Callable[[], Mapping[str, Series]] = lambda: {  # noqa: E731
            series.uid: series for series in self.source.series(study_uid)
        }
        return await self._get(("series", study_uid), look_up)

    async def instances(self, study_uid: str, series_uid: str) -> Mapping[str, Instance]:
        """Return the objects of a series of this study by their UID in their order; raises ``NotFoundError``."""
        _found(await self.series(study_uid), series_uid, "series", "in this study")
        look_up: Callable[[], Mapping[str, Instance]] = lambda: {  # noqa: E731
            instance.sop_uid: instance for instance in self.source.instances(series_uid)
        }
        return await self._get(("instances", series_uid), look_up)

    async def frame_counts(self, study_uid: str, series_uid: str) -> Mapping[str, int]:
        """Return how many frames each object of a series of this study has; no PACS must send one for that."""
        _found(await self.series(study_uid), series_uid, "series", "in this study")
        look_up: Callable[[], Mapping[str, int]] = lambda: frame_counts(self.source, series_uid)  # noqa: E731
        return await self._get(("frames", series_uid), look_up)

    async def frame_count(self, study_uid: str, series_uid: str, sop_uid: str) -> int:
        """Return how many frames an object of this series has; raises ``NotFoundError`` for one of another study."""
        if isinstance(self.source, KnowsPlaces) and ("frames", series_uid) not in self._kept:
            look_up = partial(self.source.place, sop_uid)
            place = await self._get(("instance", sop_uid), look_up, self._singles, SINGLES_KEPT)
            if place is not None:
                if (place.study_uid, place.series_uid) != (study_uid, series_uid):
                    raise NotFoundError(f"There is no instance {sop_uid} in this series.")
                return place.frame_count
        return _found(await self.frame_counts(study_uid, series_uid), sop_uid, "instance", "in this series")

    def look_again(self) -> None:
        """See at once what has just been kept."""
        self._looked = None

    async def _get(
        self,
        key: Hashable,
        look_up: Callable[[], T],
        kept: "OrderedDict[Hashable, asyncio.Future[Any]] | None" = None,
        most: int = KEPT,
    ) -> T:
        await self._look()
        kept = self._kept if kept is None else kept
        if key not in kept:
            kept[key] = self._run(look_up)
            while len(kept) > most:
                kept.popitem(last=False)
        held = kept[key]
        kept.move_to_end(key)
        try:
            return cast("T", await asyncio.shield(held))
        except BaseException:
            if kept.get(key) is held and held.done():
                del kept[key]
            raise

    async def _look(self) -> None:
        """Forget everything when the source has changed; one looks for all who ask."""
        if self._looked is not None and time.monotonic() - self._looked < LOOK_AGAIN_S:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look_now())
        await asyncio.shield(self._looking)

    async def _look_now(self) -> None:
        revision = (await self._run(self.source.state)).revision
        if revision != self._revision:
            self._kept.clear()
            self._singles.clear()
            self._revision = revision
        self._looked = time.monotonic()

    def _run(self, look_up: Callable[[], T]) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._executor, look_up)


def _found(held: Mapping[str, T], uid: str, what: str, where: str) -> T:
    if uid not in held:
        raise NotFoundError(f"There is no {what} {uid} {where}.")
    return held[uid]
