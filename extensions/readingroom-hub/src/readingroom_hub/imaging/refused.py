"""Callers whom the gateway refuses, told to the records: whose token it was where that is known, and why."""

import hashlib
import logging
from datetime import UTC, datetime

from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit_codes import Kind, Outcome
from readingroom.reading.audit_message import AuditEvent
from readingroom_hub.callers import CallerError, HubUnreachableError
from readingroom_hub.imaging.decisions import Decider
from readingroom_hub.repeats import Repeats

log = logging.getLogger(__name__)


class RefusedCallers:
    """Tells ``decider`` of refused callers, once a minute for each.

    A token that was somebody's counts by itself, whatever it is refused for; all that were never anybody's count as one by
    the address that they come from, so that made-up tokens cannot fill the audit.
    """

    def __init__(self, decider: Decider, repeats: Repeats | None = None) -> None:
        self._decider, self._repeats = decider, repeats or Repeats()

    async def tell(self, error: CallerError, token: str, address: str, path: str) -> None:
        """Put a refusal into the audit; where that fails the caller is refused all the same, and the next try is told."""
        key = hashlib.sha256(token.encode()).hexdigest() if error.person else f"address {address}"
        if isinstance(error, HubUnreachableError) or not self._repeats.is_new(key):
            return
        event = AuditEvent(
            Kind.CALLER_REFUSED,
            datetime.now(UTC),
            "imaging",
            error.person,
            Outcome.SERIOUS_FAILURE,
            server=error.server,
            address=address,
            words=str(error),
            details=(("path", path[:200]), ("reason", error.reason)),
        )
        try:
            await self._decider.tell(event)
        except RecordsUnavailableError as trouble:
            self._repeats.forget(key)
            log.warning("a refused caller could not be recorded: %s", trouble)
