"""The viewer process: the Panel app and the frame socket, on one private unix socket.

Run as ``python -m readingroom_viewer.app SOCKET``; who may connect is decided by the server extension in front.
"""

import logging
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import panel as pn

from readingroom.pixels import straight
from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_viewer.bound import die_with_parent
from readingroom_viewer.served import served
from readingroom_viewer.server_extension import GROUPS_HEADER, USER_HEADER
from readingroom_viewer.settings import ServerSettings
from readingroom_viewer.socket import FrameSocket
from readingroom_viewer.upstream import MAX_MESSAGE_BYTES
from readingroom_viewer.viewer import STATIC, ViewerPane

RENDER_THREADS = 2
"""Decoding and windowing release the GIL: two threads on two cores measured 1.8 times one."""

QUIET_S = 1.0
"""Nobody has asked for anything that long: the moment for what holds every thread."""

PAGE = """
{% extends base %}
{% block title %}Reading Room{% endblock %}
{% block postamble %}
<style>
  html, body { margin: 0; height: 100%; background: #0b0e11; overflow: hidden; }
</style>
{% endblock %}
{% block contents %}{{ embed(roots.viewer) }}{% endblock %}
"""


def page(settings: ServerSettings) -> pn.Template:
    """Return one reader's page; their name and groups come from the headers that the extension sets."""
    headers = {name.title(): value for name, value in pn.state.headers.items()}
    groups = str(headers.get(GROUPS_HEADER, ""))
    template = pn.Template(PAGE)
    icon = f"data:image/svg+xml,{quote((STATIC / 'icon.svg').read_text(encoding='utf-8'))}"
    for name in ("app_favicon", "apple_icon"):  # else Panel's page names its own, which are not there
        template.add_variable(name, icon)
    template.add_panel(
        "viewer",
        ViewerPane(  # type: ignore[no-untyped-call] # param makes the constructor
            socket_url=f"{settings.viewer_prefix}frames",
            hub_url=settings.hub_url,
            person=headers.get(USER_HEADER, ""),
            lock_minutes=settings.lock_minutes,
            role=groups.split(",", maxsplit=1)[0],
            styles={"position": "fixed", "inset": "0"},
        ),
    )
    return template


class RenderPool(ThreadPoolExecutor):
    """The threads that render, with the moment when they were last given something to do."""

    last_used = 0.0

    def submit(self, *given: Any, **named: Any) -> "Future[Any]":  # noqa: ANN401 - whatever is to be done
        """Take a task (``ThreadPoolExecutor``)."""
        self.last_used = time.monotonic()
        return super().submit(*given, **named)


def _warm_up(compiling: "subprocess.Popen[bytes]", pool: RenderPool) -> None:
    """Load what was compiled beside this process, when nobody waits; pictures come from the slower, equal code until then.

    Loading holds every thread of the process for 170 to 370 ms, once: as long as a first image takes.
    """
    if compiling.wait() == 0:
        while time.monotonic() - pool.last_used < QUIET_S:
            time.sleep(QUIET_S / 10)
        straight.warm_up()


def main(socket_path: Path) -> None:
    """Serve until the server in front ends this process."""
    die_with_parent()
    keep_secrets_out_of_logs()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = ServerSettings.from_environment()
    found = served(settings)
    compiling = subprocess.Popen([sys.executable, "-m", "readingroom_viewer.warm"], stdin=subprocess.DEVNULL)
    pool = RenderPool(RENDER_THREADS, thread_name_prefix="render")
    threading.Thread(target=_warm_up, args=(compiling, pool), daemon=True).start()
    given = {"source": found.source, "settings": settings, "records": found.records, "leases": found.leases}
    pn.serve(
        {"": lambda: page(settings)},
        unix_socket=str(socket_path),
        prefix=settings.viewer_prefix.rstrip("/"),
        websocket_origin="*",
        websocket_max_message_size=MAX_MESSAGE_BYTES,
        extra_patterns=[("/frames", FrameSocket, {**given, "pool": pool})],
        include_headers=[USER_HEADER, GROUPS_HEADER],
        show=False,
        verbose=False,
    )
    compiling.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
