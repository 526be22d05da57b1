"""How long one picture takes from its stored values, against copying the same bytes."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from readingroom.pixels import straight
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi, VoiFunction

ROUNDS = 200
EDGE = 1024


def measure() -> None:
    """Print the median of rendering a 1024² CT-like frame through a window that stays, and through one that moves."""
    values = (np.random.default_rng(4).normal(40, 300, (EDGE, EDGE)).clip(-1024, 3071)).astype(np.int16)
    span = int(values.min()), int(values.max())
    target = np.empty_like(values)
    straight.warm_up()
    ways: dict[str, Callable[[int], object]] = {"np.copyto": lambda _: np.copyto(target, values)}
    for what, function in (("straight line", "LINEAR"), ("lookup", "SIGMOID")):
        ways[f"{what}, window stays"] = lambda _, f=function: _render(values, span, 0, f)
        ways[f"{what}, window moves"] = lambda n, f=function: _render(values, span, n, f)
    medians = _medians(ways)
    print(f"\n## One picture of {EDGE}², 16 bit (median of {ROUNDS} interleaved rounds)\n")
    print("| what | ms | × np.copyto of the same bytes |\n|---|---|---|")
    for way, spent in medians.items():
        print(f"| {way} | {spent:.3f} | {spent / medians['np.copyto']:.1f} |")


def _render(values: np.ndarray, span: tuple[int, int], moved: int, function: VoiFunction) -> None:
    GrayscalePipeline(voi=Voi(40 + moved / 8, 400, function), slope=1, intercept=0).apply(values, span)


def _medians(ways: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """Return the median milliseconds of each way, which is given the number of the round.

    They take turns, so that none is helped by what it left in the processor's caches itself: no reader looks at
    200 pictures of one frame with nothing done between.
    """
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way, work in ways.items():
            start = time.perf_counter()
            work(number)
            spent[way].append(time.perf_counter() - start)
    return {way: statistics.median(found) * 1000 for way, found in spent.items()}
