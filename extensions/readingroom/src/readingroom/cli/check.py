"""``readingroom check``: which objects cannot be shown, and why, found out by showing them.

The exit status is 0 when every image can be shown, 1 when one cannot, 2 when the path itself cannot be read. Reports and
other objects that are no images are named but are no failure. The JSON is one object: ``shown`` counts images, and
``findings`` lists everything else with ``path``, ``verdict`` (``not_shown``, ``not_image`` or ``passed_over``),
``reason``, ``frame`` (0 for none), ``sop_uid``, ``sop_class`` and ``transfer_syntax``. Keys are added, never changed.
"""

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.cli.opening import Progress, opened
from readingroom.cli.printing import say
from readingroom.errors import UnreadableFileError

if TYPE_CHECKING:
    from readingroom.dicom.checking import Finding

_NOT_SHOWN = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a DICOM file, or a folder of them")
    parser.add_argument("--all-frames", action="store_true", help="not only the first and the middle frame of each")
    parser.add_argument("--json", action="store_true", help="for programs; the keys are documented in the module")


def run(options: argparse.Namespace) -> int:
    """Print what cannot be shown; raises ``ReadingRoomError`` when the path itself cannot be read."""
    findings, shown = _findings(options.path, all_frames=options.all_frames)
    if options.json:
        told = {"shown": shown, "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(told, indent=2))  # noqa: T201 - for a program, in ASCII whatever the locale
    else:
        _print(findings, shown)
    return _NOT_SHOWN if any(finding.verdict == "not_shown" for finding in findings) else 0


def _findings(path: Path, *, all_frames: bool) -> tuple[list["Finding"], int]:
    """Return everything but the images that were shown, and how many those are."""
    from readingroom.dicom.checking import Finding, check  # noqa: PLC0415 - loaded by this command alone

    progress = Progress("objects checked")
    shown, findings = 0, []
    try:
        with opened(path) as source:
            for finding in check(source, all_frames=all_frames):
                progress.step()
                if finding.verdict == "shown":
                    shown += 1
                else:
                    findings.append(finding)
    except UnreadableFileError as error:
        if not _is_damaged(path):
            raise
        findings.append(Finding(path.name, "not_shown", str(error).removeprefix(f"{path} ").rstrip(".")))
    return findings, shown


def _is_damaged(path: Path) -> bool:
    """Return whether a path is an object after all, one that cannot be taken in, rather than something else."""
    from readingroom.dicom.part10 import NotDicomError  # noqa: PLC0415
    from readingroom.dicom.scan import scan_file  # noqa: PLC0415

    try:
        scan_file(path)
    except NotDicomError:
        return False
    except UnreadableFileError:
        return path.is_file()
    return False  # a DICOMDIR


def _print(findings: list["Finding"], shown: int) -> None:
    for finding in findings:
        which = f"frame {finding.frame}"
        unsaid = finding.frame > 1 and which not in finding.reason
        say(f"{finding.path}{f' ({which})' if unsaid else ''}: {finding.reason}")
    counts = Counter(finding.verdict for finding in findings)
    say(
        f"{shown} shown, {counts['not_shown']} cannot be shown, {counts['not_image']} not images, "
        f"{counts['passed_over']} passed over."
    )
