"""How long one picture takes from its stored values, against copying the same bytes."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from readingroom.pixels import straight
from readingroom.pixels.grayscale import GrayscalePipeline
from readingroom.pixels.voi import Voi

ROUNDS = 200
EDGE = 1024


def measure() -> None:
    """Print the median of rendering a 1024² CT-like frame through a window that stays, and through one that moves."""
    values = (np.random.default_rng(4).normal(40, 300, (EDGE, EDGE)).clip(-1024, 3071)).astype(np.int16)
    span = int(values.min()), int(values.max())
    target = np.empty_like(values)
    copy = _median(lambda _: np.copyto(target, values))
    print(f"\n## One picture of {EDGE}², 16 bit (median of {ROUNDS})\n")
    print("| what | ms | × np.copyto of the same bytes |\n|---|---|---|")  # noqa: RUF001
    print(f"| np.copyto | {copy:.3f} | 1 |")
    for name, moves, warm in (("lookup, window stays", 0, False), ("lookup, window moves", 1, False),
                              ("straight line, window stays", 0, True), ("straight line, window moves", 1, True)):  # fmt: skip
        if warm and not straight.is_warm():
            straight.warm_up()
        spent = _median(lambda n, moves=moves: _render(values, span, n * moves))
        print(f"| {name} | {spent:.3f} | {spent / copy:.1f} |")


def _render(values: np.ndarray, span: tuple[int, int], moved: int) -> None:
    GrayscalePipeline(voi=Voi(40 + moved, 400), slope=1, intercept=0).apply(values, span)


def _median(work: Callable[[int], object]) -> float:
    """Return the median milliseconds of ``work``, which is given the number of its round."""
    spent = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        work(number)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1000
