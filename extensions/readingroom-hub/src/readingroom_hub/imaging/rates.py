"""How many frames a person may take: generous for reading, too few for carrying a department away."""

import time
from collections import OrderedDict
from collections.abc import Callable

from readingroom_hub.imaging.errors import TooManyRequestsError

FRAMES_PER_SECOND = 200.0
"""Three readers' scrolling at 60 frames a second."""

FRAMES_AT_ONCE = 12_000
"""What may be taken without waiting after a pause: four volumes of 3,000 slices."""

REMEMBERED = 4096


class FrameRate:
    """A bucket of frames for each person, filled evenly.

    Parameters
    ----------
    per_second, at_once
        How fast a bucket fills, and how much it holds.
    now
        The clock, in seconds.
    """

    def __init__(
        self,
        per_second: float = FRAMES_PER_SECOND,
        at_once: int = FRAMES_AT_ONCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second, self._at_once, self._now = per_second, at_once, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, person: str, frames: int) -> None:
        """Take frames out of a person's bucket; raises ``TooManyRequestsError`` and takes none where it holds fewer."""
        held = self._held(person)
        if frames > held:
            raise TooManyRequestsError(
                f"More frames were asked for than reading needs: {self._per_second:g} a second in the long run.",
                retry_after_s=max(1, round((frames - held) / self._per_second)),
            )
        self._keep(person, held - frames)

    def wait_s(self, person: str) -> float:
        """Take one frame and return the seconds to wait for it: a stream is slowed down, not refused."""
        held = self._held(person) - 1
        self._keep(person, held)
        return max(0.0, -held / self._per_second)

    def _held(self, person: str) -> float:
        now = self._now()
        held, at = self._buckets.get(person, (float(self._at_once), now))
        return min(self._at_once, held + max(0.0, now - at) * self._per_second)

    def _keep(self, person: str, held: float) -> None:
        self._buckets[person] = (held, self._now())
        self._buckets.move_to_end(person)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
