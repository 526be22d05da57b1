"""What the records service does every day: it forgets answers that nobody waits for, and says what is due to be removed.

It may remove no record itself, so that nobody who gets hold of it can; ``readingroom-hub prune`` does, as the owner.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from readingroom.reading.retention import Kept, Retention
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.once import AT_ONCE, forget
from readingroom_hub.retention.rules import due, due_words
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.store import Store

EVERY_S = 24 * 3600.0

log = logging.getLogger(__name__)


@dataclass
class Daily:
    """The job; ``due`` is what it found last. Both methods that count raise ``StoreError``."""

    store: Store
    clock: LatestClock
    retention: Retention
    due: dict[Kept, int] = field(default_factory=dict)

    async def keep_doing(self) -> None:
        """Do it now and once a day, until this is cancelled."""
        while True:
            try:
                await self.do()
            except StoreError as error:
                log.warning("What is older than its period could not be looked for: %s", error)
            await asyncio.sleep(EVERY_S)

    async def still_due(self) -> dict[Kept, int]:
        """Return what is due; as long as there is something it is counted anew, so that what was pruned is gone."""
        if self.due:
            await self._count()
        return self.due

    async def do(self) -> None:
        """Do it once; raises ``StoreError``."""
        while await self.store.write(lambda connection: forget(connection, self.clock)) >= AT_ONCE:
            pass
        await self._count()
        if self.due:
            log.warning("Older than their period: %s. Run readingroom-hub prune.", due_words(self.due))

    async def _count(self) -> None:
        now = self.clock.now()
        self.due = await self.store.read(lambda connection: due(connection, self.retention, now))
