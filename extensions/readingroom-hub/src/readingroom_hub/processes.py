"""Reading ``/proc``: a minimal Debian has no ``ps``."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def parents() -> dict[int, int]:
    """Return the parent of every process that can be seen."""
    found: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # The name in parentheses may hold anything; state and parent follow the last one.
                after_name = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
                found[int(folder.name)] = int(after_name.split()[1])
    return found


def children(process: int) -> list[int]:
    """Return the direct children of a process, oldest PID first."""
    return sorted(child for child, parent in parents().items() if parent == process)


def descendants(process: int) -> list[int]:
    """Return the children of a process, their children and so on."""
    tree = parents()
    found = [process]
    for ancestor in found:
        found += [child for child, parent in tree.items() if parent == ancestor]
    return found[1:]


def arguments(process: int) -> list[str]:
    """Return the command line of a process, empty when it is gone."""
    try:
        return os.fsdecode(Path(f"/proc/{process}/cmdline").read_bytes()).rstrip("\0").split("\0")
    except OSError:
        return []


def send(process: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(process, number)
