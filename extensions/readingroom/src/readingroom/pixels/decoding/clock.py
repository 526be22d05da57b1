"""A time limit that is fair to a child on a busy machine: only time in which it could have worked counts."""

import time

PATIENCE = 4
"""A child that waits for a processor may take this many times its limit by the clock on the wall."""

_SHORTEST_TICK = 0.02
"""Looks that follow faster are not worth asking the kernel for."""

_LONGEST_TICK = 0.5
"""A longer time between two looks means that this process was itself stopped, a paused container for one."""


class Clock:
    """The seconds left to a process, less those that it spent waiting for a processor."""

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid, self._left, self._left_on_the_wall = pid, seconds, seconds * PATIENCE
        self._seen, self._waited = time.monotonic(), -1.0

    def tick(self) -> None:
        """Count the time since the last look."""
        now = time.monotonic()
        if now - self._seen < _SHORTEST_TICK:
            return
        waited = _seconds_waited(self._pid)
        elapsed = min(now - self._seen, _LONGEST_TICK)
        self._left -= max(elapsed - (waited - self._waited if self._waited >= 0 else 0), 0)
        self._left_on_the_wall -= elapsed
        self._seen, self._waited = now, waited

    def is_over(self) -> bool:
        """Return whether there is no time left."""
        return self._left <= 0 or self._left_on_the_wall <= 0


def _seconds_waited(pid: int) -> float:
    """Return how long a process has waited for a processor so far (Linux: sched-stats), 0 where nobody tells."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:  # noqa: PTH123 - a third of the time that a Path takes
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
