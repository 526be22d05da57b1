"""A process that ends with the one that started it."""

import ctypes
import signal


def die_with_parent() -> None:
    """Ask the kernel to end this process when the server that started it ends, however that happens."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)
