"""Everything the launcher tells the hub, in one frozen value read once from the environment.

The configuration files under ``hub_config`` and the spawner read nothing else, so that this table is the whole
list of what a run can be told.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

StudiesKind = Literal["teaching", "identifiable"]

MINIMUM_PASSWORD_LENGTH = 8
"""JupyterHub's shared-password authenticator refuses anything shorter."""

DISPLAY_DAYS = 90
"""A quarter of a year: how often the response of a diagnostic display is measured."""

PROXY_FILES = ("traefik.toml", "traefik-rules.toml")
"""Traefik's static and dynamic configuration inside the state folder, written anew by every run."""


class SettingsError(ValueError):
    """A setting that cannot be used, said in words for the person who started the program."""


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A folder of studies, the folder that holds only its index, and what kind of studies they are.

    The index has a folder of its own because SQLite must see the journal files beside it, and a sandbox is given
    whole folders.
    """

    path: Path
    index_folder: Path
    kind: StudiesKind

    @property
    def index(self) -> Path:
        """The SQLite file inside ``index_folder``."""
        return self.index_folder / "index.sqlite"


@dataclass(frozen=True, slots=True)
class HubSettings:
    """One run of the hub.

    ======================================  ===============================================================
    ``READINGROOM_STATE``                   folder that holds everything a run keeps; mode 0700
    ``READINGROOM_PORT``                    the one public port, on 127.0.0.1
    ``READINGROOM_HUB_PORT``                where the proxy reaches the hub; a free port on 127.0.0.1
    ``READINGROOM_PROXY_API_PORT``          where the hub reaches the proxy; a free port on 127.0.0.1
    ``READINGROOM_DEMO_PASSWORD``           password of the demo accounts, 8 characters or more
    ``READINGROOM_ISOLATED``                ``1`` where bubblewrap confines each server, ``0`` where it cannot run
    ``READINGROOM_STUDIES``                 folder of DICOM studies besides the demo studies; optional
    ``READINGROOM_STUDIES_KIND``            ``identifiable`` (the default) or ``teaching``
    ``READINGROOM_NOTEBOOKS``               folder of notebooks offered in the workbench; optional
    ``READINGROOM_NOTICE``                  what every reader is told above the study list; optional
    ``READINGROOM_DISPLAY_DAYS``            days that a display's calibration holds; 90 unless it is set
    ======================================  ===============================================================
    """

    state: Path
    port: int
    hub_port: int
    proxy_api_port: int
    password: str
    isolated: bool
    studies: Path | None = None
    studies_kind: StudiesKind = "identifiable"
    notebooks: Path | None = None
    notice: str = ""
    display_days: int = DISPLAY_DAYS

    def __post_init__(self) -> None:
        """Refuse a value that would fail later, or fail open."""
        if not self.state.is_absolute():
            raise SettingsError(f"READINGROOM_STATE must be an absolute path, not {self.state}.")
        for name, port in (("PORT", self.port), ("HUB_PORT", self.hub_port), ("PROXY_API_PORT", self.proxy_api_port)):
            if port not in range(1, 65536):
                raise SettingsError(f"READINGROOM_{name} is {port}; a port is a number from 1 to 65535.")
        if len({self.port, self.hub_port, self.proxy_api_port}) != len(("public", "hub", "proxy")):
            raise SettingsError("The public port, the hub's port and the proxy's port must differ.")
        if len(self.password) < MINIMUM_PASSWORD_LENGTH:
            raise SettingsError(
                f"READINGROOM_DEMO_PASSWORD must have at least {MINIMUM_PASSWORD_LENGTH} characters; "
                f"it has {len(self.password)}."
            )
        if self.studies_kind not in get_args(StudiesKind):
            raise SettingsError(f"STUDIES_KIND is {self.studies_kind!r}; it must be teaching or identifiable.")
        if self.studies is not None and not self.isolated and self.studies_kind == "identifiable":
            raise SettingsError("Identifiable studies are served only where servers are isolated from each other.")

    @property
    def demo(self) -> StudyFolder:
        """The demo studies: made from published teaching data, so always of kind ``teaching``."""
        return StudyFolder(self.state / "demo-studies", self.state / "demo-index", "teaching")

    @property
    def given(self) -> StudyFolder | None:
        """The folder named by ``STUDIES=``, if any."""
        if self.studies is None:
            return None
        return StudyFolder(self.studies, self.state / "studies-index", self.studies_kind)

    @property
    def reading_studies(self) -> StudyFolder:
        """What the reading server opens: the folder that was named, else the demo studies."""
        return self.given or self.demo

    @property
    def workbench_studies(self) -> StudyFolder:
        """What a workbench opens: a kernel never sees an identifiable study, so teaching studies only."""
        given = self.given
        return given if given is not None and given.kind == "teaching" else self.demo

    @property
    def homes(self) -> Path:
        """The folder of the homes, one for each person and server; the three servers never share one."""
        return self.state / "homes"

    @property
    def records(self) -> Path:
        """The folder of what is kept of reading, one for each person and server, until the records service keeps it."""
        return self.state / "records"

    @property
    def public_url(self) -> str:
        """The address a person opens."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "HubSettings":
        """Read the ``READINGROOM_*`` variables; raise ``SettingsError`` naming the one that is missing or wrong."""
        return cls(
            state=Path(_required(environment, "READINGROOM_STATE")),
            port=_port(environment, "READINGROOM_PORT"),
            hub_port=_port(environment, "READINGROOM_HUB_PORT"),
            proxy_api_port=_port(environment, "READINGROOM_PROXY_API_PORT"),
            password=_required(environment, "READINGROOM_DEMO_PASSWORD"),
            isolated=_required(environment, "READINGROOM_ISOLATED") == "1",
            studies=_optional_path(environment, "READINGROOM_STUDIES"),
            studies_kind=cast("StudiesKind", environment.get("READINGROOM_STUDIES_KIND") or "identifiable"),
            notebooks=_optional_path(environment, "READINGROOM_NOTEBOOKS"),
            notice=environment.get("READINGROOM_NOTICE", ""),
            display_days=_days(environment, "READINGROOM_DISPLAY_DAYS"),
        )

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which ``from_environment`` reads this same value."""
        environment = {
            "READINGROOM_STATE": str(self.state),
            "READINGROOM_PORT": str(self.port),
            "READINGROOM_HUB_PORT": str(self.hub_port),
            "READINGROOM_PROXY_API_PORT": str(self.proxy_api_port),
            "READINGROOM_DEMO_PASSWORD": self.password,
            "READINGROOM_ISOLATED": "1" if self.isolated else "0",
            "READINGROOM_STUDIES_KIND": self.studies_kind,
            "READINGROOM_DISPLAY_DAYS": str(self.display_days),
        }
        if self.studies is not None:
            environment["READINGROOM_STUDIES"] = str(self.studies)
        if self.notebooks is not None:
            environment["READINGROOM_NOTEBOOKS"] = str(self.notebooks)
        if self.notice:
            environment["READINGROOM_NOTICE"] = self.notice
        return environment


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"The environment variable {name} is not set; the launcher sets it (see make run).")
    return value


def _port(environment: Mapping[str, str], name: str) -> int:
    value = _required(environment, name)
    if not (value.isascii() and value.isdigit()):
        raise SettingsError(f"{name} is {value!r}; a port is a number from 1 to 65535.")
    return int(value)


def _days(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name) or str(DISPLAY_DAYS)
    if not (value.isascii() and value.isdigit() and int(value)):
        raise SettingsError(f"{name} is {value!r}; it must be a whole number of days from 1.")
    return int(value)


def _optional_path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value) if value else None
