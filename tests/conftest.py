"""Real hubs on free ports in temporary state folders, for the tests that need one."""

import os
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from readingroom_hub.testing import Launched

pytest_plugins = ("tests.servers.orthanc", "tests.servers.postgresql")

REPOSITORY = Path(__file__).resolve().parents[1]
LONG_FIRST = ("e2e", "routes", "hub", "records", "imaging", "network", "hostile")
"""Folders whose files take from ten seconds to minutes, the longest first; a file of any other folder takes a few seconds."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the workers of ``make test`` begin with what takes long, so that both are done at the same time.

    A worker takes one whole file after another. Long ones at the end would leave one worker alone with the last of them.
    Without workers the order stays the one of the command line.
    """
    if hasattr(config, "workerinput"):
        folders = {name: place for place, name in enumerate(LONG_FIRST)}
        tests = REPOSITORY / "tests"
        items.sort(key=lambda item: folders.get(item.path.relative_to(tests).parts[0], len(folders)))


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Make sure that servers can be isolated here; in a chroot or an unprivileged container the kernel refuses it.

    The test is then skipped with the kernel's reason, but on CI, which has to have a machine that can, it fails.
    """
    from readingroom_hub.sandbox import why_not_isolated

    reason = why_not_isolated()
    if reason is not None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state folder with the demo studies and their index, made once for all runs."""
    from readingroom_hub.demo import prepare_demo
    from readingroom_hub.settings import StudyFolder

    state = tmp_path_factory.mktemp("made")
    demo = StudyFolder(state / "demo-studies", state / "demo-index", "teaching")
    assert prepare_demo(demo, REPOSITORY / ".make" / "demo-packages") is None
    return state


@pytest.fixture(scope="session")
def launchers() -> "Iterator[list[Launched]]":
    """Hold every launcher of the run until all have ended; each is told to end by the fixture that it was started with."""
    started: list[Launched] = []
    yield started
    for each in started:
        each.process.wait(120)


@contextmanager
def launching(
    launchers: "list[Launched]", demo_state: Path, folders: pytest.TempPathFactory
) -> "Iterator[Callable[..., Launched]]":
    """Give what starts launchers, and tell those to end that were started; nobody waits for it."""
    from readingroom_hub.testing import launch as start

    started: list[Launched] = []

    def run(
        *more: str, state: Path | None = None, environment: dict[str, str] | None = None, port: int | None = None
    ) -> "Launched":
        folder = folders.mktemp("a run")  # a path with a space, as people have them
        state = state or folder / "state"
        if not (state / "demo-studies").exists():
            shutil.copytree(demo_state / "demo-studies", state / "demo-studies", copy_function=os.link)
            shutil.copytree(demo_state / "demo-index", state / "demo-index")
        started.append(start(folder, *more, state=state, environment=environment, port=port))
        launchers.append(started[-1])
        return started[-1]

    try:
        yield run
    finally:
        for each in started:
            each.process.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def launch(
    launchers: "list[Launched]", demo_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Callable[..., Launched]]":
    """Start launchers for the tests of one file: a product that nobody uses any more takes memory and time from the others."""
    with launching(launchers, demo_state, tmp_path_factory) as run:
        yield run


@pytest.fixture(scope="session")
def launch_for_all(
    launchers: "list[Launched]", demo_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Callable[..., Launched]]":
    """Start launchers that the tests of several files share."""
    with launching(launchers, demo_state, tmp_path_factory) as run:
        yield run


@pytest.fixture(scope="session")
def product(launch_for_all: "Callable[..., Launched]") -> "Launched":
    """Return one product over the demo studies, shared by the tests that leave its accounts and services as they were."""
    return launch_for_all().wait_until_ready()
