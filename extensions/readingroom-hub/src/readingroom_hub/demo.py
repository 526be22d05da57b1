"""The demo studies and their index, made at the first start and found complete at every later one."""

import subprocess
import sys
from pathlib import Path

from readingroom_hub.bound import bound
from readingroom_hub.services import reading_room_command
from readingroom_hub.settings import StudyFolder


def prepare_demo(demo: StudyFolder, packages: Path) -> str | None:
    """Make the studies and bring their index up to date; return a line to print when that failed.

    A failure never stops a run: without demo studies the study list is empty and says why.
    """
    demo.index_folder.mkdir(mode=0o700, exist_ok=True)
    steps = (
        reading_room_command("samples", str(demo.path), "--packages", str(packages)),
        reading_room_command("index", str(demo.path), "--index", str(demo.index)),
    )
    for step in steps:
        done = subprocess.run(
            bound(step),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            words = done.stderr.strip().splitlines() or [f"{step[1]} ended with status {done.returncode}"]
            return f"The demo studies are not complete ({words[-1]}). Everything else goes on."
    return None


def demo_line(demo: StudyFolder) -> str | None:
    """Return what to say before the first start's long step, else ``None``."""
    return None if demo.index.exists() else f"Preparing the demo studies in {demo.path} (once) …"


def say(line: str | None) -> None:
    """Print a line for the person at the terminal at once, or nothing."""
    if line is not None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
