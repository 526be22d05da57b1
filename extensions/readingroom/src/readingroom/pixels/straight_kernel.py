"""The loop of ``straight``, compiled: the processor does eight pixels or more at a time, without the interpreter lock."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.straight import BLACK, SHIFT, WHITE, StraightLine

_LOWER = 16
"""Bits of the lower part of a factor and an offset: a product of two such parts fits a word of 32 bits."""

_WORD, _PART, _BLACK, _WHITE = numba.int32, numba.uint32, np.int32(BLACK), np.int32(WHITE)
_CARRY, _SHIFT = np.uint32(_LOWER), np.int32(SHIFT - _LOWER)


def run(line: StraightLine, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the display values of 16-bit stored values, same shape, C-contiguous."""
    values = np.ascontiguousarray(stored)
    shown = np.empty(values.shape, np.uint8)
    upper = (np.int32(number) for number in (line.first, line.last, line.factor >> _LOWER, line.offset >> _LOWER))
    lower = (np.uint32(number & (1 << _LOWER) - 1) for number in (line.factor, line.offset))
    _draw(values.reshape(-1), *upper, *lower, shown.reshape(-1))
    return shown


def _loop(  # noqa: PLR0913, PLR0917
    stored: Any,  # noqa: ANN401 - numba's own types
    first: Any,  # noqa: ANN401
    last: Any,  # noqa: ANN401
    factor: Any,  # noqa: ANN401
    offset: Any,  # noqa: ANN401
    factor_below: Any,  # noqa: ANN401
    offset_below: Any,  # noqa: ANN401
    shown: Any,  # noqa: ANN401
) -> None:
    for index in range(stored.size):
        held = _WORD(min(max(_WORD(stored[index]), first), last) - first)
        carried = _PART(_PART(_PART(held) * factor_below) + offset_below) >> _CARRY
        shade = _WORD(_WORD(_WORD(held * factor) + offset) + _WORD(carried)) >> _SHIFT
        shown[index] = numba.uint8(min(max(shade, _BLACK), _WHITE))


def _compiled() -> Any:  # noqa: ANN401 - a compiled function
    """Return the loop compiled, kept on disk where there is a place for it: beside this file or in the home."""
    try:
        return numba.njit(nogil=True, cache=True)(_loop)
    except RuntimeError:  # neither place can be written: each process then compiles it anew
        return numba.njit(nogil=True)(_loop)


_draw = _compiled()
