"""A real PACS for tests and measurements: Debian's Orthanc with its DICOMweb plug-in, on ports of its own on loopback."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from readingroom_hub.bound import bound
from readingroom_hub.preflight import free_ports

PROGRAM = Path("/usr/sbin/Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AE_TITLE = "ORTHANC"
KNOWN_AE_TITLE = "READINGROOM"
"""Whom it answers by DIMSE, and only from this machine: that port listens everywhere, which nothing can change."""

START_S = 60
STOP_S = 30


@dataclass(frozen=True)
class Orthanc:
    """An Orthanc that runs: its REST address, its port for DIMSE and its process."""

    url: str
    dimse_port: int
    process: "subprocess.Popen[bytes]"
    ae_title: str = AE_TITLE

    @property
    def dicom_web(self) -> str:
        """The root of its DICOMweb services, without a slash at its end."""
        return f"{self.url}/dicom-web"

    def add(self, *paths: Path) -> None:
        """Put files in, or every file below a folder; raises ``AssertionError`` naming one that Orthanc refuses."""
        for path in _files(paths):
            try:
                self.ask("/instances", path.read_bytes())
            except urllib.error.HTTPError as error:
                raise AssertionError(f"Orthanc refused {path}: {error.read().decode()}") from error

    def clear(self) -> None:
        """Take every patient out again."""
        for patient in self.ask("/patients"):
            self.ask(f"/patients/{patient}", method="DELETE")

    def ask(self, path: str, body: bytes | None = None, method: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return what its own REST interface answers."""
        request = urllib.request.Request(self.url + path, body, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=START_S) as answer:  # noqa: S310 - loopback
            return json.load(answer)


def why_no_orthanc() -> str | None:
    """Return what is missing to start one, None when nothing is."""
    missing = [str(path) for path in (PROGRAM, PLUGIN) if not path.exists()]
    return f"{' and '.join(missing)} are not installed: orthanc orthanc-dicomweb" if missing else None


@contextmanager
def running_orthanc() -> Iterator[Orthanc]:
    """Start an empty Orthanc in a temporary folder, and end it with its folder; it dies with the thread that starts it."""
    folder = Path(tempfile.mkdtemp(prefix="orthanc-"))
    http, dimse = free_ports(2)
    (folder / "configuration.json").write_text(json.dumps(_configuration(folder, http, dimse)))
    with (folder / "said").open("wb") as said:
        command = bound([str(PROGRAM), str(folder / "configuration.json")])
        process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
    started = Orthanc(f"http://127.0.0.1:{http}", dimse, process)
    try:
        _wait_for(started, folder / "said")
        yield started
    finally:
        process.kill()  # it takes seconds to go by itself, and its folder goes with it
        process.wait(STOP_S)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def orthanc_of_session() -> Iterator[Orthanc]:
    """Run one Orthanc for all tests; on CI, which has to have one, a missing part is a failure."""
    reason = why_no_orthanc()
    if reason is not None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)
    with running_orthanc() as started:
        yield started


@pytest.fixture
def orthanc(orthanc_of_session: Orthanc) -> Iterator[Orthanc]:
    """Return the Orthanc of all tests, empty; what a test puts in is taken out after it."""
    yield orthanc_of_session
    orthanc_of_session.clear()


def _configuration(folder: Path, http: int, dimse: int) -> dict[str, object]:
    """Return its settings: this machine only, everything accepted and kept as it is sent."""
    return {
        "Name": "Reading Room tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "HttpPort": http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "KeepAlive": True,
        "HttpThreadsCount": 16,
        "HttpDescribeErrors": True,
        "DicomPort": dimse,
        "DicomAet": AE_TITLE,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomCheckModalityHost": True,
        "DicomModalities": {"us": [KNOWN_AE_TITLE, "127.0.0.1", 4]},
        "UnknownSopClassAccepted": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _wait_for(started: Orthanc, said: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and started.process.poll() is None:
        try:
            started.ask("/system")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"Orthanc did not start: {said.read_text(errors='replace')}")
