"""What the pages of this server are served from: the hub's services for reading, folders of this machine for a workbench."""

import os
from dataclasses import dataclass

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.source import StudySource
from readingroom.errors import RecordsUnavailableError, SourceUnavailableError
from readingroom_viewer.gateway_source import GatewaySource
from readingroom_viewer.hub_client import HubClient
from readingroom_viewer.leases import LeaseKeeper, Leases, NoLeases
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.remote_records import RemoteRecords
from readingroom_viewer.series_frames import series_frames
from readingroom_viewer.settings import TOKEN, ServerSettings

NO_IMAGES = (
    "The imaging service does not answer, so no more images can be fetched. What is on the screen stays. Try again in a "
    "moment; if it goes on, tell your administrator."
)
NO_RECORDS = "The records service does not answer. Try again in a moment; if it goes on, tell your administrator."


@dataclass(frozen=True, slots=True)
class Served:
    """Studies, records and leases that belong together."""

    source: StudySource
    records: ServerRecords
    leases: Leases


def served(settings: ServerSettings) -> Served:
    """Return what this server's settings name."""
    return _from_services(settings) if settings.imaging_url else _from_folders(settings)


def _from_services(settings: ServerSettings) -> Served:
    """Ask the hub's services with this server's own token, which leaves the environment for good."""
    token = os.environ.pop(TOKEN, "")
    source = GatewaySource(HubClient(settings.imaging_url, token, SourceUnavailableError, NO_IMAGES))
    kept = RemoteRecords(HubClient(settings.records_url, token, RecordsUnavailableError, NO_RECORDS))
    leases = LeaseKeeper(kept.leases, forget=lambda uid: series_frames(source).forget(source.forget(uid)))
    return Served(source, ServerRecords.remote(kept, settings.display_days), leases)


def folder_source(settings: ServerSettings) -> FolderSource:
    """Return the folder of studies that a workbench has."""
    if settings.studies is None or settings.index is None:
        raise ValueError("This server has no folder of studies.")
    return FolderSource(settings.studies, settings.index, read_only=True)


def _from_folders(settings: ServerSettings) -> Served:
    if settings.records is None:
        raise ValueError("This server has no file to keep records in.")
    return Served(folder_source(settings), ServerRecords.local(settings.records, settings.display_days), NoLeases())
