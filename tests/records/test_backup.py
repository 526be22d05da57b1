"""Backup and restore of the records, between both kinds of database, and what is refused."""

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from readingroom.reading.merkle import tree_of
from readingroom_hub.__main__ import main
from readingroom_hub.store import audit_rows
from readingroom_hub.store.audit_rows import AuditRow
from readingroom_hub.store.backup import back_up, restore
from readingroom_hub.store.errors import BackupError, SecondCopyError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import TABLES, WORKING, audit_checkpoints, audit_entries, coverage, grants

ENTRIES = 1500


def entry(number: int) -> AuditRow:
    """Return an entry with a body of its own, beyond ASCII too."""
    return AuditRow("2026-01-01T00:00:00.000000+00:00", "access", "Jürgen", "P1", "1.2", f'{{"n":{number}}}'.encode())


def fill(connection: Connection) -> int:
    """Add entries with a checkpoint, a grant without a limit, and what was seen."""
    for number in range(ENTRIES):
        audit_rows.append(connection, entry(number))
    leaves = [bytes(leaf) for leaf in connection.execute(select(audit_entries.c.leaf).order_by("number")).scalars()]
    root = tree_of(leaves).root
    connection.execute(insert(audit_checkpoints).values(size=ENTRIES, root=root, at="2026", key_id="k", signature=b"s"))
    columns = {column.name: "" for column in grants.columns} | {"grant_id": "g", "maximum_views": None}
    connection.execute(insert(grants).values(columns))
    seen = {column.name: "" for column in coverage.columns} | {"frame": 1, "position": 0}
    connection.execute(insert(coverage).values(seen))
    return len(leaves)


def content(store: Store) -> dict[str, str]:
    """Return a digest of each table."""

    def read(connection: Connection) -> dict[str, str]:
        rows = {table.name: sorted(map(str, connection.execute(select(table)).all())) for table in TABLES}
        return {name: hashlib.sha256("\n".join(each).encode()).hexdigest() for name, each in rows.items()}

    return store.read_and_wait(read)


@pytest.mark.parametrize("back", ["sqlite", "postgresql"])
def test_a_copy_is_put_back_into_either_database(
    store: Store, address: str, tmp_path: Path, back: str, request: pytest.FixtureRequest
) -> None:
    """Every row comes back as it was, from and into both kinds of database."""
    store.write_and_wait(fill)
    assert ENTRIES == back_up(address, tmp_path / "copy.sqlite")
    assert ["copy.sqlite"] == [path.name for path in tmp_path.glob("copy*")]
    target = f"sqlite:///{tmp_path}/again.sqlite"
    if back == "postgresql":
        target = request.getfixturevalue("postgresql").new_database()
    assert ENTRIES == restore(tmp_path / "copy.sqlite", target)
    again = Store(target)
    assert content(store) == content(again)
    again.close()


def test_a_copy_is_of_one_moment(store: Store, address: str, tmp_path: Path) -> None:
    """While the service writes, a copy holds the entries up to one number, all of them."""
    ended = threading.Event()

    def write_on() -> None:
        number = 0
        while not ended.is_set():
            store.write_and_wait(lambda connection, number=number: audit_rows.append(connection, entry(number)))
            number += 1

    writing = threading.Thread(target=write_on)
    store.write_and_wait(fill)
    writing.start()
    try:
        sizes = [back_up(address, tmp_path / f"{number}.sqlite") for number in range(3)]
    finally:
        ended.set()
        writing.join()
    assert sizes == sorted(sizes)
    restore(tmp_path / "2.sqlite", f"sqlite:///{tmp_path}/again.sqlite")


def test_what_would_lose_something_is_refused(tmp_path: Path) -> None:
    """A database that holds records, one that is in use, a file that exists, is none or was cut: nothing is changed."""
    address, copy = f"sqlite:///{tmp_path}/records.sqlite", tmp_path / "copy.sqlite"
    store = Store(address)
    store.write_and_wait(fill)
    back_up(address, copy)
    with pytest.raises(BackupError, match="exists already"):
        back_up(address, copy)
    with pytest.raises(SecondCopyError):
        restore(copy, address)
    store.close()
    with pytest.raises(BackupError, match="holds records already"):
        restore(copy, address)
    (tmp_path / "text").write_text("no database at all " * 100)
    with pytest.raises(BackupError, match="not a copy"):
        restore(tmp_path / "text", f"sqlite:///{tmp_path}/new.sqlite")
    with pytest.raises(BackupError, match="no file"):
        restore(tmp_path / "none", f"sqlite:///{tmp_path}/new.sqlite")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM audit_entries WHERE number = 7", "entry 7"),
        ("DELETE FROM audit_entries WHERE number > 1498", "has 1498 entries"),
        ("UPDATE audit_entries SET body = x'7b7d' WHERE number = 9", "entry 9"),
    ],
)
def test_a_copy_that_was_changed_is_refused(tmp_path: Path, damage: str, words: str) -> None:
    """An entry removed, cut off at the end or changed in the copy is found before anything comes back."""
    address, copy, target = (
        f"sqlite:///{tmp_path}/records.sqlite",
        tmp_path / "copy.sqlite",
        f"sqlite:///{tmp_path}/new.sqlite",
    )
    store = Store(address)
    store.write_and_wait(fill)
    back_up(address, copy)
    store.close()
    with sqlite3.connect(copy) as connection:
        for word in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_entries_no_{word}")
        connection.execute(damage)
    connection.close()
    with pytest.raises(BackupError, match=words):
        restore(copy, target)
    empty = Store(target)
    assert 0 == empty.read_and_wait(audit_rows.size)
    empty.close()


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line makes tables, copies them and puts them back, and says in words what it will not do."""
    first, second, copy = str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "copy")
    assert [0, 0, 2, 0] == [main(["--state", first, "migrate"]), main(["--state", first, "backup", copy]),
                            main(["--state", first, "backup", copy]), main(["--state", second, "restore", copy])]  # fmt: skip
    said = capsys.readouterr()
    assert "0 audit entries, with everything else, are back." in said.out
    assert "exists already" in said.err
    assert 2 == main(["--state", first, "role", "rr_service"])


def test_the_command_makes_the_role(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role that the command makes may read and add."""
    monkeypatch.setenv("READINGROOM_RECORDS_DB", postgresql_url)
    monkeypatch.setenv("READINGROOM_ROLE_PASSWORD", "words")
    assert [0, 0] == [main(["migrate"]), main(["role", "rr_made"])]
    store = Store(postgresql_url)
    query = text("SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'rr_made'")
    granted = store.read_and_wait(lambda connection: connection.execute(query).scalar_one())
    store.close()
    assert 2 * len(TABLES) + len(WORKING) + 1 == granted
