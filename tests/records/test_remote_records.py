"""What a reading server keeps with the real records service: nothing lost and nothing doubled, whatever happens to it."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit import AuditLine
from readingroom.reading.audit_codes import Kind
from readingroom.reading.coverage import PaintedFrame
from readingroom.reading.display import DisplayRecord
from readingroom_hub.testing import PATIENCE_S, wait_for
from readingroom_viewer.hub_client import HubClient
from readingroom_viewer.remote_records import RemoteRecords

from .rooms import Room

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINE = AuditLine(NOON, "trainee", "1.2", "1.2.3", "1.2.3.4", 1, "cd" * 32, "ab" * 32, verified=True)
FRAME = PaintedFrame(NOON, "trainee", "one", "1.2", "1.2.3", "1.2.3.4", 1, 0)
DESK = DisplayRecord("trainee", "Desk", date(2026, 11, 24), tuple(0.5 * 1.4**n for n in range(18)), 0.1)


@pytest.fixture
def records(room: Room) -> Iterator[RemoteRecords]:
    """Return the records of the trainee's reading server."""
    address = f"{room.launched.url}/services/records/api"
    opened = RemoteRecords(HubClient(address, room.token("trainee"), RecordsUnavailableError, "Records are away."))
    yield opened
    opened.close()


def test_what_is_kept_is_found_again(records: RemoteRecords) -> None:
    """Audit lines have growing numbers; coverage is by read; the screens of a person are theirs."""
    first, second = records.append(LINE), records.append(replace(LINE, frame=2))
    records.painted(FRAME)
    records.painted(replace(FRAME, frame=2, read="two"))
    assert first.result(PATIENCE_S) < second.result(PATIENCE_S)
    assert wait_for(lambda: {("1.2.3.4", 1), ("1.2.3.4", 2)} == records.seen("trainee", "1.2.3"), PATIENCE_S)
    assert {("1.2.3.4", 2)} == records.seen("trainee", "1.2.3", "two")
    assert "" == records.trouble()

    records.save(DESK)
    records.save(replace(DESK, display="Home"))
    assert [DESK] == records.records("trainee", "Desk")
    assert ["Home", "Desk"] == records.displays("trainee")


def pictures(room: Room) -> int:
    """Return how many pictures the audit tells of."""
    return sum(kind == Kind.PICTURE_SEEN for kind, _ in room.audit())


def running(room: Room) -> bool:
    """Return whether the service has a process: for some moments after a kill it has none."""
    try:
        return bool(room.service())
    except StopIteration:
        return False


def test_a_restart_of_records_loses_nothing_and_doubles_nothing(records: RemoteRecords, room: Room) -> None:
    """Killed again and again in the middle of batches: every line is there once, in its order, with a number of its own."""
    before = pictures(room)
    kept = []
    for round_ in range(4):
        kept += [records.append(replace(LINE, frame=1000 * round_ + number)) for number in range(1, 200)]
        if round_ < 3:
            assert wait_for(lambda: running(room), PATIENCE_S)
            os.kill(room.service(), signal.SIGKILL)
    numbers = [one.result(PATIENCE_S) for one in kept]
    assert len(set(numbers)) == len(kept)
    assert sorted(numbers) == numbers
    assert before + len(kept) == pictures(room)
    assert wait_for(lambda: not records.trouble(), PATIENCE_S)


def test_records_that_are_away_are_trouble_at_once(records: RemoteRecords, room: Room) -> None:
    """Before a second picture can be shown, the reader is told that nothing can be recorded; then everything is."""
    assert wait_for(lambda: not records.trouble(), PATIENCE_S)
    os.kill(room.service(), signal.SIGSTOP)
    try:
        waiting = records.append(LINE)
        assert wait_for(lambda: "no image is shown" in records.trouble(), PATIENCE_S)
        assert not waiting.done()
        with pytest.raises(RecordsUnavailableError):
            records.leases(["1.2"])
    finally:
        os.kill(room.service(), signal.SIGCONT)
    assert waiting.result(PATIENCE_S)


def test_an_open_study_is_asked_about(records: RemoteRecords, room: Room) -> None:
    """A trainee on the rota may keep a study open; a guest to whom nobody gave it may not, and is told why."""
    address = f"{room.launched.url}/services/records/api"
    guest = RemoteRecords(HubClient(address, room.token("guest"), RecordsUnavailableError, "Records are away."))
    ((own,), (guests,)) = (each.leases(["1.2.3"]) for each in (records, guest))
    assert (True, False) == (own.valid, guests.valid)
    assert guests.reason
    guest.close()


def test_a_token_of_nobody_keeps_nothing(room: Room, tmp_path: Path) -> None:
    """A server that is refused shows no image: what it shows could not be recorded."""
    address = f"{room.launched.url}/services/records/api"
    refused = RemoteRecords(HubClient(address, "0" * 32, RecordsUnavailableError, "Records are away."))
    assert wait_for(lambda: "no image is shown" in refused.trouble(), PATIENCE_S)
    refused.close()
