"""What is the same within a while counts once: a program that tries in a loop cannot fill the audit."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

EVERY_S = 60.0
"""The same refusal is told so often at most."""

MOST_REMEMBERED = 4096
"""Keys held at once; the oldest is forgotten first."""


class Repeats:
    """Remembers what was told within the last ``EVERY_S`` seconds of ``now``, which never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._told: OrderedDict[Hashable, float] = OrderedDict()

    def is_new(self, key: Hashable) -> bool:
        """Return whether this was not told lately; whoever asks tells it now."""
        now = self._now()
        if now - self._told.get(key, -EVERY_S) < EVERY_S:
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        while len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        return True

    def forget(self, key: Hashable) -> None:
        """Let it be told again: it could not be."""
        self._told.pop(key, None)
