"""The audit sent on to a repository: syslog over TLS (RFC 5425) with the message of PS3.15 A.5 in each record (RFC 5424).

Nothing waits for it. What was sent is kept in a file by the number of the last entry, so that a repository that was away, or
a service that was started again, misses none. Syslog has no receipt: an entry counts as sent when the other machine has its
bytes, and after a broken connection the last ones are sent again. Each carries its number as PROCID, which tells repeats.
"""

import asyncio
import logging
import socket
import ssl
import struct
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from fcntl import ioctl
from pathlib import Path
from select import select as select_ready

from sqlalchemy import Connection, select

from readingroom.reading.audit_message import from_json
from readingroom.reading.audit_xml import to_xml
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries

PORT = 6514
BATCH = 100
AGAIN = 200
"""Entries sent again after a broken connection."""

LOOK_EVERY_S = 1.0
PATIENCE_S = 30.0
LONGEST_PAUSE_S = 60.0

_PRIORITY = 10 * 8 + 5
"""Facility 10 (security), severity 5 (notice), as IHE ITI-20 has it."""

_MESSAGE_ID = "DICOM+RFC3881"
_BOM = b"\xef\xbb\xbf"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A repository: where it listens, and how it is known."""

    host: str
    port: int
    tls: ssl.SSLContext


def tls_context(authority: Path | None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """Return what a repository is known by: its authority (PEM), else the machine's own; and our certificate, if it wants one.

    Raises ``OSError`` for files that cannot be used.
    """
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def record(number: int, body: bytes, host: str) -> bytes:
    """Return an entry as one syslog record with its octet count (RFC 5425 §4.3); raises ``InvalidAuditEventError``."""
    event = from_json(body)
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    header = f"<{_PRIORITY}>1 {at} {host} readingroom {number} {_MESSAGE_ID} - ".encode("ascii")
    message = header + _BOM + to_xml(event)
    return str(len(message)).encode("ascii") + b" " + message


class Forwarding:
    """Sends entries on for as long as it runs; ``host`` is what this machine calls itself."""

    def __init__(self, store: Store, target: Target, position: Path, host: str) -> None:
        self._store, self._target, self._file, self._host = store, target, position, host
        self.position = int(position.read_text()) if position.exists() else 0

    async def run(self) -> None:
        """Send until this is cancelled; a repository that cannot be reached is told in the log once, and tried again."""
        pause = LOOK_EVERY_S
        trouble = ""
        while True:
            before = self.position
            try:
                await self._connected()
            except (OSError, StoreError) as error:
                words = f"{type(error).__name__}: {error}"
                if words != trouble:
                    log.warning(
                        "The audit repository %s cannot be reached (%s). It is tried again.", self._target.host, words
                    )
                trouble = words
            if self.position > before:
                pause = LOOK_EVERY_S
            self.position = max(0, self.position - AGAIN)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _connected(self) -> None:
        connection = await asyncio.to_thread(self._connect)
        try:
            while True:
                rows = await self._store.read(lambda reading: _after(reading, self.position))
                await asyncio.to_thread(_still_there, connection, 0 if rows else LOOK_EVERY_S)
                if rows:
                    records = b"".join(record(number, body, self._host) for number, body in rows)
                    await asyncio.to_thread(_send, connection, records)
                    self.position = rows[-1][0]
                    await asyncio.to_thread(self._keep)
        finally:
            connection.close()

    def _connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection((self._target.host, self._target.port), PATIENCE_S)
        try:
            return self._target.tls.wrap_socket(plain, server_hostname=self._target.host)
        except BaseException:
            plain.close()
            raise

    def _keep(self) -> None:
        unfinished = self._file.with_name(self._file.name + ".new")
        unfinished.write_text(str(self.position))
        unfinished.replace(self._file)


def _after(connection: Connection, number: int) -> list[tuple[int, bytes]]:
    table = audit_entries
    query = select(table.c.number, table.c.body).where(table.c.number > number).order_by(table.c.number).limit(BATCH)
    return [(int(row.number), bytes(row.body)) for row in connection.execute(query)]


def _still_there(connection: ssl.SSLSocket, wait_s: float) -> None:
    """Wait, and raise ``OSError`` when the other machine has ended the connection; it has nothing else to say."""
    readable, _, _ = select_ready([connection], [], [], wait_s)
    if readable:
        connection.settimeout(0)
        with suppress(ssl.SSLWantReadError):  # a ticket of TLS 1.3, which is no data
            if not connection.recv(1):
                raise ConnectionError("the repository ended the connection")
        connection.settimeout(PATIENCE_S)


def _send(connection: ssl.SSLSocket, records: bytes) -> None:
    """Send, and return when the other machine has acknowledged every byte; raises ``OSError``."""
    connection.sendall(records)
    deadline = time.monotonic() + PATIENCE_S
    while struct.unpack("i", ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]:
        if time.monotonic() > deadline:
            raise TimeoutError("the repository takes nothing")
        time.sleep(0.002)
