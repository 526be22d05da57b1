"""The GPU by CuPy, for stored values that are there already; nothing of CuPy is loaded before it is asked for."""

import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEEDS = ("cupy", "a CUDA device")


def is_available() -> bool:
    """Return whether CuPy is installed and sees a device."""
    if importlib.util.find_spec("cupy") is None:
        return False
    try:
        import cupy  # noqa: PLC0415 - loading CuPy takes a second and, without a driver, fails

        return int(cupy.cuda.runtime.getDeviceCount()) > 0
    except Exception:  # noqa: BLE001 - no driver, no device, a driver too old: each has an error of its own
        return False


def gather(table: NDArray[np.uint8], pattern: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the entry for each pattern, where the patterns are: a NumPy array comes back for a NumPy array."""
    import cupy  # noqa: PLC0415 - as above

    shown = cupy.ascontiguousarray(cupy.take(cupy.asarray(table), cupy.asarray(pattern)))
    host: NDArray[np.uint8] = cupy.asnumpy(shown) if isinstance(pattern, np.ndarray) else shown
    return host
