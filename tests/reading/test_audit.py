"""Audit lines and the file that keeps them: what was acknowledged is there, in one chain, whatever happens."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from readingroom.errors import RecordsUnavailableError
from readingroom.reading import batch
from readingroom.reading.audit import AuditLine, Pipeline
from readingroom.reading.coverage import PaintedFrame, as_ranges, positions_of
from readingroom.reading.local import LocalRecords, check_chain, open_records

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLAIN = Pipeline(voi=(40.0, 400.0, "LINEAR"), choice=None, inverted=False, presentation_uid="", overlays=True)
LINE = AuditLine(NOON, "trainee", "1.2", "1.2.3", "1.2.3.4", 1, PLAIN.digest, "ab" * 32, verified=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the records are to be."""
    return tmp_path / "records" / "records.sqlite"


@pytest.fixture
def records(path: Path) -> Iterator[LocalRecords]:
    """Return open records."""
    opened = LocalRecords(path)
    yield opened
    opened.close()


def wait_for(condition: object, seconds: float = 60) -> None:
    """Wait until a callable is true."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_pipeline_has_one_digest_for_ever() -> None:
    """The digest in old audit lines can be made again: it depends on the values alone."""
    assert PLAIN.digest == replace(PLAIN, inverted=False).digest
    assert "dfdb9ca5db0d1eb0" == PLAIN.digest[:16]


@pytest.mark.parametrize(
    "change",
    [
        {"voi": (40.0, 401.0, "LINEAR")},
        {"voi": (40.0, 400.0, "SIGMOID")},
        {"voi": None, "choice": 0},
        {"inverted": True},
        {"presentation_uid": "1.2.840"},
        {"overlays": False},
        {"reformat": "coronal"},
        {"display": "ab"},
    ],
)
def test_every_part_of_the_pipeline_counts(change: dict[str, object]) -> None:
    """Nothing that makes other pixels leaves the digest as it is."""
    assert PLAIN.digest != replace(PLAIN, **change).digest  # type: ignore[arg-type]


def test_a_line_needs_zone_and_hashes() -> None:
    """A line that could not be understood later cannot be made."""
    with pytest.raises(ValueError, match="zone"):
        replace(LINE, at=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="SHA-256"):
        replace(LINE, sha256="ab")
    with pytest.raises(ValueError, match="SHA-256"):
        replace(LINE, pipeline="")


def test_lines_are_numbered_and_chained(records: LocalRecords, path: Path) -> None:
    """A hundred lines, written in batches, get the numbers of their order and hold together."""
    numbers = [records.append(replace(LINE, frame=frame)) for frame in range(1, 101)]
    assert list(range(1, 101)) == [number.result(60) for number in numbers]
    assert (100, "") == (check_chain(path).entries, check_chain(path).wrong)


def test_a_place_that_comes_back_is_found_without_being_asked(path: Path) -> None:
    """No audit, no pixels; and no pixels, nothing to write: the file is looked for again all the same."""
    path.mkdir(parents=True)
    records = LocalRecords(path)
    wait_for(records.trouble)
    path.rmdir()
    wait_for(lambda: not records.trouble())
    records.append(LINE).result(60)
    records.close()


def test_no_pixel_is_in_the_log(records: LocalRecords, path: Path) -> None:
    """A line holds identifiers, two hashes, a time and a verdict, and nothing else."""
    records.append(LINE).result(60)
    (entry,) = sqlite3.connect(path).execute("SELECT entry FROM audit").fetchone()
    assert len(entry) < 500
    assert '"verified":true' in entry


CRASH = """
import sys, pathlib
from dataclasses import replace
from readingroom.reading.local import LocalRecords
sys.path.insert(0, sys.argv[2])
from test_audit import LINE
records = LocalRecords(pathlib.Path(sys.argv[1]))
waiting = []
for frame in range(1, 10**9):
    waiting.append(records.append(replace(LINE, frame=frame)))
    if len(waiting) == 50:
        print(waiting.pop(0).result(), flush=True)
        while waiting and waiting[0].done():
            print(waiting.pop(0).result(), flush=True)
"""


def test_kill_9_loses_no_acknowledged_line(path: Path) -> None:
    """A process killed in the middle of writing has kept every line that it was told is kept."""
    process = subprocess.Popen(
        [sys.executable, "-c", CRASH, path, Path(__file__).parent], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(300)]
    process.kill()
    acknowledged += [int(word) for word in process.stdout.read().split("\n") if word.strip()]
    process.wait()
    process.stdout.close()

    report = check_chain(path)

    assert "" == report.wrong
    assert report.entries >= max(acknowledged)
    assert list(range(1, len(acknowledged) + 1)) == acknowledged


@pytest.fixture
def kept(path: Path) -> Path:
    """Return a closed file of ten lines."""
    records = LocalRecords(path)
    for frame in range(1, 11):
        records.append(replace(LINE, frame=frame))
    records.close()
    return path


def without_triggers(path: Path) -> sqlite3.Connection:
    """Return the file as somebody opens it who wants to change what was written."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


@pytest.mark.parametrize(
    ("statement", "entries", "words"),
    [
        ("UPDATE audit SET entry = replace(entry, 'trainee', 'somebody') WHERE number = 4", 3, "Entry 4 is not"),
        ("UPDATE audit SET hash = previous WHERE number = 10", 9, "Entry 10 is not"),
        ("DELETE FROM audit WHERE number = 6", 5, "Entry 6 is missing"),
        ("DELETE FROM audit WHERE number > 7", 7, "after 7 are missing"),
        ("DELETE FROM audit WHERE number = 1", 0, "Entry 1 is missing"),
        ("UPDATE audit SET number = 11 - number + 100; UPDATE audit SET number = number - 100", 0, "Entry 1 is not"),
    ],
)
def test_tampering_shows(kept: Path, statement: str, entries: int, words: str) -> None:
    """A changed, removed, cut or turned-round chain is found, and where."""
    assert 10 == check_chain(kept).entries
    changed = without_triggers(kept)
    changed.executescript(statement)
    changed.close()
    report = check_chain(kept)
    assert entries == report.entries
    assert words in report.wrong


@pytest.mark.parametrize("statement", ["UPDATE audit SET entry = ''", "DELETE FROM audit WHERE number = 3"])
def test_the_file_refuses_to_be_changed(kept: Path, statement: str) -> None:
    """A program that does not set out to cheat cannot change a record by mistake."""
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        open_records(kept).execute(statement)


def test_a_full_disk_is_said_and_nothing_is_lost(
    records: LocalRecords, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk is full the log says so and keeps what waits; with room again everything is written, in order."""
    monkeypatch.setattr(batch, "RETRY_S", 0.05)
    records.append(LINE).result(60)
    connection = records._file.connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    monkeypatch.setattr(records._file, "connect", lambda: limited(path, pages + 2))
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    waiting = [records.append(replace(LINE, frame=frame)) for frame in range(2, 400)]
    wait_for(records.trouble)
    assert "disk is full" in records.trouble()
    assert "no image is shown" in records.trouble()
    assert not waiting[-1].done()

    monkeypatch.setattr(records._file, "connect", lambda: open_records(path))

    assert list(range(2, 400)) == [one.result(60) for one in waiting]
    wait_for(lambda: not records.trouble())
    assert "" == check_chain(path).wrong


def limited(path: Path, pages: int) -> sqlite3.Connection:
    """Return the file on a disk that has no more room."""
    connection = open_records(path)
    connection.execute(f"PRAGMA max_page_count = {pages}")
    return connection


def test_a_file_that_cannot_be_opened_is_trouble_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can be made the log says so, takes a bounded number of entries and refuses the next."""
    monkeypatch.setattr(batch, "RETRY_S", 0.05)
    monkeypatch.setattr(batch, "WAITING", 20)
    (tmp_path / "file").write_text("in the way")
    records = LocalRecords(tmp_path / "file" / "records.sqlite")
    wait_for(records.trouble)
    for _ in range(20):
        records.append(LINE)
    with pytest.raises(RecordsUnavailableError, match="cannot be recorded"):
        records.append(LINE)
    records.close()


def painted(position: int, read: str = "one") -> PaintedFrame:
    """Return a painted frame of a series of three."""
    return PaintedFrame(NOON, "trainee", read, "1.2", "1.2.3", f"1.2.3.{position}", 1, position)


def test_coverage_is_kept_by_read_and_person(records: LocalRecords) -> None:
    """What was painted twice is seen once; another read and another person have seen nothing."""
    for position in (0, 2, 2):
        records.painted(painted(position))
    records.append(LINE).result(60)
    assert {("1.2.3.0", 1), ("1.2.3.2", 1)} == records.seen("trainee", "1.2.3")
    assert frozenset() == records.seen("trainee", "1.2.3", "two")
    assert frozenset() == records.seen("consultant", "1.2.3")


def test_what_was_seen_follows_the_frames_not_their_places() -> None:
    """An image that arrives late and moves the others is the one that was not seen."""
    seen = {("a", 1), ("b", 1), ("d", 1)}
    assert (0, 1, 3) == positions_of([("a", 1), ("b", 1), ("c", 1), ("d", 1)], seen)
    assert ((3, 5), (9, 9)) == as_ranges([9, 4, 3, 5, 4])
