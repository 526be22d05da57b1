"""One shared password for the demo accounts: for a laptop and for teaching, never for a trust."""

from collections.abc import Mapping
from hmac import compare_digest

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator


class DemoAuthenticator(SharedPasswordAuthenticator):  # type: ignore[misc] # JupyterHub has no types
    """JupyterHub's shared password, compared as bytes.

    The parent compares text and fails with a server error, instead of a refusal, when somebody types a letter
    outside ASCII.
    """

    async def authenticate(self, handler: object, data: Mapping[str, str]) -> dict[str, object] | None:
        """Return the account for the shared password, else ``None``; nobody logs in as an administrator of the hub."""
        del handler
        typed = (data.get("password") or "").encode()
        if not self.user_password or not compare_digest(typed, self.user_password.encode()):
            return None
        return {"name": self.normalize_username(data["username"]), "admin": False}
