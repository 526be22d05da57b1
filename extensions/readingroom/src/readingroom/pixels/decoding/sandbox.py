"""What a child may not do: grow, run on, write files, dump core, outlive its parent, gain privileges."""

import ctypes
import math
import resource
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 32
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_HEAP = 32 * 2**20


def enter() -> None:
    """Take the limits that hold for the child's whole life."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if hasattr(libc, "mallopt"):  # keep the heap between frames: giving it back costs 128 page faults a CT slice
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT_HEAP)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _KEPT_HEAP)


class Limits:
    """The processor time and address space of one job; made once, when the child has loaded what it needs."""

    def __init__(self) -> None:
        self._idle = _address_space()

    def take(self, seconds: float, address_space: int) -> None:
        """Take the limits of the job that begins now; they hold until the next one's."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        processor = math.ceil(used.ru_utime + used.ru_stime + seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (processor, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (self._idle + address_space, resource.RLIM_INFINITY))


def _address_space() -> int:
    """Return the bytes of address space in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
