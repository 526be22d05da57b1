"""Where the images of other people are found."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from readingroom.dicom.folder import FolderSource

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
