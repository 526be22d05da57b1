"""Old audit entries removed by a signed statement: what stays is proved as before, and a truncation is still one."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, make_url, select
from tests.records.owning import as_owner

from readingroom.cli import main as readingroom
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, to_fields, to_json
from readingroom.reading.merkle import leaf_hash, tree_of
from readingroom.reading.pruning import sign_pruning
from readingroom.reading.retention import Kept, Period, Retention
from readingroom_hub.__main__ import main
from readingroom_hub.audit.checkpointing import Checkpointing
from readingroom_hub.audit.keys import PUBLIC, open_key
from readingroom_hub.audit.second_place import SecondPlace
from readingroom_hub.retention import owner as owning
from readingroom_hub.retention.owner import NotTheOwnerError, Owner
from readingroom_hub.retention.pruning import Proofs, PruningRefusedError, prune
from readingroom_hub.store import audit_rows, tables
from readingroom_hub.store.backup import back_up, restore
from readingroom_hub.store.insert_only import make_role
from readingroom_hub.store.store import Store

NOW = datetime.now(UTC)
MONTH = Retention({Kept.AUDIT: Period(30)})
OLD, ALL = 25, 40
SIGNED = 20


def adds(first: int, last: int, at: datetime) -> Callable[[Connection], None]:
    """Return a write of the entries with these numbers, one a minute from a time on."""

    def write(connection: Connection) -> None:
        for number in range(first, last + 1):
            event = AuditEvent(Kind.LOGGED_IN, at + timedelta(minutes=number), "hub", f"person{number}")
            row = audit_rows.AuditRow(to_fields(event)["at"], event.kind.value, event.person, "", "", to_json(event))
            audit_rows.append(connection, row)

    return write


@dataclass
class House:
    """A running service: 40 entries, 25 of them older than a month, signed at 10, 20 and 40."""

    store: Store
    address: str
    folder: Path

    def __post_init__(self) -> None:
        self.key = open_key(self.folder)
        self.second = self.folder / "audit_checkpoints.jsonl"
        for first, last, at in ((1, 10, OLD_AT), (11, 20, OLD_AT), (21, OLD, OLD_AT), (OLD + 1, ALL, NEW_AT)):
            self.store.write_and_wait(adds(first, last, at))
            if last != OLD:
                self.sign()

    def sign(self) -> None:
        """Sign as a service does that is started anew."""
        asyncio.run(self.checkpointing().begin())

    def checkpointing(self) -> Checkpointing:
        """Return what signs."""
        return Checkpointing(
            self.store, self.key, lambda: datetime.now(UTC).isoformat(), SecondPlace(self.second, self.key.public_key())
        )

    def prune(self, retention: Retention = MONTH) -> dict[Kept, int]:
        """Remove as the owner, beside the service."""
        with Owner(self.address) as owner:
            return prune(owner, Proofs.of(self.folder, {}), retention)

    def numbers(self) -> list[int]:
        """Return the numbers of the entries that are there."""
        query = select(tables.audit_entries.c.number).order_by("number")
        return list(self.store.read_and_wait(lambda connection: connection.execute(query).scalars().all()))

    def said(self, capsys: pytest.CaptureFixture[str], status: int, *, second: bool = True) -> str:
        """Return what ``readingroom audit verify`` says at its entry point, after asserting its exit status."""
        given = [] if not second else ["--checkpoints", str(self.second)]
        path = (
            make_url(self.address).database
            if self.address.startswith("sqlite")
            else self.address.replace("+psycopg", "")
        )
        assert status == readingroom(["audit", "verify", str(path), "--key", str(self.folder / PUBLIC), *given])
        return capsys.readouterr().out

    def run(self, *statements: str) -> None:
        """Do with the database what nobody should: as its owner, with the triggers dropped."""
        as_owner(self.address, *statements)


OLD_AT, NEW_AT = NOW - timedelta(days=60), NOW - timedelta(days=2)


@pytest.fixture
def house(store: Store, address: str, tmp_path: Path) -> House:
    """Return a filled one."""
    return House(store, address, tmp_path / "keys")


def test_verify_at_its_entry_point_reads_either_database(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line is given a file or a ``postgresql://`` URL; it finds a whole audit whole and names a removed entry."""
    assert "the audit is whole. 40 entries." in house.said(capsys, 0)
    house.run("DELETE FROM audit_entries WHERE number = 4")
    said = house.said(capsys, 1)
    assert "Entry 4 was removed." in said
    assert "postgres:" not in said


def test_what_stays_is_proved_and_the_removal_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Old entries go up to a signature, while the service runs; verify says which, when and why, and counts the rest."""
    assert {Kept.AUDIT: SIGNED} == house.prune()
    assert list(range(SIGNED + 1, ALL + 2)) == house.numbers()
    house.store.write_and_wait(adds(ALL + 2, ALL + 3, NOW))
    house.sign()
    for second in (False, True):
        said = house.said(capsys, 0, second=second)
        assert "the audit is whole. 23 entries." in said
        assert "Removed by a signed statement: the first 20, at " in said
        assert "older than 30 days, from before " in said
        assert "Signed: the first 43" in said
    assert {} == house.prune()


def test_entries_stay_that_nothing_proves_yet(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing goes that is not in the second place or was not sent on; for ever means that nothing goes at all."""
    assert {} == house.prune(Retention({Kept.AUDIT: Period.read("forever")}))
    with Owner(house.address) as owner:
        assert {} == prune(owner, Proofs(house.key, 9, None), MONTH)
        assert {Kept.AUDIT: 10} == prune(owner, Proofs(house.key, ALL, 15), MONTH)
        assert {} == prune(owner, Proofs(Ed25519PrivateKey.generate(), ALL, None), MONTH)
    assert {Kept.AUDIT: 10} == house.prune()
    house.sign()
    assert "the first 20, at" in house.said(capsys, 0)
    house.second.unlink()
    with pytest.raises(PruningRefusedError, match="second place"):
        house.prune()


def test_the_service_writes_on_while_the_owner_removes(house: House) -> None:
    """Neither waits for the other so long that it is refused, and both take their numbers without a gap or a double."""
    ended, written = threading.Event(), []

    def write_on() -> None:
        while not ended.is_set():
            house.store.write_and_wait(adds(1, 1, NOW))
            written.append(1)

    with ThreadPoolExecutor(1) as pool:
        service = pool.submit(write_on)
        house.prune()
        with Owner(house.address) as owner:
            for _ in range(20):
                owner.tell(Kind.RECORDS_REMOVED, "Nothing.")
        ended.set()
        service.result()
    assert written
    assert list(range(SIGNED + 1, ALL + 22 + len(written))) == house.numbers()


@pytest.mark.parametrize("dies_at", [1, 3])
def test_a_removal_that_was_killed_goes_on(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """Killed between any two transactions, the audit verifies, and the next run removes the rest and states nothing twice."""
    monkeypatch.setattr(owning, "AT_ONCE", 7)
    remove, left = owning._remove_some, iter(range(dies_at))

    def dying(*given: object) -> int:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return remove(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(owning, "_remove_some", dying)
    with pytest.raises(KeyboardInterrupt):
        house.prune()
    monkeypatch.setattr(owning, "_remove_some", remove)
    house.sign()
    said = house.said(capsys, 0)
    assert "the first 20, at" in said
    assert (dies_at < 3) == ("are still there" in said)
    house.prune()
    assert SIGNED + 1 == house.numbers()[0]
    assert 1 == house.store.read_and_wait(
        lambda connection: len(connection.execute(select(tables.audit_prunings)).all())
    )
    house.said(capsys, 0)


TAKEN = (
    ("UPDATE audit_entries SET person = 'nobody' WHERE number = 30", "Entry 30 was edited"),
    ("DELETE FROM audit_entries WHERE kind = 'audit-pruned'", "No entry tells that the first 20 entries were removed"),
    ("DELETE FROM audit_entries WHERE number > 38", "Entries 39 to 41 were cut off the end."),
    ("DELETE FROM audit_entries WHERE number < 23", "Entries 21 to 22 were removed."),
    ("UPDATE audit_prunings SET rule = 'because'", "is not signed with the key"),
    ("UPDATE audit_prunings SET size = 23", "Entries 1 to 22 were removed."),
    ("DELETE FROM audit_prunings", "Entries 1 to 22 were removed."),
)


def test_a_truncation_is_no_pruning(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """More gone than was stated, no statement, a changed one, one that no entry tells of: each is found and named."""
    house.prune()
    house.sign()
    for statement, words in TAKEN:
        house.run(statement)
        assert words in house.said(capsys, 1)


def test_a_statement_over_other_entries_is_found(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Who holds the key and states the removal of entries that never were is contradicted by what was signed before."""
    house.prune()
    forged = sign_pruning(house.key, tree_of([leaf_hash(bytes([each])) for each in range(SIGNED)]), "2026", "because")
    changed = f"peaks = {blob(house, forged.joined)}, signature = {blob(house, forged.signature)}"
    house.run(f"UPDATE audit_prunings SET {changed}, at = '2026', rule = 'because'")  # noqa: S608
    for second in (False, True):
        assert "is about other entries than those that were signed" in house.said(capsys, 1, second=second)


def blob(house: House, value: bytes) -> str:
    """Return bytes as the database's SQL writes them."""
    return f"x'{value.hex()}'" if house.address.startswith("sqlite") else f"'\\x{value.hex()}'"


def test_old_entries_that_were_tampered_with_stay(house: House) -> None:
    """They prove what was done to them."""
    house.run("UPDATE audit_entries SET body = leaf WHERE number = 12")
    with pytest.raises(PruningRefusedError, match="Run readingroom audit verify"):
        house.prune()
    assert list(range(1, ALL + 1)) == house.numbers()


def test_a_new_second_place_begins_where_the_audit_does(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Begun after a removal, it says so, and proves what comes after; the service names an entry that is cut off then."""
    house.prune()
    house.second.unlink()
    house.sign()
    house.store.write_and_wait(adds(ALL + 2, ALL + 3, NOW))
    house.sign()
    assert "the audit is whole" in house.said(capsys, 0)
    house.run("UPDATE audit_entries SET number = 99 WHERE number = 31")
    assert "Entry 31 was moved" in house.said(capsys, 1)


def test_a_copy_of_what_stays_is_put_back(house: House, tmp_path: Path) -> None:
    """Backup and restore take the statement with them, and still refuse a copy from which an entry is missing."""
    house.prune()
    assert ALL + 1 - SIGNED == back_up(house.address, tmp_path / "copy.sqlite")
    assert ALL + 1 - SIGNED == restore(tmp_path / "copy.sqlite", f"sqlite:///{tmp_path}/again.sqlite")


def test_the_services_own_role_cannot_prune(postgresql_url: str, tmp_path: Path) -> None:
    """It is told that it is not the owner, and nothing is changed."""
    store = Store(postgresql_url)
    store.write_and_wait(lambda connection: make_role(connection, "rr_prune", "words"))
    house = House(store, postgresql_url, tmp_path / "keys")
    house.address = postgresql_url.replace(postgresql_url.split("//")[1].split("@", maxsplit=1)[0], "rr_prune:words")
    with pytest.raises(NotTheOwnerError, match="may not remove"):
        house.prune()
    assert list(range(1, ALL + 1)) == house.numbers()
    store.close()


def test_the_command_goes_by_the_periods_of_the_service(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service was started with counts, not this shell; without a service, this shell; first only told, then done."""
    monkeypatch.setenv("READINGROOM_RECORDS_DB", house.address)
    monkeypatch.setenv("READINGROOM_AUDIT_FOLDER", str(house.folder))
    monkeypatch.setenv("READINGROOM_KEEP_AUDIT", "30 days")
    (house.folder / "as-started").write_text("READINGROOM_KEEP_AUDIT=forever\n")
    assert [0, 0] == [main(["prune"]), main(["prune", "--dry-run"])]
    assert "audit: 0 removed (kept forever" in capsys.readouterr().out
    (house.folder / "as-started").unlink()
    assert [0, 0] == [main(["prune", "--dry-run"]), main(["prune"])]
    said = capsys.readouterr().out
    assert "audit: 25 older than its period, and still here (kept 30 days" in said
    assert "audit: 20 removed" in said
    monkeypatch.setenv("READINGROOM_AUDIT_FOLDER", str(house.folder / "none"))
    assert 2 == main(["prune"])
    assert "key is not at" in capsys.readouterr().err
