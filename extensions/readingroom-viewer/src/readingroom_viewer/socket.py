"""The frame socket: one page, one WebSocket, any number of viewports; requests in, pictures out."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from readingroom import wire
from readingroom.dicom.model import Problem, Study
from readingroom.dicom.source import SourceState, StudySource
from readingroom.errors import NotFoundError, ReadingRoomError, WireError
from readingroom.reading.display import DisplayState
from readingroom_viewer.display_quality import PageDisplay
from readingroom_viewer.link import LinkEstimate
from readingroom_viewer.outgoing import Rendered
from readingroom_viewer.recorder import Recorder
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.renderer import Renderer
from readingroom_viewer.sending import ViewportSender
from readingroom_viewer.server_extension import USER_HEADER
from readingroom_viewer.settings import ServerSettings

MAX_VIEWPORTS = 16
"""The largest layout is 3 by 4; a page that asks for more is not ours."""

RECORDS_RETRY_S = 0.5

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class FrameSocket(WebSocketHandler):
    """Speaks ``readingroom.wire``. Who may connect was decided by the server extension in front of it."""

    def initialize(
        self, source: StudySource, settings: ServerSettings, records: ServerRecords, pool: ThreadPoolExecutor
    ) -> None:
        """Take the study source, what the server was told, its records and the threads that decode and render."""
        person = self.request.headers.get(USER_HEADER, "")
        self._display = PageDisplay(records, person)
        self._recorder = Recorder(records, person, IOLoop.current().call_later, self._say_error)
        self._source = source
        self._settings = settings
        self._pool = pool
        self._renderer = Renderer(source)
        self._link = LinkEstimate()
        self._viewports: dict[str, ViewportSender] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002 - Tornado's signature
        """Accept: this socket listens on a private unix socket and the extension has checked the Origin."""
        return True

    def on_message(self, message: str | bytes) -> None:
        """Answer one request; what cannot be understood is refused in words and the connection lives on."""
        try:
            request = wire.parse_request(message)
            if isinstance(request, wire.ViewRequest | wire.Painted | wire.Received):
                self._handle_viewport(self._viewport(request.viewport), request)
            else:
                self._handle(request)
        except WireError as error:
            log.warning("refused a message: %s", error)
            self._say_error(str(error))

    def on_close(self) -> None:
        """Stop what is still being rendered for this page."""
        for viewport in self._viewports.values():
            viewport.close()
        for task in self._tasks:
            task.cancel()
        self._recorder.close()
        self._renderer.close()

    def _handle_viewport(
        self, viewport: ViewportSender, request: wire.ViewRequest | wire.Painted | wire.Received
    ) -> None:
        match request:
            case wire.ViewRequest():
                viewport.want(request)
                self._recorder.wanted(request.viewport, request.seq)
            case wire.Painted():
                viewport.painted(request)
                self._recorder.painted(request.viewport, request.seq, verified=request.verified)
            case wire.Received():
                viewport.received(request)

    def _handle(self, request: wire.Request) -> None:
        match request:
            case wire.Ping():
                if request.round_trip_ms is not None:
                    self._link.ping(asyncio.get_running_loop().time(), request.round_trip_ms)
                self._say({"type": "pong", "sent": request.sent})
            case _:
                self._answer(request)

    def _answer(self, request: wire.Request) -> None:
        """Start on what is no picture of a viewport."""
        match request:
            case wire.DisplayRequest():
                self._say(self._display.use(request.display))
            case wire.MeasureRequest():
                self.start(self._measure(request))
            case wire.StudiesRequest():
                self.start(self._send_studies())
            case wire.OpenRequest():
                self.start(self._send_study(request.study_uid))
            case wire.ThumbnailRequest():
                self.start(self._send_thumbnail(request.series_uid))

    def _viewport(self, name: str) -> ViewportSender:
        if name not in self._viewports:
            if len(self._viewports) >= MAX_VIEWPORTS:
                raise WireError(f"A page may have at most {MAX_VIEWPORTS} viewports.")
            self._viewports[name] = ViewportSender(name, self, self._link)
        return self._viewports[name]

    async def may_send(self, viewport: str) -> None:
        """Wait until what is sent can be recorded, and say so meanwhile: no audit, no pixels."""
        said = ""
        while words := self._recorder.trouble():
            if words != said:
                self._say_error(words, viewport=viewport)
            said = words
            await asyncio.sleep(RECORDS_RETRY_S)

    @property
    def display(self) -> DisplayState:
        """The screen that the page is on."""
        return self._display.state

    def rendered(self, request: wire.ViewRequest, display: DisplayState) -> Rendered:
        """Return a picture; called in a thread."""
        return self._renderer.render(request, display)

    def leaves(self, header: wire.FrameHeader, display: DisplayState) -> None:
        """Note that a picture leaves now."""
        self._recorder.sent(asdict(header), display.curve)

    def refuse(self, request: wire.ViewRequest, why: str) -> None:
        """Say in words why a state cannot be shown."""
        self._say_error(why, viewport=request.viewport, seq=request.seq)

    async def _measure(self, request: wire.MeasureRequest) -> None:
        try:
            answer = await self.run(self._display.measure, request)
        except ReadingRoomError as error:
            self._say(
                {"type": "measured", "saved": False, "result": "", "findings": [], "steps": [], "message": str(error)}
            )
            return
        self._say(answer)
        if request.save:
            self._say(self._display.use(request.display))

    async def _send_studies(self) -> None:
        try:
            studies, problems, state = await self.run(self._read_list)
        except ReadingRoomError as error:
            studies, problems, state = [], [], SourceState(0, indexing=False, files_seen=0, message=str(error))
        self._say(self._study_list(studies, problems, state))

    def _read_list(self) -> tuple[Sequence[Study], Sequence[Problem], SourceState]:
        return self._source.studies(), self._source.problems(), self._source.state()

    def _study_list(self, studies: Sequence[Study], problems: Sequence[Problem], state: SourceState) -> dict[str, Any]:
        return {
            "type": "studies",
            "studies": [asdict(study) for study in studies],
            "problems": [asdict(problem) for problem in problems],
            "indexing": state.indexing,
            "files_seen": state.files_seen,
            "kind": self._settings.kind,
            "message": " ".join(filter(None, (self._settings.notice, state.message))),
        }

    async def _send_study(self, study_uid: str) -> None:
        try:
            opened = await self.run(self._open_study, study_uid)
        except ReadingRoomError as error:
            self._say_error(str(error), study_uid=study_uid)
            return
        self._say({"type": "study", **opened})

    def _open_study(self, study_uid: str) -> dict[str, Any]:
        found = next((study for study in self._source.studies() if study.uid == study_uid), None)
        if found is None:
            raise NotFoundError("This study is not in the list any more. Go back to the study list and choose again.")
        series, presentations = self._renderer.open_study(study_uid)
        return {
            "study": asdict(found),
            "series": [asdict(entry) for entry in series],
            "presentations": [asdict(entry) for entry in presentations],
        }

    async def _send_thumbnail(self, series_uid: str) -> None:
        try:
            await self.send(await self.run(self._renderer.thumbnail, series_uid))
        except ReadingRoomError as error:
            log.info("no thumbnail: %s", error)

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function in the threads that render."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments))

    async def send(self, message: bytes) -> None:
        """Send a binary message; returns once the socket took it."""
        await self.write_message(message, binary=True)

    def _say(self, message: dict[str, Any]) -> None:
        if self.ws_connection is not None:
            self.write_message(json.dumps(message, separators=(",", ":")))

    def _say_error(
        self, message: str, viewport: str | None = None, seq: int | None = None, study_uid: str | None = None
    ) -> None:
        self._say({"type": "error", "message": message, "viewport": viewport, "seq": seq, "study_uid": study_uid})

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task that ends with the page."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except WebSocketClosedError:
            log.info("the page closed while a picture was on its way")
        except Exception:
            log.exception("a request failed for a reason nobody foresaw")
            self._say_error("Something failed on the server. It has been written to the log. Try again.")
