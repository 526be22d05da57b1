"""What every route of the gateway does first and last: who calls, may they, whose turn; and one shape for all refusals."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from readingroom.dicom.source import StudySource
from readingroom.errors import ReadingRoomError
from readingroom.reading.permissions import Action
from readingroom.wire.refusals import error_body
from readingroom_hub.callers import Caller, CallerError, Callers, UnknownCallerError
from readingroom_hub.handlers import DoorHandler, Public, declared, methods
from readingroom_hub.imaging.access import Gate
from readingroom_hub.imaging.catalogue import Catalogue
from readingroom_hub.imaging.derived import DerivedObjects
from readingroom_hub.imaging.errors import ClientGoneError, MalformedRequestError, described
from readingroom_hub.imaging.rates import FrameRate
from readingroom_hub.imaging.refused import RefusedCallers
from readingroom_hub.imaging.turns import Turns

UID = r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,63})"
"""UIDs in addresses: digits and dots (PS3.5 9.1), and the letters that old programs wrote."""

SEND_S = 60.0
"""Seconds in which a caller must have taken a piece; whoever is slower is let go, with what was read for them."""

LONGEST_TOKEN = 512
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything a route needs."""

    source: StudySource
    catalogue: Catalogue
    callers: Callers
    gate: Gate
    refused: RefusedCallers
    turns: Turns
    rate: FrameRate
    executor: Executor
    derived: DerivedObjects | None = None
    send_s: float = SEND_S


class GatewayHandler(DoorHandler):
    """A route: it declares what its caller must be allowed (``handlers``), and the first group of its address is a study."""

    def initialize(self, gateway: Gateway) -> None:
        """Take what every route needs."""
        self.gateway = gateway
        self.caller: Caller
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def wanted(self) -> Action | None:
        """What the caller must be allowed; None where the route asks about each study before it names it."""
        method = next((each for each in methods(type(self)) if each == self.request.method), None)
        if method is None:
            raise HTTPError(405)
        access = declared(type(self), method)
        return None if isinstance(access, Public) else access.action

    async def prepare(self) -> None:
        """Find out who calls and whether they may, before anything is looked up."""
        await self.check()

    async def check(self) -> None:
        """Ask, or remember, who calls and whether they may do this to the study; a stream does so again and again."""
        await self.find_caller()
        action = self.wanted
        if action is not None:
            facts = await self.gateway.catalogue.facts(self.path_args[0])
            await self.gateway.gate.check(self.caller, facts, action)

    async def find_caller(self) -> None:
        """Ask, or remember, who calls; raises ``CallerError`` for whoever is refused, once the audit has it."""
        token = ""
        try:
            token = self._token()
            self.caller = await self.gateway.callers.of(token)
        except CallerError as error:
            address = str(self.request.remote_ip or "")
            await self.gateway.refused.tell(error, token, address, self.request.path)
            raise

    async def work(self, function: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 - the function's own
        """Return what a function of the source returns, called in a thread when it is this person's turn."""
        async with self.gateway.turns.turn(self.caller.person, self.gone):
            if self.gone.done():
                raise ClientGoneError
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.gateway.executor, function, *arguments)

    async def send(self, piece: bytes) -> None:
        """Send a piece and wait until it has left; raises ``ClientGoneError`` where the caller does not take it."""
        async with self.gateway.turns.unsent(self.caller.person, len(piece)):
            self.write(piece)
            await self._taken(self.flush())

    async def answer(self, body: bytes, content_type: str) -> None:
        """Send a whole answer."""
        self.set_header("Content-Type", content_type)
        async with self.gateway.turns.unsent(self.caller.person, len(body)):
            await self._taken(self.finish(body))

    def break_off(self) -> None:
        """Close the connection in the middle of an answer, so that nobody takes its half for the whole."""
        if not self.gone.done():
            self.gone.set_result(None)
        stream = self.request.connection.stream if self.request.connection else None  # type: ignore[attr-defined]
        if stream is not None:
            stream.close()

    def on_connection_close(self) -> None:
        """Let go of everything that this caller waits for."""
        if not self.gone.done():
            self.gone.set_result(None)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:  # noqa: ANN401 - Tornado's
        """Answer in words, or where half an answer has left already, break the connection off."""
        if self._headers_written:
            self.break_off()
        else:
            super().send_error(status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - Tornado's
        """Answer in the one error shape."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, ReadingRoomError):
            status, code, what_to_do = described(error)
            self.set_status(status)
            self._refuse(code, str(error), what_to_do, error)
        elif status_code == 405:  # noqa: PLR2004
            self._refuse("method_not_allowed", "This address does not do that.", "", None)
        elif status_code < 500:  # noqa: PLR2004
            reason = error.log_message if isinstance(error, HTTPError) and error.log_message else "It cannot be read."
            self._refuse("malformed_request", f"The request is refused. {reason}", "", None)
        else:
            words = "The imaging service has failed at this; nothing is shown."
            self._refuse("internal", words, "Try again. If it goes on, tell your administrator.", None)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: ANN401 - Tornado's
        """Log what is a fault of ours with its trace, a refusal in one line, and a caller that went away not at all."""
        if isinstance(value, StreamClosedError | ClientGoneError):
            return
        if isinstance(value, ReadingRoomError):
            _log.info("%s %s: %s", self.request.method, described(value)[1], value)
        else:
            super().log_exception(typ, value, tb)

    def _refuse(self, code: str, message: str, what_to_do: str, error: BaseException | None) -> None:
        retry_after = getattr(error, "retry_after_s", None)
        if retry_after is not None:
            self.set_header("Retry-After", str(retry_after))
        self.set_header("Content-Type", "application/json")
        self.finish(error_body(code, message, what_to_do))

    async def _taken(self, sending: Awaitable[None]) -> None:
        try:
            await asyncio.wait_for(sending, self.gateway.send_s)
        except TimeoutError as error:
            self.break_off()
            raise ClientGoneError from error

    def _token(self) -> str:
        """Return the token of an Authorization header; it is never taken from an address or a cookie."""
        given = self.request.headers.get_list("Authorization")
        found = (
            re.fullmatch(r"(?:token|bearer)[ ]+([\x21-\x7e]+)", given[0], re.IGNORECASE) if len(given) == 1 else None
        )
        if found is None or len(found[1]) > LONGEST_TOKEN:
            raise UnknownCallerError("No token was given with the request, or none that can be read.")
        return found[1]


class NoSuchRouteHandler(GatewayHandler):
    """Every other address; even that there is none is told to callers only."""

    action = None

    async def prepare(self) -> None:
        """Find out who calls, and refuse."""
        await self.find_caller()
        raise MalformedRequestError(
            "There is no such address here. Every address names its study; UIDs hold digits, dots and letters."
        )
