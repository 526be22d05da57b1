"""``python -m readingroom_hub.restarting COMMAND…``: keeps a service running, and starts it again at once when it dies.

The hub itself looks after its services every 30 s only; studies close when records are silent for 10 s. A service that
ends by itself, because it may not run, is left to the hub: its status is ours.
"""

import signal
import subprocess
import sys
import time

from readingroom_hub.bound import bound

PAUSE_S = 0.2
"""Between a death and the next start, so that a service that dies at once does not eat the processor."""


def restarting(command: list[str]) -> list[str]:
    """Return the command line that keeps ``command`` running."""
    return [sys.executable, "-m", "readingroom_hub.restarting", *command]


def main() -> int:
    """Run the command until it ends by itself or we are told to end; return its exit status."""
    child: subprocess.Popen[bytes] | None = None
    told = False

    def end(number: int, _frame: object) -> None:
        nonlocal told
        told = True
        if child is not None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while True:
        child = subprocess.Popen(bound(sys.argv[1:]))
        status = child.wait()
        if told or status >= 0:
            return max(status, 0)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    sys.exit(main())
