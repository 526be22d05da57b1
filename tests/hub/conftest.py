"""The real configuration, a hub that is made from it in memory, and settings of a run that is never started."""

import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_events.utils import JupyterEventsVersionWarning
from jupyterhub.app import JupyterHub
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from readingroom_hub.settings import HubSettings
from readingroom_hub.testing import PASSWORD

CONFIGURATION = Path(__file__).resolve().parents[2] / "hub_config" / "jupyterhub_config.py"


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    """Return valid settings of a run that is never started."""
    return HubSettings(
        state=tmp_path / "state", port=8000, hub_port=8001, proxy_api_port=8002, password=PASSWORD, isolated=True
    )


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Load the real configuration as JupyterHub does."""
    state = tmp_path_factory.mktemp("state")
    settings = HubSettings(state, 8000, 8001, 8002, PASSWORD, isolated=True, studies=Path("/studies"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.to_environment().items():
            patch.setenv(name, value)
        yield PyFileConfigLoader(str(CONFIGURATION)).load_config()


@pytest.fixture(scope="module")
def hub(config: Config) -> JupyterHub:
    """Initialize a hub with the real configuration: no proxy, no port."""
    app = JupyterHub(config=config, db_url="sqlite://")
    app.config.JupyterHub.db_url = "sqlite://"
    with warnings.catch_warnings():
        # JupyterHub writes the version of its own event schema as a number; nothing here can change that.
        warnings.simplefilter("ignore", JupyterEventsVersionWarning)
        asyncio.run(app.initialize([]))
    return app
