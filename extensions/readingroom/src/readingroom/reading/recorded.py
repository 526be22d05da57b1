"""The audit in an SQLite file, read for its verification and never written: the records of the service, or a viewer's own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from readingroom.errors import UnreadableFileError
from readingroom.reading.checkpoints import Checkpoint
from readingroom.reading.local import check_chain
from readingroom.reading.pruning import Pruning, read_prunings
from readingroom.reading.verification import Entry, Finding, Report, verify
from readingroom.reading.witness import read_witness

ENTRIES = "SELECT number, at, kind, person, patient_id, study_uid, body, leaf FROM audit_entries ORDER BY number"
PRUNINGS = "SELECT size, peaks, at, rule, key_id, signature FROM audit_prunings ORDER BY size"
CHECKPOINTS = "SELECT size, root, at, key_id, signature FROM audit_checkpoints ORDER BY size"


def verify_sqlite(path: Path, key: Ed25519PublicKey, second_place: list[bytes] | None) -> Report:
    """Return what is wrong with the records of the service; raises ``sqlite3.Error`` for a file that holds none."""
    witness = None if second_place is None else read_witness(second_place, key)
    with closing(_open(path)) as connection, connection:
        connection.execute("BEGIN")  # one state of the file, though the service writes on
        checkpoints = [Checkpoint(*row) for row in connection.execute(CHECKPOINTS)]
        return verify(_entries(connection), checkpoints, key, witness, _prunings(connection))


def _prunings(connection: sqlite3.Connection) -> list[Pruning]:
    """Return the statements about removed entries; records of an older program have none, and no table of them."""
    if "audit_prunings" not in _tables(connection):
        return []
    return read_prunings(connection.execute(PRUNINGS))


def is_local(path: Path) -> bool:
    """Return whether the file is what a viewer keeps by itself; raises ``UnreadableFileError`` for one without any audit."""
    with closing(_open(path)) as connection:
        names = _tables(connection)
    if not names & {"audit", "audit_entries"}:
        raise UnreadableFileError(f"{path} holds no audit.")
    return "audit_entries" not in names


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def verify_local(path: Path) -> Report:
    """Return what is wrong with a viewer's own chain of hashes, whose last hash stands for a root; nothing of it is signed."""
    chain = check_chain(path)
    held = "1 entry holds" if chain.entries == 1 else f"{chain.entries} entries hold"
    findings = (Finding(chain.entries + 1, 0, "chain", f"{chain.wrong} {held} together from the first on."),)
    return Report(chain.entries, bytes.fromhex(chain.last_hash), 0, "", findings if chain.wrong else ())


def damaged(why: str) -> Report:
    """Return the report over a file that SQLite itself cannot read through."""
    return Report(0, b"", 0, "", (Finding(0, 0, "damaged", f"The file itself is damaged ({why})."),))


def _entries(connection: sqlite3.Connection) -> Iterator[Entry]:
    for number, at, kind, person, patient_id, study_uid, body, leaf in connection.execute(ENTRIES):
        yield Entry(number, at, kind, person, patient_id, study_uid, _bytes(body), _bytes(leaf))


def _bytes(value: object) -> bytes:
    """Return what a column holds as bytes: whoever edits with SQL leaves text in it."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
