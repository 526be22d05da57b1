"""What is written down of a page: pictures at rest, images really seen, and sweeps; and nothing shown without it."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from readingroom.reading.local import LocalRecords
from readingroom.wire import Walked
from readingroom_viewer.recorder import REST_S, UNACKNOWLEDGED_S, Recorder
from readingroom_viewer.records import ServerRecords


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Note what is to be done, and when."""
        self._due.append((self.now + seconds, act))

    def wait(self, seconds: float) -> None:
        """Let time pass and do what has become due."""
        self.now += seconds
        due = [act for at, act in self._due if at <= self.now]
        self._due = [(at, act) for at, act in self._due if at > self.now]
        for act in due:
            act()


class Page:
    """A page that is recorded, and the file of its records."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.told = path, Clock(), list[str]()
        self.kept = ServerRecords.local(path, 90)
        self.recorder = Recorder(self.kept, "trainee", self.clock.later, self.told.append)

    def send(self, seq: int, **more: Any) -> None:  # noqa: ANN401 - any field of a header
        """Wish for a picture and be sent it."""
        self.recorder.wanted("main", seq)
        self.recorder.sent(header(seq, **more))

    def paint(self, seq: int, *, verified: bool = True) -> None:
        """Acknowledge a picture."""
        self.recorder.painted("main", seq, verified=verified)

    def entries(self, kind: str = "AuditLine") -> list[dict[str, Any]]:
        """Return what is in the file."""
        assert isinstance(self.kept.audit, LocalRecords)
        self.kept.audit.close()
        found = sqlite3.connect(self.path).execute("SELECT entry FROM audit ORDER BY number").fetchall()
        entries = [json.loads(text) for (text,) in found]
        return [entry for entry in entries if entry["entry"] == kind]


def header(seq: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a header
    """Return the header of a picture of a CT slice."""
    return {
        "viewport": "main", "seq": seq, "study_uid": "1.2", "series_uid": "1.2.3", "sop_uid": "1.2.3.4", "frame": 1,
        "position": 7, "pipeline": f"{seq:064x}", "sha256": "ab" * 32, "codec": "lz4", "reformat": None,
        "window": {"center": 40.0, "width": 400.0, "function": "LINEAR"}, "drag_start": None,
        "value_range": [-1024.0, 3071.0], "value_step": 1.0, "full_size": None, "type": "frame",
        "window_origin": "image", **more,
    }  # fmt: skip


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Return a page whose records are kept in a file."""
    made = Page(tmp_path / "records.sqlite")
    yield made
    assert isinstance(made.kept.audit, LocalRecords)
    made.kept.audit.close()


def test_a_picture_at_rest_has_one_line(page: Page) -> None:
    """Sent, painted, left alone: who, what, through which pipeline, and verified."""
    page.send(1)
    page.clock.wait(0.05)
    page.paint(1)
    page.clock.wait(REST_S)
    page.clock.wait(10)
    (line,) = page.entries()
    assert ("trainee", "1.2.3.4", 1, True) == (line["person"], line["sop_uid"], line["frame"], line["verified"])
    assert (f"{1:064x}", "ab" * 32) == (line["pipeline"], line["sha256"])


def test_what_is_passed_by_is_counted(page: Page) -> None:
    """Nine pictures on the way to the tenth are a number in its line."""
    for seq in range(1, 11):
        page.send(seq)
        page.clock.wait(0.02)
        page.paint(seq)
    page.clock.wait(REST_S)
    (line,) = page.entries()
    assert (f"{10:064x}", 9) == (line["pipeline"], line["moving"])


def test_a_newer_wish_is_no_rest(page: Page) -> None:
    """A picture that the reader has already left is not written down as at rest."""
    page.send(1)
    page.paint(1)
    page.recorder.wanted("main", 2)
    page.clock.wait(10)
    assert [] == page.entries()


def test_a_picture_that_nobody_acknowledges_is_written_down_too(page: Page) -> None:
    """It left the server; without an equal hash the line says not verified, and a late word adds one that does."""
    page.send(1)
    page.clock.wait(REST_S + UNACKNOWLEDGED_S)
    page.paint(1)
    page.clock.wait(REST_S)
    assert [False, True] == [line["verified"] for line in page.entries()]


def test_a_different_hash_is_written_down(page: Page) -> None:
    """What arrived damaged says so."""
    page.send(1)
    page.paint(1, verified=False)
    page.clock.wait(REST_S)
    assert [False] == [line["verified"] for line in page.entries()]


def test_an_exact_picture_after_a_lossy_one_of_the_same_state_is_verified(page: Page) -> None:
    """The word about the lossy picture, which may come late, does not take the exact one's word away."""
    page.send(1, codec="jpeg")
    page.send(1, codec="png", sop_uid="exact")
    page.paint(1, verified=False)
    page.paint(1)
    page.clock.wait(REST_S)
    assert [True] == [line["verified"] for line in page.entries()]
    assert {("exact", 1)} == page.kept.coverage.seen("trainee", "1.2.3")


def test_a_page_that_goes_leaves_its_lines(page: Page) -> None:
    """Closing the page a moment after a picture came does not keep the picture out of the log."""
    page.send(1)
    page.paint(1)
    page.recorder.close()
    assert 1 == len(page.entries())


def test_only_lossless_and_equal_is_seen(page: Page) -> None:
    """Coverage takes a moving picture with an equal hash; not a lossy one, a damaged one, a plane or a test pattern."""
    sent: list[dict[str, Any]] = [
        {"sop_uid": "seen"},
        {"sop_uid": "lossy", "codec": "jpeg"},
        {"sop_uid": "coarse", "full_size": [512, 512]},
        {"sop_uid": ""},
        {"sop_uid": "pattern", "study_uid": ""},
    ]
    for seq, more in enumerate(sent):
        page.send(seq, **more)
        page.paint(seq)
    page.send(9, sop_uid="damaged")
    page.paint(9, verified=False)
    page.paint(77)
    page.entries()
    assert {("seen", 1)} == page.kept.coverage.seen("trainee", "1.2.3")


def ahead(page: Page, *positions: int, look: int = 1) -> None:
    """Send the neighbours at these positions ahead."""
    for position in positions:
        page.recorder.sent(header(look, type="ahead", position=position, sop_uid=f"1.2.3.{position}"))


def walk(page: Page, seq: int, position: int, *, verified: bool = True) -> None:
    """Say that the page painted a neighbour."""
    page.recorder.walked(Walked("main", seq, position, verified=verified))


def test_a_neighbour_that_was_painted_is_seen_and_has_its_line_at_rest(page: Page) -> None:
    """Of three that were sent ahead and two that were painted, those two are seen, and the last has the line."""
    page.send(1)
    page.paint(1)
    ahead(page, 8, 9, 10)
    walk(page, 2, 8)
    walk(page, 3, 9)
    page.clock.wait(REST_S)
    (line,) = page.entries()
    assert ("1.2.3.9", True, 3) == (line["sop_uid"], line["verified"], line["moving"])
    assert {("1.2.3.4", 1), ("1.2.3.8", 1), ("1.2.3.9", 1)} == page.kept.coverage.seen("trainee", "1.2.3")


def test_a_neighbour_that_was_not_proved_is_not_seen(page: Page) -> None:
    """A page that cannot check its ring, or names what it was not sent, has seen nothing of it."""
    page.send(1)
    ahead(page, 8)
    walk(page, 2, 8, verified=False)
    walk(page, 3, 99)
    page.entries()
    assert frozenset() == page.kept.coverage.seen("trainee", "1.2.3")


def test_every_neighbour_that_left_is_counted(page: Page) -> None:
    """A page that only asks ahead and goes has them in its last line, and steps back over them count once."""
    page.send(1)
    page.paint(1)
    page.clock.wait(REST_S)
    ahead(page, 8, 9)
    walk(page, 2, 8)
    walk(page, 3, 7)
    page.clock.wait(REST_S)
    ahead(page, 10, 11, 12)
    page.recorder.close()
    assert [0, 2, 3] == [line["moving"] for line in page.entries()]


def test_a_lossy_picture_is_not_walked_to(page: Page) -> None:
    """Only what the page may hold counts as walked: the exact picture that was sent of a position."""
    page.send(1, codec="jpeg", position=7)
    walk(page, 2, 7)
    page.entries()
    assert frozenset() == page.kept.coverage.seen("trainee", "1.2.3")


def test_a_sweep_of_neighbours_is_noted_too(page: Page) -> None:
    """What is asked ahead is watched like what is asked for."""
    for number in range(17):
        window = {"center": -1024.0 + 128 + 255 * number, "width": 256.0, "function": "LINEAR"}
        page.recorder.sent(header(number, type="ahead", window=window))
    assert 1 == len(page.entries("SweepAlarm"))


def test_coverage_tells_this_read_from_earlier_ones(page: Page) -> None:
    """What an earlier read saw is told apart: it does not count for this one."""
    frames = [("1.2.3.4", 1), ("1.2.3.8", 1), ("1.2.3.9", 1)]
    page.send(1)
    page.paint(1)
    again = Recorder(page.kept, "trainee", page.clock.later, page.told.append)
    again.sent(header(1, sop_uid="1.2.3.8", position=8))
    again.painted("main", 1, verified=True)
    page.entries()
    assert {"seen": ((1, 1),), "before": ((0, 0),)} == again.coverage("1.2.3", frames)


def test_a_sweep_is_noted_and_said(page: Page) -> None:
    """Narrow windows side by side over one slice, none of them at rest or acknowledged, raise the alarm once."""
    for number in range(17):
        window = {"center": -1024.0 + 128 + 255 * number, "width": 256.0, "function": "LINEAR"}
        page.send(number, window=window)
    (alarm,) = page.entries("SweepAlarm")
    assert ("slice", "trainee", "1.2.3.4") == (alarm["kind"], alarm["person"], alarm["sop_uid"])
    assert 1 == len(page.told)
    assert "noted in the audit" in page.told[0]


def test_a_second_page_goes_on_with_the_same_sweep(page: Page) -> None:
    """Opening a page for every few windows hides nothing."""
    for number in range(17):
        again = Recorder(page.kept, "trainee", page.clock.later, page.told.append)
        window = {"center": -1024.0 + 128 + 255 * number, "width": 256.0, "function": "LINEAR"}
        again.sent(header(number, window=window))
    assert 1 == len(page.entries("SweepAlarm"))


def test_no_picture_may_be_sent_without_an_audit(tmp_path: Path) -> None:
    """Where the file cannot be made, the reason is there before the first picture."""
    (tmp_path / "file").write_text("in the way")
    page = Page(tmp_path / "file" / "records.sqlite")
    assert isinstance(page.kept.audit, LocalRecords)
    waiting = page.kept.audit._writer.put(lambda _: 0)
    for _ in range(1200):
        if page.recorder.trouble():
            break
        time.sleep(0.05)
    assert "no image is shown" in page.recorder.trouble()
    assert not waiting.done()
    page.kept.audit.close()
