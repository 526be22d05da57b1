"""Where the hub listens, what it keeps, and the pages it shows."""

from readingroom_hub.pages import PAGES_POLICY, template_folder, template_variables
from readingroom_hub.settings import HubSettings

c = get_config()
settings = HubSettings.from_environment()

c.JupyterHub.bind_url = settings.public_url
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"

# The unnamed server's login cookie would be sent to every other server of the same person.
c.JupyterHub.allow_named_servers = True
c.JupyterHub.default_server_name = "reading"
c.JupyterHub.default_url = "/hub/user-redirect/"

c.JupyterHub.db_url = f"sqlite:///{settings.state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(settings.state / "jupyterhub_cookie_secret")

c.JupyterHub.template_paths = [str(template_folder())]
c.JupyterHub.template_vars = template_variables()
c.JupyterHub.tornado_settings = {"headers": {"Content-Security-Policy": PAGES_POLICY}}
