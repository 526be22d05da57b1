"""The gateway in front of a real Orthanc: what it answers is what the same files in a folder answer."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.imaging.conftest import ANNA, SECOND, Running, run_gateway
from tests.imaging.test_dicomweb import by_boundary
from tests.servers.orthanc import Orthanc

from readingroom.dicom import study_list
from readingroom.dicom.dicomweb import DicomwebSource
from readingroom.dicom.folder import FolderSource
from readingroom.testing.files import small_image, write
from readingroom.testing.link import Link
from readingroom.testing.relay import Relay
from readingroom_hub.callers import UnknownCallerError
from readingroom_hub.imaging import passing
from readingroom_hub.testing import PATIENCE_S, wait_for

pytest_plugins = ("tests.servers.orthanc",)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FolderSource]:
    """Return a folder with two studies of four images."""
    for number in range(1, 5):
        write(small_image(number), tmp_path / "studies" / f"a{number}.dcm")
        write(small_image(number, study=SECOND), tmp_path / "studies" / f"b{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    yield source
    source.close()


@pytest.fixture
def before_pacs(orthanc: Orthanc, files: FolderSource, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway before an Orthanc that holds the same files."""
    orthanc.add(tmp_path / "studies")
    source = DicomwebSource(orthanc.dicom_web)
    yield from run_gateway(source, tmp_path / "state")
    source.close()


def test_a_pacs_is_read_through_the_gateway(before_pacs: Running, files: FolderSource, tmp_path: Path) -> None:
    """Search, frames and whole series come from Orthanc as from the folder, to the byte; a refused study does not."""
    found = before_pacs.get("/dicom-web/studies?PatientID=RR-TEST-*").json()
    assert {study.uid for study in files.studies()} == {each["0020000D"]["Value"][0] for each in found}
    for study in files.studies():
        (series,) = files.series(study.uid)
        below = f"studies/{study.uid}/series/{series.uid}"
        for instance in files.instances(series.uid):
            answer = before_pacs.get(f"/readingroom/{below}/instances/{instance.sop_uid}/frames/1")
            assert files.frame(instance.sop_uid, 1).data == answer.content
        answer = before_pacs.get(f"/dicom-web/{below}")
        sent = sorted((tmp_path / "studies" / each.path).read_bytes() for each in files.instances(series.uid))
        assert sent == sorted(by_boundary(answer.headers["Content-Type"], answer.content))
        before_pacs.records.refused = {"anna": frozenset({study.uid})}
        before_pacs.gateway.gate._held.clear()
        assert 403 == before_pacs.get(f"/dicom-web/{below}").status_code
        before_pacs.records.refused = {}
        before_pacs.gateway.gate._held.clear()


def test_a_far_pacs_that_falls_silent_is_told_of(
    orthanc: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 300 ms and one packet in a hundred lost images come, later; after that what came is given, the rest in words."""
    monkeypatch.setattr(study_list, "EVERY_S", 0.0)
    monkeypatch.setattr(study_list, "PATIENCE", 0)
    images = [small_image(number) for number in (1, 2)]
    orthanc.add(*(write(image, tmp_path / f"{image.InstanceNumber}.dcm") for image in images))
    with ExitStack() as alive:
        relay = alive.enter_context(Relay(int(orthanc.url.rpartition(":")[2]), Link(delay_s=0.15, loss=0.01)))
        source = DicomwebSource(f"http://127.0.0.1:{relay.port}/dicom-web")
        for running in run_gateway(source, tmp_path / "state"):
            listed = running.get("/readingroom/studies").json()
            series = f"/readingroom{below(running).removeprefix('/dicom-web')}"
            first, second = (f"{series}/instances/{image.SOPInstanceUID}/frames/1" for image in images)
            assert images[0].PixelData == running.get(first).content
            alive.close()

            assert wait_for(partial(says_what_is_shown, running), PATIENCE_S)
            assert listed == running.get("/readingroom/studies").json()
            assert images[0].PixelData == running.get(first).content
            refused = running.get(second)
            assert (503, "source_unavailable") == (refused.status_code, refused.json()["error"]["code"])
            assert "does not answer" in refused.json()["error"]["message"]
        source.close()


@pytest.fixture
def long_series(orthanc: Orthanc, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway before an Orthanc with a series of 16 MiB, more than sockets hold; it asks again for every piece."""
    for number in range(1, 33):
        orthanc.add(write(small_image(number, np.zeros((512, 512), np.int16)), tmp_path / "image.dcm"))
    source = DicomwebSource(orthanc.dicom_web)
    for running in run_gateway(source, tmp_path / "state", send_s=1.0):
        running.records.lease_s = 0.0
        yield running
    source.close()


def test_a_series_stops_when_it_may_not_go_on(long_series: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study that is taken away, and a token that ends, in the middle of a series: the rest of it does not come."""
    monkeypatch.setattr(passing, "BURST", 2**16)
    study = long_series.source.studies()[0].uid
    for refuse in (
        lambda: long_series.records.refused.update(anna=frozenset({study})),
        lambda: long_series.gateway.callers.refused.update({ANNA: UnknownCallerError("It has ended.")}),  # type: ignore[attr-defined]
    ):
        with begun(long_series) as answer:
            refuse()
            with pytest.raises(http.client.IncompleteRead):
                answer.read()
        long_series.records.refused.clear()
        long_series.gateway.gate._held.clear()
        long_series.gateway.callers.refused.clear()  # type: ignore[attr-defined]
        assert 2**24 < len(long_series.get(below(long_series)).content)


def test_nobody_waits_for_whoever_does_not_read(long_series: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who leaves, and one who takes nothing, are let go with all that was held for them, and others go on."""
    monkeypatch.setattr(passing, "BURST", 2**16)
    over: list[object] = []
    close = passing.Passing.close
    monkeypatch.setattr(passing.Passing, "close", lambda each: over.append(close(each)))
    with begun(long_series):
        pass
    with begun(long_series) as answer:
        assert 200 == long_series.get(below(long_series), "trainee-bernd").status_code
        assert wait_for(lambda: 3 == len(over) and long_series.gateway.turns.people == 0, PATIENCE_S)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()


def test_a_pacs_that_dies_in_mid_series_is_not_taken_for_its_end(
    long_series: Running, orthanc: Orthanc, tmp_path: Path
) -> None:
    """What came before is cut off visibly, and the caller knows that it is not the whole."""
    with ExitStack() as alive:
        relay = alive.enter_context(Relay(int(orthanc.url.rpartition(":")[2]), Link(rate_bit_s=2e8)))
        source = DicomwebSource(f"http://127.0.0.1:{relay.port}/dicom-web")
        for running in run_gateway(source, tmp_path / "other state"):
            with begun(running) as answer:
                alive.close()
                with pytest.raises(http.client.IncompleteRead):
                    answer.read()
        source.close()


def says_what_is_shown(running: Running) -> bool:
    """Return whether the state says what a PACS that is silent means for the images."""
    return study_list.STILL_SHOWN in running.get("/readingroom/state").text


def below(running: Running) -> str:
    """Return the address of the only series."""
    study = running.source.studies()[0].uid
    return f"/dicom-web/studies/{study}/series/{running.source.series(study)[0].uid}"


@contextmanager
def begun(running: Running) -> Iterator[http.client.HTTPResponse]:
    """Ask for the series and read its first bytes, with a socket that holds little and give the answer."""
    address = urlsplit(running.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**14)
        slow.connect((address.hostname, address.port))
        slow.settimeout(PATIENCE_S)
        slow.sendall(f"GET {below(running)} HTTP/1.1\r\nHost: x\r\nAuthorization: token {ANNA}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        assert 200 == answer.status
        answer.read(2**12)
        yield answer
        answer.close()
