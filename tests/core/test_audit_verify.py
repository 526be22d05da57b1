"""``readingroom audit verify`` over the service's records: each way to tamper is found, and the entry is named."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.core.tampering import START, Records, Row, edited, inserted, make_records, moved, renumbered, swapped

from readingroom.cli import main
from readingroom.reading.checkpoints import sign
from readingroom.reading.merkle import tree_of


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Return whole records."""
    return make_records(tmp_path, Ed25519PrivateKey.generate())


def test_whole_audit_is_whole(records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0, how many entries, how many of them are signed, and the root; with the second place and without."""
    for second in (False, True):
        told = records.said(0, second=second)
        assert "the audit is whole. 33 entries." in told
        assert "Signed: the first 30, at 2026-03-05T15:30:00+00:00." in told
        assert "Not signed yet: the last 3." in told
    main(["audit", "verify", str(records.path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (True, 33, 30, []) == tuple(found[name] for name in ("whole", "entries", "signed", "findings"))


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_entries SET body = CAST(replace(body, 'trainee', 'nobody7') AS BLOB) WHERE number = 4",
         "Entry 4 was edited"),
        ("UPDATE audit_entries SET person = 'nobody' WHERE number = 9",
         "Entry 9 was edited: it is listed under the person 'nobody'"),
        ("UPDATE audit_entries SET at = '2020' WHERE number = 9", "Entry 9 was edited: it is listed under the time '2020'"),
        ("UPDATE audit_entries SET leaf = zeroblob(32) WHERE number = 31", "Entry 31 was edited"),
        ("DELETE FROM audit_entries WHERE number = 6", "Entry 6 was removed."),
        ("DELETE FROM audit_entries WHERE number BETWEEN 6 AND 8", "Entries 6 to 8 were removed."),
        ("DELETE FROM audit_entries WHERE number > 27", "Entries 28 to 30 were cut off the end."),
        ("DELETE FROM audit_entries WHERE number = 31", "Entry 31 was removed."),
        ("DELETE FROM audit_entries", "Entries 1 to 30 were cut off the end."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("second", [False, True])
def test_rough_tampering_is_named(
    records: Records, capsys: pytest.CaptureFixture[str], statement: str, words: str, second: bool
) -> None:
    """A changed text, column or hash, a removed row, a cut end: the entry by its number, and nothing about another."""
    records.run(statement)
    told = records.said(1, second=second)
    assert words in told
    assert 1 == told.count("  Entr")


@pytest.mark.parametrize(
    ("tamper", "stretch", "words"),
    [
        (edited, "Entries 11 to 20 are not those that were signed", ["Entry 17 was edited"]),
        (swapped, "Entries 11 to 20 are not those",
         ["Entry 12 was moved: it is now entry 25.", "Entry 25 was moved: it is now entry 12."]),
        (inserted, "Entries 1 to 10 are not those", ["Entry 8 was put in later: nothing like it was ever signed."]),
        (moved, "Entries 1 to 10 are not those", ["Entry 5 was moved: it is now entry 22."]),
        (lambda rows: renumbered([*rows[:14], *rows[15:]]), "Entries 11 to 20 are not those", ["Entry 15 was removed."]),
        (lambda rows: renumbered([*rows[:4], *rows[6:14], *rows[15:]]), "Entries 1 to 10 are not those",
         ["Entries 5 to 6 were removed.", "Entry 15 was removed."]),
        (lambda rows: rows[:18], "Entries 19 to 30 were cut off the end.", ["Entries 19 to 30 were cut off the end."]),
    ],
)  # fmt: skip
def test_careful_tampering_is_found_and_with_the_second_place_named(
    records: Records,
    capsys: pytest.CaptureFixture[str],
    tamper: Callable[[list[Row]], list[Row]],
    stretch: str,
    words: list[str],
) -> None:
    """Hashes, columns and numbers put right: the signatures find the stretch, the leaves of the second place the entry."""
    records.rewrite(tamper)
    told = records.said(1)
    assert stretch in told
    assert 1 == told.count("  Entr")
    told = records.said(1, second=True)
    named = [line.strip().partition(": it is not")[0] for line in told.splitlines() if line.startswith("  Entr")]
    assert words == named


def test_checkpoints_taken_out_with_the_end(records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    """Who also takes the last signatures out of the database fools it alone: the second place knows better."""
    records.run("DELETE FROM audit_entries WHERE number > 20")
    records.run("DELETE FROM audit_checkpoints WHERE size > 20")
    assert "is whole. 20 entries" in records.said(0)
    told = records.said(1, second=True)
    assert "Entries 21 to 30 were cut off the end." in told
    assert "has lost the checkpoint over 30 entries" in told
    records.run("DELETE FROM audit_checkpoints")
    assert "No signed checkpoint is left" in records.said(1)


def test_a_checkpoint_of_another_key_proves_nothing(records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole new log signed with a new key, and a signature changed by one bit, are said."""
    forged = sign(Ed25519PrivateKey.generate(), tree_of([]), START.isoformat())
    with closing(sqlite3.connect(records.path)) as connection, connection:
        changed = (forged.key_id, forged.signature)
        connection.execute("UPDATE audit_checkpoints SET key_id = ?, signature = ? WHERE size = 20", changed)
    assert "The checkpoint over 20 entries" in records.said(1)


def test_second_place_that_was_tampered_with(records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    """A line taken out of the checkpoints, and a leaf exchanged in one, are said; a line that a crash broke off is not."""
    lines = records.checkpoints.read_bytes().splitlines(keepends=True)
    records.checkpoints.write_bytes(lines[0] + lines[1][:70] + b"\n" + lines[1] + lines[2])
    records.said(0, second=True)
    records.checkpoints.write_bytes(lines[0] + lines[2])
    assert "Line 2 of the checkpoints does not follow" in records.said(1, second=True)
    records.checkpoints.write_bytes(lines[0] + lines[1].replace(b'"leaves":"', b'"leaves":"AAAA')[:-8] + b'"}\n')
    records.said(0, second=True)


def test_missing_key_is_asked_for(records: Records, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 and the option's name, where the public key is not there or is none."""
    key = records.path.with_name("audit_key.pub")
    key.write_text("no key")
    assert 2 == main(["audit", "verify", str(records.path)])
    assert "no public key" in capsys.readouterr().err
    key.unlink()
    assert 2 == main(["audit", "verify", str(records.path)])
    assert "--key" in capsys.readouterr().err


def test_url_of_another_database_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 for a scheme that nobody here can read."""
    assert 2 == main(["audit", "verify", "mysql://host/records"])
    assert "mysql" in capsys.readouterr().err
