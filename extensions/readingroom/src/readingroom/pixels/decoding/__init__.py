"""Decoding that cannot hurt us: untrusted bytes meet native codecs in child processes with limits, never here.

Uncompressed frames stay in this process: reading numbers from a buffer needs no codec.
"""

import atexit
import os
import threading
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.decoding.errors import DecodingFailedError, FailureReason
from readingroom.pixels.decoding.limits import DecodingLimits
from readingroom.pixels.decoding.pool import DecoderPool
from readingroom.pixels.decoding.request import DecodeRequest, Outcome
from readingroom.pixels.description import PixelDescription

__all__ = [
    "DecodeRequest",
    "DecoderPool",
    "DecodingFailedError",
    "DecodingLimits",
    "FailureReason",
    "Outcome",
    "decode_isolated",
    "default_pool",
]

_lock = threading.Lock()
_pool: DecoderPool | None = None
_inherited: list[DecoderPool] = []
"""Pools of processes that this one was forked from; kept, for to let them go would be taken for carelessness."""


def default_pool() -> DecoderPool:
    """Return the pool of this process, made at the first call and closed at exit; its children start on demand."""
    global _pool  # noqa: PLW0603 - one pool for the process is the point
    with _lock:
        if _pool is None:
            _pool = DecoderPool()
        return _pool


def decode_isolated(
    transfer_syntax_uid: str, data: bytes, description: PixelDescription, number: int = 1
) -> NDArray[Any]:
    """Return the stored values of one frame, as ``codecs.decode`` does, decoded in a child process if compressed.

    Raises
    ------
    DecodingFailedError
        When the child crashed, ran out of memory or took too long; it says which.
    UnsupportedImageError, DamagedImageError
        As ``codecs.decode``.
    """
    return default_pool().decode(transfer_syntax_uid, data, description, number)


def _close() -> None:
    if _pool is not None:
        _pool.close()


def _forget() -> None:
    """Leave the parent's children to the parent: two processes on one socket would mix up their pictures."""
    global _pool, _lock
    if _pool is not None:
        _inherited.append(_pool)
    _pool, _lock = None, threading.Lock()


atexit.register(_close)
os.register_at_fork(after_in_child=_forget)
