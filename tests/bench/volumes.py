"""Volumes: oblique planes beside VTK and SimpleITK, loading beside reading and bare decoding, and peak memory.

Each figure is a ratio of two things done in turns in one run. Loading uses files that are in the page cache.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 - its own documentation's name
import vtk
from numpy.typing import NDArray
from pydicom.uid import JPEGLSLossless
from vtk.util import numpy_support

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.pixels.plane import Plane
from readingroom.pixels.reformat import reformat
from readingroom.pixels.volume import Volume
from readingroom.testing.files import compress
from readingroom.testing.phantom import PhantomSeries, write_phantom

SLICES = 500
ROUNDS = 25
LOADS = 5


def measure() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        native, coded = Path(folder) / "native", Path(folder) / "coded"
        files = write_phantom(native, PhantomSeries(slices=SLICES))
        _compress(files, coded)
        with _opened(native) as (source, stack):
            _planes(source, stack)
            _native_load(source, stack)
        with _opened(coded) as (source, stack):
            _coded_load(source, stack)
        for name, path in (("uncompressed", native), ("JPEG-LS", coded)):
            command = [sys.executable, str(Path(__file__).with_name("peak.py")), str(path)]
            _row(f"peak memory beyond the volume, {name}", subprocess.check_output(command, text=True).strip())


def _planes(source: FolderSource, stack: Stack) -> None:
    volume = _load(source, stack).volume
    middle = tuple(float(v) for v in volume.center_mm)
    plane = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (0.5, 0.5), 512, 512).rotated((1, 0, 0), 40).rotated((0, 0, 1), 30)
    origin = np.array(middle) - np.array(plane.center)
    plane = Plane(tuple(origin), plane.row_direction, plane.column_direction, (0.5, 0.5), 512, 512)
    reformat(volume, plane)
    ways: dict[str, Callable[[], Any]] = {"ours": lambda: reformat(volume, plane)}
    for threads in (1, 0):
        ways[f"vtkImageReslice, {threads or 'default'} threads"] = _vtk(volume, plane, threads)
        ways[f"SimpleITK Resample, {threads or 'default'} threads"] = _simpleitk(volume, plane, threads)
    _planes_beside(ways)
    ways = {"ours": ways["ours"]}
    ways["ours, half resolution"] = lambda: reformat(volume, plane.coarser())
    ways["ours, MIP of 10 mm"] = lambda: reformat(volume, plane, 10.0, "mip")
    ways["ours, half resolution MIP of 10 mm"] = lambda: reformat(volume, plane.coarser(), 10.0, "mip")
    _planes_beside(ways)


def _planes_beside(ways: dict[str, Callable[[], Any]]) -> None:
    """Print seconds on the wall, which two threads may halve, and of processor time, which is what readers share."""
    for kind, clock in (("wall", time.perf_counter), ("processor", time.process_time)):
        medians = _medians(ways, ROUNDS, clock)
        for way, seconds in medians.items():
            what = f"oblique 512² of {SLICES} slices, {kind}: {way}"
            _row(what, f"{seconds * 1e3:8.2f} ms", seconds / medians["ours"])


def _native_load(source: FolderSource, stack: Stack) -> None:
    held = source.local_instances(stack.frames[0].sop_uid)
    places = [(held[frame.sop_uid].path, held[frame.sop_uid].pixels.offset) for frame in stack.frames]

    def read() -> NDArray[np.int16]:
        values = np.empty((SLICES, 512, 512), np.int16)
        for number, (path, offset) in enumerate(places):
            descriptor = os.open(path, os.O_RDONLY)
            os.preadv(descriptor, [values[number].reshape(-1).view(np.uint8).data], offset)
            os.close(descriptor)
        return values

    medians = _medians({"read": read, "load": lambda: _load(source, stack)}, LOADS)
    _row(f"reading the bytes of {SLICES} slices into one array", f"{medians['read'] * 1e3:8.0f} ms", 1.0)
    _row(f"loading {SLICES} uncompressed slices", f"{medians['load'] * 1e3:8.0f} ms", medians["load"] / medians["read"])


def _coded_load(source: FolderSource, stack: Stack) -> None:
    frames = [source.frame(frame.sop_uid, frame.frame).data for frame in stack.frames]
    values = np.empty((SLICES, 512, 512), np.int16)

    def decode(number: int) -> None:
        values[number] = imagecodecs.jpegls_decode(frames[number]).view(np.int16)

    def bare() -> None:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(decode, range(SLICES)))

    _load(source, stack)  # the decoders are started
    medians = _medians({"bare": bare, "load": lambda: _load(source, stack)}, 3)
    _row(f"JPEG-LS of {SLICES} slices, bare codec in 2 threads", f"{medians['bare'] * 1e3:8.0f} ms", 1.0)
    _row(f"loading {SLICES} JPEG-LS slices", f"{medians['load'] * 1e3:8.0f} ms", medians["load"] / medians["bare"])


def _load(source: FolderSource, stack: Stack) -> VolumeLoader:
    loader = VolumeLoader(source, stack).start()
    loader.wait()
    assert loader.volume.ready.all(), loader.problems
    return loader


def _vtk(volume: Volume, plane: Plane, threads: int) -> Callable[[], None]:
    """Return VTK's linear reslice of the same plane; its volume has the same spacing and its origin in the first voxel."""
    image = vtk.vtkImageData()
    image.SetDimensions(*volume.values.shape[::-1])
    image.SetSpacing(*np.abs(np.diag(volume.affine)[:3]))
    image.SetOrigin(*volume.corners_mm().min(axis=0))
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(volume.values.ravel()))
    axes = vtk.vtkMatrix4x4()
    for column, vector in enumerate((plane.row_direction, plane.column_direction, plane.normal, plane.origin)):
        for row in range(3):
            axes.SetElement(row, column, vector[row])
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(axes)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputExtent(0, plane.columns - 1, 0, plane.rows - 1, 0, 0)
    reslice.SetOutputSpacing(*plane.spacing, 1)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetInterpolationModeToLinear()
    if threads:
        reslice.SetEnableSMP(False)
        reslice.SetNumberOfThreads(threads)

    def run() -> None:
        reslice.Modified()
        reslice.Update()

    return run


def _simpleitk(volume: Volume, plane: Plane, threads: int) -> Callable[[], None]:
    image = sitk.GetImageFromArray(volume.values)
    image.SetSpacing(tuple(float(v) for v in np.abs(np.diag(volume.affine)[:3])))
    image.SetOrigin(tuple(float(v) for v in volume.corners_mm().min(axis=0)))
    resample = sitk.ResampleImageFilter()
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetSize((plane.columns, plane.rows, 1))
    resample.SetOutputSpacing((*plane.spacing, 1.0))
    resample.SetOutputOrigin(plane.origin)
    directions = np.stack([plane.row_direction, plane.column_direction, plane.normal], axis=1)
    resample.SetOutputDirection(tuple(directions.ravel()))
    if threads:
        resample.SetNumberOfThreads(threads)
    return lambda: resample.Execute(image)


class _opened:  # noqa: N801 - a context, used as a function
    """A folder's only stack and its source."""

    def __init__(self, folder: Path) -> None:
        self._state = tempfile.TemporaryDirectory()
        self._source = FolderSource(folder, Path(self._state.name) / "index.sqlite")

    def __enter__(self) -> tuple[FolderSource, Stack]:
        self._source.refresh()
        return self._source, stacks(self._source, self._source.series(self._source.studies()[0].uid)[0].uid)[0]

    def __exit__(self, *exception: object) -> None:
        self._source.close()
        self._state.cleanup()


def _compress(files: list[Path], folder: Path) -> None:
    folder.mkdir()

    def one(path: Path) -> None:
        dataset = pydicom.dcmread(path)
        pixels = np.frombuffer(dataset.PixelData, np.uint16).reshape(512, 512)
        compress(dataset, JPEGLSLossless, [imagecodecs.jpegls_encode(pixels)]).save_as(folder / path.name)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(one, files))


def _medians(
    ways: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Return the median seconds of each way.

    They take turns, so that a busy neighbour is in the way of all of them, each time in another order, so that what one
    leaves in the processor's caches helps none in particular.
    """
    times: dict[str, list[float]] = {way: [] for way in ways}
    order = list(ways)
    for _ in range(rounds):
        random.shuffle(order)
        for way in order:
            start = clock()
            ways[way]()
            times[way].append(clock() - start)
    return {way: statistics.median(found) for way, found in times.items()}


def _row(what: str, figure: str, ratio: float | None = None) -> None:
    print(f"{what:74} {figure:>12} {'' if ratio is None else f'{ratio:8.2f} x'}", flush=True)
