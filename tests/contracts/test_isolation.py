"""Native codecs meet untrusted bytes in child processes only."""

import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "extensions"
NATIVE = re.compile(r"\bimagecodecs\.\w*(_decode|cms_\w+)|\bav\.open\b|\bcv2\.imdecode\b|\bPIL\b|\bImageCms\b")
HERE = re.compile(r"from readingroom\.pixels\.codecs import[^\n]*\bdecode\b|\bdecode_frame\(|\bto_srgb_from_buffers\b")

IN_THE_CHILD = {"pixels/codecs", "pixels/icc.py", "pixels/decoding", "testing"}
"""Modules whose functions run in a child, what starts it, and what only tests use."""


def found(pattern: re.Pattern[str]) -> list[str]:
    """Return the modules outside the child in which a pattern occurs."""
    paths = sorted(path for path in SOURCES.glob("*/src/*/**/*.py") if pattern.search(path.read_text()))
    names = [path.relative_to(SOURCES).as_posix().partition("/src/readingroom/")[2] or path.name for path in paths]
    return [name for name in names if not name.startswith(tuple(IN_THE_CHILD))]


def test_no_other_module_calls_a_native_decoder() -> None:
    """Whoever needs pixels or colours asks the pool."""
    assert [] == found(NATIVE)


def test_no_other_module_calls_what_runs_in_the_child() -> None:
    """The functions that a child runs are not called around it."""
    assert [] == found(HERE)


def test_the_patterns_can_fail() -> None:
    """They find what they are meant to find where it is allowed."""
    codecs = SOURCES / "readingroom" / "src" / "readingroom" / "pixels" / "codecs"
    assert NATIVE.search((codecs / "jpegls.py").read_text())
    assert HERE.search((codecs.parent / "decoding" / "request.py").read_text())
