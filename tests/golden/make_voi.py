"""Write voi.json: what windows make of stored values, by the NumPy reference, for the preview in the browser.

Run it as ``python tests/golden/make_voi.py`` after a change that is meant to change pixels.
"""

import json
from pathlib import Path

import numpy as np

from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi

GOLDEN = Path(__file__).parent / "voi.json"

WINDOWS = [
    Voi(40, 400), Voi(-600, 1500), Voi(300, 1500), Voi(2048, 4096), Voi(127.5, 256), Voi(128, 256), Voi(0, 1), Voi(0.5, 1),
    Voi(0.5, 2), Voi(100.3, 17.7), Voi(-17.25, 3.5), Voi(32_768, 65_536), Voi(1e-3, 1.001), Voi(5e5, 1e6),
    Voi(40, 400, "LINEAR_EXACT"), Voi(0, 0.25, "LINEAR_EXACT"), Voi(1000, 1, "LINEAR_EXACT"), Voi(1.25, 2.5, "LINEAR_EXACT"),
    Voi(40, 400, "SIGMOID"), Voi(-5.5, 0.5, "SIGMOID"), Voi(1000, 3000, "SIGMOID"), Voi(2047.5, 777.7, "SIGMOID"),
]  # fmt: skip
RESCALES = [(1.0, 0.0), (1.0, -1024.0), (0.0123, 0.0), (-0.5, 300.25), (2.7, -8.8)]


def stored_values(pipeline: GrayscalePipeline, voi: Voi) -> list[int]:
    """Return values over the whole type, those around the window's edges and a run through its middle."""
    edges = np.array([voi.center - voi.width / 2, voi.center, voi.center + voi.width / 2])
    around = (edges - pipeline.intercept) / pipeline.slope
    near = (np.round(around)[:, None] + np.arange(-3, 4)).ravel()
    inside = np.linspace(around.min() - 2, around.max() + 2, 120).round()
    coarse = np.linspace(-32_768, 32_767, 33).round()
    return sorted({int(value) for value in np.concatenate([near, inside, coarse]) if -32_768 <= value <= 32_767})


def vectors() -> list[dict[str, object]]:
    """Return every case: a window, a rescale, stored values and the bytes they are shown as."""
    cases: list[dict[str, object]] = []
    for number, voi in enumerate(WINDOWS):
        for slope, intercept in RESCALES:
            inverted = bool((number + len(cases)) % 2)
            pipeline = GrayscalePipeline(voi=voi, slope=slope, intercept=intercept, inverted=inverted)
            stored = stored_values(pipeline, voi)
            cases.append({
                "center": voi.center, "width": voi.width, "function": voi.function, "slope": slope,
                "intercept": intercept, "inverted": inverted, "stored": stored,
                "display": pipeline.apply(np.array([stored], np.int16))[0].tolist(),
            })  # fmt: skip
    return cases


def as_text() -> str:
    """Return the file's content, one case a line so that a change can be read."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in vectors())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(as_text(), encoding="utf-8")
