"""What people, groups and server tokens may do."""

from readingroom_hub import roles
from readingroom_hub.leavers import keeper_role
from readingroom_hub.services import asking, services
from readingroom_hub.settings import HubSettings

c = get_config()

c.JupyterHub.custom_scopes = roles.CUSTOM_SCOPES
c.JupyterHub.load_roles = [*roles.load_roles(asking(services(HubSettings.from_environment()))), keeper_role()]
c.Spawner.server_token_scopes = roles.server_token_scopes
c.Spawner.oauth_client_allowed_scopes = roles.SERVER_OAUTH_SCOPES
