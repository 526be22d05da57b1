"""Our Jupyter server extension: puts the viewer process behind ``<server>/viewer/`` for its owner alone.

The page redirects a browser that is not logged in to the hub; everything else without a login, with another
person's login or from a foreign Origin is refused with 403, on the page and on every WebSocket. What reaches the
viewer process carries identity headers set here, and no cookie or token.
"""

import asyncio
import os
import time
from typing import Any, ClassVar, cast
from urllib.parse import urlparse

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.serverapp import ServerApp
from tornado import web
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, url_concat
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler

from readingroom.reading.permissions import Action
from readingroom.wire.refusals import code_of, error_body, words_of
from readingroom_viewer import upstream
from readingroom_viewer.settings import VIEWER_PATH

RECHECK_S = 10.0
"""How often an open socket's login and scope are asked again; JupyterHub's own cache would keep it open for 300 s."""

HUB_GRACE_S = 30.0
"""A hub that restarts must not throw readers out; one that stays away must."""

CLOSED_BY_ACCESS = 4403
HUB_SESSION_COOKIE = "jupyterhub-session-id"
"""Set by the hub at login for every path: whoever sends it can be asked to complete the login."""

USER_HEADER = "X-Readingroom-User"
GROUPS_HEADER = "X-Readingroom-Groups"
_NOT_PASSED_UP = {"cookie", "authorization", "host", "connection", "upgrade", "content-length", "accept-encoding"}
_NOT_PASSED_DOWN = {"connection", "transfer-encoding", "content-length", "content-encoding", "set-cookie", "server"}


class _OwnersOnly(JupyterHandler):
    """What page and sockets share: who may pass, and what the viewer process is told about them."""

    action: ClassVar = Action.USE_READING

    def initialize(self, process: upstream.ViewerProcess) -> None:
        self.process = process

    @property
    def hub_auth(self) -> Any:  # noqa: ANN401 - JupyterHub has no types
        """What asks the hub about logins and scopes."""
        return cast("Any", self.identity_provider).hub_auth

    def check_xsrf_cookie(self) -> None:
        """Let the page's own module scripts pass with the cookie alone: everything here is a GET that changes nothing.

        JupyterHub asks for an XSRF token on every ``fetch`` and ``import()``, which a script tag cannot add.
        """
        headers = self.request.headers
        foreign = headers.get("Sec-Fetch-Site", "same-origin") in {"cross-site", "same-site"}
        if foreign and headers.get("Sec-Fetch-Mode") != "navigate":
            raise web.HTTPError(403, "This request comes from another site.")

    def write_error(self, status_code: int, **more: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Answer a script or a program in the one shape; a person who opens a page gets a page."""
        if _is_navigation(self.request.headers):
            super().write_error(status_code, **more)
            return
        error = more.get("exc_info", (None, None, None))[1]
        self.set_header("Content-Type", "application/json")
        self.finish(error_body(code_of(status_code), words_of(error, status_code)))

    def refuse_strangers(self) -> None:
        """Raise 403 unless the owner of this server asks, from this server's own pages."""
        if self.current_user is None:
            raise web.HTTPError(403, "Log in to Reading Room first.")
        if self.current_user.username != os.environ.get("JUPYTERHUB_USER"):
            raise web.HTTPError(403, "This reading room belongs to somebody else.")
        origin = self.request.headers.get("Origin")
        if origin is not None and not _is_own(origin, self.request):
            raise web.HTTPError(403, "This request comes from another site.")

    def headers_for_viewer(self) -> HTTPHeaders:
        """Return the request's headers without secrets, with the identity that the hub vouches for."""
        headers = HTTPHeaders()
        for name, value in self.request.headers.get_all():
            if not name.lower().startswith(("x-readingroom-", "sec-websocket-")) and name.lower() not in _NOT_PASSED_UP:
                headers.add(name, value)
        headers["Host"] = self.request.host
        headers[USER_HEADER] = self.current_user.username
        headers[GROUPS_HEADER] = ",".join(getattr(self.current_user, "hub_user", {}).get("groups") or [])
        return headers

    async def wait_for_viewer(self) -> None:
        """Wait for the viewer process to come up; raises 503 in words when it does not."""
        try:
            await self.process.ready()
        except TimeoutError as error:
            raise web.HTTPError(503, "The viewer did not start within a minute. Stop and start your server.") from error


class ViewerPage(_OwnersOnly):
    """The page, its scripts and its pictures of the furniture."""

    @allow_unauthenticated
    async def get(self, path: str = "") -> None:
        """Pass the request on to the viewer process."""
        if self.current_user is None and (_is_navigation(self.request.headers) or self.get_cookie(HUB_SESSION_COOKIE)):
            self.redirect(url_concat(self.get_login_url(), {"next": self.request.uri or "/"}))
            return
        self.refuse_strangers()
        await self.wait_for_viewer()
        answer = await upstream.fetch(
            self.process,
            HTTPRequest(f"http://viewer{self.request.uri}", headers=self.headers_for_viewer(), follow_redirects=False),
        )
        self.set_status(answer.code, answer.reason)
        if path.startswith("static/"):
            self.set_header("Cache-Control", "private, no-cache")  # a script names no patient: ask whether it changed
        for name, value in answer.headers.get_all():
            if name.lower() not in _NOT_PASSED_DOWN:
                self.set_header(name, value)
        if answer.body:
            self.write(answer.body)
        await self.finish()


class ViewerSocket(WebSocketMixin, WebSocketHandler, _OwnersOnly):
    """Any WebSocket below the viewer: Bokeh's own, and the frames."""

    upstream_connection: WebSocketClientConnection | None = None
    opened: ClassVar[set["ViewerSocket"]] = set()

    @allow_unauthenticated
    async def get(self, _path: str = "") -> None:
        """Check the person, connect to the viewer process, then accept with the subprotocol that it chose."""
        self.refuse_strangers()
        await self.wait_for_viewer()
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        self.upstream_connection = await upstream.connect(
            self.process,
            HTTPRequest(f"ws://viewer{self.request.uri}", headers=self.headers_for_viewer()),
            [name.strip() for name in offered.split(",") if name.strip()],
        )
        await super().get()

    @property
    def max_message_size(self) -> int:
        """The largest message that passes, the same in both directions."""
        return upstream.MAX_MESSAGE_BYTES

    def check_origin(self, origin: str | None = None) -> bool:  # noqa: ARG002 - Tornado's signature
        """Accept: ``refuse_strangers`` has already compared the Origin, for pages and sockets alike."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:  # noqa: ARG002 - Tornado's signature
        """Return the one that the viewer process chose."""
        return self.upstream_connection.selected_subprotocol if self.upstream_connection else None

    async def open(self, _path: str = "") -> None:
        """Pass messages both ways until one side closes, and look again every 10 s whether the person still may."""
        self.set_nodelay(True)  # without it two small answers in a row take 46 ms instead of 1.3
        hub_auth = self.hub_auth
        self.opened.add(self)
        self._token, self._session = hub_auth.get_token(self), hub_auth.get_session_id(self)
        self._last_yes = time.monotonic()
        self._recheck = PeriodicCallback(self._check_again, RECHECK_S * 1000)
        self._recheck.start()
        self._pumping = asyncio.ensure_future(self._pump())

    async def on_message(self, message: str | bytes) -> None:
        """Pass a message of the page on."""
        if self.upstream_connection is not None:
            try:
                await self.upstream_connection.write_message(message, binary=isinstance(message, bytes))
            except WebSocketClosedError:
                self.close(1012, "The viewer restarts.")

    def on_close(self) -> None:
        """Let go of both ends."""
        self.opened.discard(self)
        if recheck := getattr(self, "_recheck", None):
            recheck.stop()
        if self.upstream_connection is not None:
            self.upstream_connection.close()

    async def _pump(self) -> None:
        connection = self.upstream_connection
        while connection is not None and (message := await connection.read_message()) is not None:
            try:
                await self.write_message(message, binary=isinstance(message, bytes))
            except WebSocketClosedError:
                return
        self.close(1012, "The viewer restarts.")

    async def _check_again(self) -> None:
        hub_auth = self.hub_auth
        try:
            user = await hub_auth.user_for_token(self._token, use_cache=False, session_id=self._session, sync=False)
        except web.HTTPError as error:
            self.log.warning("the hub could not be asked about an open socket: %s", error)
            if time.monotonic() - self._last_yes > HUB_GRACE_S:
                self.close(CLOSED_BY_ACCESS, "The hub has not answered for too long.")
            return
        if user is None or not hub_auth.check_scopes(hub_auth.access_scopes, user):
            self.close(CLOSED_BY_ACCESS, "Your access has ended.")
            return
        self._last_yes = time.monotonic()


def _is_own(origin: str, request: HTTPServerRequest) -> bool:
    """Return whether an Origin is this site: its host, and, where the browser came by TLS, no page without it.

    Anybody on the way can be the same host without TLS. The proxy says how the browser came.
    """
    came = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip()
    parsed = urlparse(origin)
    secure = came in {"https", "wss"}
    return parsed.netloc.lower() == request.host.lower() and (parsed.scheme == "https" or not secure)


def _is_navigation(headers: HTTPHeaders) -> bool:
    """Return whether a person's browser opens a page, as against a script or a program asking for something."""
    return "text/html" in headers.get("Accept", "") and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Start the viewer process and route ``viewer/`` to it (called by Jupyter Server)."""
    process = upstream.ViewerProcess()
    serverapp.io_loop.add_callback(process.start)
    base = serverapp.base_url + VIEWER_PATH
    arguments: dict[str, Any] = {"process": process}
    serverapp.web_app.add_handlers(  # type: ignore[no-untyped-call]
        ".*$",
        [
            (f"{base}(frames|ws|.*/ws)", ViewerSocket, arguments),
            (f"{base}(.*)", ViewerPage, arguments),
        ],
    )
    # Jupyter Server has no hook for the end of an extension like this one; it says so by this trait, in a signal handler.
    serverapp.observe(lambda _: serverapp.io_loop.add_callback_from_signal(_end, process), "_stopping")


async def _end(process: upstream.ViewerProcess) -> None:
    """Say to every open page why it ends, then end the viewer process."""
    for each in list(ViewerSocket.opened):
        each.close(CLOSED_BY_ACCESS, "Your server was stopped.")
    await process.stop()
