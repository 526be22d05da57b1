"""Derived objects: what readers make of a study is kept with it, and nothing else is."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom import Dataset
from pydicom.sequence import Sequence
from tests.imaging.conftest import ANNA, Running, run_gateway

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.folder import FolderSource
from readingroom.testing.conformance import check_study_source
from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom.testing.identity import fictional_uid, new_instance
from readingroom.testing.states import small_state
from readingroom.wire import gateway as wire
from readingroom_hub.imaging.derived import DerivedObjects, NotKeptError
from readingroom_hub.imaging.with_derived import WithDerived

REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


@pytest.fixture
def images(tmp_path: Path) -> Iterator[FolderSource]:
    """Return a folder with one small study."""
    for number in range(1, 3):
        write(small_image(number), tmp_path / "studies" / f"{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    yield source
    source.close()


@pytest.fixture
def storing(images: FolderSource, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway of its own, because what is kept stays."""
    yield from run_gateway(images, tmp_path / "state")


def derived(sop_class_uid: str = REPORT, number: int = 700, **changes: Any) -> Dataset:  # noqa: ANN401
    """Return an object of the small study in a series of its own, with some attributes changed."""
    dataset = new_instance(SMALL_STUDY, sop_class_uid, number)
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber = "SR", fictional_uid("small/series/7"), 7
    with quiet_reading():
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
    return dataset


def written(dataset: Dataset) -> bytes:
    """Return an object as a file."""
    buffer = io.BytesIO()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def segmentation(**changes: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return a segmentation of one frame of single bits."""
    dataset = small_image(1)
    made = derived(SEGMENTATION, 701, Modality="SEG", SegmentSequence=Sequence([Dataset()]))
    made.SeriesInstanceUID, made.SeriesNumber = fictional_uid("small/series/8"), 8
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"):
        setattr(made, keyword, getattr(dataset, keyword))
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 1, 1, 0, 0
    made.PixelData = bytes(6)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def send(
    gateway: Running, *files: bytes, study_uid: str, part: str = "application/dicom", **more: str
) -> requests.Response:
    """Send files to be kept with a study, as STOW-RS does."""
    body = b"".join(b"--X\r\nContent-Type: %s\r\n\r\n%s\r\n" % (part.encode(), data) for data in files) + b"--X--\r\n"
    headers = {
        "Authorization": f"token {ANNA}",
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=X',
        **more,
    }
    return requests.post(f"{gateway.url}/dicom-web/studies/{study_uid}", data=body, headers=headers, timeout=20)


def test_what_readers_make_is_kept_with_its_study(storing: Running, images: FolderSource) -> None:
    """Reports, presentation states and segmentations are found in their study at once, byte for byte as they were sent."""
    study = images.studies()[0]
    sent = [written(each) for each in (derived(), small_state(small_image(1)), segmentation())]

    answer = send(storing, *sent, study_uid=study.uid)

    assert (200, 3) == (answer.status_code, len(answer.json()["00081199"]["Value"]))
    (told,) = wire.parse_studies(storing.get("/readingroom/studies").content)
    assert (study.instance_count + 3, ("CT", "PR", "SEG", "SR")) == (told.instance_count, told.modalities)
    for data, kept in zip(sent, answer.json()["00081199"]["Value"], strict=True):
        got = storing.get(kept["00081190"]["Value"][0].removeprefix(storing.url))
        assert data in got.content
    assert (study.uid, "store-derived") in {(uid, action) for _, uid, action in storing.records.asked}


def test_sending_again_changes_nothing(storing: Running, images: FolderSource) -> None:
    """The same object again is kept once; another one with its UID is refused, and the first stays as it is."""
    uid = images.studies()[0].uid
    first = written(derived())

    answers = [
        send(storing, data, study_uid=uid) for data in (first, first, written(derived(SeriesDescription="Other")))
    ]

    assert [200, 200, 409] == [answer.status_code for answer in answers]
    assert 0x0111 == answers[2].json()["00081198"]["Value"][0]["00081197"]["Value"][0]
    assert "never changed" in answers[2].headers["Warning"]
    kept = answers[0].json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    assert first in storing.get(kept.removeprefix(storing.url)).content


REFUSED = {
    "an image": (lambda: small_image(3), 0x0122),
    "another study": (lambda: derived(StudyInstanceUID="1.2.3"), 0xA900),
    "another patient": (lambda: derived(PatientID="X"), 0xA900),
    "a series of the images": (lambda: derived(SeriesInstanceUID=SMALL_STUDY.series_uid), 0xA900),
    "a report with pixels": (lambda: small_image(3).__class__(segmentation(SOPClassUID=REPORT)), 0xA900),
    "a report with an icon": (lambda: derived(IconImageSequence=Sequence([_icon()])), 0xA900),
    "a segmentation of 16 bits": (
        lambda: segmentation(BitsAllocated=16, BitsStored=16, HighBit=15, PixelData=bytes(96)),
        0xA900,
    ),
    "a segmentation without segments": (lambda: segmentation(SegmentSequence=Sequence()), 0xA900),
    "a UID that is a path": (lambda: derived(SOPInstanceUID="../../1"), 0xA900),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_else_is_kept(images: FolderSource, tmp_path: Path, name: str) -> None:
    """Images, pixel data by any way, and objects of another study or patient are refused, and leave no file behind."""
    make, reason = REFUSED[name]
    dataset = make()  # type: ignore[no-untyped-call]
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = segmentation().file_meta
    kept = DerivedObjects(tmp_path / "state")
    with quiet_reading():
        data = written(dataset)

    with pytest.raises(NotKeptError) as refused:
        kept.keep(data, images.studies()[0], frozenset({SMALL_STUDY.series_uid}))

    assert reason == refused.value.reason
    assert [] == [*(tmp_path / "state").rglob("*.dcm"), *(tmp_path / "state/incoming").iterdir()]


def _icon() -> Dataset:
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.PixelData = bytes(4)
    icon["PixelData"].VR = "OB"
    return icon


@pytest.mark.parametrize(
    "data", [b"", b"x", b"MZ" + written(derived())[2:], written(derived())[:-40], b"\0" * 128 + b"DICM"]
)
def test_what_is_no_object_is_refused(storing: Running, images: FolderSource, data: bytes) -> None:
    """Bytes that are no DICOM, a file that is cut off, and one whose preamble may be a program are refused in words."""
    answer = send(storing, data, study_uid=images.studies()[0].uid)

    assert 409 == answer.status_code
    assert 0xC000 == answer.json()["00081198"]["Value"][0]["00081197"]["Value"][0]
    assert answer.headers["Warning"]


def test_a_message_that_is_none_is_refused(storing: Running, images: FolderSource) -> None:
    """No boundary, no end, no study, other parts, or too large: each is refused, and the gateway goes on."""
    uid = images.studies()[0].uid
    report = written(derived())

    assert 400 == send(storing, report, study_uid=uid, **{"Content-Type": "multipart/related"}).status_code
    assert 400 == send(storing, report, study_uid=uid, **{"Content-Type": "multipart/related; boundary=Y"}).status_code
    assert 409 == send(storing, report, study_uid=uid, part="image/png").status_code
    assert 404 == send(storing, report, study_uid="1.2.3").status_code
    headers = {"Authorization": f"token {ANNA}"}
    assert 405 == requests.post(f"{storing.url}/dicom-web/studies", headers=headers, timeout=9).status_code
    storing.records.refused = {"anna": frozenset({uid})}
    storing.gateway.gate._held.clear()
    assert 403 == send(storing, report, study_uid=uid).status_code
    storing.records.refused = {}
    storing.gateway.gate._held.clear()
    assert 200 == send(storing, report, study_uid=uid).status_code


def test_both_together_are_one_source(images: FolderSource, tmp_path: Path) -> None:
    """Studies with their derived objects keep every promise of a source, and a second copy sees what the first has kept."""
    first, second = (DerivedObjects(tmp_path / "state") for _ in range(2))
    first.keep(written(derived()), images.studies()[0], frozenset())
    first.keep(written(segmentation()), images.studies()[0], frozenset())

    for kept in (first, second):
        check_study_source(WithDerived(images, kept.source))


def test_a_full_disk_loses_nothing(images: FolderSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an object cannot be written it is refused as such, and what was kept is still there."""
    kept = DerivedObjects(tmp_path / "state")
    kept.keep(written(derived()), images.studies()[0], frozenset())
    (tmp_path / "state/incoming").rmdir()

    with pytest.raises(NotKeptError) as refused:
        kept.keep(written(derived(number=702)), images.studies()[0], frozenset())

    assert 0xA700 == refused.value.reason
    assert 1 == sum(study.instance_count for study in kept.source.studies())
