"""Where the hub listens, what it keeps, and the pages it shows."""

from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_hub.pages import template_folder, template_variables, tornado_settings
from readingroom_hub.settings import HubSettings

c = get_config()
settings = HubSettings.from_environment()
keep_secrets_out_of_logs()

c.JupyterHub.bind_url = settings.own_url
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"

# The unnamed server's login cookie would be sent to every other server of the same person.
c.JupyterHub.allow_named_servers = True
c.JupyterHub.default_server_name = "reading"
c.JupyterHub.default_url = "/hub/user-redirect/"

# A host of their own for every person, where there is one: then no server shares an origin with the hub or with another.
c.JupyterHub.subdomain_host = settings.subdomain_host

# A login lasts a working day, like the token of a server; the viewer's screen locks long before (sessions.py).
c.JupyterHub.cookie_max_age_days = 0.5

c.JupyterHub.db_url = f"sqlite:///{settings.state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(settings.state / "jupyterhub_cookie_secret")

c.JupyterHub.template_paths = [str(template_folder())]
c.JupyterHub.template_vars = template_variables()
c.JupyterHub.tornado_settings = tornado_settings(settings.subdomain_host)
