"""``readingroom-hub prune``: what the owner of the records does when the service says that something is due."""

import argparse
import os
from pathlib import Path

from readingroom.reading.retention import Kept, Retention
from readingroom_hub.records.clock import LatestClock
from readingroom_hub.retention import as_started
from readingroom_hub.retention.owner import Owner
from readingroom_hub.retention.pruning import Proofs, prune
from readingroom_hub.retention.rules import due
from readingroom_hub.settings import retention_of


def add_prune(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--dry-run", action="store_true", help="say what is older than its period, and remove nothing")


def do_prune(chosen: argparse.Namespace, address: str) -> str:
    """Remove what is older than its period, and say what went; raises ``StoreError`` and ``SettingsError``."""
    folder = records_folder(chosen.state)
    told = as_started.known(folder, os.environ)
    retention = retention_of(told)
    with Owner(address) as owner:
        if chosen.dry_run:
            found = owner.write(lambda connection: due(connection, retention, LatestClock(connection).now()))
            return _said("older than its period, and still here", found, retention)
        return _said("removed", prune(owner, Proofs.of(folder, told), retention), retention)


def records_folder(state: Path) -> Path:
    """Return the folder of the records' key and settings."""
    return Path(os.environ.get("READINGROOM_AUDIT_FOLDER") or state.resolve() / "records")


def _said(words: str, found: dict[Kept, int], retention: Retention) -> str:
    lines = [f"{kind.value}: {found.get(kind, 0)} {words} (kept {retention.of(kind)}: {kind.words})" for kind in Kept]
    return "\n".join(lines)
