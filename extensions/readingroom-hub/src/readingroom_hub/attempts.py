"""How often somebody may try a secret: failures counted in memory, in windows that end by themselves.

Nobody can be shut out for ever: refused attempts are not counted, so a full window empties; and a browser that a person
has logged in with before is counted by itself, so that strangers who fill the person's window do not close it to them.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

MOST_REMEMBERED = 10_000
"""Keys held at once; the oldest is forgotten first, so that made-up names cannot fill the memory."""


class TooManyAttemptsError(Exception):
    """No further attempt is taken for now; ``wait_s`` says for how long."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many attempts; the next is taken in {wait_s:.0f} s")
        self.wait_s = wait_s

    @property
    def words(self) -> str:
        """The refusal as it is told to whoever tried."""
        minutes = max(1, round(self.wait_s / 60))
        return f"Too many attempts have failed. The next is taken in {minutes} min; nothing was checked now."


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within so many seconds."""

    failures: int
    window_s: float


@dataclass(slots=True)
class Attempts:
    """The failures of the last while, by any key: an account, an address, a browser, an invitation."""

    clock: Callable[[], float] = time.monotonic
    _failed: "OrderedDict[Hashable, deque[float]]" = field(default_factory=OrderedDict)

    def begin(self, limits: Iterable[tuple[Hashable, Limit]]) -> None:
        """Count one attempt as failed against every key, or raise ``TooManyAttemptsError`` and count nothing.

        It is counted before it is tried, so that a hundred attempts at once are a hundred.
        """
        now, keyed = self.clock(), list(limits)
        waits = [self._wait(key, limit, now) for key, limit in keyed]
        if longest := max(waits, default=0.0):
            raise TooManyAttemptsError(longest)
        for key, _ in keyed:
            self._failed.setdefault(key, deque()).append(now)
            self._failed.move_to_end(key)
        while len(self._failed) > MOST_REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, key: Hashable) -> None:
        """Forget the failures of ``key``, which has shown that it knows the secret."""
        self._failed.pop(key, None)

    def took_back(self, key: Hashable) -> None:
        """Forget the last attempt of ``key`` alone: it succeeded, but may not wash away what others failed."""
        if failed := self._failed.get(key):
            failed.pop()

    def _wait(self, key: Hashable, limit: Limit, now: float) -> float:
        failed = self._failed.get(key)
        while failed and failed[0] <= now - limit.window_s:
            failed.popleft()
        if failed is None or len(failed) < limit.failures:
            return 0.0
        return max(1.0, failed[-limit.failures] + limit.window_s - now)
