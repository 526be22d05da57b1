"""How many readers one core serves: the viewer process pinned to it, N clients that want 20 pictures of 1024² a second.

The clients speak the product's own protocol over its own socket, acknowledge every picture as a page does, and run on
the other cores.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from websockets.asyncio.client import ClientConnection, unix_connect

from readingroom.dicom.folder import FolderSource
from readingroom.testing.identity import fictional_uid
from readingroom.wire import unpack_frame
from readingroom_hub.processes import descendants

EDGE = 1024
RATE = 20
HELD = 0.95
"""A reader is served who gets this share of the pictures asked for."""

STEPS = (5, 10, 15, 20, 25, 30)
SECONDS = 4.0
SETTLING = RATE
"""Pictures that are not counted: connections are made and slices decoded meanwhile."""

TAIL_S = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """What so many readers got: pictures a second each, the 95th percentile of milliseconds, the core's share in use."""

    readers: int
    rate: float
    slowest_ms: float
    busy: float

    @property
    def held(self) -> bool:
        """Whether each got the rate."""
        return self.rate >= HELD * RATE


@dataclass
class Client:
    """One reader: asks at a steady rate, acknowledges what comes."""

    trips: list[float] = field(default_factory=list)
    asked: dict[int, float] = field(default_factory=dict)

    async def read(self, path: str, seconds: float) -> None:
        """Drag for so long."""
        async with unix_connect(path, "ws://viewer/viewer/frames", max_size=None, compression=None) as socket:
            await socket.send(json.dumps({"type": "open", "study_uid": fictional_uid(f"bench-{EDGE}/study")}))
            await socket.recv()
            answering = asyncio.create_task(self._acknowledge(socket))
            begun = time.monotonic()
            for seq in range(1, int(seconds * RATE)):
                self.asked[seq] = time.monotonic()
                await socket.send(json.dumps(_view(seq)))
                await asyncio.sleep(max(0.0, begun + seq / RATE - time.monotonic()))
            await asyncio.sleep(TAIL_S)
            answering.cancel()

    async def _acknowledge(self, socket: ClientConnection) -> None:
        async for message in socket:
            if isinstance(message, str):
                continue
            header, _ = unpack_frame(message)
            strip = header.get("strip")
            now = 1000 * time.monotonic()
            answer = {"viewport": "main", "seq": header["seq"], "arrived_ms": now}
            if strip is not None:
                await socket.send(json.dumps({"type": "received", "first_row": strip["first_row"], **answer}))
            if strip is None or strip["first_row"] + strip["rows"] == EDGE:
                await socket.send(json.dumps({"type": "painted", "verified": True, "busy_ms": 2, **answer}))
                if header["seq"] > SETTLING:
                    self.trips.append(time.monotonic() - self.asked[header["seq"]])


def measure(images: Path) -> list[Step]:
    """Return each step until one is no longer held."""
    steps: list[Step] = []
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        process = _start(Path(folder), images, cores[0])
        try:
            os.sched_setaffinity(0, set(cores[1:]) or set(cores))
            for readers in STEPS:
                step = _step(readers, Path(folder) / "socket", process.pid)
                if not step.held:  # another job on the core, or the truth: the second time tells
                    step = _step(readers, Path(folder) / "socket", process.pid)
                steps.append(step)
                if not step.held:
                    break
        finally:
            os.sched_setaffinity(0, set(cores))
            process.terminate()
            process.wait(10)
    return steps


def most(steps: list[Step]) -> int:
    """Return the most readers who got their rate."""
    return max((step.readers for step in steps if step.held), default=0)


def _start(folder: Path, images: Path, core: int) -> "subprocess.Popen[bytes]":
    """Start the viewer process on one core, with an index that is complete."""
    FolderSource(images, folder / "index").refresh()
    environment = {
        **os.environ,
        "READINGROOM_STUDIES": str(images),
        "READINGROOM_INDEX": str(folder / "index"),
        "READINGROOM_RECORDS": str(folder / "records"),
    }
    command = [
        "taskset",
        "--cpu-list",
        str(core),
        sys.executable,
        "-m",
        "readingroom_viewer.app",
        str(folder / "socket"),
    ]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while not (folder / "socket").exists():
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError((folder / "said").read_text())
        time.sleep(0.1)
    _wait_for_the_compiler(process.pid)
    return process


def _wait_for_the_compiler(process: int) -> None:
    """Wait until what the viewer compiles beside itself is done: on its one core that would be measured too."""
    time.sleep(1)
    deadline = time.monotonic() + 60
    while descendants(process) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)


def _step(readers: int, socket: Path, process: int) -> Step:
    clients = [Client() for _ in range(readers)]
    before, begun = _processor_s(process), time.monotonic()

    async def all_of_them() -> None:
        await asyncio.gather(*(client.read(str(socket), SECONDS) for client in clients))

    asyncio.run(all_of_them())
    busy = (_processor_s(process) - before) / (time.monotonic() - begun)
    trips = [1000 * trip for client in clients for trip in client.trips]
    counted = int(SECONDS * RATE) - 1 - SETTLING
    return Step(
        readers, RATE * len(trips) / readers / counted, quantiles(trips, n=20)[-1] if len(trips) > 1 else 0.0, busy
    )


def _processor_s(process: int) -> float:
    spent = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def _view(seq: int) -> dict[str, object]:
    window = {"center": 40.0 + seq % 50, "width": 400.0}
    series = fictional_uid(f"bench-{EDGE}/series/1")
    return {"type": "view", "viewport": "main", "seq": seq, "series_uid": series, "position": seq % 3, "window": window}


if __name__ == "__main__":
    for each in measure(Path(sys.argv[1])):
        print(each)
