"""Private attributes of scanner makers, found by their creator (PS3.5 7.8)."""

import math

from pydicom import Dataset


def private_text(dataset: Dataset, group: int, creator: str, element: int) -> str:
    """Return a private attribute as text, empty where its creator reserved no block or it holds nothing.

    ``element`` is its number within the block; values of unknown VR are bytes and are read as ASCII.
    """
    try:
        value = dataset.private_block(group, creator)[element].value
    except Exception:  # noqa: BLE001 - an untrusted value may raise anything when converted; it is then absent
        return ""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    return "" if value is None else str(value).strip("\x00 ")


def private_number(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return a private attribute as a finite number, None where it is none."""
    try:
        value = float(private_text(dataset, group, creator, element))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
