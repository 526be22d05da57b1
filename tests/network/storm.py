"""A storm over the frame socket of a real viewer process: 200 changes a second from a page that does not keep up.

Run it as ``python -m tests.network.storm stalled 300`` for the figures of docs/performance.md.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import ClientConnection, connect, unix_connect

from readingroom.testing.files import small_image, write
from readingroom.wire import unpack_frame
from readingroom_hub.processes import arguments, descendants
from readingroom_hub.testing import wait_for

RATE = 200
ROWS = 512
SLOW_S = 0.2
"""A slow page takes so long over every picture."""
WARM_S = 2.0
"""The first pictures fill the caches; what is held then is the base."""


@dataclass
class Report:
    """What a storm left: the resident memory of the viewer process in MiB, and the pictures that came."""

    memory: list[float] = field(default_factory=list)
    during: int = 0
    after: list[int] = field(default_factory=list)
    """Numbers of the states whose pictures came after the last change."""
    last: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the last change; later than planned where the machine is busy."""

    @property
    def growth(self) -> float:
        """MiB by which the memory rose after it was warm."""
        return max(self.memory) - self.memory[0]


@contextmanager
def viewer(folder: Path) -> Iterator[tuple[int, Path]]:
    """Start the viewer process over three slices of noise; return its PID and its socket."""
    studies = folder / "studies"
    studies.mkdir()
    for number in (1, 2, 3):
        noise = np.random.default_rng(number).normal(40, 150, (ROWS, ROWS)).astype(np.int16)
        write(small_image(number, noise), studies / f"{number}.dcm")
    subprocess.run(
        [_tool("readingroom"), "index", studies, "--index", folder / "index"], check=True, capture_output=True
    )
    environment = {
        **os.environ, "READINGROOM_STUDIES": str(studies), "READINGROOM_INDEX": str(folder / "index"),
        "READINGROOM_RECORDS": str(folder / "records"), "READINGROOM_STUDIES_KIND": "teaching",
    }  # fmt: skip
    path = folder / "viewer.sock"
    with (folder / "said").open("w") as said:
        process = subprocess.Popen([sys.executable, "-m", "readingroom_viewer.app", path], env=environment, stderr=said)
        try:
            if not wait_for(lambda: path.exists() and _is_warm(process.pid), 120, pause=0.5):
                raise AssertionError((folder / "said").read_text())
            yield process.pid, path
        finally:
            process.terminate()
            process.wait(60)


def run_storm(process: int, path: Path, kind: str, seconds: float) -> Report:
    """Change the window 200 times a second; a ``slow`` page paints five pictures a second, a ``stalled`` one reads nothing."""
    return asyncio.run(_storm(process, path, kind, seconds))


def connected(path: Path) -> connect:
    """Connect to the frame socket as the server extension does; nothing is read ahead."""
    return unix_connect(
        str(path), "ws://viewer/viewer/frames", max_size=None, max_queue=1, compression=None, ping_interval=None
    )


async def _storm(process: int, path: Path, kind: str, seconds: float) -> Report:
    report = Report()
    async with connected(path) as page:
        series = await opened_study(page)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_read(page, report, kind))
            for step in range(1, int(seconds * RATE) + 1):
                await asyncio.sleep(max(0.0, begun + step / RATE - loop.time()))
                await say(page, **view(series, step, moving=True))
                if step % RATE == 0:
                    await say(page, type="ping", sent=step, round_trip_ms=20)
                    if step >= WARM_S * RATE:
                        report.memory.append(_resident(process))
            report.last = step
            report.over.set()
            await say(page, **view(series, step + 1))
            await reading
    return report


async def _read(page: ClientConnection, report: Report, kind: str) -> None:
    """Read as the page does, and after the storm until the picture of the last state has come."""
    loop = asyncio.get_running_loop()
    if kind == "stalled":
        await report.over.wait()
    while True:
        message = await asyncio.wait_for(page.recv(), 60)
        if isinstance(message, str):
            continue
        header, _ = unpack_frame(message)
        if header["type"] == "strip" or header["strip"] is not None:
            strip = header["strip"]["first_row"]
            await say(
                page,
                type="received",
                viewport="main",
                seq=header["seq"],
                first_row=strip,
                arrived_ms=1000 * loop.time(),
            )
        if header["type"] != "frame":
            continue
        if not report.over.is_set():
            report.during += 1
            await asyncio.sleep(SLOW_S)
        else:
            report.after.append(header["seq"])
        painted = {"arrived_ms": 1000 * loop.time(), "busy_ms": 5, "verified": True}
        await say(page, type="painted", viewport="main", seq=header["seq"], **painted)
        if report.last and header["seq"] > report.last:
            return


async def opened_study(page: ClientConnection) -> str:
    """Open the one study and return its series."""
    await say(page, type="studies")
    study = (await _answer(page, "studies"))["studies"][0]["uid"]  # type: ignore[index]
    await say(page, type="open", study_uid=study)
    return str((await _answer(page, "study"))["series"][0]["uid"])  # type: ignore[index]


async def _answer(page: ClientConnection, kind: str) -> dict[str, object]:
    while True:
        message = await asyncio.wait_for(page.recv(), 60)
        if isinstance(message, str) and json.loads(message)["type"] == kind:
            return dict(json.loads(message))


async def say(page: ClientConnection, **message: object) -> None:
    """Send a request."""
    await page.send(json.dumps(message))


def view(series: str, step: int, *, moving: bool = False) -> dict[str, object]:
    """Return a request for another window at every step."""
    window = {"center": 40 + step % 100, "width": 300 + step % 77, "function": "LINEAR", "explanation": ""}
    return {
        "type": "view", "viewport": "main", "seq": step, "series_uid": series, "position": step % 3, "window": window,
        "inverted": False, "choice": None, "presentation_uid": "", "overlays": True, "reformat": None, "moving": moving,
        "focus": 0.5,
    }  # fmt: skip


def _is_warm(process: int) -> bool:
    """Return whether the compiler that the viewer loads beside its work is there: 100 MiB that are no queue."""
    before = _resident(process)
    time.sleep(1)
    compiling = any(arguments(child)[1:3] == ["-m", "readingroom_viewer.warm"] for child in descendants(process))
    return (
        not compiling
        and "llvmlite" in Path(f"/proc/{process}/maps").read_text()
        and abs(_resident(process) - before) < 1
    )


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _tool(name: str) -> Path:
    return Path(sys.executable).parent / name


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, viewer(Path(made)) as started:
        found = run_storm(*started, sys.argv[1], float(sys.argv[2]))
    memory = f"{found.memory[0]:.1f} MiB warm, +{found.growth:.1f} MiB at most, {found.memory[-1]:.1f} MiB last"
    sys.stdout.write(f"{sys.argv[1]}: {memory}; {found.during} pictures during, {len(found.after)} after\n")
