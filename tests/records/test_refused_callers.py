"""Callers whom the gateway refuses, over the real hub and records: one line of the audit each, and no half for a whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import requests
from tests.imaging.conftest import Running, run_gateway
from tests.reading.audit_schema import problems

from readingroom.dicom.folder import FolderSource
from readingroom.reading.audit_message import AuditEvent, from_json
from readingroom.reading.audit_xml import to_xml
from readingroom.testing.files import small_image, write
from readingroom_hub.callers import Callers
from readingroom_hub.imaging.decisions import RecordsDecider
from readingroom_hub.testing import PATIENCE_S, wait_for

from .rooms import IMAGING, TESTER, Room

REFUSED = {401, 403}
IMAGES = 64
FRAME = np.random.default_rng(1).integers(0, 4096, (512, 512), dtype=np.uint16)
"""Half a megabyte, so that a series is more than the sockets between a gateway and a slow caller hold."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderSource]:
    """Return one identifiable study, whose one series is long."""
    folder = tmp_path_factory.mktemp("refused")
    for number in range(1, IMAGES + 1):
        write(small_image(number, FRAME), folder / "studies" / f"{number}.dcm")
    source = FolderSource(folder / "studies", folder / "index.sqlite")
    source.refresh()
    yield source
    source.close()


@pytest.fixture
def door(room: Room, source: FolderSource, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway that has refused nobody yet, and asks the running hub and its records."""
    hub, records = f"{room.launched.url}/hub/api", f"{room.launched.url}/services/records/api"

    def real() -> tuple[Callers, RecordsDecider]:
        return Callers(hub, TESTER), RecordsDecider(records, IMAGING)

    yield from run_gateway(source, tmp_path, real)


@pytest.mark.parametrize(
    ("whose", "reason", "who"),
    [
        ("nobody", "unknown-caller", ("", "")),
        ("workbench", "wrong-server", ("trainee", "workbench")),
        ("service", "wrong-server", ("", "")),
        ("superseded", "superseded-token", ("trainee", "reading")),
    ],
)
def test_a_refused_token_is_one_line(room: Room, door: Running, whose: str, reason: str, who: tuple[str, str]) -> None:
    """However often a wrong token is tried within a minute, the audit says once whose it is, at what, and why it is refused."""
    token, minted = _token(room, whose)
    before = _numbers(room)
    answers = [door.get(path, token) for path in (_series(door), "/readingroom/studies", "/nothing", _series(door))]
    if minted:
        room.hub("DELETE", f"/users/trainee/tokens/{minted}")

    assert {"access_refused"} == {each.json()["error"]["code"] for each in answers}
    (event,) = _refused(room, before)
    assert (*who, "imaging") == (event.person, event.server, event.source)
    assert {"path": _series(door), "reason": reason} == {
        name: said for name, said in event.details if name != "said_at"
    }
    assert (event.words, "127.0.0.1", []) == (
        answers[0].json()["error"]["message"],
        event.address,
        problems(to_xml(event)),
    )


def test_made_up_tokens_do_not_fill_the_audit(room: Room, door: Running) -> None:
    """Tokens that were never anybody's count together, however many there are."""
    before = _numbers(room)
    assert {401} == {door.get(_series(door), f"{number:032}").status_code for number in range(1, 40)}
    assert 1 == len(_refused(room, before))


@pytest.mark.parametrize("what", ["series", "frames"])
def test_a_token_that_ends_breaks_its_stream_off(room: Room, door: Running, what: str) -> None:
    """A server stopped while images leave: the answer is broken off; one line says whose it was; what was kept stays."""
    token = room.token("trainee")
    before = _numbers(room)
    seen = {
        "read": what,
        "study_uid": "1.2",
        "series_uid": f"1.2.{len(what)}",
        "sop_uid": "1.2.3",
        "frame": 1,
        "position": 0,
    }
    assert 200 == room.records(token, "coverage", {"frames": [{**seen, "at": "2026-03-01T12:00:00+00:00"}]})[0]
    path = _series(door) if what == "series" else _frames(door)
    answer = requests.get(door.url + path, headers={"Authorization": f"token {token}"}, stream=True, timeout=60)
    pieces = answer.iter_content(2**16)
    assert next(pieces)
    room.hub("DELETE", "/users/trainee/servers/reading")
    room.tokens.pop(("trainee", "reading"))
    assert wait_for(lambda: door.get("/readingroom/state", token).status_code in REFUSED, PATIENCE_S)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(pieces)
    again = {door.get(path, token).status_code for _ in range(5)}

    assert again <= REFUSED
    (event,) = _refused(room, before)
    assert ("trainee", "reading", []) == (event.person, event.server, problems(to_xml(event)))
    assert dict(event.details)["reason"] in ("wrong-server", "unknown-caller")
    kept = room.records(room.token("trainee"), f"coverage?series_uid={seen['series_uid']}&read={what}")
    assert (200, {"seen": [["1.2.3", 1]]}) == kept


def _token(room: Room, whose: str) -> tuple[str, str]:
    """Return a token that is refused, and the name of another one that was minted for that."""
    if whose == "nobody":
        return "0" * 32, ""
    if whose == "service":
        return TESTER, ""
    if whose == "workbench":
        return room.token("trainee", "workbench"), ""
    token = room.token("trainee")
    return token, room.mint(60)[1]


def _series(door: Running) -> str:
    study = door.source.studies()[0]
    return f"/dicom-web/studies/{study.uid}/series/{door.source.series(study.uid)[0].uid}"


def _frames(door: Running) -> str:
    """Return the address of one frame, again and again."""
    frame = door.source.frames(door.source.series(door.source.studies()[0].uid)[0].uid)[0]
    return f"{_series(door)}/instances/{frame.sop_uid}/frames/{','.join(['1'] * IMAGES)}"


def _numbers(room: Room) -> int:
    return len(room.audit())


def _refused(room: Room, after: int) -> list[AuditEvent]:
    """Return the refusals that the gateway has told since."""
    path = room.launched.state / "records" / "records.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT body FROM audit_entries WHERE number > ? AND kind = 'caller-refused' ORDER BY number", (after,)
        )
        events = [from_json(body) for (body,) in rows]
    return [event for event in events if event.source == "imaging"]
