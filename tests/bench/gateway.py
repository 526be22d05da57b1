"""The gateway under load and beside its PACS: ``python -m tests.bench.gateway [load] [check] [records] [pacs]``.

Client and gateway share the machine's cores; the gateway runs in a process of its own, the hub and records behind it are
the stand-ins of ``tests/imaging``, so that the figures are the gateway's, but for ``records``: there hub and records are
those of a product that runs. Ratios come from rounds that take turns.
"""

import asyncio
import http.client
import multiprocessing
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from tests.imaging.conftest import run_gateway
from tests.records.rooms import IMAGING, TESTER, Room, configure

from readingroom.dicom.folder import FolderSource
from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom_hub.testing import launch

PEOPLE, EACH, SLICES = 20, 10, 500
ROUNDS = 7
SCROLLED_MS = 10_000


def main() -> None:
    """Print the sections asked for, or all."""
    wanted = sys.argv[1:] or ["load", "check", "records", "pacs"]
    with tempfile.TemporaryDirectory() as folder:
        studies, index = Path(folder) / "studies", Path(folder) / "index.sqlite"
        generator = np.random.default_rng(1)
        for number in range(1, SLICES + 1):
            pixels = generator.integers(-1000, 1000, (512, 512), np.int16)
            write(small_image(number, pixels), studies / f"{number:03}.dcm")
        source = FolderSource(studies, index)
        source.refresh()
        paths = _paths(source)
        if {"load", "check"} & set(wanted):
            with gateway(_folder, str(studies), str(index)) as url:
                if "load" in wanted:
                    load(url, paths)
                if "check" in wanted:
                    check(url, paths)
        if "records" in wanted:
            records(str(studies), str(index), paths, Path(folder))
        if "pacs" in wanted:
            pacs(studies, paths)
        source.close()


def load(url: str, paths: list[str]) -> None:
    """Ask for 200 frames at the same moment as 20 people, over connections that are open."""
    rounds = [asyncio.run(_at_once(url, paths)) for _ in range(ROUNDS)]
    middle = [(statistics.median(times), np.percentile(times, 95), max(times)) for times in rounds]
    p50, p95, last = (statistics.median(each) for each in zip(*middle, strict=True))
    print(
        f"200 frames of 512 KiB at once, 20 people: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({p95 / p50:.2f} x), last {last:.0f} ms"
    )


def check(url: str, paths: list[str]) -> None:
    """Time a frame whose permission is remembered, and one whose permission is asked for."""
    held = _timed(lambda: _get(url, paths[0], "trainee-a"), 300)
    print(f"one frame, permission held: {held:.2f} ms")
    first = statistics.median(_ms(lambda n=n: _get(url, paths[0], f"trainee-n{n}")) for n in range(200))
    print(f"one frame, permission asked for: {first:.2f} ms")


def records(studies: str, index: str, paths: list[str], folder: Path) -> None:
    """Scroll through the series for ten seconds before a real hub and real records; say how much of it the checks took."""
    launched = launch(folder, "--config", str(configure(folder))).wait_until_ready()
    try:
        token = Room(launched).token("trainee")
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve_house, args=(theirs, studies, index, launched.url))
        process.start()
        url = ours.recv()
        _get(url, "/readingroom/studies", token)
        first = _ms(lambda: _get(url, paths[0], token))
        took: list[float] = []
        while sum(took) < SCROLLED_MS:
            path = paths[len(took) % len(paths)]
            took.append(_ms(lambda path=path: _get(url, path, token)))
        ours.send("enough")
        spent = ours.recv()[-len(took) :]
        process.join(20)
        asked = [each for each in spent if each > 1]
        print(
            f"real records: {len(took)} frames, median {statistics.median(took):.2f} ms; checks and audit "
            f"{100 * sum(spent) / sum(took):.1f} % of it, {len(asked)} asked anew, median {statistics.median(asked):.1f} ms; "
            f"the first frame of a study, with its audit, {first:.1f} ms"
        )
    finally:
        launched.process.send_signal(signal.SIGINT)
        launched.process.wait(60)


def pacs(studies: Path, paths: list[str]) -> None:
    """Pull 500 slices and a first frame from a real Orthanc, directly and through the gateway, in turns."""
    from tests.servers.orthanc import running_orthanc, why_no_orthanc

    if why_no_orthanc() is not None:
        print(why_no_orthanc())
        return
    below = paths[0].rpartition("/instances/")[0].removeprefix("/readingroom")
    with running_orthanc() as orthanc:
        orthanc.add(studies)
        direct, through = [], []
        with gateway(_pacs, orthanc.dicom_web) as url:
            _get(url, f"/readingroom{below}/frames", "trainee-a")
            for _ in range(5):
                direct.append(_ms(lambda: _pull(orthanc.dicom_web + below)))
                through.append(_ms(lambda: _pull(f"{url}/dicom-web{below}")))
            _say("whole series of 500 slices (263 MB)", direct, through)
        direct, through = [], []
        for number in range(5):
            path = paths[number * 50].removeprefix("/readingroom")
            with gateway(_pacs, orthanc.dicom_web) as url:
                _get(url, "/readingroom/studies", "trainee-a")
                direct.append(_ms(lambda path=path: _first_directly(orthanc.dicom_web, path)))
                through.append(_ms(lambda path=path: _first_through(url, path)))
        _say("first frame of a study", direct, through)


def _first_directly(url: str, path: str) -> None:
    """Retrieve what a viewer must know of a series, and a frame of it."""
    _pull(f"{url}{path.rpartition('/instances/')[0]}/metadata")
    _pull(url + path)


def _first_through(url: str, path: str) -> None:
    """Do the same by the gateway."""
    _get(url, f"/readingroom{path.rpartition('/instances/')[0]}/frames", "trainee-a")
    _get(url, f"/readingroom{path}", "trainee-a")


def _say(what: str, direct: list[float], through: list[float]) -> None:
    ratio = statistics.median(b / a for a, b in zip(direct, through, strict=True))
    print(
        f"{what}: direct {statistics.median(direct):.0f} ms, through {statistics.median(through):.0f} ms, {ratio:.2f} x"
    )


async def _at_once(url: str, paths: list[str]) -> list[float]:
    address = urlsplit(url)
    opened = [await asyncio.open_connection(address.hostname, address.port) for _ in range(PEOPLE * EACH)]
    begun = time.perf_counter()

    async def ask(number: int) -> float:
        reader, writer = opened[number]
        head = f"GET {paths[number]} HTTP/1.1\r\nHost: x\r\nAuthorization: token trainee-p{number % PEOPLE}\r\n\r\n"
        writer.write(head.encode())
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in lines.splitlines()[0], lines
        length = next(int(line.partition(":")[2]) for line in lines.splitlines() if line.startswith("content-length"))
        await reader.readexactly(length)
        writer.close()
        return 1000 * (time.perf_counter() - begun)

    return list(await asyncio.gather(*[ask(number) for number in range(PEOPLE * EACH)]))


_kept: dict[str, http.client.HTTPConnection] = {}


def _get(url: str, path: str, token: str) -> bytes:
    address = urlsplit(url)
    connection = _kept.setdefault(url, http.client.HTTPConnection(str(address.hostname), address.port))
    connection.request("GET", path, headers={"Authorization": f"token {token}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


def _pull(url: str) -> int:
    """Read a multipart answer to its end and return its bytes."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    kind = "application/octet-stream" if "/frames/" in url else "application/dicom"
    accept = (
        "application/dicom+json"
        if url.endswith("/metadata")
        else f'multipart/related; type="{kind}"; transfer-syntax=*'
    )
    headers = {"Authorization": "token trainee-a", "Accept": accept}
    connection.request("GET", address.path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    size = 0
    while piece := answer.read(2**20):
        size += len(piece)
    connection.close()
    return size


def _ms(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return 1000 * (time.perf_counter() - begun)


def _timed(function: Callable[[], object], many: int) -> float:
    function()
    return statistics.median(_ms(function) for _ in range(many))


def _paths(source: FolderSource) -> list[str]:
    study = source.studies()[0]
    assert study.patient_id == SMALL_STUDY.patient_id
    series = source.series(study.uid)[0]
    below = f"/readingroom/studies/{study.uid}/series/{series.uid}/instances"
    return [f"{below}/{frame.sop_uid}/frames/1" for frame in source.frames(series.uid)]


def _folder(studies: str, index: str) -> Any:
    return FolderSource(studies, index, read_only=True)


def _pacs(url: str) -> Any:
    from readingroom.dicom.dicomweb import DicomwebSource

    return DicomwebSource(url)


@contextmanager
def gateway(make: Callable[..., Any], *arguments: str) -> Iterator[str]:
    """Run a gateway in a process of its own over the source that ``make`` makes; give its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make, arguments))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("enough")
        process.join(20)


def _serve(pipe: Any, make: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    from readingroom_hub.imaging.rates import FrameRate
    from readingroom_hub.imaging.service import settle

    with tempfile.TemporaryDirectory() as state:
        unlimited = FrameRate(per_second=1e9, at_once=10**9)
        for running in run_gateway(make(*arguments), Path(state), rate=unlimited):
            settle()
            pipe.send(running.url)
            pipe.recv()


def _serve_house(pipe: Any, studies: str, index: str, url: str) -> None:
    """Run a gateway that asks the hub and the records at an address, and tell in the end what each check took, in ms."""
    from readingroom_hub.callers import Callers
    from readingroom_hub.imaging.base import GatewayHandler
    from readingroom_hub.imaging.decisions import RecordsDecider
    from readingroom_hub.imaging.rates import FrameRate

    spent: list[float] = []
    check = GatewayHandler.check

    async def timed(handler: GatewayHandler) -> None:
        begun = time.perf_counter()
        await check(handler)
        spent.append(1000 * (time.perf_counter() - begun))

    GatewayHandler.check = timed  # type: ignore[method-assign]

    def real() -> tuple[Callers, RecordsDecider]:
        return Callers(f"{url}/hub/api", TESTER), RecordsDecider(f"{url}/services/records/api", IMAGING)

    with tempfile.TemporaryDirectory() as state:
        unlimited = FrameRate(per_second=1e9, at_once=10**9)
        for running in run_gateway(_folder(studies, index), Path(state), real, rate=unlimited):
            pipe.send(running.url)
            pipe.recv()
            pipe.send(spent)


if __name__ == "__main__":
    main()
