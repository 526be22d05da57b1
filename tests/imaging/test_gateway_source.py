"""A reading server's source over the running gateway: it is a source like any other, and what it says are the same bytes."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from tests.imaging.conftest import Running

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import FrameReference, Study
from readingroom.dicom.picture import render_frame
from readingroom.dicom.remote_frames import side_by_side
from readingroom.dicom.stacks import stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.errors import AccessRefusedError, NotFoundError, RecordsUnavailableError, SourceUnavailableError
from readingroom.testing.conformance import check_study_source
from readingroom_viewer.gateway_source import STATE_S, GatewaySource
from readingroom_viewer.hub_client import HubClient
from readingroom_viewer.series_frames import series_frames

AWAY = "The imaging service does not answer."


@pytest.fixture
def source(gateway: Running) -> Iterator[GatewaySource]:
    """Return the source of Anna's reading server."""
    client = HubClient(gateway.url, "trainee-anna", SourceUnavailableError, AWAY)
    yield GatewaySource(client)
    client.close()


def small(source: FolderSource | GatewaySource) -> tuple[Study, str, Sequence[FrameReference]]:
    """Return the study of five slices, its series and frames."""
    study = next(one for one in source.studies() if one.patient_id == "RR-TEST-2")
    (series,) = source.series(study.uid)
    source.instances(series.uid)
    return study, series.uid, source.frames(series.uid)


def test_it_is_a_study_source(source: GatewaySource) -> None:
    """It keeps every promise of the protocol, over every study there is."""
    check_study_source(source)


def test_every_picture_is_the_same_as_from_the_folder(source: GatewaySource, studies: FolderSource) -> None:
    """In every transfer syntax the pixels of a frame through the gateway are those of the same frame from the disk."""
    pictures = 0
    for study in source.studies():
        for series in source.series(study.uid):
            for frame in source.frames(series.uid):
                one, other = (render_frame(each, frame.sop_uid, frame.frame) for each in (source, studies))
                assert one.sha256 == other.sha256
                pictures += 1
    assert pictures > 40


def test_a_volume_is_the_same_as_from_the_folder(source: GatewaySource, studies: FolderSource) -> None:
    """Fetched side by side, every slice lies where it belongs; the attributes of all came in one answer."""
    volumes = []
    for each in (source, studies):
        loader = VolumeLoader(each, stacks(each, small(each)[1])[0]).start()
        assert loader.wait(60)
        assert () == loader.problems
        volumes.append(loader.volume)
    assert np.array_equal(volumes[0].values, volumes[1].values)
    assert np.array_equal(volumes[0].affine, volumes[1].affine)


def test_slices_are_taken_in_the_order_wanted_while_others_are_under_way() -> None:
    """The next number is chosen when there is room, so that a reader who moves on is followed; failures are told one by one."""
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    def fetch(number: int) -> int:
        if number == 3:
            raise SourceUnavailableError("gone")
        return number * number

    found: list[int] = []
    for number, result in side_by_side(numbers(), fetch, 4):
        assert len(taken) <= number + 4
        if number == 3:
            with pytest.raises(SourceUnavailableError):
                result()
        else:
            found.append(result())
    assert [0, 1, 4, 16, 25, 36, 49, 64, 81] == found


def test_attributes_are_asked_for_once(source: GatewaySource) -> None:
    """What was asked for before is at hand, the same object, until the study is closed."""
    study, series_uid, frames = small(source)
    first = source.metadata(frames[0].sop_uid)
    assert first is source.metadata(frames[0].sop_uid)
    assert source.frames(series_uid) is frames
    source.forget(study.uid)
    with pytest.raises(NotFoundError):
        source.metadata(frames[0].sop_uid)
    assert first is not source.metadata(small(source)[2][0].sop_uid)


def test_a_study_that_every_page_has_left_is_shown_again(source: GatewaySource) -> None:
    """What the process keeps of a series beside the source is forgotten with it, so that its images are known again."""
    listed = series_frames(source)
    study, series_uid, frames = small(source)
    assert frames is listed.of(series_uid)[0]
    listed.forget(source.forget(study.uid))
    source.series(study.uid)
    assert render_frame(source, listed.of(series_uid)[0][0].sop_uid, 1).pixels.size


def test_a_refusal_arrives_in_the_words_of_records(source: GatewaySource, gateway: Running) -> None:
    """What a person may not open says why; what they know of the study before is no way around it."""
    study, series_uid, frames = small(source)
    gateway.records.refused = {"anna": frozenset({study.uid})}
    gateway.gateway.gate._held.clear()

    for ask in (
        lambda: source.series(study.uid),
        lambda: source.metadata(frames[0].sop_uid),
        lambda: source.frame(frames[0].sop_uid, 1),
    ):
        with pytest.raises(AccessRefusedError, match="not assigned to you"):
            ask()
    assert series_uid


def test_records_that_are_away_are_told_apart_from_a_refusal(source: GatewaySource, gateway: Running) -> None:
    """No audit, no pixels: the error says that nothing can be recorded, not that the reader may not."""
    study, _, _ = small(source)
    gateway.records.away = True
    gateway.gateway.gate._held.clear()
    with pytest.raises(RecordsUnavailableError, match="cannot be asked"):
        source.series(study.uid)


def test_a_gateway_that_is_away_is_said(gateway: Running) -> None:
    """No address, no name of a program and no trace: words."""
    client = HubClient("http://127.0.0.1:9", "trainee-anna", SourceUnavailableError, AWAY)
    with pytest.raises(SourceUnavailableError, match=f"^{AWAY}$"):
        GatewaySource(client).studies()


def test_another_persons_token_opens_nothing(gateway: Running) -> None:
    """The token of a workbench is refused whatever it asks for."""
    client = HubClient(gateway.url, "of-a-workbench", SourceUnavailableError, AWAY)
    with pytest.raises(AccessRefusedError, match="reading server only"):
        GatewaySource(client).studies()
    client.close()


def test_what_is_no_uid_reaches_no_address(source: GatewaySource) -> None:
    """A page cannot make the server ask for another address."""
    for wrong in ("", "../state", "1.2/../../problems", "1.2?x=1", "1" * 65):
        with pytest.raises(NotFoundError):
            source.series(wrong)


def test_a_new_revision_empties_what_is_kept(source: GatewaySource, gateway: Running) -> None:
    """A file that was replaced is seen within a second: nothing of an earlier revision is served."""
    now = [0.0]
    source._clock = lambda: now[0]
    _, _, frames = small(source)
    first = source.metadata(frames[0].sop_uid)
    assert source._state is not None
    state = source._state[1]
    source._state = (0.0, type(state)(state.revision - 1, state.indexing, state.files_seen))
    now[0] += STATE_S + 0.1
    assert first is not source.metadata(frames[0].sop_uid)
