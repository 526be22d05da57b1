"""A log to tamper with: records as the service writes them, and what somebody could do to them who can write there."""

import contextlib
import io
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readingroom.cli import main
from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, to_fields, to_json
from readingroom.reading.checkpoints import sign, to_line
from readingroom.reading.merkle import leaf_hash, tree_of

START = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
SIGNED = (10, 20, 30)
ENTRIES = 33
Row = tuple[int, str, str, str, str, str, bytes, bytes]


def event(number: int, person: str = "trainee") -> AuditEvent:
    """Return the event that becomes entry ``number``."""
    at = START + timedelta(minutes=number)
    return AuditEvent(
        Kind.INSTANCES_ACCESSED, at, "records", person, study_uid=f"1.2.{number}", patient_id=f"PID{number}"
    )


def row(number: int, said: AuditEvent) -> Row:
    """Return an entry as the service writes it."""
    body = to_json(said)
    return number, to_fields(said)["at"], said.kind, said.person, said.patient_id, said.study_uid, body, leaf_hash(body)


@dataclass(frozen=True)
class Records:
    """A records file of 33 entries, of which 30 are signed, with its public key and the second place's checkpoints."""

    path: Path
    checkpoints: Path
    key: Ed25519PrivateKey

    def rewrite(self, tamper: Callable[[list[Row]], Sequence[Row]]) -> None:
        """Put other rows in the place of all."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            rows = connection.execute("SELECT * FROM audit_entries ORDER BY number").fetchall()
            connection.execute("DELETE FROM audit_entries")
            marks = "?,?,?,?,?,?,?,?"
            connection.executemany(f"INSERT INTO audit_entries VALUES ({marks})", tamper(rows))  # noqa: S608

    def run(self, statement: str) -> None:
        """Do something to the file that the service never does."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement)

    def said(self, status: int, *, second: bool = False) -> str:
        """Return what the command says, after asserting its exit status."""
        options = ["--checkpoints", str(self.checkpoints)] if second else []
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert status == main(["audit", "verify", str(self.path), *options])
        return printed.getvalue()


def make_records(folder: Path, key: Ed25519PrivateKey) -> Records:
    """Return whole records, whose folder means something in a URI."""
    path = folder / "ward #3?" / "records.sqlite"
    path.parent.mkdir()
    rows = [row(number, event(number)) for number in range(1, ENTRIES + 1)]
    leaves = [each[7] for each in rows]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_name("audit_key.pub").write_bytes(public)
    signed = [sign(key, tree_of(leaves[:size]), (START + timedelta(hours=size)).isoformat()) for size in SIGNED]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE audit_entries (number INTEGER PRIMARY KEY, at TEXT, kind TEXT, person TEXT, patient_id TEXT, "
            "study_uid TEXT, body BLOB, leaf BLOB)"
        )
        connection.execute("CREATE TABLE audit_checkpoints (size INTEGER PRIMARY KEY, root, at, key_id, signature)")
        connection.executemany("INSERT INTO audit_entries VALUES (?,?,?,?,?,?,?,?)", rows)
        told = [(each.size, each.root, each.at, each.key_id, each.signature) for each in signed]
        connection.executemany("INSERT INTO audit_checkpoints VALUES (?,?,?,?,?)", told)
    checkpoints = folder / "second place.jsonl"
    parts = [leaves[size - 10 : size] for size in SIGNED]
    checkpoints.write_bytes(b"".join(to_line(each, part) for each, part in zip(signed, parts, strict=True)))
    return Records(path, checkpoints, key)


def renumbered(rows: Sequence[Row]) -> list[Row]:
    """Close every gap, as somebody who knows the table does."""
    return [(number, *each[1:]) for number, each in enumerate(rows, start=1)]


def edited(rows: list[Row]) -> list[Row]:
    """Put another person into entry 17, with every column and the hash put right."""
    return [row(17, event(17, "nobody")) if each[0] == 17 else each for each in rows]


def swapped(rows: list[Row]) -> list[Row]:
    """Let entries 12 and 25 change places."""
    other = {12: rows[24], 25: rows[11]}
    return [(each[0], *other.get(each[0], each)[1:]) for each in rows]


def inserted(rows: list[Row]) -> list[Row]:
    """Put an entry between 7 and 8."""
    return renumbered([*rows[:7], row(0, event(99, "consultant")), *rows[7:]])


def moved(rows: list[Row]) -> list[Row]:
    """Take entry 5 to the place after 22."""
    return renumbered([*rows[:4], *rows[5:22], rows[4], *rows[22:]])
