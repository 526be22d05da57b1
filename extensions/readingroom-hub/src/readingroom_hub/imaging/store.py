"""STOW-RS for derived objects: reports, key images, presentation states and segmentations of one study (PS3.18 10.5)."""

import json
from typing import Any, ClassVar

from tornado.web import stream_request_body

from readingroom.dicom.model import Study
from readingroom.dicom.scan import ScannedFile
from readingroom.reading.permissions import Action
from readingroom_hub.handlers import Access
from readingroom_hub.imaging.base import UID
from readingroom_hub.imaging.derived import MAX_OBJECT, NOT_UNDERSTOOD, DerivedObjects, NotKeptError
from readingroom_hub.imaging.errors import MalformedRequestError, TooLargeError, TooManyRequestsError
from readingroom_hub.imaging.media import DICOM, DICOM_JSON
from readingroom_hub.imaging.multipart import Part, parts
from readingroom_hub.imaging.retrieve import ObjectsHandler
from readingroom_hub.imaging.with_derived import WithDerived

AT_ONCE = 4
"""Messages that are being received at a time; each is held in memory until it is checked."""


@stream_request_body
class StudyHandler(ObjectsHandler):
    """Whole objects of a study, and the one place where derived objects of it are taken."""

    access: ClassVar = {
        "GET": Access(people=True, action=Action.OPEN_STUDY),
        "POST": Access(people=True, action=Action.STORE_DERIVED),
    }
    receiving: ClassVar[int] = 0

    async def prepare(self) -> None:
        """Find out whether the caller may before a byte of the message is read."""
        self._received = bytearray()
        self._counted = False
        await super().prepare()
        if self.request.method == "POST":
            self._make_room()

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the message."""
        self._received += chunk

    async def post(self, study_uid: str) -> None:
        """Keep the objects of a message and answer what became of each."""
        source = self.gateway.source
        if self.gateway.derived is None or not isinstance(source, WithDerived):
            raise MalformedRequestError("Nothing is kept here.")
        study = await self.gateway.catalogue.study(study_uid)
        images = frozenset(series.uid for series in await self.work(source.source.series, study_uid))
        kept, failed = [], []
        for part in parts(self.request.headers.get("Content-Type", ""), bytes(self._received)):
            try:
                scanned = await self.work(_keep, self.gateway.derived, part, study, images)
                kept.append((scanned.sop_class_uid, scanned.sop_uid, scanned.series.uid))
            except NotKeptError as error:
                failed.append(error)
        source.look_again()
        self.gateway.catalogue.look_again()
        await self._report(study_uid, kept, failed)

    def on_finish(self) -> None:
        """Make room for the next message."""
        if self._counted:
            StudyHandler.receiving -= 1
            self._counted = False
        self._received.clear()

    def _make_room(self) -> None:
        if int(self.request.headers.get("Content-Length", "0") or 0) > MAX_OBJECT:
            raise TooLargeError(f"Objects of more than {MAX_OBJECT // 2**20} MiB together are not kept here.")
        if StudyHandler.receiving >= AT_ONCE:
            raise TooManyRequestsError("Other objects are being kept just now.")
        StudyHandler.receiving += 1
        self._counted = True
        self.request.connection.set_max_body_size(MAX_OBJECT)  # type: ignore[union-attr]

    async def _report(self, study_uid: str, kept: list[tuple[str, str, str]], failed: list[NotKeptError]) -> None:
        """Answer with the Store Instances Response Module, and with the words in a header (PS3.18 10.5.3.2)."""
        root = f"{self.request.protocol}://{self.request.host}/dicom-web/studies/{study_uid}"
        told: dict[str, Any] = {"00081190": {"vr": "UR", "Value": [root]}}
        if kept:
            told["00081199"] = {"vr": "SQ", "Value": [_kept_item(root, *each) for each in kept]}
        if failed:
            told["00081198"] = {"vr": "SQ", "Value": [_failed_item(each) for each in failed]}
        for error in failed:
            self.add_header("Warning", f'299 {self.request.host}: "{error}"'.encode("ascii", "replace"))
        self.set_status(202 if kept and failed else 409 if failed or not kept else 200)
        await self.answer(json.dumps(told).encode(), DICOM_JSON)


def _keep(derived: DerivedObjects, part: Part, study: Study, images: frozenset[str]) -> ScannedFile:
    if part.media_type != DICOM:
        raise NotKeptError(NOT_UNDERSTOOD, f"Each part must be {DICOM}, a PS3.10 file.")
    return derived.keep(part.data, study, images)


def _kept_item(root: str, sop_class_uid: str, sop_uid: str, series_uid: str) -> dict[str, Any]:
    return {
        "00081150": {"vr": "UI", "Value": [sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [sop_uid]},
        "00081190": {"vr": "UR", "Value": [f"{root}/series/{series_uid}/instances/{sop_uid}"]},
    }


def _failed_item(error: NotKeptError) -> dict[str, Any]:
    return {"00081197": {"vr": "US", "Value": [error.reason]}}


ROUTES = [(rf"/dicom-web/studies/{UID}", StudyHandler)]
