"""The child's side: take a job, decode it within its limits, put the array into shared memory, say so.

Started by ``process.py`` with the numbers of its socket and of its shared memory; ends when the socket does.
"""

import json
import mmap
import os
import socket
import sys
from typing import Any

import numpy as np

from readingroom.errors import ReadingRoomError, UnsupportedImageError
from readingroom.pixels.decoding import sandbox
from readingroom.pixels.decoding.functions import FUNCTIONS
from readingroom.pixels.decoding.messages import (
    MAX_MESSAGE,
    OUT_OF_MEMORY,
    READY,
    SLOT_BYTES,
    SLOTS,
    failure_message,
    result_message,
)


def main(socket_number: int, memory_number: int) -> None:
    """Serve jobs until the parent closes the socket."""
    with socket.socket(fileno=socket_number) as connection:
        sandbox.enter()
        _silence()
        shared, limits = _SharedMemory(memory_number), sandbox.Limits()
        connection.send(READY)
        while header := connection.recv(MAX_MESSAGE):
            connection.send(_answer(json.loads(header), shared, limits))


class _SharedMemory:
    """The parent's memory file, mapped as far as a job needs it; the parent makes it longer beforehand."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._map: mmap.mmap | None = None

    def mapped(self, length: int) -> mmap.mmap:
        length = max(length, SLOTS * SLOT_BYTES)
        if self._map is not None and length != len(self._map):
            self._map.close()
            self._map = None
        if self._map is None:
            self._map = mmap.mmap(self._number, length)
        return self._map


def _answer(job: dict[str, Any], shared: _SharedMemory, limits: sandbox.Limits) -> bytes:
    length = job["output_offset"] + job["output_bytes"]
    try:
        limits.take(job["seconds"], job["memory"] + max(length, SLOTS * SLOT_BYTES))
        memory = shared.mapped(length)
        result = _run(job, memory)
        if result.nbytes > job["output_bytes"]:
            return failure_message("DamagedImageError", "The image is larger than it says.")
        into = np.frombuffer(memory, result.dtype, result.size, job["output_offset"])
        into[:] = result.reshape(-1)
        return result_message(result.dtype.str, result.shape)
    except ReadingRoomError as error:
        return failure_message(_kind(error), str(error))
    except MemoryError:
        return failure_message(OUT_OF_MEMORY, "")
    except Exception as error:  # noqa: BLE001 - a codec is fed untrusted bytes: whatever it raises, the frame is damaged
        return failure_message("DamagedImageError", f"The image cannot be decoded ({type(error).__name__}).")


def _run(job: dict[str, Any], memory: mmap.mmap) -> np.ndarray[Any, Any]:
    buffers, start = [], job["start"]
    for length in job["lengths"]:
        buffers.append(memory[start : start + length])
        start += length
    result = np.ascontiguousarray(FUNCTIONS[job["function"]](buffers, job["parameters"]))
    return result.astype(result.dtype.newbyteorder("<"), copy=False)


def _kind(error: ReadingRoomError) -> str:
    return "UnsupportedImageError" if isinstance(error, UnsupportedImageError) else "DamagedImageError"


def _silence() -> None:
    """Let no codec's chatter reach a log; errors of the start were told there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)
