"""Records kept by the hub's ``records`` service: sent in batches by a thread of their own, and sent again until they are kept.

A batch goes with a key of its own, so that one which arrived before the line broke is not kept twice. Who has read is not
said here: the service takes it from this server's token.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, TypeVar

from readingroom.errors import AccessRefusedError, ReadingRoomError, RecordsUnavailableError
from readingroom.reading.audit import AuditEntry, entry_fields
from readingroom.reading.batch import BatchWriter, KeeperError
from readingroom.reading.coverage import FrameKey, PaintedFrame
from readingroom.reading.display import DisplayRecord
from readingroom_viewer.hub_client import HubClient
from readingroom_viewer.leases import Lease

ASK_S = 3.0
"""How long records may take to answer; they do so within milliseconds, and a reader waits for them."""

SEND_S = 10.0
SILENT = "the records service does not answer"
log = logging.getLogger(__name__)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something to be kept, as JSON, with a name that no other has."""

    route: Literal["/audit", "/coverage"]
    fields: dict[str, Any]
    name: str = field(default_factory=lambda: uuid.uuid4().hex)


class RemoteRecords:
    """An ``AuditLog``, a ``CoverageLog`` and the ``DisplayRecords`` behind the records' API. Safe to call from any thread.

    ``append`` and ``painted`` never wait. Everything else asks and must not be called on an event loop. Entries wait while
    records are away, up to a bound; meanwhile ``trouble`` says so, and no image is shown.
    """

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._writer = BatchWriter(_Sending(client))

    def close(self) -> None:
        """Send what waits, as far as that is possible."""
        self._writer.close()

    def append(self, entry: AuditEntry) -> Future[int]:
        """Take an audit entry (``AuditLog``)."""
        return self._writer.put(_Entry("/audit", entry_fields(entry)))

    def trouble(self) -> str:
        """Return why entries are not being kept just now (``AuditLog``)."""
        return self._writer.trouble()

    def painted(self, frame: PaintedFrame) -> None:
        """Note a painted frame (``CoverageLog``)."""
        self._writer.put(_Entry("/coverage", {**asdict(frame), "at": frame.at.isoformat()}))

    def seen(self, person: str, series_uid: str, read: str = "") -> frozenset[FrameKey]:  # noqa: ARG002 - the token says who
        """Return what the person has seen of a series (``CoverageLog``)."""
        told = self._asked("/coverage", {"series_uid": series_uid, "read": read})
        return _read(lambda: frozenset((str(sop_uid), int(frame)) for sop_uid, frame in told["seen"]))

    def save(self, record: DisplayRecord) -> None:
        """Keep a display record and wait until it is kept (``DisplayRecords``); one that is saved again is kept once."""
        fields = {**asdict(record), "measured": record.measured.isoformat()}
        try:
            self._client.post("/displays", fields, SEND_S, key=f"display-{uuid.uuid4().hex}")
        except ReadingRoomError as error:
            raise RecordsUnavailableError(f"The measurement could not be kept: {error}") from error

    def records(self, person: str, display: str) -> Sequence[DisplayRecord]:  # noqa: ARG002
        """Return the person's records of one screen (``DisplayRecords``)."""
        return [record for record in self._displays() if record.display == display]

    def displays(self, person: str) -> Sequence[str]:  # noqa: ARG002
        """Return the screens that the person has measured, the last one measured first (``DisplayRecords``)."""
        return list(dict.fromkeys(record.display for record in reversed(self._displays())))

    def leases(self, study_uids: Sequence[str]) -> Sequence[Lease]:
        """Return which open studies may stay open; raises ``AccessRefusedError`` and ``RecordsUnavailableError``."""
        if not study_uids:
            return ()
        told = self._client.post("/leases", {"study_uids": list(study_uids)}, ASK_S)
        return _read(
            lambda: [Lease(str(one["study_uid"]), one["valid"] is True, str(one["reason"])) for one in told["leases"]]
        )

    def _displays(self) -> Sequence[DisplayRecord]:
        told = self._asked("/displays", {})
        return _read(lambda: [_display_record(one) for one in told["records"]])

    def _asked(self, route: str, fields: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(self._client.get(route, fields, timeout=ASK_S).data)
        except AccessRefusedError as error:
            raise RecordsUnavailableError(str(error)) from error
        except ValueError as error:
            raise _unreadable() from error


class _Sending:
    """The ``Keeper`` of entries that are sent: one request for each kind, kept once however often it is sent."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self.is_open = False

    def open(self) -> None:
        """Ask whether records are being kept (``Keeper``)."""
        try:
            trouble = json.loads(self._client.get("/audit/trouble", timeout=ASK_S).data)["trouble"]
        except (ReadingRoomError, ValueError, KeyError, TypeError) as error:
            raise KeeperError(SILENT) from error
        if trouble:
            raise KeeperError(str(trouble))
        self.is_open = True

    def write(self, entries: Sequence[_Entry]) -> Sequence[int]:
        """Send all; the number of an entry is that of its audit event, 0 for what has none (``Keeper``)."""
        audit = [entry for entry in entries if entry.route == "/audit"]
        painted = [entry for entry in entries if entry.route == "/coverage"]
        try:
            told = self._sent("/audit", "entries", audit) if audit else {"numbers": []}
            if painted:
                self._sent("/coverage", "frames", painted)
            numbers = dict(zip((entry.name for entry in audit), map(int, told["numbers"]), strict=True))
        except (ReadingRoomError, ValueError, KeyError, TypeError) as error:
            log.warning("records did not take a batch: %s", error)
            raise KeeperError(SILENT if isinstance(error, RecordsUnavailableError) else str(error)) from error
        return [numbers.get(entry.name, 0) for entry in entries]

    def close(self) -> None:
        """Ask again before anything more is sent (``Keeper``)."""
        self.is_open = False

    def _sent(self, route: str, name: str, entries: Sequence[_Entry]) -> Any:  # noqa: ANN401 - JSON
        key = hashlib.sha256("".join(entry.name for entry in entries).encode()).hexdigest()
        return self._client.post(route, {name: [entry.fields for entry in entries]}, SEND_S, key=key)


def _display_record(told: dict[str, Any]) -> DisplayRecord:
    lists = {name: tuple(float(one) for one in told[name]) for name in ("luminance", "dark", "bright")}
    return DisplayRecord(**{**told, **lists, "measured": date.fromisoformat(told["measured"])})


def _read(read: Callable[[], Found]) -> Found:
    try:
        return read()
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable() from error


def _unreadable() -> RecordsUnavailableError:
    return RecordsUnavailableError("The records service answered what cannot be read. Tell your administrator.")
