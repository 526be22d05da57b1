"""The audit as the service keeps it, in SQLite and PostgreSQL: signed at intervals, copied, and proved against tampering."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection
from tests.records.owning import as_owner

from readingroom.cli.audit import lines
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, to_fields, to_json
from readingroom.reading.verification import Report
from readingroom_hub.audit.checkpointing import Checkpointing
from readingroom_hub.audit.keeping import keeping
from readingroom_hub.audit.keys import PRIVATE, PUBLIC, open_key
from readingroom_hub.audit.second_place import SecondPlace
from readingroom_hub.audit.settings import AuditSettings
from readingroom_hub.audit.verifying import verify_database
from readingroom_hub.settings import SettingsError
from readingroom_hub.store import audit_rows
from readingroom_hub.store.store import Store

START = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def adds(first: int, last: int) -> Callable[[Connection], int]:
    """Return a write of the entries with these numbers."""

    def write(connection: Connection) -> int:
        for number in range(first, last + 1):
            event = AuditEvent(Kind.LOGGED_IN, START + timedelta(minutes=number), "hub", f"person{number}")
            row = audit_rows.AuditRow(to_fields(event)["at"], event.kind.value, event.person, "", "", to_json(event))
            audit_rows.append(connection, row)
        return last

    return write


class Kept:
    """A log of 20 entries in a database, signed at 10 and 20, and what a verification of it says."""

    def __init__(self, store: Store, address: str, folder: Path) -> None:
        self.store, self.address, self.folder = store, address, folder
        self.key = open_key(folder)
        self.second = folder / "elsewhere" / "checkpoints.jsonl"

    def checkpointing(self, key: Ed25519PrivateKey | None = None) -> Checkpointing:
        """Return what signs, as a service that has just been started has it."""
        key = key or self.key
        return Checkpointing(self.store, key, START.isoformat, SecondPlace(self.second, key.public_key()))

    async def fill(self) -> None:
        """Write and sign twice."""
        signing = self.checkpointing()
        await signing.begin()
        for first in (1, 11):
            await self.store.write(adds(first, first + 9))
            await signing.take()

    def verify(self, *, second: bool = False) -> Report:
        """Return the report, with the second place or without."""
        written = self.second.read_bytes().splitlines() if second else None
        return verify_database(self.address, self.key.public_key(), written)

    def run(self, *statements: str) -> None:
        """Do with the database what the service cannot: as its owner, with the triggers dropped."""
        as_owner(self.address, *statements)


@pytest.fixture
def kept(store: Store, address: str, tmp_path: Path) -> Kept:
    """Return a filled log."""
    made = Kept(store, address, tmp_path / "keys")
    asyncio.run(made.fill())
    return made


def test_signed_log_is_whole(kept: Kept) -> None:
    """All 20 entries are there and signed, in the database and in the second place; a restart signs nothing anew."""
    asyncio.run(kept.checkpointing().begin())
    for second in (False, True):
        report = kept.verify(second=second)
        assert ((), 20, 20) == (report.findings, report.entries, report.signed)
    assert 3 == len(kept.second.read_bytes().splitlines()) + 1


COLUMNS = "at, kind, person, patient_id, study_uid, body, leaf"
COPY = f"INSERT INTO audit_entries (number, {COLUMNS}) SELECT"
SWAP = (
    "CREATE TABLE other AS SELECT * FROM audit_entries WHERE number IN (3, 8)",
    "DELETE FROM audit_entries WHERE number IN (3, 8)",
    f"{COPY} 11 - number, {COLUMNS} FROM other",
)


def renumber(old: int, new: int) -> str:
    """Return the statement that gives an entry another number."""
    return f"UPDATE audit_entries SET number = {new} WHERE number = {old}"  # noqa: S608


CLOSE_GAP = ("DELETE FROM audit_entries WHERE number = 5", *(renumber(number + 1, number) for number in range(5, 20)))
PUT_IN = (
    *(renumber(number, number + 1) for number in range(20, 6, -1)),
    f"{COPY} 7, {COLUMNS} FROM audit_entries WHERE number = 2",
)


@pytest.mark.parametrize(
    ("statements", "alone", "named"),
    [
        (("UPDATE audit_entries SET person = 'nobody' WHERE number = 4",), "Entry 4 was edited", "Entry 4 was edited"),
        (("UPDATE audit_entries SET body = leaf WHERE number = 4",), "Entry 4 was edited", "Entry 4 was edited"),
        (("DELETE FROM audit_entries WHERE number = 4",), "Entry 4 was removed.", "Entry 4 was removed."),
        (CLOSE_GAP, "Entries 1 to 10 are not those", "Entry 5 was removed."),
        (SWAP, "Entries 1 to 10 are not those", "Entry 3 was moved: it is now entry 8."),
        (PUT_IN, "Entries 1 to 10 are not those", "Entry 7 was put in later: it repeats entry 2."),
        (("DELETE FROM audit_entries WHERE number > 17",), "Entries 18 to 20 were cut off", "Entries 18 to 20 were cut off"),
        (("DELETE FROM audit_entries WHERE number > 10", "DELETE FROM audit_checkpoints WHERE size > 10"), "",
         "Entries 11 to 20 were cut off the end."),
    ],
)  # fmt: skip
def test_whatever_is_done_to_the_log_is_found(kept: Kept, statements: tuple[str, ...], alone: str, named: str) -> None:
    """Edited, removed, moved, put in, cut: by the database alone, and with the second place the very entry."""
    kept.run(*statements)
    assert alone in "\n".join(lines("records", kept.verify()))
    told = "\n".join(lines("records", kept.verify(second=True)))
    assert named in told
    assert "the audit is broken" in told


def test_tampering_while_the_service_is_down_is_logged_at_its_start(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    """The service says at its start that the log is not what it signed, and its new signature hides nothing."""
    kept.run("DELETE FROM audit_entries WHERE number > 17")
    asyncio.run(kept.checkpointing().begin())
    assert "The end of the audit is missing" in caplog.text
    assert "Entries 18 to 20 were cut off the end" in "\n".join(lines("records", kept.verify(second=True)))


def test_second_place_that_was_away_is_brought_up_to_date(kept: Kept) -> None:
    """What could not be written there comes with the next line; a line broken off in between does no harm."""
    whole = kept.second.read_bytes()
    kept.second.write_bytes(whole[: whole.index(b"\n") + 40])
    signing = kept.checkpointing()
    asyncio.run(signing.begin())
    assert ((), 20) == (kept.verify(second=True).findings, kept.verify(second=True).signed)


def test_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Mode 0600, the public half beside it, the same key the next time; one that others may read is refused."""
    key = open_key(tmp_path)
    assert 0o600 == (tmp_path / PRIVATE).stat().st_mode & 0o777
    assert (tmp_path / PUBLIC).read_text().startswith("-----BEGIN PUBLIC KEY")
    assert key.private_bytes_raw() == open_key(tmp_path).private_bytes_raw()
    (tmp_path / PRIVATE).chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        open_key(tmp_path)
    (tmp_path / PRIVATE).write_text("no key")
    (tmp_path / PRIVATE).chmod(0o600)
    with pytest.raises(SettingsError, match="no private key"):
        open_key(tmp_path)


def test_service_keeps_its_audit_signed_while_it_runs(store: Store, address: str, tmp_path: Path) -> None:
    """Signed at its start and at its end, in both places, with the key in the folder that it was told."""
    settings = AuditSettings.from_environment({"READINGROOM_AUDIT_FOLDER": str(tmp_path / "folder")})
    assert settings is not None

    async def run() -> None:
        async with keeping(store, START.isoformat, settings):
            await store.write(adds(1, 7))

    asyncio.run(run())
    key = open_key(tmp_path / "folder").public_key()
    report = verify_database(address, key, settings.checkpoints.read_bytes().splitlines())
    assert ((), 7, 7) == (report.findings, report.entries, report.signed)


@pytest.mark.parametrize("named", ["house:", ":6514", "house:port", "house:70000"])
def test_repository_that_cannot_be_is_refused(named: str) -> None:
    """What is no host and port is said before the service begins; what is, is taken, with the port of RFC 5425 otherwise."""
    with pytest.raises(SettingsError, match="READINGROOM_AUDIT_SYSLOG"):
        AuditSettings.from_environment({"READINGROOM_AUDIT_FOLDER": "/f", "READINGROOM_AUDIT_SYSLOG": named})
    told = AuditSettings.from_environment({"READINGROOM_AUDIT_FOLDER": "/f", "READINGROOM_AUDIT_SYSLOG": "house"})
    assert told is not None
    assert told.target is not None
    assert ("house", 6514) == (told.target.host, told.target.port)
