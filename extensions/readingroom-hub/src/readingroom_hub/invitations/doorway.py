"""How guests come in and go: the account first, then the link is used up; logins and server first, then the account goes.

Killed at any moment, nothing is left half: a link whose account was made and which was not used up works again; an account
whose end was recorded and which is still there is removed by the next round, the first of which is at the start.
"""

import asyncio
import logging
import time
from typing import Any

from readingroom_hub.invitations.asking import Accounts, Records, UnansweredError

ROUND_S = 1.0
"""So often it is asked whose account has to go."""

TOLD_S = 5.0
"""So long a guest whose access has ended can read why: the study leaves the screen within two seconds, by its lease."""

log = logging.getLogger(__name__)


class Doorway:
    """The one place where accounts of guests come and go."""

    def __init__(self, records: Records, accounts: Accounts, told_s: float = TOLD_S) -> None:
        self._records, self._accounts, self._told_s = records, accounts, told_s
        self._ended: dict[str, float] = {}
        self._one = asyncio.Lock()

    async def enter(self, shown: dict[str, str]) -> dict[str, Any]:
        """Return what comes of an attempt: the account, which is there, or words. Raises ``UnansweredError``."""
        async with self._one:  # or an account could be made again that was removed a moment ago
            told = await self._records.attempt("look", shown)
            if told.get("person"):
                await self._accounts.make(str(told["person"]))
                told = await self._records.attempt("use", shown)
            return told

    async def clear(self) -> None:
        """Remove the accounts that have to go. What does not succeed is left to the next round."""
        now = time.monotonic()
        for invitation_id, person in await self._records.over():
            if now - self._ended.setdefault(invitation_id, now) < self._told_s:
                continue
            try:
                await self._accounts.end_logins(person)
                if await self._accounts.stop(person):
                    async with self._one:
                        await self._accounts.remove(person)
                        await self._records.cleared(invitation_id)
                    del self._ended[invitation_id]
                    log.info("the account %s is removed", person)
            except UnansweredError as error:
                log.warning("the account %s could not be removed yet: %s", person, error)

    async def keep_clearing(self) -> None:
        """Remove accounts as long as the service runs."""
        while True:
            try:
                await self.clear()
            except UnansweredError as error:
                log.warning("%s", error)
            await asyncio.sleep(ROUND_S)
