"""Grayscale pipelines by chance, seeded: every function, table, polarity and display, for every integer type."""

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.display_profile import DisplayProfile
from readingroom.pixels.grayscale import GrayscalePipeline, Padding
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.voi import Voi

DTYPES = ("int16", "uint16", "int16", "uint16", "int16", "uint16", "int8", "uint8")
"""Of eight seeds in a row six are for 16 bit."""


def every_stored_value(dtype: str) -> NDArray[Any]:
    """Return each value of an 8- or 16-bit type once, in the order of bit patterns, as a square picture."""
    size = np.dtype(dtype).itemsize
    edge = 2 ** (4 * size)
    return np.arange(edge * edge).astype(f"u{size}").view(dtype).reshape(edge, edge)


def random_pipeline(seed: int) -> tuple[GrayscalePipeline, str]:
    """Return a pipeline and the integer type of the stored values it is for; the same ones for the same seed."""
    random = np.random.default_rng(seed)
    dtype = DTYPES[seed % len(DTYPES)]
    limits = np.iinfo(dtype)
    low, high = sorted(random.integers(limits.min, limits.max, 2, endpoint=True).tolist())
    bare = GrayscalePipeline(
        voi=Voi(0.5, 1),
        slope=_one_of(random, 1.0, -1.0, 0.5, 0.0123, random.uniform(0.001, 20)),
        intercept=_one_of(random, 0.0, -1024.0, random.uniform(-2000, 2000)),
        modality=_table(random, low) if _sometimes(random, 0.2) else None,
        padding=Padding(low, random.integers(low, high, endpoint=True).item()) if _sometimes(random, 0.4) else None,
        shape="INVERSE" if _sometimes(random, 0.5) else "IDENTITY",
        presentation=_table(random, 0) if _sometimes(random, 0.3) else None,
        display=_display(random) if _sometimes(random, 0.5) else None,
    )
    values = bare.modality_values(np.arange(low, high + 1))
    voi = _voi(random, float(values.min()), float(values.max()))
    return bare.with_voi(voi, inverted=_sometimes(random, 0.5)), dtype


def _voi(random: np.random.Generator, low: float, high: float) -> Voi | LookupTable:
    kind = random.choice(["LINEAR", "LINEAR", "LINEAR_EXACT", "SIGMOID", "step", "lut", "lut"])
    center = _one_of(random, np.floor(random.uniform(low, high)), random.uniform(low, high))
    width = (high - low) * random.uniform(0.02, 1.5) + random.uniform(1, 3)
    if kind == "lut":
        return _table(random, int(np.clip(low, -(2**15), 2**16 - 1)))
    if kind == "step":
        return Voi(center, 1.0)
    return Voi(
        center, _one_of(random, width, np.ceil(width)) / (1 if kind == "LINEAR" else _one_of(random, 1, 100)), kind
    )


def _sometimes(random: np.random.Generator, share: float) -> bool:
    return bool(random.random() < share)


def _one_of(random: np.random.Generator, *candidates: float) -> float:
    return float(candidates[random.integers(len(candidates))])


def _table(random: np.random.Generator, first: int) -> LookupTable:
    bits = int(_one_of(random, 8, 10, 12, 16))
    count = int(_one_of(random, 2, 256, 4096, 65_536, float(random.integers(1, 5000))))
    entries = random.integers(0, 2**bits, count).astype(np.float64)
    return LookupTable(first, np.sort(entries) if _sometimes(random, 0.5) else entries, bits)


def _display(random: np.random.Generator) -> DisplayCurve:
    count = int(_one_of(random, 18, 256))
    darkest, brightest = random.uniform(0.1, 2), random.uniform(100, 1200)
    levels = darkest + (brightest - darkest) * np.linspace(0, 1, count) ** random.uniform(1.6, 2.6)
    return DisplayProfile("By chance", tuple(levels.tolist()), float(random.uniform(0, 1)), date(2026, 1, 1)).curve
