"""The memory that a child and its parent share: a file without a name, so that nothing can be left behind."""

import contextlib
import fcntl
import math
import mmap
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.decoding.messages import SLOT_BYTES, SLOTS


class Arena:
    """The parent's side of it. It never shrinks, for either side: a child cannot cut it off under our hands.

    The slots are mapped here; what a giant frame needs beyond is read and written like a file, so that it does not
    count twice, and its memory is given back after each job.
    """

    def __init__(self) -> None:
        self._number = os.memfd_create("readingroom-decoder", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._length = SLOTS * SLOT_BYTES
        os.ftruncate(self._number, self._length)
        fcntl.fcntl(self._number, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        self._slots = mmap.mmap(self._number, self._length)

    @property
    def is_open(self) -> bool:
        """Return whether it has not been closed."""
        return self._number >= 0

    def fileno(self) -> int:
        """Return the file's number."""
        return self._number

    def put(self, buffers: Sequence[bytes], start: int, length: int) -> None:
        """Lay ``buffers`` one behind the other at ``start``, and make room for ``length`` bytes from there."""
        if start + length > self._length:
            self._length = start + length
            os.ftruncate(self._number, self._length)
        for buffer in buffers:
            end = start + len(buffer)
            if end <= len(self._slots):
                self._slots[start:end] = buffer
            else:
                self._write(memoryview(buffer), start)
            start = end

    def take(self, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, out: NDArray[Any] | None) -> NDArray[Any]:
        """Return a copy of the array at ``offset``, in ``out`` when given; the child can no longer change it."""
        count = math.prod(shape)
        array = np.empty(shape, dtype) if out is None else out
        if offset + count * dtype.itemsize <= len(self._slots):
            np.copyto(array, np.frombuffer(self._slots, dtype, count, offset).reshape(shape), casting="safe")
            return array
        whole = array if array.flags.c_contiguous and array.dtype == dtype else np.empty(shape, dtype)
        self._read(memoryview(whole.reshape(-1).view(np.uint8).data), offset)
        self._give_back()
        if whole is not array:
            np.copyto(array, whole, casting="safe")
        return array

    def close(self) -> None:
        """Give everything back."""
        self._slots.close()
        os.close(self._number)
        self._number = -1

    def _read(self, into: memoryview, offset: int) -> None:
        done = 0
        while done < len(into):
            done += os.preadv(self._number, [into[done:]], offset + done)

    def _write(self, data: memoryview, offset: int) -> None:
        done = 0
        while done < len(data):
            done += os.pwrite(self._number, data[done:], offset + done)

    def _give_back(self) -> None:
        """Free the memory beyond the slots; a kernel that cannot frees it with the child."""
        kept = len(self._slots)
        with contextlib.suppress(OSError), mmap.mmap(self._number, self._length - kept, offset=kept) as beyond:
            beyond.madvise(mmap.MADV_REMOVE)
