"""The frame socket: one page, one WebSocket, any number of viewports; requests in, pictures out."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar, TypeVar

from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from readingroom import wire
from readingroom.dicom.source import StudySource
from readingroom.errors import AccessRefusedError, ReadingRoomError, WireError
from readingroom.reading.display import DisplayState
from readingroom.reading.permissions import Action, could, role_of
from readingroom_viewer.beside import Beside
from readingroom_viewer.display_quality import PageDisplay
from readingroom_viewer.leases import Closing, Leases
from readingroom_viewer.link import LinkEstimate
from readingroom_viewer.listing import study_list
from readingroom_viewer.opening import open_study
from readingroom_viewer.outgoing import Rendered
from readingroom_viewer.readouts import ReadOuts
from readingroom_viewer.recorder import Recorder
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.renderer import Renderer
from readingroom_viewer.server_extension import GROUPS_HEADER, USER_HEADER
from readingroom_viewer.settings import ServerSettings
from readingroom_viewer.viewports import Viewports

RECORDS_RETRY_S = 0.5
MOST_UNREAD = 1000
"""Words that may wait for a page that takes nothing in; one that reads gives up its connection long before."""

Result = TypeVar("Result")
ViewportMessage = wire.ViewRequest | wire.Painted | wire.Received | wire.Ahead | wire.Walked
log = logging.getLogger(__name__)


class FrameSocket(WebSocketHandler):
    """Speaks ``readingroom.wire``. Who may connect was decided by the server extension in front of it."""

    action: ClassVar = Action.USE_READING

    def initialize(
        self,
        source: StudySource,
        settings: ServerSettings,
        records: ServerRecords,
        leases: Leases,
        pool: ThreadPoolExecutor,
    ) -> None:
        """Take the study source, what the server was told, its records and leases and the threads that decode and render."""
        person = self.request.headers.get(USER_HEADER, "")
        role = role_of(self.request.headers.get(GROUPS_HEADER, "").split(","))
        self._breaks_glass = role is not None and could(role, Action.BREAK_GLASS)
        self._display = PageDisplay(records, person)
        later = IOLoop.current().call_later
        self._recorder = Recorder(records, person, later, self._say_error)
        self._read_outs = ReadOuts(records, person, later, self._say_error)
        self._source = source
        self._settings = settings
        self._pool = pool
        self._leases = leases
        self._renderer = Renderer(source, leases)
        self._link = LinkEstimate()
        self._viewports = Viewports(self, self._link)
        self._tasks: set[asyncio.Task[None]] = set()
        self._picturing: set[asyncio.Task[None]] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._displays = asyncio.Lock()
        self._beside = Beside(self, self._renderer, self._recorder)
        self._unread = 0

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002 - Tornado's signature
        """Accept: this socket listens on a private unix socket and the extension has checked the Origin."""
        return True

    def on_message(self, message: str | bytes) -> None:
        """Answer one request; what cannot be understood is refused in words and the connection lives on."""
        try:
            request = wire.parse_request(message)
            if isinstance(request, ViewportMessage):
                self._handle_viewport(request)
            else:
                self._handle(request)
        except WireError as error:
            log.warning("refused a message: %s", error)
            self._say_error(str(error))

    def on_close(self) -> None:
        """Stop what is still being rendered for this page."""
        self._leases.let_go(self)
        self._viewports.close()
        for task in self._tasks:
            task.cancel()
        self._recorder.close()
        self._read_outs.close()
        self._renderer.close()

    def _handle_viewport(self, request: ViewportMessage) -> None:
        self._viewports.handle(request)
        match request:
            case wire.ViewRequest():
                self._recorder.wanted(request.viewport, request.seq)
            case wire.Painted():
                self._recorder.painted(request.viewport, request.seq, verified=request.verified)
            case wire.Walked():
                self._recorder.walked(request)

    def _handle(self, request: wire.Request) -> None:
        match request:
            case wire.Ping():
                if request.round_trip_ms is not None:
                    now = asyncio.get_running_loop().time()
                    self._link.ping(now, request.round_trip_ms, busy=self._viewports.busy)
                self.say({"type": "pong", "sent": request.sent})
            case wire.CoverageRequest():
                self._begin(self._beside.coverage(request.series_uid))
            case _:
                self._answer(request)

    def _answer(self, request: wire.Request) -> None:
        """Start on what is no picture of a viewport."""
        match request:
            case wire.DisplayRequest():
                self._begin_first(self._use_display(request.display))
            case wire.MeasureRequest():
                self._begin(self._measure(request))
            case wire.ReadOutRequest():
                self._begin(self._read_out(request))
            case wire.StudiesRequest():
                self._begin(self._send_studies())
            case wire.OpenRequest():
                self._begin_first(self._send_study(request.study_uid))
            case wire.ThumbnailRequest():
                self.start(self._beside.thumbnail(request.series_uid))
            case wire.PlacesRequest():
                self._begin(self._beside.places(request.series_uid))

    async def may_send(self) -> None:
        """Wait until what is sent can be recorded, and say so meanwhile in every viewport that waits: no audit, no pixels.

        A page that comes back after a break asks for its study and its picture at once: the study and the screen that it is
        seen on come first.
        """
        await self.opened()
        said: set[tuple[str, str]] = set()
        while words := self._recorder.trouble():
            for viewport in self._viewports.waiting():
                if (viewport, words) not in said:
                    self._say_error(words, viewport=viewport)
                said.add((viewport, words))
            await asyncio.sleep(RECORDS_RETRY_S)

    async def opened(self) -> None:
        """Return when every study that is being opened is."""
        if self._opening:
            await asyncio.wait(self._opening)

    @property
    def busy(self) -> bool:
        """Whether a viewport waits for its picture."""
        return self._viewports.busy

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
            self.say(
                {"type": "measured", "saved": False, "result": "", "findings": [], "steps": [], "message": str(error)}
            )
            return
        self.say(answer)
        if request.save:
            await self._use_display(request.display)

    async def _use_display(self, name: str) -> None:
        """Take the page's display, one after the other: the last one that it names is the one that it is on."""
        async with self._displays:
            self.say(await self.run(self._display.use, name))

    async def _read_out(self, request: wire.ReadOutRequest) -> None:
        words = self._read_outs.refusal()
        try:
            if not words:
                value = await self.run(self._renderer.read_out, request)
                self.say(asdict(self._read_outs.answer(request, value)))
        except ReadingRoomError as error:
            words = str(error)
        if words:
            self.say(asdict(wire.ReadOut(request.viewport, request.number, "", 0, "", notes=(words,))))

    async def _send_studies(self) -> None:
        self.say(await self.run(study_list, self._source, self._settings))

    async def _send_study(self, study_uid: str) -> None:
        try:
            with self._leases.opening(study_uid):
                message = await open_study(self.run, self._source, self._renderer, self._leases, study_uid)
                self._leases.hold(study_uid, self)
            self.say(message)
            # The page asks for this picture one round trip later.
            await self.run(self._renderer.prepare, study_uid)
        except ReadingRoomError as error:
            emergency = self._breaks_glass and isinstance(error, AccessRefusedError)
            self._say_error(str(error), study_uid=study_uid, emergency=emergency)

    def close_study(self, closing: Closing) -> None:
        """Drop everything of a study, let nothing of it leave any more, and tell the page to take it off the screen."""
        self._viewports.close()
        self._viewports = Viewports(self, self._link)
        for task in self._picturing:
            task.cancel()
        self._renderer.close_study(closing.study_uid)
        told = {
            "message": closing.reason,
            "again": closing.again,
            "emergency": self._breaks_glass and not closing.again,
        }
        self.say({"type": "closed", "study_uid": closing.study_uid, **told})

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a function in the threads that render."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments))

    async def send(self, message: bytes) -> None:
        """Send a binary message; returns once the socket took it."""
        await self.write_message(message, binary=True)

    def say(self, message: dict[str, Any]) -> None:
        """Send words; a page that has gone is told nothing, and one that takes nothing in is let go."""
        if self.ws_connection is None:
            return
        if self._unread >= MOST_UNREAD:
            log.warning("let a page go that takes nothing in")
            self.close()
            return
        self._unread += 1
        asyncio.ensure_future(self.write_message(json.dumps(message, separators=(",", ":")))).add_done_callback(
            self._read
        )

    def _read(self, written: "asyncio.Future[None]") -> None:
        self._unread -= 1
        failure = None if written.cancelled() else written.exception()
        if isinstance(failure, WebSocketClosedError):
            log.info("the page closed while words were on their way")
        elif failure is not None:
            log.error("words could not be sent: %s", failure)

    def _say_error(
        self,
        message: str,
        viewport: str | None = None,
        seq: int | None = None,
        study_uid: str | None = None,
        *,
        emergency: bool = False,
    ) -> None:
        about = {"viewport": viewport, "seq": seq, "study_uid": study_uid, "emergency": emergency}
        self.say({"type": "error", "message": message, **about})

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task that sends pictures: it ends with the page, or with the study."""
        task = self._begin(work)
        self._picturing.add(task)
        task.add_done_callback(self._picturing.discard)

    def _begin_first(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task that the pictures wait for."""
        task = self._begin(work)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a task that ends with the page, and return it."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except WebSocketClosedError:
            log.info("the page closed while a picture was on its way")
        except Exception:
            log.exception("a request failed for a reason nobody foresaw")
            self._say_error("Something failed on the server. It has been written to the log. Try again.")
