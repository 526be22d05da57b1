"""The floors of the house are checked, and the check can fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the sources below ``root``."""
    sources = [str(path) for path in sorted((root / "extensions").glob("*/src"))]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", root / "pyproject.toml"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sources)},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_of_the_sources(folder: Path) -> Path:
    """Return a copy of what import-linter reads."""
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    for source in sorted((REPOSITORY / "extensions").glob("*/src")):
        shutil.copytree(source, folder / source.relative_to(REPOSITORY))
    return folder


def test_imports_go_only_downwards() -> None:
    """Every contract of pyproject.toml holds."""
    result = lint_imports(REPOSITORY)

    assert 0 == result.returncode, result.stdout


def test_a_planted_breach_is_caught(tmp_path: Path) -> None:
    """A pixel function that imports Panel breaks the build and is named."""
    root = copy_of_the_sources(tmp_path)
    breach = root / "extensions" / "readingroom" / "src" / "readingroom" / "pixels" / "breach.py"
    breach.write_text('"""A breach."""\n\nimport panel\nimport readingroom.dicom.model\n')

    result = lint_imports(root)

    assert 0 != result.returncode
    assert "readingroom.pixels.breach -> panel" in result.stdout
    assert "readingroom.pixels.breach -> readingroom.dicom.model" in result.stdout
