"""Telling apart frames that lie in one place: the dimensions that make every place unique are found from the data.

A 4-D series may be stepped through time, b-value, echo, cardiac phase or several of them, and no attribute says which.
So all are tried, alone and together, and those are taken that part the frames into as many groups as there are frames
in one place: then each group holds every place once, and nothing else parts them more simply.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.dimensions import BY_NAME
from readingroom.dicom.model import Dimensions
from readingroom.dicom.stack_geometry import EVEN_FRACTION, EVEN_MM

Codes = NDArray[np.int64]

SAME_PLACE_MM = 0.01
"""Slices closer than this along the normal lie in one place: the series has more than three dimensions."""

FEWEST_OF_A_SCAN = 3
"""Two slices are even whatever they are; only three say that a scan is one."""

MOST_TOGETHER = 3
"""More dimensions than these at once are not tried; four independent ones in one series have not been seen."""

TRIED_TOGETHER = 9
HALF_FULL = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """The group of each frame, numbered in the order in which groups are read, and the dimensions that part them.

    ``is_resolved`` is False where no dimension tells frames of one place apart and only their order does.
    """

    groups: Codes
    names: tuple[str, ...] = ()
    is_resolved: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class _Candidate:
    """A dimension with more than one value: the rank of each frame's value among them, and whether it runs."""

    name: str
    codes: Codes
    runs: bool


def split(heights: NDArray[np.float64], dimensions: Sequence[Dimensions]) -> Split:
    """Part frames so that each group holds a place once.

    Parameters
    ----------
    heights
        (frames,) millimetres along the normal.
    dimensions
        What each frame says of itself, in the same order: that of acquisition.

    Notes
    -----
    Taken is, in this order: up to three dimensions whose exact values give as few groups as can be; the order in time,
    alone or within one or two dimensions, when every place has equally many frames; exact values whose groups are at
    least half full; and last, without a dimension, the order of acquisition. Where every place is unique but places are
    not even, they may be two scans that overlap or lie apart: parted by one dimension into even ones, they are.
    """
    places = places_of(heights)
    most = int(np.bincount(places).max())
    whole = Split(np.zeros(len(places), np.int64))
    if most == 1 and _is_even(heights):
        return whole
    candidates = _candidates(dimensions)
    if most == 1:
        return _even_apart(heights, candidates) or whole
    exact = list(_exact(places, candidates, most))
    for found, count in exact:
        if count == most:
            return found
    return _by_order_in_time(places, candidates, most) or _half_full(places, exact) or _by_acquisition(places)


def places_of(heights: NDArray[np.float64]) -> Codes:
    """Return a number for each place, the same for frames closer to their neighbour than slices can be."""
    order = np.argsort(heights, kind="stable")
    places = np.empty(len(heights), np.int64)
    places[order] = np.cumsum(np.r_[0, np.diff(heights[order]) > SAME_PLACE_MM])
    return places


def part(dimensions: Sequence[Dimensions], names: Sequence[str]) -> Codes:
    """Return the group of each frame by the values of the named dimensions, in their order."""
    codes = np.zeros(len(dimensions), np.int64)
    for candidate in _candidates(dimensions):
        if candidate.name in names:
            codes = _together(codes, candidate.codes)
    return codes


def _candidates(dimensions: Sequence[Dimensions]) -> list[_Candidate]:
    """Return the dimensions that take several values, in the order in which they are tried."""
    tables = [dict(frame) for frame in dimensions]
    names = dict.fromkeys([*BY_NAME, *(name for table in tables for name in table)])
    found = []
    for name in names:
        told = [table.get(name, "") for table in tables]
        if len(distinct := dict.fromkeys(told)) > 1:
            ranks = {value: rank for rank, value in enumerate(_in_order(list(distinct)))}
            runs = name in BY_NAME and BY_NAME[name].runs
            found.append(_Candidate(name, np.array([ranks[value] for value in told]), runs))
    return found


def _in_order(values: list[str]) -> list[str]:
    """Return values by size where all are numbers, else as they were first met; an absent one comes first."""
    try:
        return sorted(values, key=lambda value: float(value or "-inf"))
    except ValueError:
        return sorted(values, key=bool)


def _exact(places: Codes, candidates: list[_Candidate], most: int) -> Iterator[tuple[Split, int]]:
    """Yield the sets of dimensions that make every place unique, small ones first, with their number of groups."""
    for size in range(1, MOST_TOGETHER + 1):
        for chosen in combinations(candidates[: None if size == 1 else TRIED_TOGETHER], size):
            groups = _combined(chosen, len(places))
            count = int(groups.max()) + 1
            if count >= most and _is_unique(places, groups):
                yield Split(groups, tuple(candidate.name for candidate in chosen)), count
                if count == most:
                    return


def _by_order_in_time(places: Codes, candidates: list[_Candidate], most: int) -> Split | None:
    """Return groups by the order of a running value at each place, when every place has equally many frames."""
    if most * len(np.unique(places)) != len(places):
        return None
    fixed = [candidate for candidate in candidates if not candidate.runs][:TRIED_TOGETHER]
    clocks = [candidate for candidate in candidates if candidate.runs]
    for size in range(MOST_TOGETHER):
        for chosen in combinations(fixed, size):
            within = _combined(chosen, len(places))
            for clock in clocks:
                groups = _together(within, _rank(_together(places, within), clock.codes))
                apart = _is_unique(_together(places, within), clock.codes)
                if apart and int(groups.max()) + 1 == most and _is_unique(places, groups):
                    return Split(groups, (*(candidate.name for candidate in chosen), clock.name))
    return None


def _even_apart(heights: NDArray[np.float64], candidates: list[_Candidate]) -> Split | None:
    """Return the groups of the first dimension that parts uneven slices into a few scans, each of them even."""
    for candidate in candidates:
        parts = [heights[candidate.codes == code] for code in np.unique(candidate.codes)]
        if not candidate.runs and all(len(part) >= FEWEST_OF_A_SCAN and _is_even(part) for part in parts):
            return Split(candidate.codes, (candidate.name,))
    return None


def _is_even(heights: NDArray[np.float64]) -> bool:
    gaps = np.diff(np.sort(heights))
    return len(gaps) < 2 or float(np.ptp(gaps)) <= max(EVEN_MM, EVEN_FRACTION * float(gaps.mean()))  # noqa: PLR2004


def _half_full(places: Codes, exact: Sequence[tuple[Split, int]]) -> Split | None:
    """Return the exact dimensions with the fewest groups, unless those would be mostly empty."""
    if not exact:
        return None
    best, count = min(exact, key=lambda found: found[1])
    return best if len(places) >= HALF_FULL * count * len(np.unique(places)) else None


def _by_acquisition(places: Codes) -> Split:
    """Return groups by the order of acquisition: the first frame of every place, then the second, and so on."""
    return Split(_rank(places, np.arange(len(places))), is_resolved=False)


def _combined(chosen: Sequence[_Candidate], count: int) -> Codes:
    groups = np.zeros(count, np.int64)
    for candidate in chosen:
        groups = _together(groups, candidate.codes)
    return groups


def _together(first: Codes, second: Codes) -> Codes:
    """Return one number for each pair, from 0 without gaps, in the order of the first and then of the second."""
    pairs: Codes = np.unique(first * (int(second.max()) + 1) + second, return_inverse=True)[1].astype(np.int64)
    return pairs


def _rank(within: Codes, values: Codes) -> Codes:
    """Return the place in line of each value among those with the same number in ``within``."""
    order = np.lexsort((values, within))
    sorted_within = within[order]
    starts = np.flatnonzero(np.r_[True, np.diff(sorted_within) != 0])
    lengths = np.diff(np.r_[starts, len(within)])
    ranks = np.empty(len(within), np.int64)
    ranks[order] = np.arange(len(within)) - np.repeat(starts, lengths)
    return ranks


def _is_unique(places: Codes, groups: Codes) -> bool:
    return len(np.unique(places * (int(groups.max()) + 1) + groups)) == len(places)
