"""Every file below a folder, in the order of paths; what cannot be entered is told, links out of it are not followed."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from readingroom.dicom.model import Problem


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file: its path below the root with forward slashes, and what tells whether it has changed.

    That is its size and the time of its last change of any kind (ctime): a restored backup keeps the old time of
    modification, and a file that may now be read has a new mode only.
    """

    path: str
    changed_ns: int
    size: int


@dataclass(slots=True)
class Walk:
    """What a walk found; ``unread`` are the folders (with a slash at the end) that could not be looked into."""

    files: list[FoundFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def walk(root: Path) -> Walk:
    """Return all regular files below ``root``; raises ``OSError`` when the root itself cannot be listed."""
    found = Walk()
    real_root = os.path.realpath(root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(real_root, folder)) as entries:  # noqa: PTH118 - strings: a third of the time
                pending += _sort_entries(entries, folder, real_root, found)
        except OSError as error:
            if not folder:
                raise
            found.problems.append(Problem(folder.rstrip("/"), f"cannot be looked into ({error.strerror or error})"))
            found.unread.append(folder)
    found.files.sort(key=lambda file: file.path)
    return found


def _sort_entries(entries: "os._ScandirIterator[str]", folder: str, real_root: str, found: Walk) -> list[str]:
    """Put files and problems of one folder into ``found``; return the folders below it."""
    folders = []
    for entry in entries:
        if entry.name.startswith("."):
            continue  # what file managers and we ourselves leave behind, never a study
        path = f"{folder}{entry.name}"
        if entry.is_symlink():
            if not _stays_within(entry.path, real_root):
                found.problems.append(
                    Problem(_printable(path), "is a link out of the study folder and is not followed", "not_entered")
                )
        elif entry.is_dir(follow_symlinks=False):
            folders.append(f"{path}/")
        else:
            _add_file(entry, path, found)
    return folders


def _add_file(entry: "os.DirEntry[str]", path: str, found: Walk) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return  # gone since it was listed
    if path != _printable(path):
        found.problems.append(Problem(_printable(path), "has a name that is not valid text"))
    elif stat.S_ISREG(status.st_mode):
        found.files.append(FoundFile(path, status.st_ctime_ns, status.st_size))


def _stays_within(link: str, real_root: str) -> bool:
    """Return whether a link ends below the root; the walk meets its target there and need not follow it."""
    return os.path.commonpath([os.path.realpath(link), real_root]) == real_root


def _printable(path: str) -> str:
    return path.encode(errors="surrogateescape").decode(errors="replace")
