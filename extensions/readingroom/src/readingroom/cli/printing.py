"""Lines for a terminal from values that other people's files decide."""

import sys


def say(*lines: str) -> None:
    """Print lines; a control character in an attribute or a file name must not command the terminal."""
    for line in lines:
        encoding = sys.stdout.encoding or "utf-8"
        print(printable(line).encode(encoding, "replace").decode(encoding))  # noqa: T201 - a command line speaks to a terminal


def printable(text: str) -> str:
    """Return text with a question mark for every character that is not shown as itself."""
    return "".join(character if character.isprintable() else "?" for character in text)
