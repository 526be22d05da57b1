"""What the hub keeps running beside itself: today the indexer of the studies that ``STUDIES=`` names."""

import sys
from pathlib import Path

from readingroom_hub.bound import bound
from readingroom_hub.settings import HubSettings

INDEX_EVERY = 10
"""Seconds between two looks at the study folder."""


def reading_room_command(*arguments: str) -> list[str]:
    """Return the command line of the ``readingroom`` program of this environment, whatever ``PATH`` says."""
    return [str(Path(sys.executable).with_name("readingroom")), *arguments]


def services(settings: HubSettings) -> list[dict[str, object]]:
    """Return the hub-managed services; they have no URL, so the proxy holds no route to them."""
    given = settings.given
    if given is None:
        return []
    command = reading_room_command("index", str(given.path), "--index", str(given.index), "--watch", str(INDEX_EVERY))
    return [{"name": "indexer", "command": command if settings.isolated else bound(command)}]
