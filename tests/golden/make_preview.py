"""Write preview.json: what two windows make of the same values, by the NumPy reference, for the preview in the browser.

Run it as ``python tests/golden/make_preview.py`` after a change that is meant to change pixels.
"""

import json
from itertools import product
from pathlib import Path

import numpy as np

from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi

GOLDEN = Path(__file__).parent / "preview.json"

BEFORE = [Voi(40, 400), Voi(300, 1500.5), Voi(40, 400, "LINEAR_EXACT"), Voi(40, 400, "SIGMOID")]
WANTED = [
    Voi(60, 350), Voi(40.5, 200), Voi(10, 300, "LINEAR_EXACT"), Voi(50, 100, "SIGMOID"), Voi(40, 380, "SIGMOID"),
    Voi(-600, 1500), Voi(400, 400),
]  # fmt: skip


def vectors() -> list[dict[str, object]]:
    """Return every case: a window shown, one wanted, whole values and the bytes that each makes of them."""
    values = np.linspace(-250, 1100, 181).round().astype(np.int16)
    cases: list[dict[str, object]] = []
    for number, (before, wanted) in enumerate(product(BEFORE, WANTED)):
        inverted = bool(number % 2)
        first, second = (
            GrayscalePipeline(voi=voi, inverted=inverted).apply(values[None])[0] for voi in (before, wanted)
        )
        cases.append({
            "shown": _window(before), "wanted": _window(wanted), "inverted": inverted,
            "before": first.tolist(), "after": second.tolist(),
        })  # fmt: skip
    return cases


def _window(voi: Voi) -> dict[str, object]:
    return {"center": voi.center, "width": voi.width, "function": voi.function, "explanation": ""}


def as_text() -> str:
    """Return the file's content, one case a line so that a change can be read."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in vectors())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(as_text(), encoding="utf-8")
