"""``readingroom audit verify`` over a viewer's own file: anything done to it from outside is said, and where."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from readingroom.cli import main
from readingroom.reading.audit import AuditLine
from readingroom.reading.local import GENESIS, LocalRecords

LINE = AuditLine(
    datetime(2026, 3, 4, 9, 30, tzinfo=UTC), "trainee", "1.2.3", "1.2.3.4", "1.2.3.4.5", 1, "a" * 64, "b" * 64, True
)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Return a closed records file of ten entries, in a folder whose name means something in a URI."""
    path = tmp_path / "ward #3?" / "records.sqlite"
    kept = LocalRecords(path)
    for _ in range(10):
        kept.append(LINE)
    kept.close()
    return path


def said(capsys: pytest.CaptureFixture[str], path: Path, status: int) -> str:
    """Return what the command says in either stream, after asserting its exit status."""
    assert status == main(["audit", "verify", str(path)])
    told = capsys.readouterr()
    return told.out + told.err


def as_json(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, object]:
    """Return the JSON of the command."""
    main(["audit", "verify", str(path), "--json"])
    return dict(json.loads(capsys.readouterr().out))


def changed(path: Path, statement: str) -> Path:
    """Return the file after somebody took the triggers out and did as the statement says."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()
    return path


def test_whole_chain_is_whole(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, the number of entries, and the last hash, to be noted elsewhere."""
    assert "is whole. 10 entries" in said(capsys, records, 0)
    found = as_json(capsys, records)
    assert (True, 10, []) == (found["whole"], found["entries"], found["findings"])
    with closing(sqlite3.connect(records)) as connection:
        (last,) = connection.execute("SELECT hash FROM audit WHERE number = 10").fetchone()
    assert last == found["root"]


def test_file_without_entries_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was written yet, and nothing is missing."""
    kept = LocalRecords(tmp_path / "new.sqlite")
    kept.trouble()
    kept.append(LINE).result(60)
    kept.close()
    assert "is whole. 1 entry." in said(capsys, tmp_path / "new.sqlite", 0)
    changed(tmp_path / "new.sqlite", "DELETE FROM audit")
    assert GENESIS == as_json(capsys, tmp_path / "new.sqlite")["root"]


@pytest.mark.parametrize(
    ("statement", "entries", "words"),
    [
        ("UPDATE audit SET entry = replace(entry, '1.2.3.4.5', '1.2.3.4.6') WHERE number = 4", 3, "Entry 4 is not"),
        ("DELETE FROM audit WHERE number = 6", 5, "Entry 6 is missing"),
        ("DELETE FROM audit WHERE number > 7", 7, "after 7 are missing"),
    ],
)
def test_tampering_is_said_with_its_place(
    records: Path, capsys: pytest.CaptureFixture[str], statement: str, entries: int, words: str
) -> None:
    """A changed character, a deleted line and a cut end: exit status 1, where, and how many entries still hold."""
    told = said(capsys, changed(records, statement), 1)
    assert words in told
    assert f"{entries} entries hold together" in told
    assert (False, entries) == (as_json(capsys, records)["whole"], as_json(capsys, records)["entries"])


def test_one_byte_of_the_file_is_enough(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever edits the file beneath SQLite is found as well."""
    data = bytearray(records.read_bytes())
    at = data.rindex(b"trainee")
    data[at] ^= 1
    records.write_bytes(data)
    assert "is not what was written" in said(capsys, records, 1)


def test_file_cut_off_is_broken(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a file is no whole audit, whatever SQLite can still read of it."""
    data = records.read_bytes()
    records.write_bytes(data[: len(data) // 2])
    assert "damaged" in said(capsys, records, 1)


def test_what_is_no_records_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 for what is not there, is something else, or holds other tables."""
    assert "is no file" in said(capsys, tmp_path / "absent", 2)
    (tmp_path / "text").write_text("no database at all, but long enough to be one " * 30)
    assert "is no records file" in said(capsys, tmp_path / "text", 2)
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE a (b)")
    assert "holds no audit" in said(capsys, tmp_path / "other", 2)
