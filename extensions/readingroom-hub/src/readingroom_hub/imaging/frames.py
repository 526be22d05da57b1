"""WADO-RS frames and bulk data: the bytes as they are stored, each with what it says it is (PS3.18 10.4.1.4)."""

from typing import ClassVar

from readingroom.errors import NotFoundError
from readingroom.pixels.codecs import STREAMS
from readingroom.reading.permissions import Action
from readingroom_hub.imaging.base import UID, GatewayHandler
from readingroom_hub.imaging.dicom_json import bulk_data
from readingroom_hub.imaging.errors import MalformedRequestError
from readingroom_hub.imaging.media import OCTETS, choose, choose_frames
from readingroom_hub.imaging.multipart import Writer

MOST_FRAMES = 1000
"""Frames of one request."""


class FramesHandler(GatewayHandler):
    """Frames of an instance by their numbers."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str, sop_uid: str, numbers: str) -> None:
        """Answer with one part a frame, in the order asked for; a video is one part, whichever frames were asked for."""
        wanted = _numbers(numbers)
        count = await self.gateway.catalogue.frame_count(study_uid, series_uid, sop_uid)
        if missing := [number for number in wanted if number > count]:
            raise NotFoundError(f"This instance has {count} frames; there is no frame {missing[0]}.")
        self.gateway.rate.take(self.caller.person, 1)
        frame = await self.work(self.gateway.source.frame, sop_uid, wanted[0])
        syntax = frame.transfer_syntax_uid
        others: list[int] = [] if syntax in STREAMS else wanted[1:]
        self.gateway.rate.take(self.caller.person, len(others))
        writer = Writer(choose_frames(self.request.headers.get("Accept", "*/*"), syntax))
        self.set_header("Content-Type", writer.content_type)
        head = writer.head(f"{writer.media_type}; transfer-syntax={syntax}")
        await self.send(b"".join((head, frame.data, writer.tail())))
        for number in others:
            await self.check()
            frame = await self.work(self.gateway.source.frame, sop_uid, number)
            await self.send(b"".join((head, frame.data, writer.tail())))
        await self.answer(writer.end(), writer.content_type)


class BulkDataHandler(GatewayHandler):
    """A long binary value of an instance that its metadata gave an address to."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str, sop_uid: str, path: str) -> None:
        """Answer with the value in one part."""
        choose(self.request.headers.get("Accept", "*/*"), (OCTETS,))
        await self.gateway.catalogue.frame_count(study_uid, series_uid, sop_uid)
        value = await self.work(lambda: bulk_data(self.gateway.source.metadata(sop_uid), path))
        writer = Writer(OCTETS)
        body = b"".join((writer.head(OCTETS), value, writer.tail(), writer.end()))
        await self.answer(body, writer.content_type)


def _numbers(text: str) -> list[int]:
    """Return the frame numbers of an address, from 1; raises ``MalformedRequestError``."""
    parts = text.split(",", MOST_FRAMES)
    if len(parts) > MOST_FRAMES:
        raise MalformedRequestError(f"More than {MOST_FRAMES} frames were asked for at once.")
    if not all(part.isascii() and part.isdigit() and len(part) <= 7 and int(part) for part in parts):  # noqa: PLR2004
        raise MalformedRequestError("Frames are asked for by their numbers from 1, with commas between.")
    return [int(part) for part in parts]


_INSTANCE = rf"/dicom-web/studies/{UID}/series/{UID}/instances/{UID}"

ROUTES = [
    (rf"{_INSTANCE}/frames/([^/]*)", FramesHandler),
    (rf"{_INSTANCE}/bulkdata/(.+)", BulkDataHandler),
]
