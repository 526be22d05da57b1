"""What was fetched is kept within bounds, and fetched once though many ask for it at the same time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Values whose sizes add up to no more than ``capacity``; those that were asked for longest ago go first."""

    def __init__(self, capacity: int, gone: Callable[[Value], None] | None = None) -> None:
        self._capacity = capacity
        self._gone = gone
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return a value, None where it is not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value, unless it alone is larger than the capacity."""
        gone = []
        with self._lock:
            gone += self._take(key)
            if size <= self._capacity:
                self._kept[key] = value, size
                self._size += size
            while self._size > self._capacity:
                gone += self._take(next(iter(self._kept)))
        self._tell(gone)

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        with self._lock:
            gone = self._take(key)
        self._tell(gone)

    def _take(self, key: Hashable) -> list[Value]:
        found = self._kept.pop(key, None)
        if found is None:
            return []
        self._size -= found[1]
        return [found[0]]

    def _tell(self, gone: list[Value]) -> None:
        for value in gone if self._gone is not None else ():
            self._gone(value)  # type: ignore[misc] # looked at in the line above


class KeyedLocks:
    """A lock for each key, there as long as somebody wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Hashable, tuple[threading.Lock, int]] = {}

    @contextmanager
    def holding(self, key: Hashable) -> Iterator[None]:
        """Hold the lock of a key."""
        with self._lock:
            lock, wanted = self._locks.get(key, (threading.Lock(), 0))
            self._locks[key] = lock, wanted + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, wanted = self._locks[key]
                if wanted == 1:
                    del self._locks[key]
                else:
                    self._locks[key] = lock, wanted - 1
