"""Who may log in: the six demo accounts with one password, and guests by invitation. Nobody administers the hub."""

from readingroom_hub.auth import guarded
from readingroom_hub.authenticator import DemoAuthenticator
from readingroom_hub.guest_page import Doorman
from readingroom_hub.leavers import ClosedAccounts
from readingroom_hub.roles import load_groups
from readingroom_hub.servers import PEOPLE
from readingroom_hub.settings import HubSettings
from readingroom_hub.telling.teller import teller

c = get_config()
settings = HubSettings.from_environment()

told = teller(settings)
doorman = Doorman(settings.invitations_url, told) if told and settings.invitations_port else None
closed = ClosedAccounts(settings.state / "closed-accounts")
c.JupyterHub.authenticator_class = guarded(DemoAuthenticator, told, closed, doorman)
c.DemoAuthenticator.user_password = settings.password
c.DemoAuthenticator.allowed_users = set(PEOPLE)
c.DemoAuthenticator.admin_users = set()
c.JupyterHub.load_groups = load_groups()
