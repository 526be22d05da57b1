"""What a person's server is told through its environment, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

VIEWER_PATH = "viewer/"
"""The viewer process answers below ``<service prefix>viewer/``: page, Bokeh socket, static files and frames."""

StudiesKind = Literal["teaching", "identifiable"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The study folder and its index (both read-only here), what kind of studies they are, and the URL prefixes.

    ``records`` is the file that audit, coverage and display records are kept in, ``display_days`` how long a display's
    calibration holds. ``notice`` is what whoever started the site wants every reader to know about the list, usually nothing.
    """

    studies: Path
    index: Path
    kind: StudiesKind
    prefix: str
    records: Path
    hub_url: str = ""
    notice: str = ""
    display_days: int = 90

    @property
    def viewer_prefix(self) -> str:
        """The viewer's own URL path, ``/user/<name>/<server>/viewer/``."""
        return f"{self.prefix}{VIEWER_PATH}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServerSettings":
        """Read ``READINGROOM_STUDIES``, ``_INDEX``, ``_RECORDS``, ``_STUDIES_KIND``, ``_DISPLAY_DAYS`` and ``_NOTICE``.

        Raises ``ValueError`` naming the variable that is missing or wrong.
        """
        for name in ("READINGROOM_STUDIES", "READINGROOM_INDEX", "READINGROOM_RECORDS"):
            if not environment.get(name):
                raise ValueError(f"The environment variable {name} is not set; the spawner sets it for every server.")
        kind = environment.get("READINGROOM_STUDIES_KIND", "identifiable")
        if kind not in ("teaching", "identifiable"):
            raise ValueError(f"READINGROOM_STUDIES_KIND is {kind!r}; it must be teaching or identifiable.")
        days = environment.get("READINGROOM_DISPLAY_DAYS") or "90"
        if not (days.isascii() and days.isdigit()):
            raise ValueError(f"READINGROOM_DISPLAY_DAYS is {days!r}; it must be a whole number of days.")
        prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "/")
        return cls(
            studies=Path(environment["READINGROOM_STUDIES"]),
            index=Path(environment["READINGROOM_INDEX"]),
            kind=cast("StudiesKind", kind),
            prefix=prefix if prefix.endswith("/") else f"{prefix}/",
            hub_url=f"{environment.get('JUPYTERHUB_BASE_URL', '/')}hub/",
            records=Path(environment["READINGROOM_RECORDS"]),
            display_days=int(days),
            notice=environment.get("READINGROOM_NOTICE", ""),
        )
