"""The real configuration, and settings of a run that is never started."""

from pathlib import Path

import pytest

from readingroom_hub.settings import HubSettings
from readingroom_hub.testing import PASSWORD

CONFIGURATION = Path(__file__).resolve().parents[2] / "hub_config" / "jupyterhub_config.py"


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    """Return valid settings of a run that is never started."""
    return HubSettings(
        state=tmp_path / "state", port=8000, hub_port=8001, proxy_api_port=8002, password=PASSWORD, isolated=True
    )
