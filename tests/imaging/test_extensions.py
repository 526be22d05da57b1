"""The routes of our own viewer: every value and every byte is what the source says."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.imaging.conftest import Running

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.part10 import BIG_ENDIAN, DEFLATED
from readingroom.errors import AccessRefusedError, NotFoundError
from readingroom.wire import gateway as wire
from readingroom.wire.gateway_frames import parse_frames
from readingroom.wire.gateway_header import parse_header, parse_headers
from readingroom_hub.callers import CallerError, SupersededTokenError, UnknownCallerError, WrongServerError


def test_everything_that_a_source_says_arrives(gateway: Running, studies: FolderSource) -> None:
    """Studies, series, instances, frames, attributes and frames' bytes are equal on both sides, in every transfer syntax."""
    assert tuple(studies.studies()) == wire.parse_studies(gateway.get("/readingroom/studies").content)
    state = wire.parse_state(gateway.get("/readingroom/state").content)
    assert studies.state() == replace(state, revision=studies.state().revision)
    assert state.revision >= studies.state().revision
    assert tuple(studies.problems()) == wire.parse_problems(gateway.get("/readingroom/problems").content)
    seen = 0
    for study in studies.studies():
        below = f"/readingroom/studies/{study.uid}/series"
        assert tuple(studies.series(study.uid)) == wire.parse_series(gateway.get(below).content)
        for series in studies.series(study.uid):
            instances, frames = studies.instances(series.uid), studies.frames(series.uid)
            assert tuple(instances) == wire.parse_instances(gateway.get(f"{below}/{series.uid}/instances").content)
            assert tuple(frames) == parse_frames(gateway.get(f"{below}/{series.uid}/frames").content)
            headers = parse_headers(gateway.get(f"{below}/{series.uid}/headers").content)
            held = [(each.sop_uid, studies.metadata(each.sop_uid)) for each in instances]
            assert held == [(each.sop_uid, each.read()) for each in headers]
            for frame in frames:
                at = f"{below}/{series.uid}/instances/{frame.sop_uid}"
                answer = gateway.get(f"{at}/frames/{frame.frame}")
                arrived = EncodedFrame(
                    answer.headers["X-Transfer-Syntax"], answer.content, int(answer.headers["X-Frame-Number"])
                )
                assert studies.frame(frame.sop_uid, frame.frame) == arrived
                header = parse_header(gateway.get(f"{at}/header").content)
                assert (frame.sop_uid, studies.metadata(frame.sop_uid)) == (header.sop_uid, header.read())
                seen += 1
    assert seen > 40


def test_attributes_leave_as_they_lie_in_the_file(
    gateway: Running, studies: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is plain is handed on unread; big endian and deflated attributes are read and written in little endian."""
    unusual, read, seen = set(), set(), 0
    metadata = studies.metadata
    monkeypatch.setattr(studies, "metadata", lambda uid: read.add(uid) or metadata(uid))
    for study in studies.studies():
        for series in studies.series(study.uid):
            path = f"/readingroom/studies/{study.uid}/series/{series.uid}/headers"
            seen += len(parse_headers(gateway.get(path).content))
            instances = studies.instances(series.uid)
            unusual |= {each.sop_uid for each in instances if each.transfer_syntax_uid in (DEFLATED, BIG_ENDIAN)}
    assert unusual == read
    assert 2 == len(unusual)
    assert seen > 30


def test_a_list_holds_what_the_caller_may_know(gateway: Running, studies: FolderSource) -> None:
    """A study that a person may not know of is in no list of theirs, and in everybody else's."""
    hidden = studies.studies()[0].uid
    gateway.records.refused = {"anna": frozenset({hidden})}

    mine = wire.parse_studies(gateway.get("/readingroom/studies").content)
    theirs = wire.parse_studies(gateway.get("/readingroom/studies", "consultant-bob").content)

    assert hidden not in {study.uid for study in mine}
    assert len(theirs) == len(mine) + 1


def test_a_refused_study_is_refused_on_every_route(gateway: Running, studies: FolderSource) -> None:
    """Nothing of a study that a person may not open is answered, in records' words, however it is asked for."""
    study = studies.studies()[0]
    series = studies.series(study.uid)[0]
    frame = studies.frames(series.uid)[0]
    gateway.records.refused = {"anna": frozenset({study.uid})}
    below = f"studies/{study.uid}/series/{series.uid}"
    at = f"{below}/instances/{frame.sop_uid}"
    paths = [f"/readingroom/studies/{study.uid}", f"/readingroom/studies/{study.uid}/series"]
    paths += [f"/readingroom/{below}/{what}" for what in ("instances", "frames", "headers")]
    paths += [f"/readingroom/{at}/header", f"/readingroom/{at}/frames/1"]
    paths += [f"/dicom-web/studies/{study.uid}/{what}" for what in ("series", "instances", "metadata")]
    paths += [f"/dicom-web/{below}", f"/dicom-web/{below}/metadata", f"/dicom-web/{below}/instances"]
    paths += [
        f"/dicom-web/{at}",
        f"/dicom-web/{at}/metadata",
        f"/dicom-web/{at}/frames/1",
        f"/dicom-web/{at}/bulkdata/0",
    ]

    for path in paths:
        answer = gateway.get(path)
        assert 403 == answer.status_code, path
        error = wire.error_from(answer.content, answer.status_code)
        assert AccessRefusedError is type(error)
        assert "It is not assigned to you." == str(error)


def test_another_studys_image_is_not_reached_through_an_allowed_one(gateway: Running, studies: FolderSource) -> None:
    """An instance or series of a refused study is not found below a study that is allowed: the check covers what is sent."""
    refused, allowed = studies.studies()[:2]
    theirs, mine = studies.series(refused.uid)[0], studies.series(allowed.uid)[0]
    sop_uid = studies.instances(theirs.uid)[0].sop_uid
    gateway.records.refused = {"anna": frozenset({refused.uid})}

    for root, ends in (
        ("/readingroom", ("header", "frames/1")),
        ("/dicom-web", ("metadata", "frames/1", "bulkdata/7FE00010")),
    ):
        for series_uid in (theirs.uid, mine.uid):
            for end in ends:
                path = f"{root}/studies/{allowed.uid}/series/{series_uid}/instances/{sop_uid}/{end}"
                answer = gateway.get(path)
                assert 404 == answer.status_code, path
                assert NotFoundError is type(wire.error_from(answer.content, 404))


def test_one_frame_is_one_look_up(gateway: Running, studies: FolderSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of a series that nobody has listed costs its study, its object and itself; no list is made for it.

    An object of another study, or of another series of this one, is refused by the same look-up.
    """
    study = next(study for study in studies.studies() if study.patient_id == "RR-TEST-2")
    series = studies.series(study.uid)[0]
    sop_uid = studies.instances(series.uid)[0].sop_uid
    other = next(each for each in studies.studies() if each.uid != study.uid)
    asked: list[str] = []

    def watched(name: str) -> Callable[..., object]:
        function = getattr(studies, name)
        return lambda *arguments: asked.append(name) or function(*arguments)

    for name in ("studies", "study", "series", "instances", "frames", "place", "metadata", "frame"):
        monkeypatch.setattr(studies, name, watched(name))
    gateway.gateway.catalogue._revision = None
    gateway.gateway.catalogue.look_again()

    at = f"/readingroom/studies/{study.uid}/series/{series.uid}/instances/{sop_uid}"
    assert 200 == gateway.get(f"{at}/frames/1").status_code
    assert ["study", "place", "frame"] == asked
    assert 404 == gateway.get(f"{at}/frames/2").status_code
    assert 404 == gateway.get(f"{at.replace(study.uid, other.uid)}/frames/1").status_code
    assert 404 == gateway.get(f"{at.replace(series.uid, '1.2.3')}/frames/1").status_code
    assert 404 == gateway.get(f"{at}.9/frames/1").status_code
    assert ["study", "place"] == asked[3:]


def test_a_study_that_is_not_here_looks_like_a_refused_one(gateway: Running, studies: FolderSource) -> None:
    """Whoever may not open a study cannot tell whether it exists."""
    there = studies.studies()[0].uid
    gateway.records.refused = {"anna": frozenset({there, "1.2.3"})}

    answers = [gateway.get(f"/readingroom/studies/{uid}/series") for uid in (there, "1.2.3")]

    assert answers[0].status_code == answers[1].status_code == 403
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("authorization", "refusal"),
    [
        (None, UnknownCallerError),
        ("token nobody", UnknownCallerError),
        ("Basic YTpi", UnknownCallerError),
        ("token a b", UnknownCallerError),
        ("token " + "x" * 10_000, UnknownCallerError),
        ("token of-a-workbench", WrongServerError),
        ("token of-yesterday", SupersededTokenError),
    ],
)
def test_a_caller_who_is_none_gets_nothing(
    gateway: Running, studies: FolderSource, authorization: str | None, refusal: type[CallerError]
) -> None:
    """Without the newest token of a reading server every address is refused, also one that there is not."""
    study = studies.studies()[0].uid
    for path in ("/readingroom/studies", f"/readingroom/studies/{study}/series", "/dicom-web/studies", "/nothing"):
        answer = gateway.get(path, **{"Authorization": authorization} if authorization else {"Authorization": ""})
        told = (answer.status_code, json.loads(answer.content)["error"]["code"])
        assert (refusal.status, refusal.code) == told, path


def test_no_records_no_pixels(gateway: Running, studies: FolderSource) -> None:
    """Where nobody can decide and write the audit, nothing is answered, in words."""
    gateway.records.away = True

    for path in (
        "/readingroom/studies",
        f"/readingroom/studies/{studies.studies()[0].uid}/series",
        "/dicom-web/studies",
    ):
        answer = gateway.get(path)
        assert (503, "records_unavailable") == (answer.status_code, json.loads(answer.content)["error"]["code"])
