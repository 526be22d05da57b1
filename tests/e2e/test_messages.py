"""What a person reads in the browser when something about the studies or the machine is not as it should be."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e


def sound(folder: Path, name: str, **attributes: object) -> Path:
    """Write a sound CT image of its own study with other attributes; None leaves one out."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = (generate_uid() for _ in range(3))
    dataset.PatientName = f"{Path(name).stem}^Patient"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
        if value is None:
            delattr(dataset, keyword)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(folder / name)
    return folder / name


def damaged_folder(folder: Path) -> Path:
    """Fill a folder with one good image and one file of every damage that the issue names."""
    good = sound(folder, "good.dcm")
    shutil.copy(good, folder / "same-uid.dcm")
    cut = sound(folder, "truncated.dcm")
    cut.write_bytes(cut.read_bytes()[:-20_000])
    sound(folder, "rows.dcm", Rows=65535)
    sound(folder, "no-pixels.dcm", PixelData=None)
    (folder / "notes.txt").write_text("not an image", encoding="utf-8")
    return folder


def test_damaged_files_are_listed_with_their_reasons(
    page: Page, launch: Callable[..., Launched], tmp_path: Path
) -> None:
    """One click from the study list, every file that is not shown has its reason; the good image opens."""
    product = launch("--studies", str(damaged_folder(tmp_path)), "--studies-kind", "teaching").wait_until_ready()
    log_in(page, product.url, PASSWORD)
    page.click('[data-testid="problems"]')
    lines = page.locator('[data-testid="problem-list"] li')

    for name, reason in (
        ("truncated.dcm", "is cut off"),
        ("rows.dcm", "65535 rows"),
        ("no-pixels.dcm", "without pixel data"),
        ("same-uid.dcm", "has the same SOP Instance UID as good.dcm"),
        ("the folder", "1 file is not DICOM, e.g. notes.txt"),
    ):
        assert reason in lines.filter(has=page.locator(f'code:text-is("{name}")')).inner_text()
    assert 1 == page.locator('[data-testid="study"]').count()
    open_study(page, "good")


def test_without_bubblewrap_a_reader_is_told_what_is_missing(
    page: Page, launch: Callable[..., Launched], tmp_path: Path
) -> None:
    """Servers that are not isolated show the teaching studies, and the list says that STUDIES= is not among them."""
    sound(tmp_path, "identifiable.dcm")
    product = launch("--studies", str(tmp_path), environment={"PATH": "/nowhere"}).wait_until_ready()
    log_in(page, product.url, PASSWORD)

    told = page.locator(".rr-message").inner_text()
    assert "Servers are not isolated from each other on this machine: bubblewrap is not installed" in told
    assert f"not those in {tmp_path}" in told
    assert told in product.said()
    assert page.locator('.rr-chip:text-is("Teaching studies")').is_visible()
    assert 0 == page.locator('[data-testid="study"]', has_text="identifiable").count()
    open_study(page, "PHANTOM")
    assert page.locator(VERIFIED).count()


def test_a_folder_without_dicom_is_told(page: Page, launch: Callable[..., Launched], tmp_path: Path) -> None:
    """An empty list says why it is empty; the first image that arrives is listed without a new start."""
    (tmp_path / "notes.txt").write_text("not an image", encoding="utf-8")
    product = launch("--studies", str(tmp_path), "--studies-kind", "teaching").wait_until_ready()
    log_in(page, product.url, PASSWORD, study_list="text=No study could be read")
    assert f"There are no DICOM files in {tmp_path}" in page.locator(".rr-message").inner_text()

    sound(tmp_path, "arrived.dcm")

    page.wait_for_selector('[data-testid="study"]', timeout=60_000)
