"""The demonstration studies, made from packages that anyone can install; the people in them are invented.

Only the standard library is imported before the marker of a complete folder is found, so that a second start is quick.
"""

from collections.abc import Callable
from pathlib import Path

from readingroom.testing.packages import find_one

VERSION = "2"
MARKER = ".reading-room-samples"


def make_samples(destination: Path, packages: Path, say: Callable[[str], None] | None = None) -> bool:
    """Make the demonstration studies in ``destination`` unless they are there; return whether anything was written.

    Parameters
    ----------
    destination
        A folder of their own; made when missing.
    packages
        Where ``nibabel``, ``nilearn`` and ``pydicom-data`` were installed with ``pip install --target``.
    say
        Told in one line what is being made.

    Raises
    ------
    UnreadableFileError
        When a package or a file of it is missing.
    """
    marker = destination / MARKER
    if marker.exists() and marker.read_text() == VERSION:
        return False
    from readingroom.testing.sample_studies import NEEDED, STUDIES  # noqa: PLC0415 - NumPy and pydicom take half a second

    for name in NEEDED:
        find_one(packages, name)
    destination.mkdir(parents=True, exist_ok=True)
    for name, make in STUDIES.items():
        if say is not None:
            say(f"making {name}")
        make(destination / name, packages)
    marker.write_text(VERSION)
    return True
