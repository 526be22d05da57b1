"""What the hub keeps running beside itself: the records, the gateway to the studies, and their indexer."""

import sys
from pathlib import Path

from readingroom_hub.bound import bound
from readingroom_hub.restarting import restarting
from readingroom_hub.roles import INVITATIONS, SERVER_OAUTH_SCOPES
from readingroom_hub.settings import HubSettings, retention_variables
from readingroom_hub.telling.teller import NAME

INDEX_EVERY = 10
"""Seconds between two looks at the study folder."""

ASKING_SERVICES = ("imaging", "records", INVITATIONS)
"""The services that hold a role at the hub."""


def reading_room_command(*arguments: str) -> list[str]:
    """Return the command line of the ``readingroom`` program of this environment, whatever ``PATH`` says."""
    return [str(Path(sys.executable).with_name("readingroom")), *arguments]


def services(settings: HubSettings) -> list[dict[str, object]]:
    """Return the hub-managed services; only those with a URL have a route through the proxy."""
    found = [_records(settings)] if settings.records_port else []
    if settings.imaging_port:
        found.append(_imaging(settings))
    if settings.invitations_port:
        found.append(_invitations(settings))
    if found:
        found.append({"name": NAME})  # the hub itself, as services know it that it tells of logins and of guests
    given = settings.given
    if given is not None:
        command = reading_room_command(
            "index", str(given.path), "--index", str(given.index), "--watch", str(INDEX_EVERY)
        )
        found.append({"name": "indexer", "command": _command(settings, command)})
    return found


def asking(found: list[dict[str, object]]) -> list[str]:
    """Return the names of those services that hold a role at the hub."""
    return [str(each["name"]) for each in found if each["name"] in ASKING_SERVICES]


def _records(settings: HubSettings) -> dict[str, object]:
    """Return the records service: behind the hub's login for people, and an internal address for servers."""
    return {
        "name": "records",
        "url": f"http://127.0.0.1:{settings.records_port}",
        "command": _command(settings, restarting([sys.executable, "-m", "readingroom_hub.records"])),
        "environment": {
            "READINGROOM_RECORDS_DB": settings.records_url,
            "READINGROOM_ROTA": ",".join(settings.rota),
            "READINGROOM_AUDIT_FOLDER": str(settings.records),
            **dict(settings.audit),
            **retention_variables(settings.retention),
        },
        "oauth_client_allowed_scopes": SERVER_OAUTH_SCOPES,
        "oauth_no_confirm": True,
        "display": False,
    }


def _imaging(settings: HubSettings) -> dict[str, object]:
    """Return the gateway to the studies, which has no URL: the proxy holds no route to it."""
    studies = settings.reading_studies
    folder = {"READINGROOM_IMAGING_STUDIES": str(studies.path), "READINGROOM_IMAGING_INDEX": str(studies.index)}
    return {
        "name": "imaging",
        "command": _command(settings, restarting([sys.executable, "-m", "readingroom_hub.imaging"])),
        "environment": {
            "READINGROOM_IMAGING_PORT": str(settings.imaging_port),
            "READINGROOM_RECORDS_URL": settings.records_api,
            "READINGROOM_IMAGING_STATE": str(settings.state / "imaging"),
            "READINGROOM_STUDIES_KIND": settings.reading_kind,
            **(folder if settings.pacs is None else settings.pacs.to_environment()),
        },
        "display": False,
    }


def _invitations(settings: HubSettings) -> dict[str, object]:
    """Return the inviting service, which has no URL either: people come in at a page of the hub."""
    return {
        "name": INVITATIONS,
        "command": _command(settings, restarting([sys.executable, "-m", "readingroom_hub.invitations"])),
        "environment": {
            "READINGROOM_INVITATIONS_PORT": str(settings.invitations_port),
            "READINGROOM_RECORDS_URL": settings.records_api,
        },
        "display": False,
    }


def _command(settings: HubSettings, command: list[str]) -> list[str]:
    return command if settings.isolated else bound(command)
