"""``readingroom index``: bring the index of a folder up to date, once or for as long as it runs."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.errors import SourceUnavailableError

if TYPE_CHECKING:
    from readingroom.dicom.folder import FolderSource
    from readingroom.dicom.source import SourceState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--index", type=Path, required=True, metavar="PATH")
    parser.add_argument("--watch", type=float, metavar="SECONDS", help="look again until stopped")


def run(options: argparse.Namespace) -> None:
    """Refresh the index; raises ``SourceUnavailableError`` when the folder cannot be read."""
    from readingroom.dicom.folder import FolderSource  # noqa: PLC0415 - loaded by this command alone

    source = FolderSource(options.folder, options.index)
    try:
        if options.watch is None:
            _index_once(source, options.folder)
        else:
            _watch(source, options.watch)
    finally:
        source.close()


def _index_once(source: "FolderSource", folder: Path) -> None:
    state = source.refresh(_print_progress)
    _print_problems(source)
    if not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
        raise SourceUnavailableError(state.message)


def _watch(source: "FolderSource", seconds: float) -> None:
    """Refresh until SIGINT or SIGTERM; tell what changed only."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    told = -1
    while not stopped.is_set():
        try:
            state = source.refresh()
        except SourceUnavailableError as error:
            sys.stderr.write(f"readingroom: {error}\n")
        else:
            if state.revision != told:
                _print_progress(state)
                _print_problems(source)
            told = state.revision
        stopped.wait(seconds)


def _print_progress(state: "SourceState") -> None:
    print(f"{state.files_seen} files seen. {state.message}".rstrip(), flush=True)  # noqa: T201


def _print_problems(source: "FolderSource") -> None:
    for problem in source.problems():
        print(f"{problem.path}: {problem.reason}", flush=True)  # noqa: T201
