"""The way back from the hub's login to the page that somebody wanted to see."""

import logging
from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler

from readingroom_hub.records.base import Context

log = logging.getLogger(__name__)


class LoginReturn(HubOAuthCallbackHandler):  # type: ignore[misc] # JupyterHub has no types
    """Ends the login with the same memory that began it; another one would not know the page."""

    def initialize(self, context: Context) -> None:
        """Take what all handlers share."""
        self.context = context

    @property
    def hub_auth(self) -> HubOAuth:
        """The hub as a browser logs in at it."""
        return self.context.browsers

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: ANN401 - as Tornado has it
        """Log the reason without the request's arguments, which are the code of a login."""
        del typ, tb
        log.warning("%s: %s", self.request.path, value)
