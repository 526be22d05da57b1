"""A records' database of each kind: the same tests hold for both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readingroom_hub.store.store import Store
from readingroom_hub.testing import START_S, Launched, wait_for

from .rooms import Room, configure


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that nothing has been put into yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records/records.sqlite"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """Return the open records over an empty database."""
    opened = Store(address)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def room(launch_for_all: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Start the product once for all tests of the records."""
    launched = launch_for_all("--config", str(configure(tmp_path_factory.mktemp("configuration"))))
    assert wait_for(lambda: "is ready" in launched.said() or launched.process.poll() is not None, START_S)
    started = Room(launched)
    assert wait_for(started.answers, START_S)
    return started
