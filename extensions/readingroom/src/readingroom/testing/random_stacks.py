"""Random stacks of frames, whole or spoilt in one way: oblique, shuffled, perhaps several times over; the same for a seed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameGeometry, FrameReference

Random = np.random.Generator
Floats = NDArray[np.float64]
_SHUFFLED = 0.7


@dataclass(frozen=True, slots=True)
class RandomStack:
    """Frames in the order of acquisition, or shuffled, and how many times each place was imaged."""

    frames: list[FrameReference]
    times: int


def random_stack(seed: int, fault: str = "none") -> RandomStack:
    """Return the stack that a seed decides, with one of the ``FAULTS``; positions are rounded to 1e-10 mm as if printed."""
    random = np.random.default_rng(seed)
    axes, count, times = _turned(random), int(random.integers(3, 30)), int(random.choice([1, 1, 2, 3]))
    places = _places(random, axes, count, fault)
    first, second = random.uniform(0.2, 3, 2)
    geometry = FrameGeometry(
        orientation=_cosines(axes),
        spacing=(float(first), float(second)),
        spacing_kind="patient",
        frame_of_reference_uid="1.2",
    )
    frames = [
        _frame(n * count + place, replace(geometry, position=_vector(places[place])), n if times > 1 else None)
        for n in range(times)
        for place in range(count)
    ]
    if fault in _FAULTS_OF_A_FRAME:
        _FAULTS_OF_A_FRAME[fault](random, frames)
    if random.random() < _SHUFFLED:
        frames = [frames[n] for n in random.permutation(len(frames))]
    return RandomStack(frames, times)


def _places(random: Random, axes: Floats, count: int, fault: str) -> Floats:
    """Return (count, 3) where the first pixel of each slice lies."""
    step = float(random.uniform(0.4, 9))
    heights, along = np.arange(count) * step, axes[:, 2]
    if fault == "gap":
        heights[int(random.integers(1, count)) :] += step * int(random.integers(1, 4))
    if fault == "uneven":
        heights += random.uniform(-0.3, 0.3, count) * step
    if fault == "tilt":
        along = along + axes[:, 1] * np.tan(np.radians(random.uniform(3, 30)))
    places = random.uniform(-300, 300, 3) + heights[:, np.newaxis] * along
    if fault == "shifted slice":
        places[int(random.integers(count))] += axes[:, 0] * random.uniform(1, 20)
    return np.asarray(np.round(places, 10))


def _frame(uid: int, geometry: FrameGeometry, time: int | None) -> FrameReference:
    dimensions = () if time is None else (("temporal position", str(time + 1)),)
    return FrameReference(f"1.3.{uid}", 1, 8, 6, geometry, dimensions)


def _turned(random: Random) -> Floats:
    """Return a random orientation, its columns the row direction, the column direction and the normal."""
    matrix, _ = np.linalg.qr(random.normal(size=(3, 3)))
    row, column = matrix[:, 0], matrix[:, 1]
    return np.stack([row, column, np.cross(row, column)], axis=1)


def _cosines(axes: Floats) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = (float(value) for value in (*axes[:, 0], *axes[:, 1]))
    return a, b, c, d, e, f


def _vector(values: Floats) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _duplicate(random: Random, frames: list[FrameReference]) -> None:
    frames.append(replace(frames[int(random.integers(len(frames)))], sop_uid="1.9.9"))


def _turn_one(random: Random, frames: list[FrameReference]) -> None:
    spoilt = int(random.integers(len(frames)))
    frames[spoilt] = replace(
        frames[spoilt], geometry=replace(frames[spoilt].geometry, orientation=_cosines(_turned(random)))
    )


def _space_one(random: Random, frames: list[FrameReference]) -> None:
    spoilt = int(random.integers(len(frames)))
    first, second = frames[spoilt].geometry.spacing or (1.0, 1.0)
    frames[spoilt] = replace(frames[spoilt], geometry=replace(frames[spoilt].geometry, spacing=(first * 1.5, second)))


_FAULTS_OF_A_FRAME: dict[str, Callable[[Random, list[FrameReference]], None]] = {
    "duplicate": _duplicate,
    "turned slice": _turn_one,
    "other spacing": _space_one,
}
FAULTS = ("none", "gap", "uneven", "tilt", "shifted slice", *_FAULTS_OF_A_FRAME)
"""The ways in which a stack can be spoilt."""
