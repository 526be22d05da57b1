"""Load: twenty people ask at once; everybody is answered, in turns, and what is held for them is bounded. Never how fast."""

import asyncio
import http.client
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.imaging.conftest import Running, run_gateway

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import EncodedFrame
from readingroom.testing.files import small_image, write
from readingroom_hub.imaging.turns import AT_ONCE

PEOPLE, EACH = 20, 10
ROWS = 512


class Watched(FolderSource):
    """A folder that notes how many frames are asked of it at a time."""

    most = now = 0

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return a frame."""
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return super().frame(sop_uid, frame)
        finally:
            self.now -= 1


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Watched]:
    """Return a folder with one series of ten CT slices of 512 KiB."""
    generator = np.random.default_rng(5)
    for number in range(1, EACH + 1):
        pixels = generator.integers(-1000, 1000, (ROWS, ROWS), np.int16)
        write(small_image(number, pixels), tmp_path / "studies" / f"{number}.dcm")
    source = Watched(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    yield source
    source.close()


@pytest.fixture
def loaded(stack: Watched, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway over the stack."""
    yield from run_gateway(stack, tmp_path / "state")


def test_two_hundred_requests_of_twenty_people(loaded: Running, stack: Watched) -> None:
    """200 frames asked for at once by 20 people: no error, every byte right, and no more work at a time than allowed."""
    study = stack.studies()[0]
    series = stack.series(study.uid)[0]
    frames = [frame.sop_uid for frame in stack.frames(series.uid)]
    expected = {uid: stack.frame(uid, 1).data for uid in frames}
    address = urlsplit(loaded.url)
    stack.most = 0
    loaded.records.lease_s = 600.0  # however long the two hundred take, nobody is asked about twice

    def ask(number: int) -> tuple[int, bool]:
        uid = frames[number % EACH]
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        path = f"/readingroom/studies/{study.uid}/series/{series.uid}/instances/{uid}/frames/1"
        connection.request("GET", path, headers={"Authorization": f"token trainee-p{number % PEOPLE}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body == expected[uid]

    tracemalloc.start()
    with ThreadPoolExecutor(PEOPLE * EACH) as pool:
        answers = list(pool.map(ask, range(PEOPLE * EACH)))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert Counter({(200, True): PEOPLE * EACH}) == Counter(answers)
    assert stack.most <= AT_ONCE
    assert most_bytes < 2 * PEOPLE * EACH * len(expected[frames[0]])
    assert PEOPLE == len(loaded.records.asked)
    assert 0 == loaded.gateway.turns.people


def test_one_persons_hunger_is_not_anothers_wait(loaded: Running, stack: Watched) -> None:
    """While one person has five hundred requests waiting, another's first is answered among the first of them."""
    order: list[str] = []

    async def ask(name: str) -> None:
        async with loaded.gateway.turns.turn(name):
            await asyncio.get_running_loop().run_in_executor(loaded.gateway.executor, stack.state)
            order.append(name)

    async def everybody() -> None:
        hungry = [asyncio.ensure_future(ask("hungry")) for _ in range(500)]
        await asyncio.sleep(0)
        await asyncio.gather(*[ask(f"p{number}") for number in range(PEOPLE)])
        waited = max(order.index(f"p{number}") for number in range(PEOPLE))
        assert waited < 4 * (PEOPLE + AT_ONCE)
        await asyncio.gather(*hungry)

    asyncio.run_coroutine_threadsafe(everybody(), loaded.loop).result(60)
