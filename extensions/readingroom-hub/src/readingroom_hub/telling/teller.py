"""Tells the records what the hub does: kept on the disk first, then sent in order until the records have it.

What cannot be kept, because the disk is full or the records have been away for too long, is offered to the records at
once; where they do not take it either, ``NotKeptError`` says that it must not happen.
"""

import asyncio
import json
import logging
import sqlite3
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyterhub import orm
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import MAX_TEXT, AuditEvent, to_fields
from readingroom_hub.settings import HubSettings
from readingroom_hub.telling import people
from readingroom_hub.telling.acting import ACTING
from readingroom_hub.telling.spool import NotKeptError, Spool, Waiting

NAME = "hub"
"""The service under whose name the hub speaks to the records."""

TIMEOUT_S = 5.0
PAUSES_S = (0.2, 1.0, 5.0)
_NEVER = frozenset({400, 404, 409, 413, 422})
"""Answers that will be the same whenever the event is sent again."""

_PEOPLE = "people"

log = logging.getLogger(__name__)


def teller(settings: HubSettings) -> "Teller | None":
    """Return the one teller of a run; none where no records service runs."""
    return _teller(settings.records_api, settings.state) if settings.records_port else None


@cache
def _teller(records_api: str, state: Path) -> "Teller":
    return Teller(f"{records_api}/events", Spool(state / "hub-audit" / "spool.sqlite"))


class RecordsAwayError(Exception):
    """The records cannot be reached, or do not take anything just now."""


class RecordsRefuseError(Exception):
    """The records will never take this event."""


class Teller:
    """The hub's own audit."""

    def __init__(self, address: str, spool: Spool) -> None:
        self._address = address
        self._spool = spool
        self._token = ""
        self._woken = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    def begin(self, database: Any) -> None:  # noqa: ANN401 - a session of JupyterHub's
        """Take a token of the run's own, tell what has changed while the hub was away, and begin to send."""
        self._token = _new_token(database)
        self._database = database
        self._say_at_start()
        people.watch(database, self.tell_people)
        self._sender = asyncio.ensure_future(self._send())

    @property
    def token(self) -> str:
        """The token by which services know the hub, new with every run."""
        return self._token

    def event(self, kind: Kind, person: str, **more: Any) -> AuditEvent:  # noqa: ANN401 - the event's own fields
        """Return an event of now; ``more`` are fields of ``AuditEvent``."""
        return AuditEvent(kind, datetime.now(UTC), source=NAME, person=person, **more)

    def keep(self, *events: AuditEvent) -> None:
        """Keep events for the records, all or none; raises ``NotKeptError``."""
        self._spool.add(*map(_text, events))
        self._woken.set()

    async def tell(self, event: AuditEvent) -> None:
        """Keep an event, or give it to the records at once; raises ``NotKeptError`` where neither is possible."""
        try:
            self.keep(event)
        except NotKeptError as error:
            log.warning("%s", error)
            try:
                await self._give(Waiting(0, uuid4().hex, _text(event)))
            except (RecordsAwayError, RecordsRefuseError) as away:
                raise NotKeptError("Neither the records nor the hub's own disk can keep what happens.") from away

    async def tell_if_possible(self, event: AuditEvent) -> None:
        """Tell what happens whatever becomes of the telling, as the end of an access does."""
        try:
            await self.tell(event)
        except NotKeptError:
            log.exception("an event is lost: %s of %s", event.title, event.person)

    def tell_people(self) -> None:
        """Keep what has changed of people and their roles since it was last told; raises ``NotKeptError``."""
        now, actor = people.people(self._database), ACTING.get()
        events = [
            self.event(kind, actor.name, subject=person, address=actor.address, words=words[:MAX_TEXT])
            for kind, person, words in people.changes(people.read(self._spool.known(_PEOPLE)), now)
        ]
        if events:
            self._spool.know(_PEOPLE, json.dumps(now), *map(_text, events))
            self._woken.set()

    def _say_at_start(self) -> None:
        """Tell of the start; a hub that cannot must start all the same, because it is what starts the records."""
        try:
            self.keep(self.event(Kind.APPLICATION_STARTED, "", words="The hub has started."))
            self.tell_people()
        except (NotKeptError, sqlite3.Error):
            log.exception("the start of the hub could not be kept")

    async def _send(self) -> None:
        """Send what waits, oldest first, for as long as the hub runs."""
        failures = 0
        while True:
            self._woken.clear()
            try:
                while (one := self._spool.oldest()) is not None:
                    await self._pass_on(one)
                    failures = 0
            except (RecordsAwayError, sqlite3.Error) as error:
                if failures == 0:
                    log.warning("the records do not take the hub's events just now; they are kept: %s", error)
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1
            else:
                await self._woken.wait()

    async def _pass_on(self, one: Waiting) -> None:
        try:
            await self._give(one)
        except RecordsRefuseError as error:
            log.warning("the records refuse an event of the hub; it is put aside: %s", error)
            self._spool.refused(one, str(error))
        else:
            self._spool.sent(one)

    async def _give(self, one: Waiting) -> None:
        """Send one event; a second time under the same key does nothing."""
        headers = {"Authorization": f"token {self._token}", "Idempotency-Key": one.key}
        try:
            answer = await AsyncHTTPClient().fetch(
                self._address,
                method="POST",
                headers={**headers, "Content-Type": "application/json"},
                body=f'{{"events":[{one.event}]}}',
                raise_error=False,
                connect_timeout=TIMEOUT_S,
                request_timeout=TIMEOUT_S,
            )
        except (OSError, HTTPClientError) as error:
            raise RecordsAwayError(str(error)) from error
        if answer.code in _NEVER:
            raise RecordsRefuseError(f"{answer.code} {answer.body[:500].decode(errors='replace')}")
        if answer.code != 200:  # noqa: PLR2004 - the one good answer
            raise RecordsAwayError(f"they answer {answer.code}")


def _text(event: AuditEvent) -> str:
    return json.dumps(to_fields(event), separators=(",", ":"))


def _new_token(database: Any) -> str:  # noqa: ANN401
    """Return a new token of the hub's own service; those of earlier runs are worth nothing any more."""
    service = orm.Service.find(database, NAME) or orm.Service(name=NAME)
    database.add(service)
    for older in list(service.api_tokens):
        database.delete(older)
    database.commit()
    return str(service.new_api_token(note="the hub's own audit"))
