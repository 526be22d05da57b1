"""What people, groups and server tokens may do."""

from readingroom_hub import roles

c = get_config()

c.JupyterHub.custom_scopes = roles.CUSTOM_SCOPES
c.JupyterHub.load_roles = roles.load_roles()
c.Spawner.server_token_scopes = roles.server_token_scopes
c.Spawner.oauth_client_allowed_scopes = roles.SERVER_OAUTH_SCOPES
