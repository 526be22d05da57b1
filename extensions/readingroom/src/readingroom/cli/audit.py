"""``readingroom audit verify``: whether an audit still holds every entry as it was written, and which one does not.

It takes the records of the service (an SQLite file, or the URL of a PostgreSQL database where ``readingroom-hub`` is
installed) and the file that a viewer keeps by itself. The exit status is 0 when the audit is whole, 1 when it is not, and 2
when it cannot be read. The JSON is one object: ``whole``, ``entries``, ``signed`` (the number of the last entry under a
signature that holds), ``signed_at``, ``root``, ``pruned`` (entries removed by a signed statement) with ``pruned_why`` and
``left`` (of these, still there), and ``findings``, each with ``number``, ``last``, ``deed`` and ``words``.
"""

import argparse
import json
import sqlite3
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from readingroom.reading.verification import Report

BROKEN = 1
KEY_FILE = "audit_key.pub"
"""The public key as the service leaves it beside its SQLite file."""

READERS = "readingroom.audit_readers"
"""Entry points by the scheme of a URL: functions of a URL, a key and a witness that return a ``verification.Report``."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    words = parser.add_subparsers(required=True, metavar="verify")
    verify = words.add_parser("verify", help="check every entry against its hash and against what was signed")
    verify.add_argument("records", metavar="PATH_OR_URL", help="a records file (SQLite), or postgresql://…")
    verify.add_argument("--checkpoints", type=Path, metavar="FILE", help="the signed checkpoints of the second place")
    verify.add_argument(
        "--key", type=Path, metavar="FILE", help=f"the public key (PEM); otherwise {KEY_FILE} beside the file"
    )
    verify.add_argument("--json", action="store_true", help="for programs; the keys are documented in the module")


def run(options: argparse.Namespace) -> int:
    """Print what was found; raises ``UnreadableFileError`` for what holds no audit."""
    report = _report(options.records, options.key, options.checkpoints)
    if options.json:
        told = {**asdict(report), "root": report.root.hex(), "whole": report.whole}
        print(json.dumps(told))  # noqa: T201 - for a program
    else:
        say(*lines(_shown(options.records), report))
    return 0 if report.whole else BROKEN


def lines(records: str, report: "Report") -> list[str]:
    """Return a report in words: the verdict, each fault, and how far the signatures reach."""
    counted = "1 entry" if report.entries == 1 else f"{report.entries} entries"
    if report.whole:
        told = [f"{records}: the audit is whole. {counted}."]
    else:
        told = [f"{records}: the audit is broken. {counted} found."]
        told += [f"  {finding.words}" for finding in report.findings]
    if report.pruned:
        told.append(f"Removed by a signed statement: the first {report.pruned}, at {report.pruned_why}.")
    if report.left:
        told.append(f"Of these {report.left} are still there. Run readingroom-hub prune again.")
    if report.signed:
        told.append(f"Signed: the first {report.signed}, at {report.signed_at}.")
    if report.pruned + report.entries > report.signed:
        unsigned = report.pruned + report.entries - max(report.signed, report.pruned)
        told.append(f"Not signed yet: the last {unsigned}. An end cut off there leaves no trace.")
    return [*told, f"Root {report.root.hex()}."]


def _report(records: str, key: Path | None, checkpoints: Path | None) -> "Report":
    from readingroom.errors import UnreadableFileError  # noqa: PLC0415 - loaded by this command alone
    from readingroom.reading import recorded  # noqa: PLC0415

    if "://" in records:
        reader = _reader(records.partition(":")[0].partition("+")[0])
        public = _key(key, Path(KEY_FILE))
        return reader(records, public, _lines(checkpoints))
    path = Path(records)
    if not path.is_file():
        raise UnreadableFileError(f"{path} is no file.")
    try:
        if recorded.is_local(path):
            return recorded.verify_local(path)
        return recorded.verify_sqlite(path, _key(key, path.with_name(KEY_FILE)), _lines(checkpoints))
    except sqlite3.OperationalError as error:  # no such table, locked, not to be opened
        raise UnreadableFileError(f"{path} cannot be read as a records file ({error}).") from error
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise UnreadableFileError(f"{path} is no records file.") from error
        return recorded.damaged(str(error))


def _key(given: Path | None, otherwise: Path) -> "Ed25519PublicKey":
    from readingroom.errors import UnreadableFileError  # noqa: PLC0415
    from readingroom.reading.checkpoints import read_key  # noqa: PLC0415

    path = given or otherwise
    if not path.is_file():
        raise UnreadableFileError(f"The audit is signed, and {path} is no file. Name its public key with --key.")
    return read_key(path.read_bytes())


def _lines(path: Path | None) -> list[bytes] | None:
    return None if path is None else path.read_bytes().splitlines()


def _reader(scheme: str) -> "Callable[[str, Ed25519PublicKey, list[bytes] | None], Report]":
    from readingroom.errors import UnreadableFileError  # noqa: PLC0415

    for point in entry_points(group=READERS, name=scheme):
        reader: Callable[[str, Ed25519PublicKey, list[bytes] | None], Report] = point.load()
        return reader
    raise UnreadableFileError(
        f"A {scheme} database is read where readingroom-hub is installed; it is not installed here."
    )


def _shown(records: str) -> str:
    """Return the name of the records without a password."""
    scheme, found, rest = records.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else records
