"""Stored values to display values through a finished table: a table of array backends of three names each.

A backend is a module with ``NEEDS`` (the packages it uses), ``is_available()`` and ``gather(table, pattern)``. All give
the same bytes, because nothing is computed here: a table of 256 or 65,536 entries is read by bit pattern.
"""

import importlib
from functools import cache
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import ReadingRoomError

__all__ = ["BACKENDS", "DEFAULT", "Backend", "BackendUnavailableError", "backend", "lookup"]

BACKENDS = {"numpy": "numpy_take", "opencv": "opencv_lut", "cupy": "cupy_take"}
"""The name of a backend to the name of its module here; ``numpy`` is the reference."""

DEFAULT = "opencv"


class BackendUnavailableError(ReadingRoomError):
    """A backend that was asked for and is not there; the message says what it needs."""


class Backend(Protocol):
    """The three names of a backend module."""

    NEEDS: tuple[str, ...]

    def is_available(self) -> bool:
        """Return whether what it needs is installed and, for a GPU, present."""

    def gather(self, table: NDArray[np.uint8], pattern: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the entry for each pattern, which is unsigned and as wide as the table; same shape, C-contiguous."""


@cache
def backend(name: str) -> Backend:
    """Return a backend by its name; raises ``BackendUnavailableError``, and never falls back to another in silence."""
    if name not in BACKENDS:
        raise BackendUnavailableError(f"There is no array backend {name!r:.40}, only {', '.join(BACKENDS)}.")
    module = cast("Backend", importlib.import_module(f"{__name__}.{BACKENDS[name]}"))
    if not module.is_available():
        raise BackendUnavailableError(
            f"The array backend {name} needs {' and '.join(module.NEEDS)}, not available here."
        )
    return module


def lookup(table: NDArray[np.uint8], stored: NDArray[Any], name: str = DEFAULT) -> NDArray[np.uint8]:
    """Return the table's entry for each stored value, same shape, C-contiguous.

    ``table`` has one entry for every bit pattern of the stored values' 8- or 16-bit integer type. An array of the GPU
    stays there: ``cupy`` returns one of its own for one of its own.
    """
    if stored.dtype.kind not in "iu" or len(table) != 1 << 8 * stored.dtype.itemsize:
        raise ValueError(f"A table of {len(table)} entries is not for stored values of type {stored.dtype}.")
    return backend(name).gather(table, stored.view(f"u{stored.dtype.itemsize}"))
