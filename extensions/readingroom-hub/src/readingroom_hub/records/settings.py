"""What the service is told, read once from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from readingroom.reading.retention import Retention
from readingroom_hub.audit.settings import AuditSettings
from readingroom_hub.settings import SettingsError, retention_of


@dataclass(frozen=True, slots=True)
class RecordsSettings:
    """One run of the records service. The first four are the hub's own names; ``AuditSettings`` has those of the audit.

    ==============================  =======================================================================
    ``JUPYTERHUB_SERVICE_URL``      where to listen: ``http://127.0.0.1:PORT``
    ``JUPYTERHUB_SERVICE_PREFIX``   the path that all routes begin with
    ``JUPYTERHUB_API_URL``          the hub's API
    ``JUPYTERHUB_API_TOKEN``        the service's own token
    ``READINGROOM_RECORDS_DB``      the database: ``sqlite:////path`` or ``postgresql://…``
    ``READINGROOM_ROTA``            groups whose members are on the rota, with commas between; may be empty
    ``READINGROOM_KEEP_*``          how long each kind of record stays, as ``HubSettings`` has them
    ==============================  =======================================================================
    """

    port: int
    prefix: str
    hub_api_url: str
    token: str = field(repr=False)
    database: str = field(repr=False)
    rota: frozenset[str]
    audit: AuditSettings | None = None
    retention: Retention = Retention()  # noqa: RUF009 - frozen

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "RecordsSettings":
        """Read them; raises ``SettingsError`` naming the one that is missing."""

        def needed(name: str) -> str:
            if not environment.get(name):
                raise SettingsError(f"The environment variable {name} is not set; the hub sets it for its services.")
            return environment[name]

        return cls(
            port=urlsplit(needed("JUPYTERHUB_SERVICE_URL")).port or 0,
            prefix=needed("JUPYTERHUB_SERVICE_PREFIX"),
            hub_api_url=needed("JUPYTERHUB_API_URL"),
            token=needed("JUPYTERHUB_API_TOKEN"),
            database=needed("READINGROOM_RECORDS_DB"),
            rota=frozenset(filter(None, environment.get("READINGROOM_ROTA", "").split(","))),
            audit=AuditSettings.from_environment(environment),
            retention=retention_of(environment),
        )
