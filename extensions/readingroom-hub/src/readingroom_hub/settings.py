"""Everything the launcher tells the hub, in one frozen value read once from the environment.

The configuration files under ``hub_config`` and the spawner read nothing else, so that this table is the whole
list of what a run can be told.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from readingroom.reading.retention import Kept, Period, Retention, RetentionError
from readingroom_hub.pacs import Pacs

StudiesKind = Literal["teaching", "identifiable"]

MINIMUM_PASSWORD_LENGTH = 8
"""JupyterHub's shared-password authenticator refuses anything shorter."""

DISPLAY_DAYS = 90
"""A quarter of a year: how often the response of a diagnostic display is measured."""

ROTA = ("trainees", "consultants")
"""Groups whose members are on the rota for every study of this house, unless a site says otherwise."""

LOCK_MINUTES = 15
"""How long a reading room's screen may show a patient to an empty chair."""

_HOST = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")

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
    ``READINGROOM_DEMO_PASSWORD``           password of the demo accounts, 8 characters or more; or
    ``READINGROOM_DEMO_PASSWORD_FILE``      the file that holds it, so that it stands in no process's environment
    ``READINGROOM_ISOLATED``                ``1`` where bubblewrap confines each server, ``0`` where it cannot run
    ``READINGROOM_STUDIES``                 folder of DICOM studies besides the demo studies; optional
    ``READINGROOM_STUDIES_KIND``            ``identifiable`` (the default) or ``teaching``
    ``READINGROOM_PACS``                    address of a PACS instead of that folder; optional (``Pacs``)
    ``READINGROOM_NOTEBOOKS``               folder of notebooks offered in the workbench; optional
    ``READINGROOM_NOTICE``                  what every reader is told above the study list; optional
    ``READINGROOM_DISPLAY_DAYS``            days that a display's calibration holds; 90 unless it is set
    ``READINGROOM_RECORDS_PORT``            where the records service listens; a free port on 127.0.0.1, 0 for no service
    ``READINGROOM_IMAGING_PORT``            where the imaging service listens; a free port on 127.0.0.1, 0 for no service
    ``READINGROOM_INVITATIONS_PORT``        where the inviting service listens; a free port on 127.0.0.1, 0 for no guests
    ``READINGROOM_RECORDS_DB``              the records' database, ``postgresql://…``; SQLite in the state folder unless set
    ``READINGROOM_AUDIT_*``                 where the audit is copied and sent to; optional, see ``audit.settings``
    ``READINGROOM_KEEP_AUDIT``              how long audit entries stay: ``30 years`` unless set, ``forever``, ``90 days``
    ``READINGROOM_KEEP_ACCESS``             how long grants, assignments and emergencies stay once ended: ``8 years``
    ``READINGROOM_KEEP_READS``              how long it is known which images a reader has seen: ``2 years``
    ``READINGROOM_KEEP_DISPLAYS``           how long measurements of displays stay: ``8 years``
    ``READINGROOM_KEEP_DRAFTS``             how long drafts that were never signed stay: ``1 year``
    ``READINGROOM_KEEP_RECORDINGS``         how long recordings of shared sessions stay: ``90 days``
    ``READINGROOM_ROTA``                    groups on the rota for every study, with commas between; empty: assignments only
    ``READINGROOM_TLS_CERT``                certificate chain (PEM) of the public port; optional, with its key
    ``READINGROOM_TLS_KEY``                 key (PEM) of that certificate, without a passphrase
    ``READINGROOM_SUBDOMAIN_HOST``          the site's own address (``https://host``) whose subdomains people get; optional
    ``READINGROOM_LOCK_MINUTES``            minutes without a hand on it after which the viewer's screen locks; 15 unless set
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
    tls_cert: Path | None = None
    tls_key: Path | None = None
    records_port: int = 0
    imaging_port: int = 0
    invitations_port: int = 0
    records_db: str = field(default="", repr=False)
    rota: tuple[str, ...] = ROTA
    subdomain_host: str = ""
    lock_minutes: int = LOCK_MINUTES
    audit: tuple[tuple[str, str], ...] = ()
    retention: Retention = Retention()  # noqa: RUF009 - frozen
    pacs: Pacs | None = None

    def __post_init__(self) -> None:
        """Refuse a value that would fail later, or fail open."""
        if not self.state.is_absolute():
            raise SettingsError(f"READINGROOM_STATE must be an absolute path, not {self.state}.")
        self._check_listening()
        if len(self.password) < MINIMUM_PASSWORD_LENGTH:
            raise SettingsError(
                f"READINGROOM_DEMO_PASSWORD must have at least {MINIMUM_PASSWORD_LENGTH} characters; "
                f"it has {len(self.password)}."
            )
        if self.subdomain_host and not _HOST.fullmatch(self.subdomain_host):
            raise SettingsError(
                f"READINGROOM_SUBDOMAIN_HOST is {self.subdomain_host!r}; it must be an address without a path, "
                "as in https://readingroom.example"
            )
        if self.studies_kind not in get_args(StudiesKind):
            raise SettingsError(f"STUDIES_KIND is {self.studies_kind!r}; it must be teaching or identifiable.")
        if self.studies is not None and self.pacs is not None:
            raise SettingsError("Studies come from a folder or from a PACS: STUDIES and PACS cannot both be given.")
        is_given = self.studies is not None or self.pacs is not None
        if is_given and not self.isolated and self.studies_kind == "identifiable":
            raise SettingsError("Identifiable studies are served only where servers are isolated from each other.")

    def _check_listening(self) -> None:
        for name, port in (("PORT", self.port), ("HUB_PORT", self.hub_port), ("PROXY_API_PORT", self.proxy_api_port)):
            if port not in range(1, 65536):
                raise SettingsError(f"READINGROOM_{name} is {port}; a port is a number from 1 to 65535.")
        services = filter(None, (self.records_port, self.imaging_port, self.invitations_port))
        ports = [self.port, self.hub_port, self.proxy_api_port, *services]
        if len(set(ports)) != len(ports):
            raise SettingsError("The ports of the public address, the hub, the proxy and the services must differ.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("READINGROOM_TLS_CERT and READINGROOM_TLS_KEY belong together: give both or neither.")

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
    def reading_kind(self) -> StudiesKind:
        """What kind of studies the reading server opens, wherever they come from."""
        return self.reading_studies.kind if self.pacs is None else self.studies_kind

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
    def passages(self) -> Path:
        """The folder of the passages to servers without a network, one for each."""
        return self.state / "passages"

    @property
    def imaging_url(self) -> str:
        """Where reading servers reach the imaging service."""
        return f"http://127.0.0.1:{self.imaging_port}"

    @property
    def invitations_url(self) -> str:
        """Where the hub reaches the inviting service."""
        return f"http://127.0.0.1:{self.invitations_port}"

    @property
    def records_api(self) -> str:
        """Where servers and services reach the records' API."""
        return f"http://127.0.0.1:{self.records_port}/services/records/api"

    @property
    def records_url(self) -> str:
        """The SQLAlchemy URL of the records' database."""
        return self.records_db or f"sqlite:///{self.records / 'records.sqlite'}"

    @property
    def public_url(self) -> str:
        """The address a person opens."""
        return self.subdomain_host or self.own_url

    @property
    def own_url(self) -> str:
        """The address at which the proxy listens on this machine."""
        return f"{'http' if self.tls_cert is None else 'https'}://127.0.0.1:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "HubSettings":
        """Read the ``READINGROOM_*`` variables; raise ``SettingsError`` naming the one that is missing or wrong."""
        return cls(
            state=Path(_required(environment, "READINGROOM_STATE")),
            port=_port(environment, "READINGROOM_PORT"),
            hub_port=_port(environment, "READINGROOM_HUB_PORT"),
            proxy_api_port=_port(environment, "READINGROOM_PROXY_API_PORT"),
            password=_password(environment),
            isolated=_required(environment, "READINGROOM_ISOLATED") == "1",
            studies=_optional_path(environment, "READINGROOM_STUDIES"),
            studies_kind=cast("StudiesKind", environment.get("READINGROOM_STUDIES_KIND") or "identifiable"),
            notebooks=_optional_path(environment, "READINGROOM_NOTEBOOKS"),
            notice=environment.get("READINGROOM_NOTICE", ""),
            display_days=whole(environment, "READINGROOM_DISPLAY_DAYS", DISPLAY_DAYS, "days"),
            records_port=_port({"READINGROOM_RECORDS_PORT": "0", **environment}, "READINGROOM_RECORDS_PORT"),
            imaging_port=_port({"READINGROOM_IMAGING_PORT": "0", **environment}, "READINGROOM_IMAGING_PORT"),
            invitations_port=_port(
                {"READINGROOM_INVITATIONS_PORT": "0", **environment}, "READINGROOM_INVITATIONS_PORT"
            ),
            records_db=environment.get("READINGROOM_RECORDS_DB", ""),
            audit=audit_variables(environment),
            retention=retention_of(environment),
            pacs=Pacs.from_environment(environment),
            rota=tuple(filter(None, environment.get("READINGROOM_ROTA", ",".join(ROTA)).split(","))),
            tls_cert=_optional_path(environment, "READINGROOM_TLS_CERT"),
            tls_key=_optional_path(environment, "READINGROOM_TLS_KEY"),
            subdomain_host=environment.get("READINGROOM_SUBDOMAIN_HOST", ""),
            lock_minutes=whole(environment, "READINGROOM_LOCK_MINUTES", LOCK_MINUTES, "minutes"),
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
            "READINGROOM_RECORDS_PORT": str(self.records_port),
            "READINGROOM_IMAGING_PORT": str(self.imaging_port),
            "READINGROOM_INVITATIONS_PORT": str(self.invitations_port),
            "READINGROOM_ROTA": ",".join(self.rota),
            "READINGROOM_LOCK_MINUTES": str(self.lock_minutes),
        }
        paths = {
            "STUDIES": self.studies,
            "NOTEBOOKS": self.notebooks,
            "TLS_CERT": self.tls_cert,
            "TLS_KEY": self.tls_key,
        }
        environment |= {f"READINGROOM_{name}": str(path) for name, path in paths.items() if path is not None}
        words = {"NOTICE": self.notice, "SUBDOMAIN_HOST": self.subdomain_host, "RECORDS_DB": self.records_db}
        environment |= {f"READINGROOM_{name}": word for name, word in words.items() if word}
        environment |= self.audit
        environment |= retention_variables(self.retention)
        return environment if self.pacs is None else environment | self.pacs.to_environment()


def audit_variables(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that say where the audit is copied and sent to; the records service reads them."""
    named = (f"READINGROOM_AUDIT_{name}" for name in ("CHECKPOINTS", "SYSLOG", "SYSLOG_CA", "SYSLOG_CERT"))
    return tuple((name, environment[name]) for name in named if environment.get(name))


def retention_of(environment: Mapping[str, str]) -> Retention:
    """Read how long each kind of record stays; raises ``SettingsError`` naming the variable that makes no sense."""
    periods: dict[Kept, Period] = {}
    for kind in Kept:
        name = f"READINGROOM_KEEP_{kind.name}"
        try:
            if environment.get(name):
                periods[kind] = Period.read(environment[name])
        except RetentionError as error:
            raise SettingsError(f"{name}: {error}") from error
    return Retention(periods)


def retention_variables(retention: Retention) -> dict[str, str]:
    """Return the variables from which ``retention_of`` reads this same value."""
    return {f"READINGROOM_KEEP_{kind.name}": str(period) for kind, period in retention.periods.items()}


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


def whole(environment: Mapping[str, str], name: str, usual: int, unit: str) -> int:
    """Read a whole number from 1; ``usual`` where none is given. Raises ``SettingsError`` for anything else."""
    value = environment.get(name) or str(usual)
    if not (value.isascii() and value.isdigit() and int(value)):
        raise SettingsError(f"{name} is {value!r}; it must be a whole number of {unit} from 1.")
    return int(value)


def _password(environment: Mapping[str, str]) -> str:
    file = _optional_path(environment, "READINGROOM_DEMO_PASSWORD_FILE")
    if file is None:
        return _required(environment, "READINGROOM_DEMO_PASSWORD")
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"READINGROOM_DEMO_PASSWORD_FILE cannot be read ({error.strerror}).") from None


def _optional_path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value) if value else None
