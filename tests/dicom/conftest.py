"""Where the images of other people are found."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from tests.servers.orthanc import Orthanc, running_orthanc

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.scan import scan_file
from readingroom.errors import UnreadableFileError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty study folder."""
    made = tmp_path / "studies"
    made.mkdir()
    return made


@pytest.fixture
def source(folder: Path, tmp_path: Path) -> Iterator[FolderSource]:
    """Return a source over the study folder, not yet refreshed."""
    made = FolderSource(folder, tmp_path / "index" / "index.sqlite")
    yield made
    made.close()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Run a test as nobody where it would run as root, for whom every folder is readable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@dataclass(frozen=True)
class PacsAndFolder:
    """The same images in a real PACS and in a folder."""

    orthanc: Orthanc
    folder: FolderSource


@pytest.fixture(scope="session")
def pacs_and_folder(orthanc_of_session: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacsAndFolder]:
    """Put every image of pydicom that Orthanc accepts into one of its own and into a folder, each UID once."""
    root = tmp_path_factory.mktemp("also in a PACS")
    packages = (Path(pydicom.data.__file__).parent / "test_files", REPOSITORY / ".make" / "demo-packages")
    with running_orthanc() as orthanc:
        for path in _distinct(sorted(file for each in packages for file in each.rglob("*.dcm")), root):
            try:
                orthanc.add(path)
            except AssertionError:
                path.unlink()  # a damaged one: what becomes of those in a folder is tested there
        source = FolderSource(root, tmp_path_factory.mktemp("index") / "index.sqlite")
        source.refresh()
        yield PacsAndFolder(orthanc, source)
        source.close()


def _distinct(paths: list[Path], root: Path) -> Iterator[Path]:
    """Copy files that can be read; an instance that is there already, packed otherwise, becomes a study of its own.

    One patient to a study: Orthanc parts them otherwise.
    """
    seen: set[str] = set()
    patients: dict[str, str] = {}
    for number, path in enumerate(paths):
        try:
            scanned = scan_file(path)
        except UnreadableFileError:
            continue
        if (
            scanned is None
            or patients.setdefault(scanned.study.uid, scanned.study.patient_id) != scanned.study.patient_id
        ):
            continue
        copy = root / f"{number:04}.dcm"
        if scanned.sop_uid not in seen:
            shutil.copy(path, copy)
        elif not _renamed(path, copy, f"2.25.{number + 1}"):
            continue
        seen.add(scanned.sop_uid)
        yield copy


def _renamed(path: Path, copy: Path, uid: str) -> bool:
    with quiet_reading():
        dataset = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            return False
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{uid}.1", f"{uid}.2"
        dataset.save_as(copy)
        return True
