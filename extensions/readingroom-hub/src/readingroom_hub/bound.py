"""``python -m readingroom_hub.bound COMMAND…``: run a command that dies with its parent.

Where no PID namespace is to be had, this is what keeps a killed hub from leaving its proxy or a server behind.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def bound(command: Sequence[str]) -> list[str]:
    """Return the command line that runs ``command`` bound to the life of the process that starts it."""
    return [sys.executable, "-m", "readingroom_hub.bound", str(os.getpid()), *command]


def die_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent is gone; this lasts through ``exec``."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that they can be found and ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def main() -> None:
    """Bind this process to its parent and become the command; end at once when the parent has already gone."""
    parent, *command = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):
        raise SystemExit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is the hub's own


if __name__ == "__main__":
    main()
