"""Files a second of a first scan, beside pydicom's bare reading of the same headers: part of ``make bench``.

A phantom of 3,000 small slices is written, then read three ways in one run. Figures are the best of three rounds; the
machine is whatever it is, so read the ratios and the processor time, which other load changes less.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydicom import dcmread

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.scan_pool import scan_files
from readingroom.testing.phantom import PhantomSeries, write_phantom

SLICES = 3000
ROUNDS = 3


def best(work: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest wall time and the least processor time, children's included, of a few rounds, in seconds."""
    walls, processors = [], []
    for _ in range(ROUNDS):
        wall, before = time.perf_counter(), os.times()
        work()
        after = os.times()
        walls.append(time.perf_counter() - wall)
        processors.append(sum(after[:4]) - sum(before[:4]))
    return min(walls), min(processors)


def refresh(folder: Path) -> None:
    """Index a folder for the first time."""
    with tempfile.TemporaryDirectory() as elsewhere:
        source = FolderSource(folder, Path(elsewhere) / "index.sqlite")
        source.refresh()
        source.close()


def measure() -> None:
    """Print a line for each way."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = write_phantom(folder, PhantomSeries(slices=SLICES, size=64, noise_hu=0))
        ways: dict[str, Callable[[], object]] = {
            "pydicom headers, 1 process": lambda: [dcmread(path, stop_before_pixels=True) for path in paths],
            "scan, 1 process": lambda: list(scan_files(paths, workers=0)),
            "scan, 2 processes": lambda: list(scan_files(paths, workers=2)),
            "first index of the folder": lambda: refresh(folder),
        }
        for name, work in ways.items():
            wall, processor = best(work)
            print(f"{name:28} {SLICES / wall:7.0f} files/s   {processor / SLICES * 1e6:5.0f} µs of processor a file")


if __name__ == "__main__":
    measure()
