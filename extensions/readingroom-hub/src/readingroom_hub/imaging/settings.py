"""Everything the gateway is told, read once from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from readingroom_hub.imaging.decisions import StudyKind
from readingroom_hub.imaging.rates import FRAMES_AT_ONCE, FRAMES_PER_SECOND
from readingroom_hub.pacs import Pacs


class ImagingSettingsError(ValueError):
    """A setting that cannot be used, said in words for the person who started the service."""


@dataclass(frozen=True, slots=True)
class ImagingSettings:
    """One copy of the gateway; several may run beside each other over the same studies and state.

    ======================================  ===============================================================
    ``READINGROOM_IMAGING_PORT``            where it listens, on 127.0.0.1
    ``READINGROOM_RECORDS_URL``             where ``records`` answers, with its prefix, as seen from here
    ``READINGROOM_IMAGING_STATE``           folder that keeps derived objects
    ``READINGROOM_IMAGING_STUDIES``         folder of DICOM studies, with its index
    ``READINGROOM_IMAGING_INDEX``           SQLite file of that index, which the indexer keeps
    ``READINGROOM_PACS``                    address of a PACS instead of a folder; it and its files: ``Pacs``
    ``READINGROOM_STUDIES_KIND``            ``identifiable`` (the default), ``teaching`` or ``deidentified``
    ``READINGROOM_FRAMES_PER_SECOND``       frames that one person may take in the long run
    ``READINGROOM_FRAMES_AT_ONCE``          frames that one person may take after a pause
    ``JUPYTERHUB_API_URL``                  the hub's API, set by the hub
    ``JUPYTERHUB_API_TOKEN``                this service's own token, set by the hub
    ======================================  ===============================================================
    """

    port: int
    records_url: str
    state: Path
    hub_api_url: str
    token: str = field(repr=False)
    studies: Path | None = None
    index: Path | None = None
    pacs: Pacs | None = None
    kind: StudyKind = "identifiable"
    frames_per_second: float = FRAMES_PER_SECOND
    frames_at_once: int = FRAMES_AT_ONCE

    def __post_init__(self) -> None:
        """Refuse a value that would fail later, or fail open."""
        if not 0 < self.port < 2**16:
            raise ImagingSettingsError(f"READINGROOM_IMAGING_PORT is {self.port}; a port is a number from 1 to 65535.")
        if self.kind not in get_args(StudyKind):
            raise ImagingSettingsError(
                f"READINGROOM_STUDIES_KIND is {self.kind!r}; it is none of {get_args(StudyKind)}."
            )
        if (self.pacs is not None) == (self.studies is not None and self.index is not None):
            raise ImagingSettingsError("Studies come from a folder with its index or from a PACS: name one of them.")
        if self.frames_per_second <= 0 or self.frames_at_once <= 0:
            raise ImagingSettingsError("READINGROOM_FRAMES_PER_SECOND and _AT_ONCE must be larger than 0.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ImagingSettings":
        """Read the variables; raise ``ImagingSettingsError`` naming the one that is missing or wrong."""
        return cls(
            port=int(_number(environment, "READINGROOM_IMAGING_PORT", None)),
            records_url=_required(environment, "READINGROOM_RECORDS_URL"),
            state=Path(_required(environment, "READINGROOM_IMAGING_STATE")),
            hub_api_url=_required(environment, "JUPYTERHUB_API_URL"),
            token=_required(environment, "JUPYTERHUB_API_TOKEN"),
            studies=_path(environment, "READINGROOM_IMAGING_STUDIES"),
            index=_path(environment, "READINGROOM_IMAGING_INDEX"),
            pacs=Pacs.from_environment(environment),
            kind=cast("StudyKind", environment.get("READINGROOM_STUDIES_KIND") or "identifiable"),
            frames_per_second=_number(environment, "READINGROOM_FRAMES_PER_SECOND", FRAMES_PER_SECOND),
            frames_at_once=int(_number(environment, "READINGROOM_FRAMES_AT_ONCE", FRAMES_AT_ONCE)),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ImagingSettingsError(f"The environment variable {name} is not set; the hub's configuration sets it.")
    return value


def _number(environment: Mapping[str, str], name: str, otherwise: float | None) -> float:
    value = environment.get(name, "") if otherwise is not None else _required(environment, name)
    if not value and otherwise is not None:
        return otherwise
    if not (value.isascii() and value.isdigit()):
        raise ImagingSettingsError(f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value) if value else None
