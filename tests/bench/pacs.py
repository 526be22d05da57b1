"""500 CT slices from a real Orthanc: pulled directly, and through ``DicomwebSource``; and the first frame of them."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import urllib3

from readingroom.dicom.dicomweb import FRAMES, JSON, OBJECTS, DicomwebSource
from readingroom.dicom.held import hold
from readingroom.testing.files import small_image, write

sys.path.append(str(Path(__file__).parents[2]))
from tests.servers.orthanc import Orthanc, running_orthanc, why_no_orthanc

SLICES = 500
ROUNDS = 5


def measure() -> None:
    """Print medians of interleaved rounds and their ratios."""
    if (reason := why_no_orthanc()) is not None:
        print(f"PACS: not measured, {reason}")
        return
    with running_orthanc() as orthanc:
        uids = _fill(orthanc)
        pool = urllib3.connection_from_url(orthanc.url, maxsize=1)
        sides: dict[str, Callable[[], int]] = {
            "whole series, direct": lambda: _read(pool, f"{_series(uids)}", OBJECTS),
            "whole series, through the source": lambda: _pulled(orthanc, uids),
            "the same, and each object parsed": lambda: _parsed(orthanc, uids),
            "description of the series, direct": lambda: _read(pool, f"{_series(uids)}/metadata", JSON),
            "frames in reading order, by the source": lambda: _ordered(orthanc, uids),
        }
        with closing(DicomwebSource(orthanc.dicom_web, cache_bytes=0)) as source:
            source.frames(uids[1])
            sides["one frame, direct"] = lambda: _read(pool, f"{_series(uids)}/instances/{uids[2]}/frames/1", FRAMES)
            sides["one frame, through the source"] = lambda: len(source.frame(uids[2], 1).data)
            took: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(ROUNDS):
                for name, side in sides.items():
                    took[name].append(_timed(side))
        _print({name: statistics.median(times) for name, times in took.items()})


def _fill(orthanc: Orthanc) -> tuple[str, str, str]:
    """Put the slices in and return the UIDs of study, series and the middle slice."""
    noise = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(SLICES):
            dataset = small_image(number, noise.integers(-1024, 3000, (512, 512), np.int16))
            orthanc.add(write(dataset, Path(folder) / "slice.dcm"))
            if number == SLICES // 2:
                middle = str(dataset.SOPInstanceUID)
    return str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), middle


def _series(uids: tuple[str, str, str]) -> str:
    return f"/dicom-web/studies/{uids[0]}/series/{uids[1]}"


def _read(pool: urllib3.HTTPConnectionPool, path: str, accept: str) -> int:
    """Read an answer to its end without looking at it, which nobody can do faster."""
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    answer = pool.request("GET", path, headers=headers, preload_content=False)
    size = sum(map(len, answer.stream(2**18)))
    answer.release_conn()
    return size


def _pulled(orthanc: Orthanc, uids: tuple[str, str, str]) -> int:
    with closing(DicomwebSource(orthanc.dicom_web)) as source:
        return sum(map(len, source.whole_series(uids[1])))


def _parsed(orthanc: Orthanc, uids: tuple[str, str, str]) -> int:
    with closing(DicomwebSource(orthanc.dicom_web)) as source:
        return sum(len(hold(data).data) for data in source.whole_series(uids[1]))


def _ordered(orthanc: Orthanc, uids: tuple[str, str, str]) -> int:
    with closing(DicomwebSource(orthanc.dicom_web)) as source:
        return len(source.frames(uids[1]))


def _timed(side: Callable[[], int]) -> float:
    began = time.perf_counter()
    assert side() > 0
    return time.perf_counter() - began


def _print(medians: dict[str, float]) -> None:
    print(f"\nPACS: {SLICES} CT slices of 512² from Orthanc, medians of {ROUNDS} interleaved rounds")
    direct = 1.0
    for name, seconds in medians.items():
        direct = seconds if name.endswith("direct") else direct
        print(f"  {name:40} {1000 * seconds:9.1f} ms   {seconds / direct:5.2f} × direct")


if __name__ == "__main__":
    measure()
