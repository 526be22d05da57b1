"""What the repository may hold: no registry addresses, no CDN, locks with hashes."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# In pieces, so that this file does not name what it forbids.
REGISTRIES = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "deb." + "debian")))


def tracked() -> list[Path]:
    """Return the files that git tracks or would track."""
    listed = subprocess.run(
        ["/usr/bin/git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in map(REPOSITORY.joinpath, listed.stdout.splitlines()) if path.is_file()]


def test_no_file_names_a_registry() -> None:
    """A trust with its own mirror changes no file of ours."""
    found = [path.name for path in tracked() if REGISTRIES.search(path.read_text(encoding="utf-8", errors="ignore"))]

    assert [] == found


@pytest.mark.parametrize("lock", sorted(REPOSITORY.glob("requirements*.lock")), ids=lambda path: path.name)
def test_every_pinned_package_has_a_hash(lock: Path) -> None:
    """What is installed is what was locked, wherever it comes from."""
    pins = re.findall(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?==[^\n]*(?:\n    [^\n]*)*", lock.read_text(), re.MULTILINE)

    assert pins
    assert [] == [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]
