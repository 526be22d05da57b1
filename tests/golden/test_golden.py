"""The golden vectors are those of today's reference: the browser's preview is tested against the same file."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def script(name: str) -> ModuleType:
    """Return a script of this folder as a module."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(path.stem for path in HERE.glob("make_*.py")))
def test_golden_file_is_fresh(name: str) -> None:
    """Made anew, each file has the content that is in the repository, byte for byte."""
    module = script(name)
    assert module.as_text() == module.GOLDEN.read_text(encoding="utf-8")


def test_golden_vectors_hold_every_function_and_shade() -> None:
    """All three functions, both polarities and all 256 shades are in them, in over ten thousand values."""
    cases = script("make_voi").vectors()
    assert {"LINEAR", "LINEAR_EXACT", "SIGMOID"} == {case["function"] for case in cases}
    assert {True, False} == {case["inverted"] for case in cases}
    assert set(range(256)) == {shade for case in cases for shade in case["display"]}
    assert sum(len(case["stored"]) for case in cases) > 10_000
