"""An analytic CT phantom: every value, distance and volume in it is known exactly.

A water cylinder of 200 mm diameter stands along z in air. Around its axis lie eight inserts of known HU; two thin rods
run along z exactly 50 mm apart; three spheres of known volume lie on the axis. Lengths are millimetres, coordinates
LPS, the origin is the centre of the phantom. Pixels outside the field of view hold the Pixel Padding Value.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import CTImageStorage

from readingroom.testing.identity import FictionalStudy, fictional_uid, new_instance

WATER_RADIUS = 100.0
INSERT_RADIUS = 10.0
INSERT_HU = (-1000, -700, -100, 50, 120, 340, 700, 990)
INSERT_DISTANCE = 75.0
ROD_RADIUS = 1.5
ROD_HU = 900
RODS = ((-25.0, 0.0), (25.0, 0.0))
SPHERE_HU = 100
SPHERES = ((0.0, 0.0, -50.0, 5.0), (0.0, 0.0, 0.0, 10.0), (0.0, 0.0, 50.0, 15.0))
"""x, y, z of the centre and radius; the volume of each is 4/3 π r³."""

INTERCEPT = -1024
PADDING_STORED = -2000
AIR_HU = -1000

DEFAULT_STUDY = FictionalStudy(
    key="phantom",
    patient_name="Phantom^Percival",
    patient_id="RR-DEMO-0001",
    birth_date="19700101",
    sex="O",
    date="20260105",
    time="090000",
    description="CT calibration phantom",
    accession_number="RRDEMO0001",
    series_description="Phantom 1 mm",
)


@dataclass(frozen=True, slots=True)
class PhantomSeries:
    """How the phantom is scanned: slices along z, square pixels, gantry tilt about x in degrees, noise sigma in HU."""

    slices: int = 200
    size: int = 512
    pixel_spacing: float = 0.5
    slice_spacing: float = 1.0
    tilt_degrees: float = 0.0
    noise_hu: float = 8.0
    seed: int = 1

    @property
    def column_direction(self) -> tuple[float, float, float]:
        """Return the direction cosines of a column, tilted about the x axis."""
        tilt = math.radians(self.tilt_degrees)
        return (0.0, math.cos(tilt), math.sin(tilt))

    def table_position(self, index: int) -> float:
        """Return z of the centre of slice ``index`` (from 0)."""
        return (index - (self.slices - 1) / 2) * self.slice_spacing

    def first_pixel(self, index: int) -> tuple[float, float, float]:
        """Return the centre of the first pixel of slice ``index`` (Image Position (Patient))."""
        corner = -self.size // 2 * self.pixel_spacing
        _, down, up = self.column_direction
        return corner, corner * down, self.table_position(index) + corner * up


def insert_centers() -> tuple[tuple[float, float], ...]:
    """Return x and y of the centre of each insert, in the order of ``INSERT_HU``."""
    angles = [math.tau * n / len(INSERT_HU) for n in range(len(INSERT_HU))]
    return tuple((INSERT_DISTANCE * math.cos(a), INSERT_DISTANCE * math.sin(a)) for a in angles)


def stored_slices(series: PhantomSeries) -> Iterator[NDArray[np.int16]]:
    """Yield the stored values of each slice; what does not change along z is computed once."""
    offsets = (np.arange(series.size) - series.size // 2) * series.pixel_spacing
    _, down, up = series.column_direction
    x, v = offsets[np.newaxis, :], offsets[:, np.newaxis]
    constant = _cross_section(x, v * down).astype(np.float32)
    outside = x**2 + v**2 > (series.size // 2 * series.pixel_spacing) ** 2
    random = np.random.default_rng(series.seed)
    for index in range(series.slices):
        hu = constant.copy()
        z = series.table_position(index) + v * up
        for cx, cy, cz, radius in SPHERES:
            if abs(series.table_position(index) - cz) <= radius + abs(up) * series.size * series.pixel_spacing:
                hu[(x - cx) ** 2 + (v * down - cy) ** 2 + (z - cz) ** 2 <= radius**2] = SPHERE_HU
        if series.noise_hu:
            hu += random.standard_normal(hu.shape, np.float32) * np.float32(series.noise_hu)
        stored = np.rint(hu - INTERCEPT).astype(np.int16)
        stored[outside] = PADDING_STORED
        yield stored


def write_phantom(
    folder: Path, series: PhantomSeries | None = None, study: FictionalStudy = DEFAULT_STUDY
) -> list[Path]:
    """Write the phantom as a CT series into ``folder``; return its files in the order of the slices."""
    scan = series or PhantomSeries()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, stored in enumerate(stored_slices(scan)):
        paths.append(folder / f"CT{index + 1:04d}.dcm")
        _instance(scan, study, index, stored).save_as(paths[-1], enforce_file_format=True)
    return paths


def _cross_section(x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float64]:
    hu = np.where(x**2 + y**2 <= WATER_RADIUS**2, 0.0, AIR_HU)
    for value, (cx, cy) in zip(INSERT_HU, insert_centers(), strict=True):
        hu[(x - cx) ** 2 + (y - cy) ** 2 <= INSERT_RADIUS**2] = value
    for cx, cy in RODS:
        hu[(x - cx) ** 2 + (y - cy) ** 2 <= ROD_RADIUS**2] = ROD_HU
    return hu


def _instance(scan: PhantomSeries, study: FictionalStudy, index: int, stored: NDArray[np.int16]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    dataset = new_instance(study, CTImageStorage, index + 1)
    dataset.Modality, dataset.BodyPartExamined = "CT", "PHANTOM"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.FrameOfReferenceUID, dataset.PatientPosition = fictional_uid(f"{study.key}/frame-of-reference"), "HFS"
    dataset.ImagePositionPatient = [round(value, 6) for value in scan.first_pixel(index)]
    dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, *(round(value, 9) for value in scan.column_direction)]
    dataset.PixelSpacing, dataset.SliceThickness = [scan.pixel_spacing] * 2, scan.slice_spacing
    dataset.GantryDetectorTilt, dataset.KVP = scan.tilt_degrees, 120
    dataset.Rows = dataset.Columns = scan.size
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
    dataset.add_new("PixelPaddingValue", "SS", PADDING_STORED)
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    dataset.WindowCenterWidthExplanation = ["Soft tissue", "Lung"]
    dataset.PixelData = stored.tobytes()
    return dataset
