"""The records' database as one thing: opened by one copy of the service, written through one thread, read beside it."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from readingroom_hub.store.engine import make_engine, sqlite_path
from readingroom_hub.store.errors import typed
from readingroom_hub.store.sole import claim_file
from readingroom_hub.store.writer import Writer

T = TypeVar("T")


class Store:
    """An open database. Opening raises ``StoreError``: unreachable, locked, claimed by another copy, newer than we know."""

    def __init__(self, address: str) -> None:
        self._reading = make_engine(address, writing=False)
        self._engine = make_engine(address, writing=True)
        path = sqlite_path(self._engine)
        self._claim = None if path is None else claim_file(path)
        self._writer = Writer(self._engine)
        try:
            self._writer.start()
        except BaseException:
            self.close()
            raise

    def put(self, write: Callable[[Connection], T]) -> Future[T]:
        """Take a write; its result comes when it is on the disk. Raises ``StoreBusyError`` when too many wait."""
        return self._writer.put(write)

    async def write(self, write: Callable[[Connection], T]) -> T:
        """Run a write in the writer's transaction; return when it is on the disk. Raises ``StoreError`` or what it raises."""
        return await asyncio.wrap_future(self._writer.put(write))

    def write_and_wait(self, write: Callable[[Connection], T]) -> T:
        """Do the same for a caller that has no event loop."""
        return self._writer.put(write).result()

    async def read(self, read: Callable[[Connection], T]) -> T:
        """Run a read off the event loop over one consistent state; raises ``StoreError``."""
        return await asyncio.to_thread(self.read_and_wait, read)

    def read_and_wait(self, read: Callable[[Connection], T]) -> T:
        """Do the same for a caller that has no event loop."""
        try:
            with self._reading.connect() as connection, connection.begin():
                return read(connection)
        except (SQLAlchemyError, OSError) as error:
            raise typed(error) from error

    def trouble(self) -> str:
        """Return why nothing can be written just now, empty when all is well."""
        return self._writer.trouble()

    def close(self) -> None:
        """Write what waits and let go of the database."""
        self._writer.close()
        self._engine.dispose()
        self._reading.dispose()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None
