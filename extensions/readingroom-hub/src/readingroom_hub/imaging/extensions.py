"""Routes for our own viewer: compact lists, attributes without loss, and frames without any wrapping."""

from typing import ClassVar

from readingroom.dicom.source import StudySource
from readingroom.errors import NotFoundError
from readingroom.pixels.codecs import STREAMS
from readingroom.reading.permissions import Action, could, role_of
from readingroom.wire.gateway import pack_rows
from readingroom.wire.gateway_header import header_of
from readingroom_hub.imaging.base import UID, GatewayHandler
from readingroom_hub.imaging.media import JSON, OCTETS

TOGETHER, PIECE = 32, 2**20
"""Headers read in one turn, and bytes of them after which it ends: 5 ms of a folder, 100 where they have to be written."""


class StudiesHandler(GatewayHandler):
    """The studies that the caller may know of."""

    action = None

    async def get(self) -> None:
        """Answer with ``gateway`` rows of studies."""
        facts = await self.gateway.catalogue.all_facts()
        await self.gateway.gate.searched(self.caller, "the study list")
        known = await self.gateway.gate.known(self.caller, facts)
        studies = (await self.gateway.catalogue.studies()).values()
        message = await self.work(pack_rows, [study for study in studies if study.uid in known], "studies")
        await self.answer(message, JSON)


class StudyHandler(GatewayHandler):
    """One study that is being opened."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str) -> None:
        """Answer with the one ``gateway`` row of the study."""
        await self.answer(pack_rows([await self.gateway.catalogue.study(study_uid)], "studies"), JSON)


class StateHandler(GatewayHandler):
    """How far the source has got; says nothing about any study."""

    action = None

    async def get(self) -> None:
        """Answer with the ``gateway`` row of the state."""
        state = await self.work(self.gateway.source.state)
        await self.answer(pack_rows([state], "state"), JSON)


class ProblemsHandler(GatewayHandler):
    """What the source could not take in: paths of files, so for staff who may search."""

    action = None

    async def get(self) -> None:
        """Answer with ``gateway`` rows of problems."""
        role = role_of(self.caller.groups)
        may = role is not None and could(role, Action.SEARCH_STUDIES)
        problems = await self.work(self.gateway.source.problems) if may else ()
        await self.answer(pack_rows(problems, "problems"), JSON)


class SeriesHandler(GatewayHandler):
    """The series of a study that is being opened."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str) -> None:
        """Answer with ``gateway`` rows of series."""
        series = await self.gateway.catalogue.series(study_uid)
        await self.answer(pack_rows(list(series.values()), "series"), JSON)


class InstancesHandler(GatewayHandler):
    """The objects of a series."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str) -> None:
        """Answer with ``gateway`` rows of instances."""
        instances = await self.gateway.catalogue.instances(study_uid, series_uid)
        await self.answer(pack_rows(list(instances.values()), "instances"), JSON)


class FramesListHandler(GatewayHandler):
    """The frames of a series in reading order."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str) -> None:
        """Answer with ``gateway_frames``."""
        await self.answer(await self.gateway.catalogue.frames_message(study_uid, series_uid), JSON)


class HeaderHandler(GatewayHandler):
    """The attributes of one object."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str, sop_uid: str) -> None:
        """Answer with ``gateway_header``."""
        await self.gateway.catalogue.frame_count(study_uid, series_uid, sop_uid)
        await self.answer(await self.work(header_of, self.gateway.source, sop_uid), OCTETS)


class HeadersHandler(GatewayHandler):
    """The attributes of every object of a series, as they are read."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str) -> None:
        """Answer with ``gateway_header`` messages one after the other."""
        uids = list(await self.gateway.catalogue.instances(study_uid, series_uid))
        self.set_header("Content-Type", OCTETS)
        begun = 0
        while begun < len(uids):
            await self.check()
            messages = await self.work(_some_headers, self.gateway.source, uids[begun : begun + TOGETHER])
            begun += len(messages)
            await self.send(b"".join(messages))


class RawFrameHandler(GatewayHandler):
    """One frame's bytes as they are stored, with the transfer syntax in a header."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str, sop_uid: str, number: str) -> None:
        """Answer with the bytes of an ``EncodedFrame``."""
        count = await self.gateway.catalogue.frame_count(study_uid, series_uid, sop_uid)
        if not 1 <= int(number) <= count:
            raise NotFoundError(f"This instance has {count} frames; there is no frame {number}.")
        self.gateway.rate.take(self.caller.person, 1)
        frame = await self.work(self.gateway.source.frame, sop_uid, int(number))
        self.set_header("X-Transfer-Syntax", frame.transfer_syntax_uid)
        self.set_header("X-Frame-Number", str(int(number) if frame.transfer_syntax_uid in STREAMS else 1))
        await self.answer(frame.data, OCTETS)


def _some_headers(source: StudySource, uids: list[str]) -> list[bytes]:
    """Return the first messages of ``uids``: those of large multi-frame objects have 15 MiB each."""
    messages: list[bytes] = []
    size = 0
    for uid in uids:
        messages.append(header_of(source, uid))
        size += len(messages[-1])
        if size >= PIECE:
            break
    return messages


_SERIES = rf"/readingroom/studies/{UID}/series/{UID}"

ROUTES = [
    (r"/readingroom/studies", StudiesHandler),
    (rf"/readingroom/studies/{UID}", StudyHandler),
    (r"/readingroom/state", StateHandler),
    (r"/readingroom/problems", ProblemsHandler),
    (rf"/readingroom/studies/{UID}/series", SeriesHandler),
    (rf"{_SERIES}/instances", InstancesHandler),
    (rf"{_SERIES}/frames", FramesListHandler),
    (rf"{_SERIES}/headers", HeadersHandler),
    (rf"{_SERIES}/instances/{UID}/header", HeaderHandler),
    (rf"{_SERIES}/instances/{UID}/frames/([0-9]{{1,7}})", RawFrameHandler),
]
