"""What the boundary of the child processes costs: ``python tests/bench/decoding.py [slices]``, ratios of one run.

The floor are the bare codecs in two threads that put each slice into its place of one volume. Best of several turns,
taken in alternation; on a busy machine read the ratios of the slowest codec, whose turns are longest.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import imagecodecs
import numpy as np

from readingroom.pixels.decoding import DecodeRequest, DecoderPool
from readingroom.pixels.description import PixelDescription
from readingroom.testing.phantom import PhantomSeries, stored_slices

TURNS = 7
JPEG = "1.2.840.10008.1.2.4."
CODECS: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "80": (lambda pixels: imagecodecs.jpegls_encode(pixels.view(np.uint16)), imagecodecs.jpegls_decode),
    "201": (lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True), imagecodecs.htj2k_decode),
    "70": (
        lambda pixels: imagecodecs.jpeg8_encode(pixels.view(np.uint16), lossless=True, bitspersample=16),
        imagecodecs.jpeg8_decode,
    ),
}
DESCRIPTION = PixelDescription(512, 512, pixel_representation=1)


def bare(decode: Callable[[bytes], Any], frames: list[bytes], volume: np.ndarray) -> float:
    """Return the seconds that two threads take with the codec alone."""

    def one(place: int) -> None:
        volume[place] = decode(frames[place]).view(np.int16)

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(one, range(len(frames))))
    return time.perf_counter() - start


def isolated(pool: DecoderPool, syntax: str, frames: list[bytes], volume: np.ndarray) -> float:
    """Return the seconds that two children take."""
    start = time.perf_counter()
    requests = (DecodeRequest(syntax, data, DESCRIPTION, volume[place]) for place, data in enumerate(frames))
    for _, outcome in pool.decode_each(requests):
        assert isinstance(outcome, np.ndarray), outcome
    return time.perf_counter() - start


def single(ask: Callable[[], Any]) -> float:
    """Return the median milliseconds of one frame."""
    times = []
    for _ in range(50):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def measure() -> None:
    """Print the table."""
    count = 500
    slices = list(stored_slices(PhantomSeries(slices=50, noise_hu=12)))
    volume = np.zeros((count, 512, 512), np.int16)
    print(f"{'codec, 512²':12} {'bare':>9} {'children':>9} {'ratio':>6} {'one frame here':>15} {'in a child':>11}")
    with DecoderPool(2) as pool:
        for name, (encode, decode) in CODECS.items():
            syntax, encoded = JPEG + name, [encode(pixels) for pixels in slices]
            frames = [encoded[n % len(encoded)] for n in range(count)]
            isolated(pool, syntax, frames[:4], volume)
            turns = [(bare(decode, frames, volume), isolated(pool, syntax, frames, volume)) for _ in range(TURNS)]
            floor, children = (min(column) / count * 1000 for column in zip(*turns, strict=True))
            here, there = (
                single(partial(decode, frames[0])),
                single(partial(pool.decode, syntax, frames[0], DESCRIPTION)),
            )
            print(
                f".{name:11} {floor:6.2f} ms {children:6.2f} ms {children / floor:6.2f} {here:12.2f} ms {there:8.2f} ms"
            )


if __name__ == "__main__":
    measure()
