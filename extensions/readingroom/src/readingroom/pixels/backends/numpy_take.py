"""The reference: ``numpy.take``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEEDS = ("numpy",)


def is_available() -> bool:
    """Return True: nothing works without NumPy."""
    return True


def gather(table: NDArray[np.uint8], pattern: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the entry for each pattern."""
    return np.take(table, np.ascontiguousarray(pattern))
