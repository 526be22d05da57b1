"""The public port: Traefik, started by the hub, with its rules in a file."""

from secrets import token_hex

from readingroom_hub.proxy import LocalTraefikProxy
from readingroom_hub.settings import PROXY_FILES, HubSettings

c = get_config()
settings = HubSettings.from_environment()

c.JupyterHub.proxy_class = LocalTraefikProxy

# With a certificate the public port speaks TLS and nothing else; the proxy is told both files.
if settings.tls_cert and settings.tls_key:
    c.JupyterHub.ssl_cert = str(settings.tls_cert)
    c.JupyterHub.ssl_key = str(settings.tls_key)
    c.JupyterHub.tornado_settings.update({"cookie_options": {"secure": True}})

proxy = c.TraefikProxy
proxy.traefik_api_url = f"http://127.0.0.1:{settings.proxy_api_port}"
proxy.traefik_api_username = "hub"
proxy.traefik_api_password = token_hex(16)
proxy.static_config_file = str(settings.state / PROXY_FILES[0])
# Traefik asks its maker for newer versions unless it is told not to; nothing here calls outside.
proxy.extra_static_config = {"global": {"checkNewVersion": False, "sendAnonymousUsage": False}}
c.TraefikFileProviderProxy.dynamic_config_file = str(settings.state / PROXY_FILES[1])
