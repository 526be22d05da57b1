"""What a person's server is told through its environment, read once."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

VIEWER_PATH = "viewer/"
"""The viewer process answers below ``<service prefix>viewer/``: page, Bokeh socket, static files and frames."""

TOKEN = "JUPYTERHUB_API_TOKEN"  # noqa: S105 - the name of the variable
"""Holds this server's own token, with which it asks the hub's services."""

StudiesKind = Literal["teaching", "identifiable"]


def cookie_settings(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return how a server makes its XSRF cookie: below its own path, and for TLS alone where the hub is reached so.

    JupyterHub passes its options on for the login cookie; Jupyter Server's own cookie does not ask for them.
    """
    options = json.loads(environment.get("JUPYTERHUB_COOKIE_OPTIONS") or "{}")
    return {"xsrf_cookie_kwargs": {"path": environment.get("JUPYTERHUB_SERVICE_PREFIX", "/"), **options}}


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where studies come from and records go, what kind of studies they are, and the URL prefixes.

    A reading server asks the hub's services at ``imaging_url`` and ``records_url`` and has neither studies nor records on its
    disk. A workbench has ``studies``, a folder of teaching studies, with its ``index``, both read-only here, and ``records``,
    the file that audit, coverage and display records are kept in. ``display_days`` is how long a display's calibration
    holds, ``lock_minutes`` how long a page may stand untouched before it locks. ``notice`` is what whoever started
    the site wants every reader to know about the list, usually nothing.
    """

    studies: Path | None
    index: Path | None
    kind: StudiesKind
    prefix: str
    records: Path | None
    hub_url: str = ""
    notice: str = ""
    display_days: int = 90
    imaging_url: str = ""
    records_url: str = ""
    lock_minutes: int = 15

    @property
    def viewer_prefix(self) -> str:
        """The viewer's own URL path, ``/user/<name>/<server>/viewer/``."""
        return f"{self.prefix}{VIEWER_PATH}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServerSettings":
        """Read ``READINGROOM_IMAGING_URL`` and ``_RECORDS_URL``, or ``_STUDIES``, ``_INDEX`` and ``_RECORDS``, and the rest.

        Raises ``ValueError`` naming the variable that is missing or wrong.
        """
        services = ("READINGROOM_IMAGING_URL", "READINGROOM_RECORDS_URL")
        folders = ("READINGROOM_STUDIES", "READINGROOM_INDEX", "READINGROOM_RECORDS")
        for name in services if environment.get("READINGROOM_IMAGING_URL") else folders:
            if not environment.get(name):
                raise ValueError(f"The environment variable {name} is not set; the spawner sets it for every server.")
        kind = environment.get("READINGROOM_STUDIES_KIND", "identifiable")
        if kind not in ("teaching", "identifiable"):
            raise ValueError(f"READINGROOM_STUDIES_KIND is {kind!r}; it must be teaching or identifiable.")
        prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "/")
        return cls(
            studies=_path(environment, "READINGROOM_STUDIES"),
            index=_path(environment, "READINGROOM_INDEX"),
            kind=cast("StudiesKind", kind),
            prefix=prefix if prefix.endswith("/") else f"{prefix}/",
            hub_url=f"{environment.get('JUPYTERHUB_HOST', '')}{environment.get('JUPYTERHUB_BASE_URL', '/')}hub/",
            records=_path(environment, "READINGROOM_RECORDS"),
            imaging_url=environment.get("READINGROOM_IMAGING_URL", ""),
            records_url=environment.get("READINGROOM_RECORDS_URL", ""),
            display_days=_whole(environment, "READINGROOM_DISPLAY_DAYS", "90", "days"),
            lock_minutes=_whole(environment, "READINGROOM_LOCK_MINUTES", "15", "minutes"),
            notice=environment.get("READINGROOM_NOTICE", ""),
        )


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value) if value else None


def _whole(environment: Mapping[str, str], name: str, usual: str, unit: str) -> int:
    value = environment.get(name) or usual
    if not (value.isascii() and value.isdigit()):
        raise ValueError(f"{name} is {value!r}; it must be a whole number of {unit}.")
    return int(value)
