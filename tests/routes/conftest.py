"""The running product with everybody's servers in it, and a hub in memory that tells its routes."""

import asyncio
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from jupyter_events.utils import JupyterEventsVersionWarning
from jupyterhub.app import JupyterHub
from traitlets.config.loader import PyFileConfigLoader

from readingroom_hub.servers import PEOPLE
from readingroom_hub.settings import HubSettings
from readingroom_hub.testing import PASSWORD, Launched, open_server

from .walk import Asker, environments

CONFIGURATION = Path(__file__).resolve().parents[2] / "hub_config" / "jupyterhub_config.py"
WORKBENCH_OF = "consultant"


@dataclass(frozen=True)
class House:
    """The product, the six at their reading servers, and what their servers were told."""

    product: Launched
    sessions: dict[str, requests.Session]
    reading: dict[str, dict[str, str]]
    workbench: dict[str, dict[str, str]]

    def logins(self) -> list[Asker]:
        """Return the six, and nobody."""
        return [*(Asker(name, session) for name, session in self.sessions.items()), Asker("")]

    def tokens(self) -> list[Asker]:
        """Return whoever holds the token of a reading server."""
        return [Asker(name, token=told["JUPYTERHUB_API_TOKEN"]) for name, told in self.reading.items()]

    def workbench_token(self) -> Asker:
        """Return whoever holds the token of the workbench."""
        return Asker(WORKBENCH_OF, token=self.workbench[WORKBENCH_OF]["JUPYTERHUB_API_TOKEN"])


@pytest.fixture(scope="session")
def house(product: Launched) -> House:
    """Start the reading server of each of the six, and one workbench."""
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(lambda name: open_server(product.url, name), PEOPLE))
    sessions = dict(zip(PEOPLE, opened, strict=True))
    open_server(product.url, WORKBENCH_OF, "workbench", session=sessions[WORKBENCH_OF])
    for session in opened:
        session.get(f"{product.url}/services/records/login", timeout=30)  # a guest is refused there, by the hub
    return House(product, sessions, environments(product, "reading"), environments(product, "workbench"))


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> JupyterHub:
    """Return a hub made in memory from the real configuration: no proxy, no port."""
    settings = HubSettings(tmp_path_factory.mktemp("state"), 8000, 8001, 8002, PASSWORD, isolated=True)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        for name, value in settings.to_environment().items():
            patch.setenv(name, value)
        # JupyterHub writes the version of its own event schema as a number; nothing here can change that.
        warnings.simplefilter("ignore", JupyterEventsVersionWarning)
        app = JupyterHub(config=PyFileConfigLoader(str(CONFIGURATION)).load_config(), db_url="sqlite://")
        app.config.JupyterHub.db_url = "sqlite://"
        asyncio.run(app.initialize([]))
    return app
