"""The gateway as the product has it: real hub, real records; who may see what, what the audit says, and when it ends."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.imaging.conftest import Running, run_gateway

from readingroom.dicom.folder import FolderSource
from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom_hub.callers import Callers
from readingroom_hub.imaging.decisions import RecordsDecider
from readingroom_hub.testing import PATIENCE_S, wait_for

from .rooms import IMAGING, TESTER, Room


@pytest.fixture
def door(room: Room, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway over one identifiable study of this test alone, which asks the running hub and its records."""
    study = replace(SMALL_STUDY, key=f"gateway/{tmp_path.name}")
    for number in range(1, 4):
        write(small_image(number, study=study), tmp_path / "studies" / f"{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    hub, records = f"{room.launched.url}/hub/api", f"{room.launched.url}/services/records/api"

    def real() -> tuple[Callers, RecordsDecider]:
        return Callers(hub, TESTER), RecordsDecider(records, IMAGING)

    yield from run_gateway(source, tmp_path / "state", real)
    source.close()


def test_who_is_on_the_rota_reads_and_is_in_the_audit(room: Room, door: Running) -> None:
    """A trainee on the rota lists, opens and reads the study; the audit holds the search and one access, not one a frame."""
    study, frames = _frames(door)
    before = len(room.audit())
    token = room.token("trainee")

    listed = door.get("/readingroom/studies", token)
    answers = [door.get(path, token) for path in frames for _ in range(3)]

    assert [study] == [row[0] for row in listed.json()["rows"]]
    assert {200} == {answer.status_code for answer in answers}
    new = [kind for kind, person in room.audit()[before:] if person == "trainee"]
    assert (1, 1) == (new.count("queried"), new.count("instances-accessed"))


def test_a_guest_reads_as_long_as_the_grant_lasts(room: Room, door: Running) -> None:
    """A guest gets nothing, then one study by a grant, and nothing again once a lease is over after its end."""
    study, (path, *_) = _frames(door)
    token = room.token("guest")
    assert 403 == door.get(path, token).status_code
    assert [] == door.get("/readingroom/studies", token).json()["rows"]
    assert 403 == door.get("/dicom-web/studies", token).status_code

    wish = {"grantee": "guest", "studies": [study], "purpose": "TREAT", "issue": True}
    _, grant = room.records(room.token("coordinator"), "grants", wish, key=f"door-{study}")

    assert 200 == _becomes(door, path, token, 200)
    room.records(room.token("coordinator"), f"grants/{grant['grant_id']}/revoke", {"note": "enough"})
    assert 403 == _becomes(door, path, token, 403)
    assert "taken back" in door.get(path, token).json()["error"]["message"]


def test_nobody_else_gets_a_byte(room: Room, door: Running) -> None:
    """A coordinator knows of the study and sees no image; a workbench's and an unknown token are refused before that."""
    study, (path, *_) = _frames(door)
    coordinator = room.token("coordinator")

    assert [study] == [row[0] for row in door.get("/readingroom/studies", coordinator).json()["rows"]]
    assert 200 == door.get(f"/dicom-web/studies/{study}/series", coordinator).status_code
    assert 403 == door.get(f"/readingroom/studies/{study}/series", coordinator).status_code
    assert 403 == door.get(path, coordinator).status_code
    assert 403 == door.get(path, room.token("trainee", "workbench")).status_code
    assert 401 == door.get(path, "0" * 32).status_code


def _frames(door: Running) -> tuple[str, list[str]]:
    study = door.source.studies()[0]
    series = door.source.series(study.uid)[0]
    below = f"/readingroom/studies/{study.uid}/series/{series.uid}/instances"
    return study.uid, [f"{below}/{frame.sop_uid}/frames/1" for frame in door.source.frames(series.uid)]


def _becomes(door: Running, path: str, token: str, status: int) -> int:
    """Return the status of the answers, once it is the one wanted."""
    wait_for(lambda: door.get(path, token).status_code == status, PATIENCE_S)
    return door.get(path, token).status_code
