"""The service as a program: opens the database, says that it records, serves, and closes in order."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable

from jupyterhub.services.auth import HubOAuth
from sqlalchemy import Connection
from tornado import web
from tornado.httpserver import HTTPServer

from readingroom.reading.audit_codes import Kind
from readingroom_hub import grants_pages
from readingroom_hub.audit.keeping import keeping
from readingroom_hub.audit.pages import PAGES
from readingroom_hub.callers import HOLDS_S, Callers
from readingroom_hub.handlers import log_function
from readingroom_hub.records import rows
from readingroom_hub.records.api import API
from readingroom_hub.records.asking import Asker, about
from readingroom_hub.records.base import Context, Health, Login, NoSuchAddress, routes
from readingroom_hub.records.changes import Changes
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.records.fields import MAX_BODY
from readingroom_hub.records.invitations_api import API as INVITATIONS
from readingroom_hub.records.leavers_api import LEAVERS_API
from readingroom_hub.records.login import LoginReturn
from readingroom_hub.records.settings import RecordsSettings
from readingroom_hub.retention import as_started
from readingroom_hub.retention.daily import Daily
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.store import Store

ENDS_EVERY_S = 2.0
"""So often grants that have ended by themselves are looked for."""

log = logging.getLogger(__name__)


def make_context(settings: RecordsSettings) -> Context:
    """Open the database; raises ``StoreError`` where it cannot be opened or is another copy's."""
    store = Store(settings.database)
    browsers = HubOAuth(cache_max_age=int(HOLDS_S), allow_token_in_url=False)
    callers = Callers(settings.hub_api_url, settings.token)
    clock = store.read_and_wait(LatestClock)
    return Context(store, clock, callers, browsers, settings.rota, Daily(store, clock, settings.retention))


def make_application(context: Context, prefix: str) -> web.Application:
    """Return the application with every route below ``prefix``."""
    callback = (prefix + "oauth_callback", LoginReturn, {"context": context})
    return web.Application(
        [
            *routes(
                prefix,
                {"health": Health, "login": Login, **API, **INVITATIONS, **LEAVERS_API, **PAGES, **grants_pages.PAGES},
                context,
            ),
            callback,
        ],
        default_handler_class=NoSuchAddress,
        default_handler_args={"context": context},
        cookie_secret=os.urandom(32),
        log_function=log_function(),
    )


async def serve(settings: RecordsSettings) -> None:
    """Serve until the process is told to end."""
    context = make_context(settings)
    server = HTTPServer(make_application(context, settings.prefix), max_body_size=MAX_BODY)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        await context.store.write(_happened(context, Kind.APPLICATION_STARTED))
        async with keeping(context.store, lambda: iso(context.clock.now()), settings.audit):
            if settings.audit is not None:
                as_started.keep(settings.audit, settings.retention)
            server.listen(settings.port, "127.0.0.1")
            tasks = [asyncio.ensure_future(each) for each in (_end_grants(context), context.daily.keep_doing())]
            await told.wait()
            for task in tasks:
                task.cancel()
            server.stop()
            await context.store.write(_happened(context, Kind.APPLICATION_STOPPED))
    finally:
        context.store.close()


def _happened(context: Context, kind: Kind) -> Callable[[Connection], int]:
    return lambda connection: rows.add_event(
        connection, about(kind, context.clock.keep(connection), Asker("", frozenset()))
    )


async def _end_grants(context: Context) -> None:
    """Tell of every grant that ends, as long as the service runs."""
    changes = Changes(context.clock, context.rota)
    while True:
        await asyncio.sleep(ENDS_EVERY_S)
        try:
            if await context.store.read(changes.any_to_end):
                await context.store.write(changes.end_grants)
        except StoreError as error:
            log.warning("grants that have ended could not be told of: %s", error)
