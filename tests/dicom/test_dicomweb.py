"""A real Orthanc over DICOMweb is as good a source as the same files in a folder, near, far and after it has died."""

import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from tests.dicom.conftest import PacsAndFolder
from tests.dicom.pacs_against_folder import check_same_frames, check_same_lists, check_same_pictures
from tests.servers.orthanc import Orthanc, running_orthanc

from readingroom.dicom import remote, study_list
from readingroom.dicom.dicomweb import DicomwebSource
from readingroom.errors import NotFoundError, SourceUnavailableError
from readingroom.testing.conformance import check_study_source
from readingroom.testing.files import small_image, write
from readingroom.testing.link import Link
from readingroom.testing.relay import Relay

SLOW = Link(delay_s=0.15, loss=0.01)


@pytest.fixture
def pacs(pacs_and_folder: PacsAndFolder) -> Iterator[DicomwebSource]:
    """Return a source over the PACS that has fetched nothing yet."""
    source = DicomwebSource(pacs_and_folder.orthanc.dicom_web)
    yield source
    source.close()


@pytest.fixture
def three_slices(tmp_path: Path) -> list[Path]:
    """Return the files of a series of three slices."""
    return [write(small_image(number), tmp_path / f"{number}.dcm") for number in (1, 2, 3)]


def test_every_frame_is_that_of_the_file(pacs: DicomwebSource, pacs_and_folder: PacsAndFolder) -> None:
    """Bytes, transfer syntax and attributes of every frame of every image, in every way that Orthanc takes."""
    assert 11 <= len(check_same_frames(pacs, pacs_and_folder.folder))


def test_every_list_is_that_of_the_folder(pacs: DicomwebSource, pacs_and_folder: PacsAndFolder) -> None:
    """Studies, series, frames with their places and dimensions, and instances with their transfer syntaxes."""
    check_same_lists(pacs, pacs_and_folder.folder)


def test_every_picture_is_that_of_the_file(pacs: DicomwebSource, pacs_and_folder: PacsAndFolder) -> None:
    """Every image is rendered to the same pixels from either."""
    assert 50 <= check_same_pictures(pacs, pacs_and_folder.folder)


def test_frames_of_large_images_come_one_by_one(
    pacs: DicomwebSource, pacs_and_folder: PacsAndFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a multi-frame image that is not fetched whole, single frames are the same bytes."""
    monkeypatch.setattr(remote, "SMALL", 0)
    check_same_frames(pacs, pacs_and_folder.folder, least_frames=2)

    assert 2 <= len(pacs._frames._kept)


def test_it_keeps_the_promises_of_a_source(orthanc: Orthanc, three_slices: list[Path]) -> None:
    """The conformance suite passes; what is absent is said to be absent."""
    orthanc.add(*three_slices)
    source = DicomwebSource(orthanc.dicom_web)
    check_study_source(source)
    source.close()


def test_a_series_comes_whole_as_it_is_kept(orthanc: Orthanc, three_slices: list[Path]) -> None:
    """The objects of a series are the files, byte for byte."""
    orthanc.add(*three_slices)
    source = DicomwebSource(orthanc.dicom_web)
    series = source.series(source.studies()[0].uid)[0]

    assert {path.read_bytes() for path in three_slices} == set(source.whole_series(series.uid))
    source.close()


def test_a_series_is_found_without_its_study(orthanc: Orthanc, three_slices: list[Path]) -> None:
    """A second copy of a service, which has listed nothing yet, finds a series and an image by their UIDs alone."""
    orthanc.add(*three_slices)
    dataset = pydicom.dcmread(three_slices[1])
    by_series, by_image = DicomwebSource(orthanc.dicom_web), DicomwebSource(orthanc.dicom_web)

    assert 3 == len(by_series.frames(dataset.SeriesInstanceUID))
    assert dataset.PixelData == by_image.frame(dataset.SOPInstanceUID, 1).data
    by_series.close()
    by_image.close()


def test_what_is_stored_is_found(orthanc: Orthanc, three_slices: list[Path]) -> None:
    """A derived object that is stored joins its study, and the study list notices."""
    orthanc.add(three_slices[0])
    source = DicomwebSource(orthanc.dicom_web)
    before, revision = source.studies()[0], source.state().revision
    source.store(pydicom.dcmread(three_slices[1]))

    assert before.instance_count + 1 == source.studies()[0].instance_count
    assert 2 == source.series(before.uid)[0].instance_count
    assert source.state().revision > revision
    source.close()


def test_a_slow_pacs_gives_the_same_images(orthanc: Orthanc, three_slices: list[Path]) -> None:
    """At 300 ms and with one packet in a hundred lost every frame arrives, only later."""
    orthanc.add(*three_slices)
    with Relay(int(orthanc.url.rpartition(":")[2]), SLOW) as relay:
        source = DicomwebSource(f"http://127.0.0.1:{relay.port}/dicom-web")
        for path in three_slices:
            dataset = pydicom.dcmread(path)
            assert dataset.PixelData == source.frame(dataset.SOPInstanceUID, 1).data
        source.close()


def test_a_dead_pacs_shows_what_is_cached(
    orthanc_of_session: Orthanc, three_slices: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and frames that were fetched are still given; the state says in words what is not."""
    monkeypatch.setattr(study_list, "EVERY_S", 0.0)
    with running_orthanc() as mortal:
        mortal.add(*three_slices)
        source = DicomwebSource(mortal.dicom_web)
        studies = source.studies()
        series = source.series(studies[0].uid)
        frames = source.frames(series[0].uid)
        first = source.frame(frames[0].sop_uid, 1)
        mortal.process.kill()
        mortal.process.wait()

        assert studies == source.studies()
        assert series == source.series(studies[0].uid)
        assert frames == source.frames(series[0].uid)
        assert first == source.frame(frames[0].sop_uid, 1)
        with pytest.raises(SourceUnavailableError, match="does not answer"):
            source.frame(frames[1].sop_uid, 1)
        assert study_list.STILL_SHOWN in source.state().message
        source.close()


def test_a_pacs_that_comes_back_is_asked_again(orthanc_of_session: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a silence the words go away by themselves."""
    monkeypatch.setattr(study_list, "EVERY_S", 0.0)
    with Relay(int(orthanc_of_session.url.rpartition(":")[2])) as relay:
        address, port = f"http://127.0.0.1:{relay.port}/dicom-web", relay.port
    source = DicomwebSource(address)
    with pytest.raises(SourceUnavailableError):
        source.studies()
    with Relay(int(orthanc_of_session.url.rpartition(":")[2]), port=port):
        end = time.monotonic() + 30
        while source.state().message and time.monotonic() < end:
            time.sleep(0.05)
        assert "" == source.state().message
        assert [] == list(source.studies())
    source.close()


def test_what_is_not_there_is_not_found(pacs: DicomwebSource) -> None:
    """Absent UIDs, and UIDs that are none, are said not to be there."""
    for uid in ("2.25.0", "../../etc", "1.2?limit=1", ""):
        for look_up in (pacs.series, pacs.frames, pacs.metadata):
            with pytest.raises(NotFoundError):
                look_up(uid)
