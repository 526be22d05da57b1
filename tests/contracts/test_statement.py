"""The conformance statement cannot lie: its rows are the product's own tables, or name the test that shows them."""

import ast

import pytest
from pydicom.uid import UID_dictionary
from tests.contracts.statement import REPOSITORY, tables, written

CLASSES = "SOP classes"


def named_tests() -> set[tuple[str, str]]:
    """Return each test that a row names in its last cell: file and function."""
    cells = [row[-1] for name, rows in tables().items() if name != CLASSES for row in rows[1:]]
    return {(file, name) for file, _, name in (cell.partition("::") for cell in cells)}


@pytest.mark.parametrize("heading", written())
def test_what_the_product_says_stands_in_the_document(heading: str) -> None:
    """The document is up to date; ``python -m tests.contracts.statement`` writes it."""
    assert written()[heading] == tables()[heading]


def test_every_storage_class_with_pictures_has_its_row() -> None:
    """The table holds each class of the Standard whose objects are images."""
    images = {
        uid
        for uid, (name, kind, _, retired, _) in UID_dictionary.items()
        if kind == "SOP Class" and "Image Storage" in name and not retired
    }
    assert set() == images - {row[0] for row in tables()[CLASSES]}


@pytest.mark.parametrize(("file", "name"), sorted(named_tests()))
def test_the_test_that_a_row_names_is_there(file: str, name: str) -> None:
    """The proof of a row can be run."""
    module = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
