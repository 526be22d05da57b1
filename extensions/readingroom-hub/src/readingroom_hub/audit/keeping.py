"""What the service does for its audit while it runs: sign it, copy the signatures, send it on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from readingroom_hub.audit.checkpointing import Checkpointing
from readingroom_hub.audit.keys import open_key
from readingroom_hub.audit.second_place import SecondPlace
from readingroom_hub.audit.settings import CHECKPOINT_EVERY_S, AuditSettings
from readingroom_hub.audit.syslog import Forwarding
from readingroom_hub.settings import SettingsError
from readingroom_hub.store.store import Store


@asynccontextmanager
async def keeping(store: Store, now: Callable[[], str], settings: AuditSettings | None) -> AsyncIterator[None]:
    """Keep the audit signed and sent on as long as the block runs, and sign it once more at its end.

    Raises ``SettingsError`` for a key or a second place that cannot be used.
    """
    if settings is None:
        yield
        return
    key = open_key(settings.folder)
    try:
        second = SecondPlace(settings.checkpoints, key.public_key())
    except OSError as error:
        raise SettingsError(
            f"The checkpoints of the audit cannot be kept in a second place ({error.strerror})."
        ) from error
    signing = Checkpointing(store, key, now, second)
    await signing.begin()
    tasks = [asyncio.ensure_future(signing.keep_taking(CHECKPOINT_EVERY_S))]
    if settings.target is not None:
        sending = Forwarding(store, settings.target, settings.folder / "audit_sent", settings.host)
        tasks.append(asyncio.ensure_future(sending.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await signing.try_to_take()
