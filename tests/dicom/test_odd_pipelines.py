"""Random grayscale pipelines in files, against the formulas of the Standard written down a second time, value by value."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.testing.files import small_image, write

Random = np.random.Generator
Floats = NDArray[np.float64]
BATCHES, EACH = 6, 60


def table(random: Random, first: int) -> tuple[Dataset, Floats, int]:
    """Return a LUT item of random length and bits, its entries and their largest possible one."""
    bits, count = int(random.choice([8, 10, 12, 16])), int(random.integers(2, 3000))
    entries = random.integers(0, 1 << bits, count)
    entries[-1] = (1 << bits) - 1
    made = Dataset()
    made.add_new("LUTDescriptor", "SS" if first < 0 else "US", [count, first, bits])
    made.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return made, entries.astype(np.float64), (1 << bits) - 1


def looked_up(values: Floats, first: int, entries: Floats) -> Floats:
    """Return the entry of the nearest input, the first and last for what lies outside (PS3.3 C.11.2.1.1)."""
    return np.asarray(entries[np.clip(np.floor(values + 0.5).astype(int) - first, 0, len(entries) - 1)])


def modality(random: Random, dataset: Dataset, stored: NDArray[Any]) -> Floats:
    """Give the dataset a Rescale Slope or a Modality LUT; return modality values (C.11.1)."""
    if random.random() < 0.25:
        first = int(random.integers(stored.min(), stored.max(), endpoint=True))
        made, entries, _ = table(random, first)
        made.ModalityLUTType = "US"
        dataset.ModalityLUTSequence = [made]
        del dataset.RescaleSlope, dataset.RescaleIntercept
        return looked_up(stored.astype(np.float64), first, entries)
    slope, intercept = float(random.choice([1, -1, 2.5, 0.0123, -3.7])), float(random.choice([0, -1024, 13.25]))
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
    return stored * slope + intercept


def window(random: Random, dataset: Dataset, x: Floats) -> Floats:
    """Give the dataset a window; return values 0 to 255, not rounded (C.11.2.1.2, C.11.2.1.3)."""
    function = str(random.choice(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
    w = float(f"{random.choice([1, 2, 3, np.ptp(x) * 0.7 + 1, np.ptp(x) * 3 + 1]):.6g}")
    c = float(f"{random.uniform(x.min(), x.max()):.6g}")
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = f"{c:.6g}", f"{w:.6g}", function
    if function == "SIGMOID":
        return 255 / (1 + np.exp(np.clip(-4 * (x - c) / w, -700, 700)))
    shift, less = (0.5, 1) if function == "LINEAR" else (0, 0)
    inside = ((x - (c - shift)) / max(w - less, 1e-9) + 0.5) * 255
    low, high = c - shift - (w - less) / 2, c - shift + (w - less) / 2
    return np.where(x <= low, 0, np.where(x > high, 255, inside))


def voi_lut(random: Random, dataset: Dataset, x: Floats) -> Floats:
    """Give the dataset a VOI LUT that begins within its values; return values 0 to 255 (C.11.2.1.1)."""
    first = int(np.clip(random.uniform(x.min(), x.max()), -30_000 if x.min() < 0 else 0, 30_000))
    made, entries, largest = table(random, first)
    dataset.VOILUTSequence = [made]
    return looked_up(x, first, entries) * 255 / largest


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_pipeline_equals_the_formulas(batch: int, tmp_path: Path) -> None:
    """Modality, padding, VOI and polarity of any kind together: every pixel is the formula's, rounded once."""
    for seed in range(batch * EACH, (batch + 1) * EACH):
        random = np.random.default_rng(seed)
        dtype = np.dtype(random.choice(["u1", "i1", "u2", "i2"]))
        limits = np.iinfo(dtype)
        stored = random.integers(limits.min, limits.max, (13, 11), endpoint=True).astype(dtype)
        dataset = small_image(1, stored)
        x = modality(random, dataset, stored)
        y = voi_lut(random, dataset, x) if random.random() < 0.3 else window(random, dataset, x)
        if random.random() < 0.4:
            dataset.PhotometricInterpretation, y = "MONOCHROME1", 255 - y
        expected = np.clip(np.floor(y + 0.5), 0, 255)
        if random.random() < 0.4:
            ends = sorted(int(value) for value in random.choice(stored.ravel(), 2))
            for name, value in zip(("PixelPaddingValue", "PixelPaddingRangeLimit"), ends, strict=True):
                dataset.add_new(name, "SS" if dtype.kind == "i" else "US", value)
            expected[(stored >= ends[0]) & (stored <= ends[1])] = 0
        source = FileSource(write(dataset, tmp_path / "odd.dcm"))
        shown = load_frame(source, source.sop_uid, 1).picture().pixels
        assert np.array_equal(expected, shown), f"seed {seed}"
