"""Everything the inviting service is told, read once from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from readingroom_hub.settings import SettingsError


@dataclass(frozen=True, slots=True)
class InvitingSettings:
    """One run of the inviting service.

    ================================  =========================================================
    ``READINGROOM_INVITATIONS_PORT``  where it listens, on 127.0.0.1
    ``READINGROOM_RECORDS_URL``       where ``records`` answers, with its prefix
    ``JUPYTERHUB_API_URL``            the hub's API, set by the hub
    ``JUPYTERHUB_API_TOKEN``          this service's own token, set by the hub
    ================================  =========================================================
    """

    port: int
    records_url: str
    hub_api_url: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "InvitingSettings":
        """Read them; raises ``SettingsError`` naming the one that is missing or wrong."""
        names = (
            "READINGROOM_INVITATIONS_PORT",
            "READINGROOM_RECORDS_URL",
            "JUPYTERHUB_API_URL",
            "JUPYTERHUB_API_TOKEN",
        )
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise SettingsError(f"The environment variable {missing[0]} is not set; the hub's configuration sets it.")
        port, *others = (environment[name] for name in names)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
            raise SettingsError(f"READINGROOM_INVITATIONS_PORT is {port!r}; a port is a number from 1 to 65535.")
        return cls(int(port), *others)
