"""A house whose studies come from a PACS, by configuration alone: real hub, records and Orthanc, and copies of the gateway."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import requests
from PIL import Image
from tests.network.storm import opened_study, say, view
from tests.servers.orthanc import AE_TITLE, Orthanc
from websockets.asyncio.client import connect

from readingroom.cli import main
from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom.wire import unpack_frame
from readingroom_hub.bound import bound
from readingroom_hub.preflight import free_ports
from readingroom_hub.testing import PATIENCE_S, Launched, open_server, wait_for

from .rooms import Room

OURS = replace(SMALL_STUDY, key="house", patient_id="RR-HOUSE")
SECRET = "Bearer of-the-pacs-0123456789"  # noqa: S105 - of a PACS that lives for one test session


@dataclass(frozen=True)
class House:
    """A product over a PACS, and a file of what that holds."""

    room: Room
    orthanc: Orthanc
    file: Path

    @property
    def gateway(self) -> dict[str, str]:
        """The environment in which the hub has started the gateway."""
        (pid,) = self.room.launched.service("imaging")
        pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    @contextmanager
    def copy(self, **changes: str) -> Iterator[str]:
        """Start another copy of the gateway beside it, as the hub does, with changes; give its address."""
        port = str(free_ports(1)[0])
        environment = {**self.gateway, "READINGROOM_IMAGING_PORT": port, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        process = subprocess.Popen(
            bound([sys.executable, "-m", "readingroom_hub.imaging"]), env={**environment, **changes}
        )
        try:
            url = f"http://127.0.0.1:{port}"
            assert wait_for(lambda: _answers(url), PATIENCE_S)
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def frame(self, url: str) -> tuple[int, bytes]:
        """Ask a gateway for the image as a trainee's reading server does; return status and bytes."""
        image = pydicom.dcmread(self.file)
        path = f"/readingroom/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
        answer = self.get(f"{url}{path}/instances/{image.SOPInstanceUID}/frames/1")
        return answer.status_code, answer.content

    def get(self, url: str) -> requests.Response:
        """Ask with the token of a trainee's reading server."""
        return requests.get(url, headers={"Authorization": f"token {self.room.token('trainee')}"}, timeout=30)


@pytest.fixture(scope="module")
def house(
    orthanc_of_session: Orthanc, launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Start the product over an Orthanc with one study, and a file that holds an Authorization header for it."""
    folder = tmp_path_factory.mktemp("house")
    file = write(small_image(study=OURS), folder / "image.dcm")
    orthanc_of_session.add(file)
    secret = folder / "authorization"
    secret.write_text(SECRET)
    launched = launch("--pacs", orthanc_of_session.dicom_web, "--pacs-authorization-file", str(secret))
    launched.wait_until_ready()
    assert wait_for(lambda: launched.service("imaging") != [], PATIENCE_S)
    yield House(Room(launched), orthanc_of_session, file)
    orthanc_of_session.clear()


def test_a_house_reads_its_pacs(house: House) -> None:
    """The hub's own gateway gives a reading server the bytes of the PACS; the launcher says where studies come from."""
    port = house.gateway["READINGROOM_IMAGING_PORT"]

    assert (200, pydicom.dcmread(house.file).PixelData) == house.frame(f"http://127.0.0.1:{port}")
    assert f"{house.gateway['READINGROOM_PACS']} (identifiable)" in house.room.launched.said()


def test_the_pacs_secret_stays_in_its_file(house: House) -> None:
    """No process of the house and no log of it holds the Authorization header."""
    launched = house.room.launched
    processes = [Path(f"/proc/{pid}") for pid in launched.below()]
    told = [(process / name).read_bytes() for process in processes for name in ("environ", "cmdline")]
    logs = [path.read_bytes() for path in launched.state.glob("*.log*")]

    assert [text for text in (*told, *logs, launched.said().encode()) if SECRET.encode() in text] == []


def test_another_copy_answers_as_the_first(house: House) -> None:
    """A second gateway before the same records and PACS, which has listed nothing, gives the same; so does one by DIMSE."""
    expected = (200, pydicom.dcmread(house.file).PixelData)
    with house.copy() as url:
        assert expected == house.frame(url)
    dimse = f"dimse://{AE_TITLE}@127.0.0.1:{house.orthanc.dimse_port}"
    with house.copy(READINGROOM_PACS=dimse, READINGROOM_PACS_AUTHORIZATION_FILE="") as url:
        assert expected == house.frame(url)
        assert 1 == len(house.get(f"{url}/readingroom/studies").json()["rows"])


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code > 0
    except requests.RequestException:
        return False


def test_a_house_reads_its_pacs_by_dimse(house: House, launch: Callable[..., Launched], tmp_path: Path) -> None:
    """Started with the address alone: a trainee logs in, opens the study, and sees the pixels of the file."""
    address = f"dimse://{AE_TITLE}@127.0.0.1:{house.orthanc.dimse_port}"
    launched = launch("--pacs", address).wait_until_ready()
    assert f"{address} (identifiable)" in launched.said()
    session = open_server(launched.url, "trainee")
    socket = f"{launched.url}/user/trainee/reading/viewer/frames"
    cookie = session.prepare_request(requests.Request("GET", socket)).headers["Cookie"]
    header = asyncio.run(first_picture(socket.replace("http", "ws", 1), {"Cookie": cookie, "Origin": launched.url}))

    assert 0 == main(["render", str(house.file), "--window", "40/300", "-o", str(tmp_path / "expected.png")])
    expected = np.asarray(Image.open(tmp_path / "expected.png")).tobytes()
    image = pydicom.dcmread(house.file)
    assert (image.StudyInstanceUID, image.SOPInstanceUID) == (header["study_uid"], header["sop_uid"])
    assert hashlib.sha256(expected).hexdigest() == header["sha256"]
    assert ("instances-accessed", "trainee") in Room(launched).audit()


async def first_picture(address: str, headers: dict[str, str]) -> dict[str, Any]:
    """Open the one study as a page does, and return what the first picture of it says."""
    async with connect(address, additional_headers=headers, max_size=None) as page:
        series = await opened_study(page)
        await say(page, **view(series, 0))
        while isinstance(message := await asyncio.wait_for(page.recv(), 60), str):
            pass
        return unpack_frame(message)[0]
