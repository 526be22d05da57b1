"""The workbench server: JupyterLab with the viewer inline, for teaching and released studies only.

Run as ``python -m readingroom_viewer.workbench_server`` in place of ``jupyterhub-singleuser``.
"""

import os
import sys
from pathlib import Path
from typing import Any

import jupyterhub.singleuser.extension
import jupytext
from jupyter_server.auth import Authorizer
from jupyterhub.singleuser.extension import JupyterHubSingleUser

from readingroom.wire.browser import response_headers
from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_viewer.passage import open_passage
from readingroom_viewer.settings import cookie_settings

NOTHING_FROM_OUTSIDE = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
"""JupyterLab asks its makers for news, updates and extensions unless it is told not to."""

LAB_DEFAULTS = Path(__file__).parent / "lab"
"""Holds ``labconfig``: JupyterLab must not ask its user about news either, and is as dark as the rest."""


class OwnerOnly(Authorizer):
    """A workbench runs its owner's code: nobody else has any business in it."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ANN401, ARG002
        """Return whether the owner asks."""
        return bool(user.username == os.environ.get("JUPYTERHUB_USER"))


def copy_notebooks(source: Path, home: Path) -> None:
    """Put the example notebooks into a home that does not have them yet; what a person changed stays."""
    for script in sorted(source.glob("*.py")):
        notebook = home / f"{script.stem}.ipynb"
        if not notebook.exists():
            jupytext.write(jupytext.read(script), notebook)


def main() -> None:
    """Run the workbench server."""
    keep_secrets_out_of_logs()
    open_passage()
    if notebooks := os.environ.get("READINGROOM_NOTEBOOKS"):
        copy_notebooks(Path(notebooks), Path.home())
    JupyterHubSingleUser.serverapp_config = {
        "jpserver_extensions": {
            "jupyterlab": True,
            "readingroom_viewer": True,
            "jupyter_lsp": False,
            "jupyter_server_terminals": False,
            "notebook_shim": False,
            "panel.io.jupyter_server_extension": False,
        },
        "authorizer_class": OwnerOnly,
        "default_url": "/lab",
        "terminals_enabled": False,
        "tornado_settings": {**cookie_settings(), "headers": response_headers("workbench")},
    }
    os.environ["JUPYTER_CONFIG_PATH"] = str(LAB_DEFAULTS)
    sys.argv += NOTHING_FROM_OUTSIDE
    jupyterhub.singleuser.extension.main()


if __name__ == "__main__":
    main()
