"""Parting the frames of a series into groups that are one volume each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.dimensions import DIMENSIONS
from readingroom.dicom.geometry_warnings import GeometryWarning, told_mm
from readingroom.dicom.model import FrameReference
from readingroom.dicom.splitting import SAME_PLACE_MM, part, places_of, split
from readingroom.dicom.stack_geometry import axes, plane_of

SAME_DIRECTION = 1e-3
"""Direction cosines closer than this are one orientation: half of the last digit scanners write, some tilt included."""

SAME_SPACING = 1e-3
"""Pixel spacings closer than this part of themselves are one: 0.9765625 and 0.976 differ by printing only."""

MOST_PLANES = 1000
"""Beyond this many orientations a series is no set of volumes; comparing each with each would take minutes."""

_ALWAYS = tuple(dimension.name for dimension in DIMENSIONS if dimension.always)


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Frames of one volume by their indices, in the order given.

    ``heights`` (mm along the normal) are None without a place; a place without pixel spacing orders frames but measures
    nothing, which ``is_measured`` tells.
    """

    indices: tuple[int, ...]
    heights: NDArray[np.float64] | None = None
    dimensions: dict[str, str] = field(default_factory=dict)
    warnings: tuple[GeometryWarning, ...] = ()
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class _Plane:
    """What frames of one volume have in common."""

    frame_of_reference_uid: str
    coordinates: str
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    cosines: tuple[float, ...]


def groups_of(frames: Sequence[FrameReference]) -> list[Group]:
    """Return the groups of frames in reading order; ``frames`` are in the order of acquisition."""
    planes, unplaced = _planes(frames)
    shared = _series_warnings(list(planes))
    apart = _varying(frames, _ALWAYS)
    parts: list[tuple[_Plane | None, list[int]]] = [(None, unplaced)] if unplaced else []
    parts += [(plane, part) for plane, members in planes.items() for part in _always_apart(frames, members, apart)]
    found: list[Group] = []
    for plane, indices in sorted(parts, key=lambda entry: entry[1][0]):
        if plane is None:
            found.append(_unplaced_group(frames, indices, mixed=bool(planes)))
        else:
            found += _split_places(frames, plane, indices, apart, shared)
    return found


def _planes(frames: Sequence[FrameReference]) -> tuple[dict[_Plane, list[int]], list[int]]:
    """Return the indices of frames by their plane, planes of nearly the same numbers being one, and those without."""
    exact: dict[_Plane, list[int]] = {}
    unplaced = []
    for index, frame in enumerate(frames):
        plane = None if _is_mosaic(frame) else _plane(frame)
        if plane is None:
            unplaced.append(index)
        else:
            exact.setdefault(plane, []).append(index)
    if len(exact) > MOST_PLANES:
        return exact, unplaced
    joined: dict[_Plane, list[int]] = {}
    for plane, indices in exact.items():
        held = next((other for other in joined if _is_same(plane, other)), plane)
        joined.setdefault(held, []).extend(indices)
    return {plane: sorted(indices) for plane, indices in joined.items()}, unplaced


def _plane(frame: FrameReference) -> _Plane | None:
    found = plane_of(frame)
    if found is None:
        return None
    coordinates = "volume" if frame.geometry.position is None else "patient"
    reference = frame.geometry.frame_of_reference_uid
    return _Plane(reference, coordinates, frame.rows, frame.columns, frame.geometry.spacing, found[0])


def _is_same(first: _Plane, second: _Plane) -> bool:
    ours = (first.frame_of_reference_uid, first.coordinates, first.rows, first.columns)
    if ours != (second.frame_of_reference_uid, second.coordinates, second.rows, second.columns):
        return False
    return _is_same_spacing(first.spacing, second.spacing) and _is_same_direction(first.cosines, second.cosines)


def _is_same_spacing(first: tuple[float, float] | None, second: tuple[float, float] | None) -> bool:
    if first is None or second is None:
        return first is second
    return all(abs(a - b) <= SAME_SPACING * a for a, b in zip(first, second, strict=True))


def _is_same_direction(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= SAME_DIRECTION for a, b in zip(first, second, strict=True))


def _is_mosaic(frame: FrameReference) -> bool:
    return "MOSAIC" in dict(frame.dimensions).get("image type", "").split()


def _varying(frames: Sequence[FrameReference], names: Sequence[str]) -> tuple[str, ...]:
    """Return those dimensions that do not have the same value in every frame."""
    told = {frame.dimensions for frame in frames}
    return tuple(name for name in names if len({dict(dimensions).get(name) for dimensions in told}) > 1)


def _always_apart(frames: Sequence[FrameReference], indices: list[int], names: Sequence[str]) -> Iterator[list[int]]:
    """Yield frames by stack and segment, which part them even where no places coincide."""
    if not names:
        yield indices
        return
    groups = part([frames[i].dimensions for i in indices], names)
    if groups.max() + 1 == len(indices):  # one frame each says nothing about which belong together
        yield indices
        return
    for group in range(int(groups.max()) + 1):
        yield [index for index, number in zip(indices, groups, strict=True) if number == group]


def _split_places(
    frames: Sequence[FrameReference],
    plane: _Plane,
    indices: list[int],
    apart: Sequence[str],
    shared: list[GeometryWarning],
) -> Iterator[Group]:
    """Yield the groups of one plane, each of which holds a place once."""
    normal = axes(plane.cosines)[2]
    heights = np.array([place[1] for i in indices if (place := plane_of(frames[i])) is not None]) @ normal
    places = places_of(heights)
    found = split(heights, [frames[i].dimensions for i in indices])
    for group in range(int(found.groups.max()) + 1):
        members = np.flatnonzero(found.groups == group)
        chosen = tuple(indices[n] for n in members)
        coverage = _uneven_coverage(heights, heights[members]) if found.is_resolved else _duplicates(places, group)
        told = _told(frames[chosen[0]], (*apart, *found.names))
        told |= {} if found.is_resolved else {"repeat": str(group + 1)}
        yield Group(chosen, heights[members], told, (*coverage, *shared), is_measured=plane.spacing is not None)


def _told(first: FrameReference, names: Sequence[str]) -> dict[str, str]:
    """Return the values of the dimensions that tell a group apart, those of its first frame in acquisition."""
    own = dict(first.dimensions)
    return {name: own.get(name, "none") for name in names}


def _uneven_coverage(series: NDArray[np.float64], own: NDArray[np.float64]) -> Iterator[GeometryWarning]:
    """Yield a warning when other stacks of the same planes reach farther than this one does."""
    outside = series[(series < own.min() - SAME_PLACE_MM) | (series > own.max() + SAME_PLACE_MM)]
    count = len(np.unique(places_of(outside))) if len(outside) else 0
    if count and len(own) > 1:
        many = "1 slice that others of this series have is" if count == 1 else f"{count} slices that others have are"
        span = f"{told_mm(float(own.min()))} to {told_mm(float(own.max()))} mm"
        yield GeometryWarning("missing_slices", f"{many} missing at the ends of this stack, which covers {span} only.")


def _duplicates(places: NDArray[np.int64], group: int) -> Iterator[GeometryWarning]:
    counts = np.bincount(places)
    many = int((counts > 1).sum())
    yield GeometryWarning(
        "duplicate_positions",
        f"{_slices(many)} of this series {'is' if many == 1 else 'are'} there {_times(int(counts.max()))}, and nothing in "
        f"the images says how they differ. By instance number and time this stack holds number {group + 1} of each; "
        "the others are stacks of their own.",
    )


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"


def _times(count: int) -> str:
    return "twice" if count == 2 else f"up to {count} times"  # noqa: PLR2004


def _unplaced_group(frames: Sequence[FrameReference], indices: list[int], *, mixed: bool) -> Group:
    mosaic = any(_is_mosaic(frames[i]) for i in indices)
    claims = any(frames[i].geometry.spacing_kind == "patient" for i in indices)
    warning: tuple[GeometryWarning, ...] = ()
    if mosaic:
        sentence = (
            "Each image is a mosaic of many slices side by side: distances from one tile to another mean nothing, "
            "and its position is not that of a slice."
        )
        warning = (GeometryWarning("mosaic", sentence),)
    elif mixed or claims:
        sentence = "These images do not say where they lie in the patient: there are no distances from slice to slice."
        warning = (GeometryWarning("no_geometry", sentence),)
    return Group(tuple(indices), warnings=warning)


def _series_warnings(planes: list[_Plane]) -> list[GeometryWarning]:
    """Return what every stack of a series shares: that there are several kinds of planes."""
    directions: list[tuple[float, ...]] = []
    for plane in planes[:MOST_PLANES]:
        if not any(_is_same_direction(plane.cosines, other) for other in directions):
            directions.append(plane.cosines)
    sizes = {(plane.rows, plane.columns, plane.spacing) for plane in planes}
    references = {plane.frame_of_reference_uid for plane in planes}
    found = []
    if len(directions) > 1:
        found.append(_mixed("mixed_orientation", f"slices of {len(directions)} orientations"))
    if len(sizes) > 1 and len(planes) > len(directions):
        found.append(_mixed("mixed_size", f"images of {len(sizes)} sizes or pixel spacings"))
    if len(references) > 1:
        found.append(_mixed("mixed_frame_of_reference", f"images of {len(references)} frames of reference"))
    return found


def _mixed(kind: str, what: str) -> GeometryWarning:
    sentence = f"This series holds {what}: they are separate stacks, shown one after the other."
    return GeometryWarning(kind, sentence)  # type: ignore[arg-type]
