"""The reading server: a hub-authenticated server that holds the viewer and nothing else.

No contents, kernels, sessions or terminals are loaded, so whatever a guest or an attacker asks for is not there.
Run as ``python -m readingroom_viewer.reading_server`` in place of ``jupyterhub-singleuser``.
"""

from typing import Any

import jupyterhub.singleuser.extension
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from jupyterhub.singleuser.extension import JupyterHubIdentityProvider, JupyterHubSingleUser

from readingroom.wire.browser import response_headers
from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_viewer.settings import VIEWER_PATH, cookie_settings


class NothingElse(Authorizer):
    """Refuses every resource of Jupyter Server's own: ours checks its owner itself."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ANN401, ARG002
        """Return False: there is nothing here but the viewer."""
        return False


class TokenInNoPage(JupyterHubIdentityProvider):  # type: ignore[misc] # JupyterHub has no types
    """Tells no page this server's own token, which opens identifiable pixels.

    Jupyter Server writes it into each of its own pages, such as "not found", for scripts that have none here.
    """

    @property
    def token(self) -> str:
        """Return nothing: a browser comes with its login."""
        return ""


class ReadingServerApp(ServerApp):
    """A Jupyter server with login and security, without any other service."""

    default_services = ("auth", "security")  # type: ignore[assignment] # the base class lists all thirteen

    def init_configurables(self) -> None:
        """Replace the identity provider that JupyterHub's extension has configured."""
        self.identity_provider_class = TokenInNoPage
        super().init_configurables()


def main() -> None:
    """Run the reading server."""
    keep_secrets_out_of_logs()
    JupyterHubSingleUser.serverapp_class = ReadingServerApp
    JupyterHubSingleUser.load_other_extensions = True
    JupyterHubSingleUser.serverapp_config = {
        "jpserver_extensions": {"readingroom_viewer": True},
        "authorizer_class": NothingElse,
        "default_url": f"/{VIEWER_PATH}",
        "terminals_enabled": False,
        "tornado_settings": {**cookie_settings(), "headers": response_headers("reading")},
    }
    jupyterhub.singleuser.extension.main()


if __name__ == "__main__":
    main()
