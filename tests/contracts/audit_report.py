"""The report of docs/audit.md: what ``readingroom audit verify`` says of a log that was tampered with, each way by itself.

``python -m tests.contracts.audit_report`` writes it anew.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.core.tampering import Row, edited, make_records, renumbered, swapped

DOCUMENT = Path(__file__).parents[2] / "docs" / "audit.md"
BEGIN, END = "<!-- written by tests/contracts/audit_report.py -->\n", "<!-- as far as here -->\n"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

WHOLE = "Nothing was done to it"
WAYS: dict[str, Callable[[list[Row]], Sequence[Row]]] = {
    WHOLE: lambda rows: rows,
    "An entry was edited, its columns and its hash put right": edited,
    "An entry was removed, and the numbers behind it closed up": lambda rows: renumbered([*rows[:14], *rows[15:]]),
    "Two entries changed places": swapped,
    "The end was cut off": lambda rows: rows[:18],
}


def report() -> str:
    """Return the report in Markdown."""
    return "\n".join(f"**{title}** (exit status {status})\n\n```\n{said}```\n" for title, status, said in _found())


def _found() -> list[tuple[str, int, str]]:
    return [(title, *_verified(tamper)) for title, tamper in WAYS.items()]


def _verified(tamper: Callable[[list[Row]], Sequence[Row]]) -> tuple[int, str]:
    """Return the exit status and the words about one log."""
    with tempfile.TemporaryDirectory() as folder:
        records = make_records(Path(folder), KEY)
        records.rewrite(tamper)
        whole = tamper is WAYS[WHOLE]
        return int(not whole), records.said(int(not whole), second=True).replace(str(records.path), "records.sqlite")


def rewrite(text: str) -> str:
    """Return the document with the report of now in it."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{report()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(rewrite(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
