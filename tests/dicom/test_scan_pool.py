"""Scanning in several processes: the same answers in the same order, whatever becomes of a process."""

import os
from pathlib import Path
from typing import Any

import pytest

from readingroom.dicom import scan_pool
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.part10 import NotDicomError
from readingroom.dicom.scan import ScannedFile
from readingroom.dicom.scan_pool import scan_files
from readingroom.errors import UnreadableFileError
from readingroom.testing.files import small_image, write


class EndsItsReader(os.PathLike[str]):
    """A path that ends the process it is sent to, as a file that takes all memory would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (1,)

    def __fspath__(self) -> str:
        return "deadly"


@pytest.fixture
def files(folder: Path) -> list[Path]:
    """Return 120 images in no order of their names, a text and a damaged file among them."""
    paths = [write(small_image(number), folder / f"{number * 37 % 120:03d}.dcm") for number in range(1, 119)]
    (folder / "notes.txt").write_text("not an image, only words")
    (folder / "cut.dcm").write_bytes(paths[0].read_bytes()[:-9])
    return [*paths[:60], folder / "notes.txt", folder / "cut.dcm", *paths[60:]]


def uids(outcomes: list[Any]) -> list[str]:
    """Return what tells outcomes apart."""
    return [outcome.sop_uid if isinstance(outcome, ScannedFile) else repr(outcome) for outcome in outcomes]


def test_processes_answer_as_one_would(files: list[Path]) -> None:
    """Two processes give the outcomes of one, in the order of the paths, errors of their own kind among them."""
    alone, together = list(scan_files(files, workers=0)), list(scan_files(files, workers=2))
    assert uids(alone) == uids(together)
    assert isinstance(together[60], NotDicomError)
    assert "is cut off" in str(together[61])


def test_file_that_ends_its_reader_is_left_out_alone(files: list[Path]) -> None:
    """A file over which a process dies is told; those beside it are read by a new one."""
    deadly: Any = [*files[:70], EndsItsReader(), *files[70:]]
    outcomes = list(scan_files(deadly, workers=2))
    assert len(deadly) == len(outcomes)
    assert isinstance(outcomes[70], UnreadableFileError)
    assert "ended the process that was reading it" in str(outcomes[70])
    del outcomes[70]
    assert uids(list(scan_files(files, workers=0))) == uids(outcomes)


def test_stopping_early_leaves_no_process(files: list[Path]) -> None:
    """Whoever stops taking outcomes ends the processes with it."""
    outcomes = scan_files(files * 10, workers=2)
    next(outcomes)
    pool = outcomes.gi_frame.f_locals["pool"]  # type: ignore[attr-defined]
    outcomes.close()  # type: ignore[attr-defined]
    assert all(worker._process.poll() is not None for worker in pool._workers)


@pytest.mark.parametrize("retired", [False, True])
def test_process_that_died_idle_leaves_no_open_pipe(files: list[Path], retired: bool) -> None:
    """A process killed between two chunks is replaced, or not when the scan is over; its pipes are closed either way."""
    worker = scan_pool._Worker()
    dead = worker._process
    if retired:
        worker.retire()
        with pytest.raises(EOFError):
            worker.scan(files[:1])
    else:
        dead.kill()
        dead.wait()
        assert uids(list(scan_files(files[:1], workers=0))) == uids(list(worker.scan(files[:1])))
    worker.end()
    assert all(pipe is not None and pipe.closed for pipe in (dead.stdin, dead.stdout))


def test_large_folder_is_scanned_by_processes(
    files: list[Path], folder: Path, source: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder large enough is indexed by several processes, with the same result."""
    monkeypatch.setattr(scan_pool, "PARALLEL_FROM", 100)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(scan_pool, "outcome", lambda path: pytest.fail(f"read {path} here"))
    source.refresh()
    assert 118 == source.studies()[0].instance_count
    assert ["not_dicom", "unreadable"] == sorted(problem.kind for problem in source.problems())
