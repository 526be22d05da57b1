"""What parent and child say to each other: one JSON object a message; bytes and arrays lie in shared memory.

Nothing is pickled in either direction: a child that was taken over can send text and numbers, no objects.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from readingroom.pixels.description import PixelDescription

MAX_MESSAGE = 16_384
PAGE = 4096
SLOT_BYTES = 16 * 2**20
SLOTS = 4
"""A child may hold jobs while it works on another; each has its slot of shared memory. Only touched pages take memory.

A larger job comes alone, begins at 0 and runs beyond the slots; what it needs there is given back after it.
"""

READY = b"ready"
OUT_OF_MEMORY = "MemoryError"

_DTYPES = frozenset(["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8", "|b1"])
_MAX_DIMENSIONS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a function of the list: its bytes, its plain parameters, its size in samples and what it may take.

    ``output_bytes`` is the largest result; ``seconds`` the time limit; ``memory`` the address space above idle.
    """

    function: str
    buffers: tuple[bytes, ...]
    parameters: dict[str, Any]
    samples: int
    output_bytes: int
    seconds: float
    memory: int

    @property
    def output_offset(self) -> int:
        """Return where the result begins after the start of the buffers: behind them, on a page of its own."""
        return -(-sum(map(len, self.buffers)) // PAGE) * PAGE

    @property
    def shared_bytes(self) -> int:
        """Return how much shared memory the job needs."""
        return self.output_offset + self.output_bytes

    @property
    def fits_slot(self) -> bool:
        """Return whether the job can lie beside another one."""
        return self.shared_bytes <= SLOT_BYTES

    def header(self, start: int = 0) -> bytes:
        """Return the message that starts the job, its buffers lying at ``start`` in shared memory."""
        return json.dumps(
            {
                "function": self.function,
                "lengths": [len(buffer) for buffer in self.buffers],
                "parameters": self.parameters,
                "start": start,
                "output_offset": start + self.output_offset,
                "output_bytes": self.output_bytes,
                "seconds": self.seconds,
                "memory": self.memory,
            }
        ).encode()


@dataclass(frozen=True, slots=True)
class Result:
    """The type and shape of the array that a child left in shared memory."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Return its length."""
        return self.dtype.itemsize * math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a child told: the name of its class and its message."""

    error: str
    message: str


def describe(description: PixelDescription) -> dict[str, Any]:
    """Return a description as plain values."""
    return {name: getattr(description, name) for name in description.__dataclass_fields__}


def result_message(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Return what a child says when its array is in place."""
    return json.dumps({"dtype": dtype, "shape": shape}).encode()


def failure_message(error: str, message: str) -> bytes:
    """Return what a child says instead of a result."""
    return json.dumps({"error": error, "message": message[:1000]}).encode()


def read_answer(message: bytes, output_bytes: int) -> Result | Failure:
    """Return what a child answered; raises ``ValueError`` when it makes no sense, since the child is not trusted."""
    answer = json.loads(message)
    if not isinstance(answer, dict):
        raise ValueError("no object")  # noqa: TRY004 - one kind of error for nonsense
    if "error" in answer:
        return Failure(str(answer["error"]), str(answer.get("message", "")))
    dtype, shape = answer.get("dtype"), answer.get("shape")
    if dtype not in _DTYPES or not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS:
        raise ValueError("no array")
    if not all(isinstance(extent, int) and extent >= 0 for extent in shape):
        raise ValueError("no shape")
    result = Result(np.dtype(dtype), tuple(shape))
    if result.nbytes > output_bytes:
        raise ValueError("too large")
    return result
