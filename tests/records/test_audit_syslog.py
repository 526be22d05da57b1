"""The audit sent on by syslog over TLS: a real listener gets every entry, also after it was away or was killed."""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection
from tests.reading.audit_schema import problems

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, to_fields, to_json
from readingroom_hub.audit import syslog
from readingroom_hub.audit.syslog import Forwarding, Target, tls_context
from readingroom_hub.store import audit_rows
from readingroom_hub.store.store import Store

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
RECORD = re.compile(rb"<85>1 (\S+Z) reading-house readingroom (\d+) DICOM\+RFC3881 - \xef\xbb\xbf(<\?xml.*)", re.DOTALL)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that signs itself; return it and its key."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "repository")])
    today = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, secret


class Repository:
    """A syslog listener over TLS that keeps what it gets, by octet count; it can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.chain, secret = certificate(folder)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(self.chain, secret)
        self.port = 0
        self.got: list[tuple[int, bytes]] = []
        self.server: asyncio.Server | None = None
        self.open: set[asyncio.StreamWriter] = set()
        self.break_after = 0

    async def begin(self) -> None:
        """Listen, at the same port as before."""
        self.server = await asyncio.start_server(self._take, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        """Stop listening and break every connection, without a word."""
        assert self.server is not None
        self.server.close()
        for writer in self.open:
            writer.transport.abort()
        self.open.clear()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while True:
                count = int(await reader.readuntil(b" "))
                told = RECORD.fullmatch(await reader.readexactly(count))
                assert told is not None
                self.got.append((int(told[2]), told[3]))
                if len(self.got) == self.break_after:
                    writer.transport.abort()
                    return

    @property
    def numbers(self) -> list[int]:
        """The numbers of the entries that came, each once, in order."""
        return sorted({number for number, _ in self.got})


def adds(count: int) -> Callable[[Connection], None]:
    """Return a write of some entries."""

    def write(connection: Connection) -> None:
        for _ in range(count):
            event = AuditEvent(Kind.LOGGED_IN, NOW, "hub", "trainee")
            row = audit_rows.AuditRow(to_fields(event)["at"], event.kind.value, event.person, "", "", to_json(event))
            audit_rows.append(connection, row)

    return write


async def until(condition: Callable[[], bool], forwarding: "asyncio.Future[None]") -> None:
    """Wait until the condition holds, while the forwarding lives."""
    for _ in range(3000):
        if condition() or forwarding.done():
            break
        await asyncio.sleep(0.02)
    assert condition()


async def stop(forwarding: "asyncio.Future[None]") -> None:
    """End a forwarding as the service does."""
    forwarding.cancel()
    with suppress(asyncio.CancelledError):
        await forwarding


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a forwarding look again at once."""
    monkeypatch.setattr(syslog, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(syslog, "LONGEST_PAUSE_S", 0.1)


@pytest.mark.usefixtures("quick")
def test_nothing_is_lost_whatever_happens_to_the_repository(store: Store, tmp_path: Path) -> None:
    """Away at first, broken in the middle, ended and started again, and the service started again too: every entry comes."""

    async def scenario() -> Repository:
        repository = Repository(tmp_path)
        await repository.begin()
        await repository.end()
        target = Target("127.0.0.1", repository.port, tls_context(repository.chain))
        await store.write(adds(250))
        forwarding = asyncio.ensure_future(Forwarding(store, target, tmp_path / "sent", "reading-house").run())
        await asyncio.sleep(0.1)
        repository.break_after = 130
        await repository.begin()
        await until(lambda: len(repository.numbers) == 250, forwarding)
        await repository.end()
        await store.write(adds(10))
        await repository.begin()
        await until(lambda: len(repository.numbers) == 260, forwarding)
        await stop(forwarding)
        await store.write(adds(5))
        repository.got.clear()
        again = asyncio.ensure_future(Forwarding(store, target, tmp_path / "sent", "reading-house").run())
        await until(lambda: 265 in repository.numbers, again)
        await stop(again)
        await repository.end()
        return repository

    repository = asyncio.run(scenario())
    assert list(range(261, 266)) == repository.numbers
    for _, xml in repository.got:
        assert [] == problems(xml)


@pytest.mark.usefixtures("quick")
def test_repository_that_is_not_the_one_gets_nothing(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener with a certificate of another authority is told nothing, and the log says why."""

    async def scenario() -> Repository:
        (tmp_path / "other").mkdir()
        repository = Repository(tmp_path)
        await repository.begin()
        await store.write(adds(3))
        target = Target("127.0.0.1", repository.port, tls_context(certificate(tmp_path / "other")[0]))
        forwarding = asyncio.ensure_future(Forwarding(store, target, tmp_path / "sent", "reading-house").run())
        await until(lambda: "cannot be reached" in caplog.text, forwarding)
        await stop(forwarding)
        await repository.end()
        return repository

    assert [] == asyncio.run(scenario()).got
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
