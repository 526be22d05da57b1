"""WADO-RS metadata and whole objects: a series leaves piece by piece, as fast as its caller takes it (PS3.18 10.4)."""

import asyncio
import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from typing import Any, ClassVar

from readingroom.dicom.source import StudySource
from readingroom.dicom.whole import RelayedAnswer, RelaysAnswers, WholeObject, whole_objects
from readingroom.reading.permissions import Action
from readingroom_hub.imaging.base import UID, GatewayHandler
from readingroom_hub.imaging.dicom_json import metadata_json
from readingroom_hub.imaging.media import DICOM, DICOM_JSON, JSON, choose, names_syntax
from readingroom_hub.imaging.multipart import Writer
from readingroom_hub.imaging.passing import Passing

PIECE = 2**20
"""Bytes read in one turn, and held for a caller at a time; twice that while the next piece is read."""

TOGETHER = 16
"""Objects whose metadata is read in one turn."""


class MetadataHandler(GatewayHandler):
    """Attributes of a study, a series or an instance."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str = "", sop_uid: str = "") -> None:
        """Answer with DICOM JSON, written as the objects are read."""
        content_type = choose(self.request.headers.get("Accept", "*/*"), (DICOM_JSON, JSON))
        wanted = await self._wanted(study_uid, series_uid, sop_uid)
        self.set_header("Content-Type", content_type)
        opening = b"["
        for start in range(0, len(wanted), TOGETHER):
            await self.check()
            told = await self.work(self._read, study_uid, wanted[start : start + TOGETHER])
            await self.send(opening + told)
            opening = b","
        await self.answer(b"]" if wanted else b"[]", content_type)

    async def _wanted(self, study_uid: str, series_uid: str, sop_uid: str) -> list[tuple[str, str]]:
        if sop_uid:
            await self.gateway.catalogue.frame_count(study_uid, series_uid, sop_uid)
            return [(series_uid, sop_uid)]
        series = [series_uid] if series_uid else list(await self.gateway.catalogue.series(study_uid))
        return [(each, uid) for each in series for uid in await self.gateway.catalogue.instances(study_uid, each)]

    def _read(self, study_uid: str, wanted: list[tuple[str, str]]) -> bytes:
        root = f"{self.request.protocol}://{self.request.host}/dicom-web/studies/{study_uid}"
        source = self.gateway.source
        told: list[dict[str, Any]] = [
            metadata_json(source.metadata(uid), f"{root}/series/{series}/instances/{uid}") for series, uid in wanted
        ]
        return json.dumps(told, separators=(",", ":")).encode()[1:-1]


class ObjectsHandler(GatewayHandler):
    """Whole objects: an instance, or all of a series or of a study."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str = "", sop_uid: str = "") -> None:
        """Answer with one part an object, in its own transfer syntax."""
        catalogue, accept = self.gateway.catalogue, self.request.headers.get("Accept", "*/*")
        series = [series_uid] if series_uid else list(await catalogue.series(study_uid))
        held = [each for uid in series for each in await catalogue.frame_counts(study_uid, uid)]
        if sop_uid:
            await catalogue.frame_count(study_uid, series_uid, sop_uid)
        choose(accept, (DICOM,), await self._syntaxes(study_uid, series, sop_uid) if names_syntax(accept) else ())
        if len(series) == 1 and not sop_uid and await self._relayed(series[0], len(held)):
            return
        writer = Writer(DICOM)
        self.set_header("Content-Type", writer.content_type)
        await self._stream(_Parts(_objects(self.gateway.source, series, sop_uid), writer))

    async def _syntaxes(self, study_uid: str, series: list[str], sop_uid: str) -> set[str]:
        """Return how the objects are kept, for which a PACS may have to send them."""
        lists = [await self.gateway.catalogue.instances(study_uid, uid) for uid in series]
        return {each.transfer_syntax_uid for held in lists for each in held.values() if sop_uid in ("", each.sop_uid)}

    async def _relayed(self, series_uid: str, objects: int) -> bool:
        """Hand a series on as the PACS sends it, and return whether it could be."""
        relay = _Relay(self.gateway.source, series_uid, objects)
        answer = await self.work(relay.open)
        if answer is None:
            relay.close()
            return False
        self.set_header("Content-Type", answer.content_type)
        await (self._pass_on if self.request.version == "HTTP/1.1" else self._stream)(relay)
        return True

    async def _pass_on(self, relay: "_Relay") -> None:
        """Send an answer in chunks from socket to socket; the connection is then at its end."""
        passing = None
        try:
            self.set_header("Connection", "close")
            await self.flush()
            stream = self.detach()
            passing = Passing(relay.pieces, stream.socket)
            await self._pace(relay)
            while await self.work(passing.burst):
                await self._pace(relay)
                await passing.taken(self.gateway.send_s)
        finally:
            relay.close()
            if passing is not None:
                passing.close()
                stream.close()

    async def _stream(self, reading: "_Reading") -> None:
        """Send what is read, reading on while it leaves."""
        following = asyncio.ensure_future(self.work(reading.read))
        try:
            while piece := await following:
                await self._pace(reading)
                following = asyncio.ensure_future(self.work(reading.read))
                await self.send(piece)
        finally:
            await asyncio.gather(following, return_exceptions=True)
            reading.close()
        await self.finish()

    async def _pace(self, reading: "_Reading") -> None:
        """Ask again whether the caller may, and slow down whoever takes more objects than reading needs."""
        await self.check()
        for _ in range(reading.begun()):
            if (wait_s := self.gateway.rate.wait_s(self.caller.person)) > 0:
                await asyncio.wait({self.gone}, timeout=wait_s)


class _Reading:
    """A multipart answer, read a piece at a time in the threads of the gateway."""

    def __init__(self) -> None:
        self.pieces: Iterator[bytes] = iter(())
        self._begun = 0
        self._held = ExitStack()

    def read(self) -> bytes:
        """Return the next bytes, about ``PIECE`` of them, none at the end."""
        taken: list[bytes] = []
        size = 0
        for piece in self.pieces:
            taken.append(piece)
            size += len(piece)
            if size >= PIECE:
                break
        return b"".join(taken)

    def begun(self) -> int:
        """Return how many objects were begun since this was asked last."""
        begun, self._begun = self._begun, 0
        return begun

    def close(self) -> None:
        """Let go of files and connections."""
        self._held.close()


class _Parts(_Reading):
    """An answer that is put together here, a part for each object."""

    def __init__(self, objects: Iterator[WholeObject], writer: Writer) -> None:
        super().__init__()
        self.pieces = self._held.enter_context(closing(self._written(objects, writer)))

    def _written(self, objects: Iterator[WholeObject], writer: Writer) -> Generator[bytes, None, None]:
        for each in objects:
            self._begun += 1
            yield writer.head(f"{DICOM}; transfer-syntax={each.transfer_syntax_uid}")
            yield from each.pieces
            yield writer.tail()
        yield writer.end()


class _Relay(_Reading):
    """The answer of the PACS itself, of ``objects`` objects, which count as begun with its first bytes."""

    def __init__(self, source: StudySource, series_uid: str, objects: int) -> None:
        super().__init__()
        self._source, self._series_uid, self._begun = source, series_uid, objects

    def open(self) -> RelayedAnswer | None:
        """Ask the PACS; return its answer, None where that cannot be handed on."""
        if not isinstance(self._source, RelaysAnswers):
            return None
        answer = self._held.enter_context(self._source.relay(self._series_uid))
        if answer is not None:
            self.pieces = answer.pieces
        return answer


def _objects(source: StudySource, series: list[str], sop_uid: str) -> Iterator[WholeObject]:
    for uid in series:
        yield from whole_objects(source, uid, sop_uid)


_SERIES = rf"/dicom-web/studies/{UID}/series/{UID}"

ROUTES = [
    (rf"/dicom-web/studies/{UID}/metadata", MetadataHandler),
    (rf"{_SERIES}/metadata", MetadataHandler),
    (rf"{_SERIES}/instances/{UID}/metadata", MetadataHandler),
    (rf"{_SERIES}", ObjectsHandler),
    (rf"{_SERIES}/instances/{UID}", ObjectsHandler),
]
