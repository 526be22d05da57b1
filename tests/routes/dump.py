"""Started by ``addresses``: makes a person's server as its program does, prints its routes as JSON, and ends.

Only the questions to the hub are left out, because there is none.
"""

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator

from jupyter_server.serverapp import ServerApp
from jupyterhub.singleuser.extension import JupyterHubSingleUser

from readingroom_hub.handlers import methods

KIND = sys.argv[1]
PREFIX = f"/user/{{person}}/{KIND}/"


async def _no_hub(_app: JupyterHubSingleUser) -> None:
    """There is no hub to ask."""


def _rules(rules: object) -> Iterator[tuple[str, type]]:
    for rule in rules:  # type: ignore[attr-defined]
        below = getattr(rule.target, "rules", None)
        if below is None:
            yield getattr(getattr(rule.matcher, "regex", None), "pattern", ".*"), rule.target
        else:
            yield from _rules(below)


def _say(app: ServerApp) -> None:
    found = [
        (
            pattern.removesuffix("$").replace("/user/ann/", "/user/{person}/"),
            f"{each.__module__}.{each.__qualname__}",
            methods(each),
        )
        for pattern, each in _rules(app.web_app.default_router.rules)
    ]
    sys.stdout.write("\n" + json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)


os.environ |= {
    "HOME": tempfile.mkdtemp(),
    "JUPYTERHUB_API_TOKEN": "of-nobody",
    "JUPYTERHUB_API_URL": "http://127.0.0.1:1/hub/api",
    "JUPYTERHUB_SERVICE_PREFIX": f"/user/ann/{KIND}/",
    "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:0/user/ann/{KIND}/",
    "JUPYTERHUB_USER": "ann",
    "JUPYTERHUB_SERVER_NAME": KIND,
    "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ann",
    "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["access:servers!server=ann/{KIND}"]',
}
JupyterHubSingleUser.check_hub_version = _no_hub
ServerApp.start = _say
sys.argv = [KIND, "--allow-root"]
importlib.import_module(f"readingroom_viewer.{KIND}_server").main()
