"""``python ordeal.py URL KILLS SEED``: kill the writer of the records again and again while it answers, and count what is left.

Every writer is a process of its own over the real store. It is asked to keep entries, several at a time, and says of each
when it is kept. What was not said of when it was killed is sent again under the same key, as a reading server does.
Prints a JSON object: how many entries were answered, how many of them are missing or elsewhere than was said, and how many
are there twice.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy import select as query

from readingroom_hub.records.clock import LatestClock
from readingroom_hub.records.once import Request, once
from readingroom_hub.store import audit_rows
from readingroom_hub.store.audit_rows import AuditRow
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries

if TYPE_CHECKING:
    from concurrent.futures import Future

AT_ONCE = 8
LONGEST_LIFE_S = 0.03


def keep(name: str) -> Callable[[Connection], int]:
    """Return the write that keeps an entry."""
    body = json.dumps(name).encode()
    row = AuditRow("2026-01-01T00:00:00.000000+00:00", "access", "consultant", "P1", "1.2", body)
    return lambda connection: audit_rows.append(connection, row)


def work(address: str, again: list[int], following: int, said: int) -> None:
    """Keep entries without end: first those that were not answered before, then new ones."""
    store = Store(address)
    clock = store.read_and_wait(LatestClock)
    waiting: deque[tuple[int, Future[int]]] = deque()
    for number in _numbers(again, following):
        request, write = Request("ordeal", str(number), "", b""), keep(str(number))
        os.write(said, f"sent {number} 0\n".encode())
        waiting.append((number, store.put(lambda connection, r=request, w=write: once(connection, clock, r, w))))
        if len(waiting) >= AT_ONCE:
            first, kept = waiting.popleft()
            os.write(said, f"kept {first} {kept.result()}\n".encode())


def _numbers(again: list[int], following: int) -> Iterator[int]:
    yield from again
    while True:
        yield following
        following += 1


class Ordeal:
    """What was sent and what was answered, over all lives of the writer."""

    def __init__(self, address: str, chance: random.Random) -> None:
        self.address = address
        self.chance = chance
        self.sent = 0
        self.kept: dict[int, int] = {}

    def live_and_die(self) -> None:
        """Let a writer live for a random time from its first answer on, and take note of all that it still said."""
        reading, writing = os.pipe()
        unanswered = [number for number in range(self.sent) if number not in self.kept]
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                work(self.address, unanswered, self.sent, writing)
            finally:
                os._exit(1)
        os.close(writing)
        told = self._until_kept(reading)
        time.sleep(self.chance.uniform(0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := os.read(reading, 2**16):
            told += more
        os.close(reading)
        for line in told.decode().splitlines():
            word, number, kept = line.split()
            self.sent = max(self.sent, int(number) + 1)
            if word == "kept":
                self.kept[int(number)] = int(kept)

    def _until_kept(self, reading: int) -> bytes:
        told = b""
        while b"kept" not in told:
            if not select.select([reading], [], [], 30)[0]:
                raise TimeoutError("the writer keeps nothing")
            part = os.read(reading, 2**16)
            if not part:
                raise RuntimeError("the writer ended by itself")
            told += part
        return told

    def count(self) -> dict[str, int]:
        """Return what is left of what was answered."""
        store = Store(self.address)
        rows = store.read_and_wait(
            lambda connection: connection.execute(query(audit_entries.c.number, audit_entries.c.body)).all()
        )
        store.close()
        found = [(int(json.loads(bytes(body))), int(number)) for number, body in rows]
        place = dict(found)
        lost = [name for name, number in self.kept.items() if place.get(name) != number]
        gaps = set(range(1, len(rows) + 1)) - set(place.values())
        return {"answered": len(self.kept), "lost": len(lost), "doubled": len(found) - len(place), "gaps": len(gaps)}


def main(address: str, kills: int, seed: int) -> None:
    """Kill and count."""
    Store(address).close()
    ordeal = Ordeal(address, random.Random(seed))  # noqa: S311 - a test
    for _ in range(kills):
        ordeal.live_and_die()
    sys.stdout.write(json.dumps(ordeal.count()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
