"""The packages that hold the images of the demonstration studies."""

from pathlib import Path

from readingroom.errors import UnreadableFileError


def find_one(packages: Path, name: str) -> Path:
    """Return the one file called ``name`` below ``packages``; raises ``UnreadableFileError`` when it is not there."""
    found = sorted(packages.rglob(name))
    if not found:
        raise UnreadableFileError(
            f"{name} is not in {packages}: install requirements-demo.lock there with pip --target."
        )
    return found[0]
