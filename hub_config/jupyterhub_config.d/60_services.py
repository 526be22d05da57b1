"""What runs beside the hub. A service without a URL is kept running by the hub and has no public route."""

from readingroom_hub.leavers import keeper
from readingroom_hub.services import services
from readingroom_hub.settings import HubSettings

c = get_config()

settings = HubSettings.from_environment()

c.JupyterHub.services = [*services(settings), keeper(settings.state)]
