"""What was answered is there, whatever happens to the writer or its disk."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from readingroom_hub.store import audit_rows
from readingroom_hub.store.audit_rows import AuditRow
from readingroom_hub.store.errors import DiskFullError
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import audit_entries

ORDEAL = Path(__file__).with_name("ordeal.py")
KILLS = {"sqlite": 150, "postgresql": 50}
ROOM = 2**20


def test_no_answer_is_lost_when_the_writer_is_killed(address: str) -> None:
    """Killed at 200 random points in all: every entry that was answered is where it was said to be, none twice, no gap."""
    kills = KILLS[address.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]]
    done = subprocess.run(
        [sys.executable, str(ORDEAL), address, str(kills), "1"], capture_output=True, text=True, check=False
    )
    assert "" == done.stderr
    told = json.loads(done.stdout)
    assert kills <= told.pop("answered")
    assert {"lost": 0, "doubled": 0, "gaps": 0} == told


def test_a_full_disk_is_said_and_passes(tmp_path: Path) -> None:
    """With no room left a write fails with words and changes nothing; with room again the next one is kept."""
    store = Store(f"sqlite:///{tmp_path}/records.sqlite")
    row = AuditRow("2026", "access", "consultant", "P1", "1.2", b"x" * 65536)

    def add(connection: Connection) -> int:
        return audit_rows.append(connection, row)

    def fill(store: Store, kept: list[int]) -> None:
        while len(kept) < 100:
            kept += [store.write_and_wait(add)]

    def entries(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(audit_entries)).scalar_one())

    kept, limits = [store.write_and_wait(add)], resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, limits[1]))
    try:
        with pytest.raises(DiskFullError, match="Nothing was changed"):
            fill(store, kept)
        assert store.trouble()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept.append(store.write_and_wait(add))
    count = store.read_and_wait(entries)
    store.close()
    assert list(range(1, count + 1)) == kept
