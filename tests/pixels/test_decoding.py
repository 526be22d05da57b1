"""Frames decoded in child processes: the same pixels, and whatever happens to a child is an error of ours."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from readingroom.errors import DamagedImageError
from readingroom.pixels.codecs import decode
from readingroom.pixels.decoding import (
    DecodeRequest,
    DecoderPool,
    DecodingFailedError,
    DecodingLimits,
    FailureReason,
)
from readingroom.pixels.description import PixelDescription

JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
NATIVE = "1.2.840.10008.1.2.1"
RANDOM = np.random.default_rng(3)
SLICES = [RANDOM.integers(0, 4096, (64, 48)).astype(np.uint16) for _ in range(20)]
ENCODED = [imagecodecs.jpegls_encode(pixels) for pixels in SLICES]
DESCRIPTION = PixelDescription(64, 48)


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    """Return a pool of two children."""
    with DecoderPool(2) as made:
        yield made


def open_files(process: str) -> set[str]:
    """Return the numbers of the files that a process holds open."""
    return {path.name for path in Path(f"/proc/{process}/fd").iterdir()}


def requests(out: np.ndarray | None = None) -> list[DecodeRequest]:
    """Return a request for each slice, into its place in ``out``."""
    return [
        DecodeRequest(JPEG_LS, data, DESCRIPTION, None if out is None else out[n]) for n, data in enumerate(ENCODED)
    ]


def test_frame_is_what_the_codec_makes_here(pool: DecoderPool) -> None:
    """A frame from a child is the frame that this process would have decoded."""
    expected = decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    decoded = pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    assert expected.dtype == decoded.dtype
    assert np.array_equal(expected, decoded)


def test_uncompressed_frame_needs_no_child(pool: DecoderPool) -> None:
    """Numbers are read from a buffer here."""
    assert np.array_equal(SLICES[0], pool.decode(NATIVE, SLICES[0].tobytes(), DESCRIPTION))
    assert () == pool.pids


def test_series_is_decoded_into_place_by_both_children(pool: DecoderPool) -> None:
    """All slices come, each in its place, and two children worked on them."""
    volume = np.zeros((20, 64, 48), np.uint16)
    places = sorted(place for place, _ in pool.decode_each(requests(volume)))
    assert list(range(20)) == places
    assert np.array_equal(SLICES, volume)
    assert 2 == len(pool.pids)


def test_damaged_frame_of_a_series_is_an_error_in_its_place(pool: DecoderPool) -> None:
    """One bad slice is told as such; all others come."""
    asked = requests()
    asked[7] = DecodeRequest(JPEG_LS, ENCODED[7][: len(ENCODED[7]) // 2], DESCRIPTION)
    outcomes = dict(pool.decode_each(asked))
    assert isinstance(outcomes[7], DamagedImageError)
    assert [7] == [place for place, outcome in outcomes.items() if isinstance(outcome, DamagedImageError)]


def test_threads_share_the_children(pool: DecoderPool) -> None:
    """Eight threads that ask for single frames while a series is decoded all get their own."""
    with ThreadPoolExecutor(9) as threads:
        series = threads.submit(lambda: len(list(pool.decode_each(requests() * 10))))
        single = list(threads.map(lambda n: pool.decode(JPEG_LS, ENCODED[n % 20], DESCRIPTION), range(80)))
    assert all(np.array_equal(SLICES[n % 20], pixels) for n, pixels in enumerate(single))
    assert 200 == series.result()


def test_cancelled_series_leaves_the_children_ready(pool: DecoderPool) -> None:
    """Closing the generator ends the work; the next frame is not one of the abandoned ones."""
    outcomes = pool.decode_each(requests() * 5)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert np.array_equal(SLICES[3], pool.decode(JPEG_LS, ENCODED[3], DESCRIPTION))


LARGE = np.kron(RANDOM.integers(0, 4096, (300, 300)), np.ones((10, 10), np.int64)).astype(np.uint16)
LARGE_DATA = imagecodecs.jpeg2k_encode(LARGE, reversible=True, level=0)
LARGE_DESCRIPTION = PixelDescription(3000, 3000)


def worked(pid: int) -> int:
    """Return the processor time that a process has used, in hundredths of a second."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(told[11]) + int(told[12])


def signal_while_working(pool: DecoderPool, number: signal.Signals) -> DecodingFailedError:
    """Send a signal to the child that decodes a frame that takes a second; return what came of it."""
    pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    with ThreadPoolExecutor(1) as threads:
        idle = {pid: worked(pid) for pid in pool.pids}
        decoding = threads.submit(pool.decode, JPEG_2000, LARGE_DATA, LARGE_DESCRIPTION)
        while all(worked(pid) < idle[pid] + 5 for pid in pool.pids):
            time.sleep(0.005)
        for pid in pool.pids:
            os.kill(pid, number)
        error = decoding.exception()
    assert isinstance(error, DecodingFailedError)
    return error


@pytest.mark.parametrize(
    ("number", "reason", "words"),
    [
        (signal.SIGSEGV, FailureReason.CRASHED, "crashed over the image (SIGSEGV)"),
        (signal.SIGABRT, FailureReason.CRASHED, "crashed over the image (SIGABRT)"),
        (signal.SIGKILL, FailureReason.KILLED, "ended from outside"),
        (signal.SIGXCPU, FailureReason.TIME, "too much processor time"),
    ],
)
def test_end_of_a_child_is_an_error_and_it_is_replaced(
    pool: DecoderPool, number: signal.Signals, reason: FailureReason, words: str
) -> None:
    """A child that ends over a frame is told with the reason; the next frame is decoded by another one."""
    error = signal_while_working(pool, number)
    assert reason == error.reason
    assert words in str(error)
    assert np.array_equal(SLICES[0], pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION))


def test_hang_of_a_child_is_an_error() -> None:
    """A child that stands still is ended when its time is over."""
    with DecoderPool(1, DecodingLimits(seconds=0.5, seconds_per_megasample=0.01)) as pool:
        error = signal_while_working(pool, signal.SIGSTOP)
        assert FailureReason.TIME == error.reason
        assert "took longer than 0.6 s" in str(error)
        assert np.array_equal(SLICES[0], pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION))


def test_frame_that_brought_a_child_down_is_not_tried_again(pool: DecoderPool) -> None:
    """Asked for once more, it fails at once and no child is lost; another frame of the same length is decoded."""
    signal_while_working(pool, signal.SIGSEGV)
    pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    alive = set(pool.pids)
    with pytest.raises(DecodingFailedError, match="SIGSEGV"):
        pool.decode(JPEG_2000, LARGE_DATA, LARGE_DESCRIPTION)
    assert alive <= set(pool.pids)


def test_child_that_died_idle_is_replaced_in_silence(pool: DecoderPool) -> None:
    """Nobody is told about a child that died while it had nothing to do."""
    pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert np.array_equal(SLICES[0], pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION))
    assert 20 == len([outcome for _, outcome in pool.decode_each(requests()) if isinstance(outcome, np.ndarray)])


def test_children_that_die_during_a_series_cost_only_their_frames(pool: DecoderPool) -> None:
    """What was queued in a child behind the frame it died over is decoded by another one."""
    outcomes = []
    for number, outcome in enumerate(pool.decode_each(requests() * 10)):
        outcomes.append(outcome[1])
        if number in (20, 90):
            os.kill(pool.pids[0], signal.SIGKILL)
    assert 200 == len(outcomes)
    assert 2 >= len([outcome for outcome in outcomes if isinstance(outcome, DecodingFailedError)])


def test_memory_of_a_child_is_limited() -> None:
    """A frame that needs more than its share is refused, with that reason where the codec tells; the next one is decoded."""
    with DecoderPool(1, DecodingLimits(memory=0, bytes_per_sample=1)) as pool:
        with pytest.raises(DecodingFailedError) as caught:
            pool.decode(JPEG_LS, imagecodecs.jpegls_encode(LARGE), LARGE_DESCRIPTION)
        assert FailureReason.MEMORY == caught.value.reason
        with pytest.raises(DamagedImageError):
            pool.decode(JPEG_2000, LARGE_DATA, LARGE_DESCRIPTION)
        pool.limits = DecodingLimits()
        assert np.array_equal(LARGE, pool.decode(JPEG_2000, LARGE_DATA, LARGE_DESCRIPTION))


def test_giant_frame_is_decoded(pool: DecoderPool) -> None:
    """An image larger than what a child keeps of shared memory comes whole, also into place."""
    giant = np.tile(LARGE, (2, 2))
    data = imagecodecs.htj2k_encode(giant, reversible=True)
    out = np.zeros_like(giant)
    request = DecodeRequest("1.2.840.10008.1.2.4.201", data, PixelDescription(6000, 6000), out)
    assert [0] == [place for place, outcome in pool.decode_each([request]) if outcome is out]
    assert np.array_equal(giant, out)
    assert np.array_equal(SLICES[0], pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION))


def test_closed_pool_says_so_and_leaves_nothing(pool: DecoderPool) -> None:
    """After ``close`` no child lives and no file is open; a frame asked for then is refused."""
    files = open_files("self")
    with DecoderPool(2) as other:
        list(other.decode_each(requests()))
        pids = other.pids
    with pytest.raises(DecodingFailedError, match="shut down"):
        other.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert set() == open_files("self") - files  # fewer there may be: what earlier tests left goes when it goes


def test_child_cannot_see_secrets_or_open_files(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child inherits no variable and no descriptor but its own two."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    (pid,) = pool.pids
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert 6 >= len(open_files(str(pid)))


def test_children_outlive_the_thread_that_asked_first(pool: DecoderPool) -> None:
    """A child is not ended with the thread of the first frame, though Linux ties it to a thread of its parent."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(pool.decode, JPEG_LS, ENCODED[0], DESCRIPTION).result()
    before = pool.pids
    time.sleep(0.05)
    pool.decode(JPEG_LS, ENCODED[1], DESCRIPTION)
    assert before == pool.pids


SCRIPT = """
import os, sys, threading
import imagecodecs, numpy
from readingroom.pixels.decoding import decode_isolated, default_pool
from readingroom.pixels.description import PixelDescription
pixels = numpy.arange(48, dtype=numpy.uint16).reshape(8, 6)
ask = lambda: decode_isolated("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode(pixels), PixelDescription(8, 6))
assert (ask() == pixels).all()
mine = default_pool().pids
if "fork" in sys.argv:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if (ask() == pixels).all() and not set(mine) & set(default_pool().pids) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert (ask() == pixels).all()
if "killed" in sys.argv:
    print(*mine, flush=True)
    os.kill(os.getpid(), 9)
print(*mine)
"""


@pytest.mark.parametrize("how", ["ends", "fork", "killed"])
def test_process_that_decoded_leaves_nothing_behind(how: str) -> None:
    """However a process ends, its children end with it and nothing is said; one that forks gives the fork its own."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, how], capture_output=True, text=True, check=False
    )
    assert (-9 if how == "killed" else 0) == ended.returncode
    assert "" == ended.stderr
    pids = [int(pid) for pid in ended.stdout.split()]
    assert 1 == len(pids)
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_limits_hold_in_the_child(pool: DecoderPool) -> None:
    """A child may not write files, dump core or hold many files; its memory and processor time are bounded."""
    pool.decode(JPEG_LS, ENCODED[0], DESCRIPTION)
    (pid,) = pool.pids
    assert (0, 0) == resource.prlimit(pid, resource.RLIMIT_FSIZE)
    assert (0, 0) == resource.prlimit(pid, resource.RLIMIT_CORE)
    assert 64 >= resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
    assert 2**30 > resource.prlimit(pid, resource.RLIMIT_AS)[0]
    assert 10 > resource.prlimit(pid, resource.RLIMIT_CPU)[0]
    assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()
