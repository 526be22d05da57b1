"""The arithmetic of ``reformat`` for the processor: compiled at its first use, one thread, without the interpreter lock.

``reformat_cuda`` says the same in CUDA; whoever changes one changes the other (``tests/pixels/test_reformat_cuda.py``).
Arguments that are None leave their part out of the compiled code; ``drop`` is None where values are summed as reals.
"""

# ruff: noqa: ARG001, ARG005 - where numba chooses code by type, both codes have the same arguments
from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

import numba
import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from readingroom.pixels.reformat import (
    COORDINATE_BITS,
    MEAN,
    MEAN_BITS,
    MINIP,
    MIP,
    SUM_BITS,
    WEIGHT_BITS,
    Reformatted,
    Sampling,
    finished,
)
from readingroom.pixels.volume import Volume

F = TypeVar("F", bound=Callable[..., Any])

ONE = 1 << WEIGHT_BITS
DROPPED = COORDINATE_BITS - WEIGHT_BITS


Number = Any
"""An int64 or a float64, or a bool of NumPy's: what compiled code returns has no one type."""


def _compiled(function: F, inline: Literal["never", "always"] = "never") -> F:
    """Return the function compiled, kept on disk where there is a place for it: beside this file or in the home."""
    try:
        return cast("F", numba.njit(nogil=True, cache=True, inline=inline)(function))
    except RuntimeError:  # neither place can be written: each process then compiles it anew
        return cast("F", numba.njit(nogil=True, inline=inline)(function))


def _inlined(function: F) -> F:
    """Return the function made part of its caller: passing arrays on costs more than a sample otherwise."""
    return _compiled(function, "always")


def _typed(stub: Callable[..., Any]) -> Callable[[F], F]:
    """Return the decorator of a function that chooses the code of ``stub`` by the types of its arguments.

    Both codes cannot stand in one function: whole numbers would become reals where the two meet.
    """

    def register(choose: F) -> F:
        return overload(stub, strict=False)(choose)

    return register


def run(volume: Volume, plane: Sampling) -> Reformatted:
    """Return the values of a sampled plane."""
    exact = plane.number is np.int64
    made = np.empty(plane.shape, volume.values.dtype if exact else np.float64)
    absent = np.empty(plane.shape, np.bool_)
    grid = (
        volume.values, None if volume.ready.all() else volume.ready, plane.knots if plane.knots.size else None,
        plane.base, plane.across, plane.down,
    )  # fmt: skip
    rest = (plane.low, plane.high, plane.drop if exact else None, plane.number(volume.fill), made, absent)
    if len(plane.weights) == 1:
        _plane(*grid, *rest)
    else:
        _slab(*grid, plane.offsets, plane.weights, plane.mode, *rest)
    return Reformatted(made, absent) if exact else finished(volume, made, absent)


def _number(value: Number, drop: int | None) -> Number:
    """Return a value in the type that is summed."""
    raise NotImplementedError


@_typed(_number)
def _number_of(value: object, drop: object) -> Callable[..., Any]:
    if isinstance(drop, numba.types.NoneType):
        return lambda value, drop: np.float64(value)
    return lambda value, drop: np.int64(value)


def _rounded(total: Number, drop: int | None) -> Number:
    """Return a trilinear sum as a value."""
    raise NotImplementedError


@_typed(_rounded)
def _rounded_of(total: object, drop: object) -> Callable[..., Any]:
    if isinstance(drop, numba.types.NoneType):
        return lambda total, drop: total / (1 << SUM_BITS)
    return lambda total, drop: (total + (np.int64(1) << drop - 1)) >> drop


def _quotient(total: Number, weight: Number, drop: int | None) -> Number:
    """Return a trilinear sum that lacks some weight as a value; a whole number first, then with the wanted bits."""
    raise NotImplementedError


@_typed(_quotient)
def _quotient_of(total: object, weight: object, drop: object) -> Callable[..., Any]:
    if isinstance(drop, numba.types.NoneType):
        return lambda total, weight, drop: total / weight
    return lambda total, weight, drop: (total + (weight >> 1)) // weight << SUM_BITS - drop


def _mean(total: Number, weight: Number, drop: int | None) -> Number:
    """Return the weighted sum of a slab's samples as a value."""
    raise NotImplementedError


@_typed(_mean)
def _mean_of(total: object, weight: object, drop: object) -> Callable[..., Any]:
    if isinstance(drop, numba.types.NoneType):
        return lambda total, weight, drop: total / weight
    return lambda total, weight, drop: (total + (weight << MEAN_BITS - 1)) // (weight << MEAN_BITS)


@_inlined
def _sample(  # noqa: PLR0913, PLR0917 - what a compiled function needs comes in one by one
    values: NDArray[Any],
    ready: NDArray[np.bool_] | None,
    knots: NDArray[np.int64] | None,
    column: int,
    row: int,
    along: int,
    low: Number,
    high: Number,
    drop: int | None,
) -> tuple[Number, Number]:
    """Return the value at fixed-point coordinates, its last ``drop`` bits rounded off, and whether there is one."""
    slices, rows, columns = values.shape
    i, j, k = _weighted(column), _weighted(row), _slice_coordinate(along, knots)
    if not (_between_centers(i, columns) and _between_centers(j, rows) and _between_centers(k, slices)):
        if not (_within(i, columns) and _within(j, rows) and _within(k, slices)):
            return _number(0, drop), False
        i, j, k = _clamped(i, columns), _clamped(j, rows), _clamped(k, slices)
    wi, wj, wk = i & ONE - 1, j & ONE - 1, k & ONE - 1
    i, j, k = _unsigned(i >> WEIGHT_BITS), _unsigned(j >> WEIGHT_BITS), _unsigned(k >> WEIGHT_BITS)
    i1, j1, k1 = i + _unsigned(wi != 0), j + _unsigned(wj != 0), k + _unsigned(wk != 0)
    if not (_is_ready(ready, k) and _is_ready(ready, k1)):
        return _number(0, drop), False
    a, b = _number(values[k, j, i], drop), _number(values[k, j, i1], drop)
    c, d = _number(values[k, j1, i], drop), _number(values[k, j1, i1], drop)
    e, f = _number(values[k1, j, i], drop), _number(values[k1, j, i1], drop)
    g, h = _number(values[k1, j1, i], drop), _number(values[k1, j1, i1], drop)
    near = _between(_between(a, b, wi), _between(c, d, wi), wj)
    far = _between(_between(e, f, wi), _between(g, h, wi), wj)
    if (
        _missing(a, low, high) or _missing(b, low, high) or _missing(c, low, high) or _missing(d, low, high)
        or _missing(e, low, high) or _missing(f, low, high) or _missing(g, low, high) or _missing(h, low, high)
    ):  # fmt: skip
        return _partial(a, b, c, d, e, f, g, h, wi, wj, wk, low, high, drop)
    return _rounded(_between(near, far, wk), drop), True


@_compiled
def _plane(  # noqa: PLR0913, PLR0917
    values: NDArray[Any],
    ready: NDArray[np.bool_] | None,
    knots: NDArray[np.int64] | None,
    base: NDArray[np.int64],
    across: NDArray[np.int64],
    down: NDArray[np.int64],
    low: Number,
    high: Number,
    drop: int | None,
    fill: Number,
    made: NDArray[Any],
    absent: NDArray[np.bool_],
) -> None:
    across_i, across_j, across_k = across[0], across[1], across[2]  # an array would be read again after each write
    for y in range(made.shape[0]):
        i, j, k = base[0] + y * down[0], base[1] + y * down[1], base[2] + y * down[2]
        for x in range(made.shape[1]):
            value, there = _sample(values, ready, knots, i, j, k, low, high, drop)
            absent[y, x] = not there
            made[y, x] = value if there else fill
            i, j, k = i + across_i, j + across_j, k + across_k


@_compiled
def _slab(  # noqa: PLR0913, PLR0917
    values: NDArray[Any],
    ready: NDArray[np.bool_] | None,
    knots: NDArray[np.int64] | None,
    base: NDArray[np.int64],
    across: NDArray[np.int64],
    down: NDArray[np.int64],
    offsets: NDArray[np.int64],
    weights: NDArray[np.int64],
    mode: int,
    low: Number,
    high: Number,
    drop: int | None,
    fill: Number,
    made: NDArray[Any],
    absent: NDArray[np.bool_],
) -> None:
    across_i, across_j, across_k = across[0], across[1], across[2]  # an array would be read again after each write
    for y in range(made.shape[0]):
        row_i, row_j, row_k = base[0] + y * down[0], base[1] + y * down[1], base[2] + y * down[2]
        for x in range(made.shape[1]):
            i, j, k = row_i + x * across_i, row_j + x * across_j, row_k + x * across_k
            total = _number(0, drop)
            count = np.int64(0)
            for n in range(len(weights)):
                value, there = _sample(
                    values, ready, knots, i + offsets[n, 0], j + offsets[n, 1], k + offsets[n, 2],
                    low, high, drop,
                )  # fmt: skip
                if there and mode == MEAN:
                    total += weights[n] * value
                    count += weights[n]
                elif there and (count == 0 or (mode == MIP and value > total) or (mode == MINIP and value < total)):
                    total = value
                    count = np.int64(1)
            absent[y, x] = count == 0
            if count == 0:
                total = fill
            elif mode == MEAN:
                total = _mean(total, count, drop)
            made[y, x] = total


@_compiled
def _partial(  # noqa: PLR0913, PLR0917
    a: Number,
    b: Number,
    c: Number,
    d: Number,
    e: Number,
    f: Number,
    g: Number,
    h: Number,
    wi: int,
    wj: int,
    wk: int,
    low: Number,
    high: Number,
    drop: int | None,
) -> tuple[Number, Number]:
    """Return the weighted mean of the corners that have a value, and whether they carry half of the weight."""
    total = _number(0, drop)
    present = np.int64(0)
    for n, corner in enumerate((a, b, c, d, e, f, g, h)):
        weight = (wi if n & 1 else ONE - wi) * (wj if n & 2 else ONE - wj) * (wk if n & 4 else ONE - wk)
        if not _missing(corner, low, high):
            total += corner * weight
            present += weight
    some = present > 0 and 2 * present >= 1 << SUM_BITS
    return _quotient(total, max(present, 1), drop), some


@_compiled
def _between(first: Number, second: Number, weight: int) -> Number:
    return first * ONE + weight * (second - first)


@_compiled
def _missing(value: Number, low: Number, high: Number) -> Number:
    """Return whether a value is padding, or NaN: said so that what cannot be compared counts as missing."""
    return not (value < low or value > high)


@_compiled
def _is_ready(ready: NDArray[np.bool_] | None, index: int) -> Number:
    if ready is None:
        return True
    return ready[index]


@_compiled
def _unsigned(index: int) -> Number:
    """Return an index of which nobody asks whether it counts from the end: that takes a twentieth of the time."""
    return np.uint64(index)


@_compiled
def _weighted(coordinate: int) -> int:
    """Return a coordinate of 32 fractional bits rounded to those of a weight."""
    return (coordinate + (1 << DROPPED - 1)) >> DROPPED


@_compiled
def _within(coordinate: int, count: int) -> bool:
    return -(ONE >> 1) <= coordinate < (count << WEIGHT_BITS) - (ONE >> 1)


@_compiled
def _between_centers(coordinate: int, count: int) -> bool:
    return 0 <= coordinate <= (count - 1) << WEIGHT_BITS


@_compiled
def _clamped(coordinate: int, count: int) -> int:
    return min(max(coordinate, 0), (count - 1) << WEIGHT_BITS)


@_compiled
def _slice_coordinate(along: int, knots: NDArray[np.int64] | None) -> Number:
    """Return the slice's number, by the two knots next to ``along`` where the spacing is uneven."""
    if knots is None:
        return _weighted(along)
    low, high = 0, len(knots) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if along < knots[middle]:
            high = middle
        else:
            low = middle
    gap = knots[high] - knots[low]
    offset = min(max(along - knots[low], -gap), 2 * gap)
    return (low << WEIGHT_BITS) + ((offset << WEIGHT_BITS) + (gap >> 1)) // gap
