"""Who may log in: the six demo accounts with one password. Nobody is an administrator of the hub."""

from readingroom_hub.authenticator import DemoAuthenticator
from readingroom_hub.roles import load_groups
from readingroom_hub.servers import PEOPLE
from readingroom_hub.settings import HubSettings

c = get_config()

c.JupyterHub.authenticator_class = DemoAuthenticator
c.DemoAuthenticator.user_password = HubSettings.from_environment().password
c.DemoAuthenticator.allowed_users = set(PEOPLE)
c.DemoAuthenticator.admin_users = set()
c.JupyterHub.load_groups = load_groups()
