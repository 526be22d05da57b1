"""The images that product and peers show: one CT phantom in four sizes, written as DICOM, and its states by number.

A state is a number from 0 to ``STATES`` - 1: the window of 400 HU whose centre a drag of ``4 * (n - 20)`` CSS pixels downwards
makes out of 40 HU. So the grey of water tells from any picture, lossy or not, which state it shows.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi
from readingroom.testing.phantom import DEFAULT_STUDY, INTERCEPT, PhantomSeries, write_phantom

STATES = 41
REST_STATE = 20
PIXELS_A_STATE = 4
CENTER_HU, WIDTH_HU = 40, 400
FIELD_MM = 256.0


@dataclass(frozen=True, slots=True)
class Size:
    """One image size: the edge of its square in pixels, and how many slices its series has."""

    name: str
    edge: int
    slices: int

    @property
    def patient(self) -> str:
        """The Patient's Name of its study, which finds its row in a list."""
        return f"Bench^Edge{self.edge}"


SIZES = (
    Size("512²", 512, 500),
    Size("1024²", 1024, 40),
    Size("3 MP", 1760, 3),
    Size("8 MP", 2880, 3),
)


def write(folder: Path) -> None:
    """Write one study for each size into ``folder``, each in a folder of its own."""
    for number, size in enumerate(SIZES):
        scan = PhantomSeries(
            slices=size.slices, size=size.edge, pixel_spacing=FIELD_MM / size.edge, slice_spacing=200 / size.slices
        )
        study = replace(
            DEFAULT_STUDY,
            key=f"bench-{size.edge}",
            patient_name=size.patient,
            patient_id=f"RR-BENCH-{number}",
            accession_number=f"RRBENCH{number}",
        )
        write_phantom(folder / str(size.edge), scan, study)


def files(folder: Path, edge: int) -> list[Path]:
    """Return the files of one size in the order of the slices."""
    return sorted((folder / str(edge)).glob("*.dcm"))


def center_of(state: int) -> float:
    """Return the window centre of a state, in HU."""
    return CENTER_HU + round(PIXELS_A_STATE * (state - REST_STATE) * WIDTH_HU / 256)


class Stack:
    """The stored values of one series in memory, and its pictures: what every peer that renders in Python shows.

    It is rendered by the product's own pipeline, so that only the way to the screen differs.
    """

    def __init__(self, folder: Path, edge: int) -> None:
        self._files = files(folder, edge)
        self._read = lru_cache(maxsize=None)(self._stored)

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self._files)

    def load(self) -> None:
        """Read every slice, so that no peer waits for a disk."""
        for index in range(len(self)):
            self._read(index)

    def _stored(self, index: int) -> tuple[NDArray[np.int16], tuple[int, int]]:
        values = dcmread(self._files[index]).pixel_array
        return values, (int(values.min()), int(values.max()))

    def render(self, index: int, state: int) -> NDArray[np.uint8]:
        """Return slice ``index`` (modulo the stack) in window ``state`` as 8-bit grey, rows by columns."""
        values, span = self._read(index % len(self))
        voi = Voi(center_of(min(STATES - 1, max(0, state))), WIDTH_HU)
        return GrayscalePipeline(voi=voi, slope=1, intercept=INTERCEPT).apply(values, span)
