"""A hub that is killed while it tells the records of a login: the next hub tells it, and the audit has it once."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select
from tornado.httpserver import HTTPServer

from readingroom_hub.callers import Caller
from readingroom_hub.preflight import free_ports
from readingroom_hub.records.service import make_application, make_context
from readingroom_hub.records.settings import RecordsSettings
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries
from readingroom_hub.telling.spool import Spool
from readingroom_hub.testing import wait_for


class OnlyTheHub:
    """Stands in for the hub's answer to whose token it is; the real one is proved in ``test_callers``."""

    async def service(self, token: str) -> Caller:
        """Take every token for the hub's."""
        return Caller("service", "hub", frozenset(), "", frozenset(), token)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[tuple[str, Store]]:
    """Run the records' own application over a database in a thread; return the address for events, and the database."""
    (port,) = free_ports(1)
    settings = RecordsSettings(
        port, "/records/", "http://127.0.0.1:9/hub/api", "-", f"sqlite:///{tmp_path}/records.sqlite", frozenset()
    )
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Store]] = Future()

    async def serve() -> None:
        context = replace(make_context(settings), callers=OnlyTheHub())  # type: ignore[arg-type]
        server = HTTPServer(make_application(context, settings.prefix))
        server.listen(port, "127.0.0.1")
        over = asyncio.Event()
        begun.set_result((asyncio.get_running_loop(), over, context.store))
        await over.wait()
        server.stop()
        await server.close_all_connections()
        context.store.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, over, store = begun.result(20)
    yield f"http://127.0.0.1:{port}/records/api/events", store
    loop.call_soon_threadsafe(over.set)
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(("moment", "has"), [("before", 0), ("after", 1)])
def test_a_killed_hub_loses_and_doubles_nothing(
    records: tuple[str, Store], tmp_path: Path, moment: str, has: int
) -> None:
    """Killed once the event is on its disk and before it is sent, or once the records have it and before that is noted."""
    address, store = records
    with started(tmp_path, address, moment) as hub:
        assert "now\n" == hub.readline()
    spool = Spool(tmp_path / "hub-audit" / "spool.sqlite")
    waits = spool.oldest()
    assert (has, True) == (logins(store), waits is not None and "logged-in" in waits.event)

    with started(tmp_path, address, "again"):
        assert wait_for(lambda: spool.oldest() is None, 20)
    spool.close()
    assert 1 == logins(store)


@contextmanager
def started(folder: Path, address: str, moment: str) -> Iterator[IO[str]]:
    """Start a hub that stops at a moment, or the one after it; give what it says, and kill it."""
    command = [sys.executable, "-m", "tests.records.dying_hub", str(folder), address, moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout
        finally:
            process.kill()


def logins(store: Store) -> int:
    """Return how many logins the audit has."""
    query = select(audit_entries.c.person).where(audit_entries.c.kind == "logged-in")
    return len(store.read_and_wait(lambda connection: connection.execute(query).all()))
