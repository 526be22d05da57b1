"""The loop of ``straight``, compiled: the processor does eight pixels or more at a time, without the interpreter lock."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.straight import BLACK, SHIFT, WHITE, StraightLine

_WORD, _SHIFT, _BLACK, _WHITE = numba.int32, np.int32(SHIFT), np.int32(BLACK), np.int32(WHITE)


def run(line: StraightLine, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the display values of 16-bit stored values, same shape, C-contiguous."""
    values = np.ascontiguousarray(stored)
    shown = np.empty(values.shape, np.uint8)
    numbers = (np.int32(number) for number in (line.first, line.last, line.factor, line.offset))
    _draw(values.reshape(-1), *numbers, shown.reshape(-1))
    return shown


def _loop(stored: Any, first: Any, last: Any, factor: Any, offset: Any, shown: Any) -> None:  # noqa: ANN401, PLR0913, PLR0917 - numba's own types
    for index in range(stored.size):
        held = _WORD(min(max(_WORD(stored[index]), first), last) - first)
        shade = _WORD(_WORD(_WORD(held * factor) + offset) >> _SHIFT)
        shown[index] = numba.uint8(min(max(shade, _BLACK), _WHITE))


def _compiled() -> Any:  # noqa: ANN401 - a compiled function
    """Return the loop compiled, kept on disk where there is a place for it: beside this file or in the home."""
    try:
        return numba.njit(nogil=True, cache=True)(_loop)
    except RuntimeError:  # neither place can be written: each process then compiles it anew
        return numba.njit(nogil=True)(_loop)


_draw = _compiled()
