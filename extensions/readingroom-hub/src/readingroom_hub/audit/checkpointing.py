"""Signing the audit: at the start of the service, at an interval, and at its end; into the database and a second place."""

import asyncio
import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select

from readingroom.reading.checkpoints import Checkpoint, sign
from readingroom.reading.merkle import Tree
from readingroom.reading.pruning import Pruning, last_of
from readingroom_hub.audit.second_place import SecondPlace
from readingroom_hub.audit.verifying import prunings
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_checkpoints, audit_entries

VERIFY = "Run readingroom audit verify."

log = logging.getLogger(__name__)


class Checkpointing:
    """Keeps the tree of the log as it grows, and signs it. ``now`` gives the time as it is stored.

    A checkpoint that cannot be written is told in the log and tried again at the next interval: it proves entries, and no
    reading waits for it.
    """

    def __init__(
        self, store: Store, key: Ed25519PrivateKey, now: Callable[[], str], second: SecondPlace | None = None
    ) -> None:
        self._store, self._key, self._now, self._second = store, key, now, second
        self._tree = Tree()
        self._last: Checkpoint | None = None

    async def begin(self) -> None:
        """Read the log once, tell when it is not what was signed last, and sign it as it stands."""
        last = await self._store.read(_last)
        pruning = last_of(await self._store.read(prunings), self._key.public_key())
        if pruning is not None:
            self._tree = pruning.tree
        start = self._tree.size
        leaves = await self._store.read(lambda connection: _leaves(connection, start))
        for leaf in leaves:
            self._tree = self._tree.appended(leaf)
            if last is not None and self._tree.size == last.size and self._tree.root != last.root:
                log.error("The audit is not what was signed at %s. %s", last.at, VERIFY)
        self._begin_second(pruning)
        held = self._second.leaves[start:] if self._second else ()
        if (last is not None and last.size > self._tree.size) or list(held) != leaves[: len(held)]:
            log.error("The end of the audit is missing, or it is not what the second place holds. %s", VERIFY)
        self._last = last if last is not None and last.size <= self._tree.size else None
        await self.take()

    def _begin_second(self, pruning: Pruning | None) -> None:
        if self._second is None or pruning is None or self._second.size >= pruning.size:
            return
        if self._second.size:
            log.error(
                "The second place of the checkpoints lacks entries that have been removed since. Put its own file back."
            )
            self._second = None
        else:
            self._second.begin_after(pruning)

    async def take(self) -> None:
        """Sign what has come since the last time; raises ``StoreError`` or ``OSError``."""
        for leaf in await self._store.read(lambda connection: _leaves(connection, self._tree.size)):
            self._tree = self._tree.appended(leaf)
        if self._last is None or self._tree.size > self._last.size:
            checkpoint = sign(self._key, self._tree, self._now())
            await self._store.write(lambda connection: _keep(connection, checkpoint))
            self._last = checkpoint
        second, last = self._second, self._last
        if second is not None and second.size < last.size:
            leaves = await self._store.read(lambda connection: _leaves(connection, second.size, last.size))
            await asyncio.to_thread(second.add, last, leaves)

    async def keep_taking(self, every_s: float) -> None:
        """Sign again and again, until this is cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.try_to_take()

    async def try_to_take(self) -> None:
        """Sign, and tell in the log why not."""
        try:
            await self.take()
        except (StoreError, OSError) as error:
            log.error("The audit could not be signed (%s). It is tried again.", error)  # noqa: TRY400 - said in words


def _last(connection: Connection) -> Checkpoint | None:
    table = audit_checkpoints
    row = connection.execute(select(table).order_by(table.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else Checkpoint(row.size, row.root, row.at, row.key_id, row.signature)


def _leaves(connection: Connection, after: int, last: int | None = None) -> list[bytes]:
    """Return the leaves of the entries after one number, up to another, in order."""
    table = audit_entries
    query = select(table.c.leaf).where(table.c.number > after).order_by(table.c.number)
    if last is not None:
        query = query.where(table.c.number <= last)
    return [bytes(leaf) for leaf in connection.execute(query).scalars()]


def _keep(connection: Connection, checkpoint: Checkpoint) -> None:
    known = connection.execute(
        select(audit_checkpoints.c.size).where(audit_checkpoints.c.size == checkpoint.size)
    ).scalar()
    if known is None:  # a log that was cut may have been signed at this size before; the first signature stays
        connection.execute(
            insert(audit_checkpoints).values(
                size=checkpoint.size,
                root=checkpoint.root,
                at=checkpoint.at,
                key_id=checkpoint.key_id,
                signature=checkpoint.signature,
            )
        )
