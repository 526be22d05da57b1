"""The reading server: a hub-authenticated server that holds the viewer and nothing else.

No contents, kernels, sessions or terminals are loaded, so whatever a guest or an attacker asks for is not there.
Run as ``python -m readingroom_viewer.reading_server`` in place of ``jupyterhub-singleuser``.
"""

from typing import Any

import jupyterhub.singleuser.extension
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from jupyterhub.singleuser.extension import JupyterHubSingleUser

from readingroom_viewer.settings import VIEWER_PATH


class NothingElse(Authorizer):
    """Refuses every resource of Jupyter Server's own: ours checks its owner itself."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ANN401, ARG002
        """Return False: there is nothing here but the viewer."""
        return False


class ReadingServerApp(ServerApp):
    """A Jupyter server with login and security, without any other service."""

    default_services = ("auth", "security")  # type: ignore[assignment] # the base class lists all thirteen


def main() -> None:
    """Run the reading server."""
    JupyterHubSingleUser.serverapp_class = ReadingServerApp
    JupyterHubSingleUser.load_other_extensions = True
    JupyterHubSingleUser.serverapp_config = {
        "jpserver_extensions": {"readingroom_viewer": True},
        "authorizer_class": NothingElse,
        "default_url": f"/{VIEWER_PATH}",
        "terminals_enabled": False,
    }
    jupyterhub.singleuser.extension.main()


if __name__ == "__main__":
    main()
