"""The tables of docs/conformance.md: some written from the product's own tables, the rest read to be held to their word.

``python -m tests.contracts.statement`` writes the tables that come from the product anew.
"""

from collections.abc import Iterable
from pathlib import Path

from readingroom.pixels.codecs.conformance import PIXELS, transfer_syntaxes

REPOSITORY = Path(__file__).parents[2]
STATEMENT = REPOSITORY / "docs" / "conformance.md"


def written() -> dict[str, list[list[str]]]:
    """Return the rows, their header first, of the tables that the product's own tables say."""
    syntaxes = [
        [row.uid, row.name, row.decoder or "none", row.keeps, row.note, row.test] for row in transfer_syntaxes()
    ]
    pixels = [[row.form, row.shown, row.test] for row in PIXELS]
    return {
        "Transfer syntaxes": [["UID", "name", "decoder", "keeps", "remark", "test"], *syntaxes],
        "Pixel data": [["form", "shown", "test"], *pixels],
    }


def tables() -> dict[str, list[list[str]]]:
    """Return the rows of each table under its heading, their header first, as the document has them."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in STATEMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("|") and not line.startswith("|--"):
            cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
            found.setdefault(heading, []).append(cells)
    return found


def as_table(rows: Iterable[list[str]]) -> list[str]:
    """Return rows as lines of Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return [lines[0], "|" + "--|" * lines[0].count(" | ") + "--|", *lines[1:]]


def rewrite(text: str) -> str:
    """Return the document with the tables of ``written`` in place of what stood under their headings."""
    parts = text.split("\n## ")
    for number, part in enumerate(parts):
        heading, _, body = part.partition("\n")
        if heading in written():
            prose = [line for line in body.splitlines() if not line.startswith("|")]
            parts[number] = "\n".join([heading, *prose, *as_table(written()[heading]), ""])
    return "\n## ".join(parts)


if __name__ == "__main__":
    STATEMENT.write_text(rewrite(STATEMENT.read_text(encoding="utf-8")), encoding="utf-8")
