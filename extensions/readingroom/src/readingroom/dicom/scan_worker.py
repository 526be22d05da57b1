"""A process that scans files for an index: takes lists of paths, gives back what each file holds.

Lists and answers travel as pickles through its standard input and output; it ends when its input does. It runs our own
code over files as the parent would, so its answers are trusted as the parent's own.
"""

import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from readingroom.dicom.scan import ScannedFile, scan_file
from readingroom.errors import UnreadableFileError

Outcome = ScannedFile | UnreadableFileError | None
"""What a file holds, why it cannot be taken in, or None for a DICOMDIR."""


def outcome(path: Path) -> Outcome:
    """Return what became of scanning one file; nothing is raised for it."""
    try:
        return scan_file(path)
    except UnreadableFileError as error:
        return error.with_traceback(None)


def main() -> None:
    """Serve until the parent closes the pipe."""
    with os.fdopen(os.dup(sys.stdin.fileno()), "rb") as asked, os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so that nothing printed by a library gets between answers
        while (paths := _receive(asked)) is not None:
            pickle.dump([outcome(path) for path in paths], answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _receive(asked: "os._wrap_close | object") -> Sequence[Path] | None:
    try:
        paths: Sequence[Path] = pickle.load(asked)  # type: ignore[arg-type]  # noqa: S301 - from the process that started us
    except EOFError:
        return None
    return paths
