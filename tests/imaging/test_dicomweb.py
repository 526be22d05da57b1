"""DICOMweb as any client asks it: searches, metadata, frames, bulk data and whole objects, and what is refused."""

import io
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from tests.imaging.conftest import Running

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import Series, Study
from readingroom.testing.encoders import ENCODERS

JPEG = "1.2.840.10008.1.2.4."
DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """Return media type and bytes of each part, as the standard library's parser of messages takes them apart."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert (True, []) == (message.is_multipart(), message.defects)
    return [(part["Content-Type"], part.get_payload(decode=True)) for part in message.get_payload()]  # type: ignore[union-attr, misc]


def by_boundary(content_type: str, body: bytes) -> list[bytes]:
    """Return the bytes of each part, which no parser has changed."""
    boundary = content_type.rpartition("boundary=")[2].encode()
    found = body.split(b"--" + boundary)
    assert (b"", b"--\r\n") == (found[0], found[-1])
    return [part.partition(b"\r\n\r\n")[2][:-2] for part in found[1:-1]]


def find(studies: FolderSource, patient_id: str) -> tuple[Study, Series]:
    """Return the study of a patient and its first series."""
    study = next(study for study in studies.studies() if study.patient_id == patient_id)
    return study, studies.series(study.uid)[0]


def test_frames_of_every_transfer_syntax_arrive_undecoded(gateway: Running, studies: FolderSource) -> None:
    """A list of frames comes in its order, each part byte for byte the source's, typed as PS3.18 8.7.3 types its syntax."""
    study, series = find(studies, "RR-TEST-3")
    types = {}
    for instance in studies.instances(series.uid):
        wanted = [2, 1] if instance.frame_count > 1 else [1]
        path = f"/dicom-web/studies/{study.uid}/series/{series.uid}/instances/{instance.sop_uid}/frames/"
        answer = gateway.get(path + ",".join(map(str, wanted)))
        assert 200 == answer.status_code
        told = parts(answer.headers["Content-Type"], answer.content)
        assert {f"{told[0][0].partition(';')[0]}; transfer-syntax={instance.transfer_syntax_uid}"} == {
            t for t, _ in told
        }
        arrived = by_boundary(answer.headers["Content-Type"], answer.content)
        assert [studies.frame(instance.sop_uid, number).data for number in wanted] == arrived
        types[instance.transfer_syntax_uid] = told[0][0].partition(";")[0]

    assert set(ENCODERS) == set(types)
    told_types = {types[f"{JPEG}{n}"] for n in (57, 70)}, {types[f"{JPEG}{n}"] for n in (80, 81)}
    assert ({"image/jpeg"}, {"image/jls"}) == told_types
    assert ("image/jp2", "image/jphc", "image/jxl") == tuple(types[f"{JPEG}{n}"] for n in (90, 201, 110))
    assert ("image/dicom-rle", "application/octet-stream") == (types["1.2.840.10008.1.2.5"], types["1.2.840.10008.1.2"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ('multipart/related; type="*/*"', 200),
        ('multipart/related; type="image/jp2"; transfer-syntax=*', 200),
        (f'multipart/related; type="image/jp2"; transfer-syntax={JPEG}90', 200),
        (f"multipart/related; type=image/*; transfer-syntax={JPEG}90", 200),
        ('image/png, multipart/related; type="image/jp2"; q=0.5', 200),
        (f'multipart/related; type="image/jp2"; transfer-syntax={JPEG}91', 406),
        ('multipart/related; type="application/octet-stream"', 406),
        ("image/png", 406),
        ("image/jpeg", 406),
        ('multipart/related; type="image/jp2"; q=0', 406),
        ("nonsense", 400),
        ("a/b; q=lots", 400),
        (",".join(["a/b"] * 50), 400),
    ],
)
def test_frames_are_never_made_anew(gateway: Running, studies: FolderSource, accept: str, status: int) -> None:
    """What is not stored as a caller wants it is refused with words about what there is."""
    study, series = find(studies, "RR-TEST-3")
    sop_uid = next(i.sop_uid for i in studies.instances(series.uid) if i.transfer_syntax_uid == f"{JPEG}90")
    path = f"/dicom-web/studies/{study.uid}/series/{series.uid}/instances/{sop_uid}/frames/1"

    answer = gateway.get(path, Accept=accept)

    assert status == answer.status_code
    if status == 406:
        assert "image/jp2" in answer.json()["error"]["message"]


def test_whole_objects_are_the_files(gateway: Running, studies: FolderSource) -> None:
    """An instance, a series and a study come as PS3.10 files, byte for byte those of the folder, with their syntaxes."""
    root = Path(studies._root)
    for study in studies.studies():
        expected = []
        for series in studies.series(study.uid):
            files = [(root / each.path).read_bytes() for each in studies.instances(series.uid)]
            expected += files
            answer = gateway.get(f"/dicom-web/studies/{study.uid}/series/{series.uid}", Accept=DICOM)
            assert files == by_boundary(answer.headers["Content-Type"], answer.content)
        answer = gateway.get(f"/dicom-web/studies/{study.uid}")
        assert expected == by_boundary(answer.headers["Content-Type"], answer.content)
    one = studies.instances(series.uid)[0]
    answer = gateway.get(f"/dicom-web/studies/{study.uid}/series/{series.uid}/instances/{one.sop_uid}")
    ((content_type, _),) = parts(answer.headers["Content-Type"], answer.content)
    assert f"application/dicom; transfer-syntax={one.transfer_syntax_uid}" == content_type
    refused = gateway.get(f"/dicom-web/studies/{study.uid}", Accept="application/zip")
    assert 406 == refused.status_code


def test_metadata_is_dicom_json(gateway: Running, studies: FolderSource) -> None:
    """Metadata of a study reads as the attributes of its objects, without pixels; long values lie at the address told."""
    addresses = 0
    for study in studies.studies():
        told = gateway.get(f"/dicom-web/studies/{study.uid}/metadata").json()
        held = [each for series in studies.series(study.uid) for each in studies.instances(series.uid)]
        assert [each.sop_uid for each in held] == [each["00080018"]["Value"][0] for each in told]
        for each, instance in zip(told, held, strict=True):
            assert "7FE00010" not in each
            arrived = Dataset.from_json(each, lambda *_: b"")
            assert studies.metadata(instance.sop_uid).get("PatientName") == arrived.get("PatientName")
            for path, address in _addresses(each, ""):
                answer = gateway.get(address.removeprefix(gateway.url))
                (value,) = by_boundary(answer.headers["Content-Type"], answer.content)
                assert _value(studies.metadata(instance.sop_uid), path) == value
                addresses += 1
    assert addresses > 2


def _addresses(told: dict[str, Any], above: str) -> list[tuple[str, str]]:
    found = []
    for tag, element in told.items():
        if "BulkDataURI" in element:
            found.append((f"{above}{tag}", element["BulkDataURI"]))
        for number, item in enumerate(element.get("Value", []) if element["vr"] == "SQ" else [], 1):
            found += _addresses(item, f"{above}{tag}/{number}/")
    return found


def _value(dataset: Dataset, path: str) -> object:
    *above, tag = path.split("/")
    for sequence, number in zip(above[::2], above[1::2], strict=True):
        dataset = dataset[int(sequence, 16)].value[int(number) - 1]
    return dataset[int(tag, 16)].value


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("PatientID=RR-TEST-2", {"RR-TEST-2"}),
        ("00100020=RR-TEST-2", {"RR-TEST-2"}),
        ("PatientID=RR-TEST-%3F", {"RR-TEST-1", "RR-TEST-2", "RR-TEST-3"}),
        ("PatientName=beispiel^bernd", {"RR-TEST-2"}),
        ("PatientName=MUSTER^ERIKA^MARIA", {"RR-TEST-1"}),
        ("PatientName=*erika*", {"RR-TEST-1"}),
        ("PatientName=Erika", set()),
        ("PatientID=RR-TEST-*&StudyDate=20250101", {"RR-TEST-3"}),
        ("PatientID=RR-TEST-*&StudyDate=20250102-", {"RR-TEST-1", "RR-TEST-2"}),
        ("PatientID=RR-TEST-*&StudyDate=-20250101", {"RR-TEST-3"}),
        ("PatientID=RR-TEST-*&StudyDate=20260202-20260202", {"RR-TEST-1", "RR-TEST-2"}),
        ("PatientID=RR-TEST-*&StudyTime=0815-", {"RR-TEST-1", "RR-TEST-2", "RR-TEST-3"}),
        ("PatientID=RR-TEST-*&StudyTime=-0814", set()),
        ("AccessionNumber=RR2&ModalitiesInStudy=CT", {"RR-TEST-2"}),
        ("AccessionNumber=RR2&ModalitiesInStudy=MR", set()),
        ("PatientID=RR-TEST-[1-3]", set()),
        ("PatientID=&AccessionNumber=RR2", {"RR-TEST-2"}),
    ],
)
def test_studies_are_found(gateway: Running, search: str, expected: set[str]) -> None:
    """Searches match by keyword or tag, by wildcard, by name whatever its case, and by ranges of dates and times."""
    answer = gateway.get(f"/dicom-web/studies?{search}")

    assert ("application/dicom+json", 200) == (answer.headers["Content-Type"], answer.status_code)
    assert expected == {each["00100020"]["Value"][0] for each in answer.json()}


def test_searches_are_answered_page_by_page(gateway: Running, studies: FolderSource) -> None:
    """Pages follow one another, and a page that is not all says so; names are never guessed at, and that is said too."""
    everything = [each["0020000D"]["Value"][0] for each in gateway.get("/dicom-web/studies").json()]
    pages = [gateway.get(f"/dicom-web/studies?limit=2&offset={at}") for at in range(0, len(everything), 2)]

    assert [study.uid for study in studies.studies()] == everything
    assert everything == [each["0020000D"]["Value"][0] for page in pages for each in page.json()]
    assert "additional results" in pages[0].headers["Warning"]
    assert "Warning" not in pages[-1].headers
    assert ("anna", "limit=2&offset=0") in [(event.person, event.query) for event in gateway.records.told]
    fuzzy = gateway.get("/dicom-web/studies?PatientName=Mustr&fuzzymatching=true")
    assert ([], True) == (fuzzy.json(), "Only literal matching" in fuzzy.headers["Warning"])
    both = ",".join(everything[:2])
    assert 2 == len(gateway.get(f"/dicom-web/studies?StudyInstanceUID={both}").json())


def test_series_and_instances_are_found(gateway: Running, studies: FolderSource) -> None:
    """Series and instances of a study are found by what they are, with what else of them was asked for."""
    study, series = find(studies, "RR-TEST-1")
    below = f"/dicom-web/studies/{study.uid}"

    (found,) = gateway.get(f"{below}/series?Modality=CT&SeriesNumber=1").json()
    instances = gateway.get(f"{below}/series/{series.uid}/instances?includefield=PixelSpacing,00080008&limit=3").json()

    assert series.uid == found["0020000E"]["Value"][0]
    assert [] == gateway.get(f"{below}/series?Modality=MR").json()
    assert [1, 2, 3] == [each["00200013"]["Value"][0] for each in instances]
    assert [0.5, 0.5] == [float(value) for value in instances[0]["00280030"]["Value"]]
    assert series.instance_count == len(gateway.get(f"{below}/instances?SeriesInstanceUID={series.uid}").json())


@pytest.mark.parametrize(
    "search",
    [
        "Patient=1", "12345678=1", "SOPInstanceUID=1.2", "StudyDate=yesterday", "StudyDate=20260101-x", "limit=-1",
        "limit=1&limit=2", "offset=1e3", "PatientID=a&PatientID=b", "PatientName=%FF", "PatientName=a%00b",
        "StudyInstanceUID=1.2/..", "PatientName=" + "x" * 5000, "&".join(["includefield=all"] * 100),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_answered_is_refused(gateway: Running, search: str) -> None:
    """A search is never answered with more than was asked for because part of it was not understood."""
    answer = gateway.get(f"/dicom-web/studies?{search}")

    assert (400, "malformed_request") == (answer.status_code, answer.json()["error"]["code"])


def test_guests_do_not_search(gateway: Running) -> None:
    """A guest searches for nothing, and what could not be taken in is told to staff only."""
    assert 403 == gateway.get("/dicom-web/studies", "guest-zoe").status_code
    assert [] == gateway.get("/readingroom/problems", "guest-zoe").json()["rows"]


def test_what_was_kept_reads_back(gateway: Running, studies: FolderSource) -> None:
    """An object that came through the gateway is read by another program as its file is."""
    study, series = find(studies, "RR-TEST-1")
    one = studies.instances(series.uid)[0]
    answer = gateway.get(f"/dicom-web/studies/{study.uid}/series/{series.uid}/instances/{one.sop_uid}")
    (file,) = by_boundary(answer.headers["Content-Type"], answer.content)

    assert dcmread(Path(studies._root) / one.path) == dcmread(io.BytesIO(file))
