"""The slices of a series as stacks, each a regular volume or one that says what is wrong with it.

A series may hold several volumes: scouts among slices, three planes, times, b-values, echoes. Frames are parted by what
makes them another volume (frame of reference, orientation, size, pixel spacing), then by the dimensions that tell apart
frames of one place. Every frame of the series is in exactly one stack; none is dropped.

The reading order of the series is its stacks one after the other. Stacks come in the order in which their first frame
was acquired, within a 4-D series by the values of its dimensions, so that each time, b-value or echo is read slice by
slice. Slices go along their normal, in the direction in which Instance Numbers grow; where those say nothing clear,
against the normal (an axial stack then runs from head to feet). Frames without a place keep the order of acquisition.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.dimensions import DIMENSIONS, told
from readingroom.dicom.geometry_warnings import GeometryWarning, spacing_warnings
from readingroom.dicom.grouping import Group, groups_of
from readingroom.dicom.model import FrameReference
from readingroom.dicom.source import StudySource
from readingroom.dicom.stack_geometry import SQUARE_DEGREES, StackGeometry, measure, plane_name
from readingroom.errors import UnsupportedImageError

CLEAR_CORRELATION = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Stack:
    """Frames of one size in slice order (k = 0, 1, …) and where they lie.

    ``dimensions`` hold what tells this stack from the others of its series, as in the image. ``geometry`` is None for
    frames that do not say where they are; asking such a stack for millimetres raises ``UnsupportedImageError``.
    ``coordinates`` are ``patient`` (LPS), ``volume`` (of an ultrasound transducer) or ``none``.
    """

    frames: tuple[FrameReference, ...]
    dimensions: dict[str, str]
    warnings: tuple[GeometryWarning, ...]
    geometry: StackGeometry | None

    @property
    def affine(self) -> NDArray[np.float64]:
        """Return (4, 4) float64 from (column, row, slice, 1), from 0 at the centre of a pixel, to millimetres in LPS.

        It runs evenly from the first slice to the last and is true in between where ``is_regular`` (or where all that
        is wrong is a shear, which it contains). Its determinant is negative where slices run against their normal.
        """
        return self._placed.affine

    @property
    def positions_mm(self) -> NDArray[np.float64]:
        """Return (slices,) each slice's distance from the origin along the normal (row direction times column direction)."""
        return self._placed.positions_mm

    @property
    def slice_spacing(self) -> float:
        """Return millimetres from slice to slice along the normal: the mean of even ones, the median of uneven ones.

        For a single slice it is the slice's thickness, 1 where that is not said; nothing else lies along its normal.
        """
        return self._placed.slice_spacing

    @property
    def shear(self) -> tuple[float, float]:
        """Return the shift along the rows and along the columns per millimetre of depth; (0, 0) for a square stack."""
        return self._placed.shear

    @property
    def has_geometry(self) -> bool:
        """Return whether the frames say where they lie."""
        return self.geometry is not None

    @property
    def is_regular(self) -> bool:
        """Return whether the affine places every pixel to within 0.02 mm or a hundredth of a slice, at right angles."""
        geometry = self.geometry
        return geometry is not None and geometry.is_even and geometry.shear_degrees <= SQUARE_DEGREES

    @property
    def coordinates(self) -> str:
        """Return in which coordinates the affine leads."""
        if self.geometry is None:
            return "none"
        return "volume" if self.frames[0].geometry.position is None else "patient"

    @property
    def plane(self) -> str:
        """Return the name of the plane, such as ``oblique axial``; empty outside of patient coordinates."""
        orientation = self.frames[0].geometry.orientation
        return plane_name(orientation) if orientation is not None else ""

    @property
    def label(self) -> str:
        """Return what tells this stack apart, for a person: ``b-value 800 s/mm²``; its plane where nothing else does."""
        return ", ".join(told(name, value) for name, value in self.dimensions.items()) or self.plane

    @property
    def frame_of_reference_uid(self) -> str:
        """Return the Frame of Reference UID, empty where there is none."""
        return self.frames[0].geometry.frame_of_reference_uid

    @property
    def _placed(self) -> StackGeometry:
        if self.geometry is None:
            raise UnsupportedImageError("These images do not say where they lie, so there is no volume to measure in.")
        return self.geometry


@dataclass(frozen=True, slots=True)
class SeriesWarning:
    """A warning for the frames from ``start`` up to, not including, ``stop`` of a series in reading order."""

    kind: str
    sentence: str
    start: int
    stop: int


def stacks(source: StudySource, series_uid: str) -> tuple[Stack, ...]:
    """Return the stacks of a series in reading order; raises what ``StudySource.frames`` raises."""
    return stacks_of(source.frames(series_uid))


def stacks_of(frames: Sequence[FrameReference]) -> tuple[Stack, ...]:
    """Return the stacks of frames that are given in the order of acquisition or in reading order."""
    return tuple(_stack([frames[i] for i in group.indices], group) for group in groups_of(frames))


def reading_order(frames: Sequence[FrameReference]) -> tuple[FrameReference, ...]:
    """Return frames, given in the order of acquisition, in reading order; doing it twice changes nothing."""
    return tuple(chain.from_iterable(stack.frames for stack in stacks_of(frames)))


def series_warnings(source: StudySource, series_uid: str) -> tuple[SeriesWarning, ...]:
    """Return the warnings of a series; raises what ``StudySource.frames`` raises."""
    return warnings_of(source.frames(series_uid))


def warnings_of(frames: Sequence[FrameReference]) -> tuple[SeriesWarning, ...]:
    """Return the warnings of a series with the frames they are about, equal ones of neighbouring stacks joined."""
    found: list[SeriesWarning] = []
    start = 0
    for stack in stacks_of(frames):
        stop = start + len(stack.frames)
        for warning in stack.warnings:
            _add(found, SeriesWarning(warning.kind, warning.sentence, start, stop))
        start = stop
    return tuple(found)


def _add(found: list[SeriesWarning], new: SeriesWarning) -> None:
    for n, held in enumerate(found):
        if (held.kind, held.sentence, held.stop) == (new.kind, new.sentence, new.start):
            found[n] = SeriesWarning(held.kind, held.sentence, held.start, new.stop)
            return
    found.append(new)


def _stack(frames: list[FrameReference], group: Group) -> Stack:
    ordered = tuple(_along_normal(frames, group.heights))
    geometry = measure(ordered) if group.is_measured else None
    warnings = tuple(_warnings(ordered, geometry, group))
    return Stack(ordered, _ordered(group.dimensions), warnings, geometry)


def _warnings(
    frames: Sequence[FrameReference], geometry: StackGeometry | None, group: Group
) -> Iterator[GeometryWarning]:
    if geometry is not None:
        yield from spacing_warnings(geometry, frames)
    yield from group.warnings


def _along_normal(frames: list[FrameReference], heights: NDArray[np.float64] | None) -> list[FrameReference]:
    """Return frames along their normal as they were acquired, or against it where that is not clear."""
    if heights is None or len(frames) == 1:
        return frames
    along = np.argsort(heights, kind="stable")
    clear = float(np.corrcoef(heights, np.arange(len(frames)))[0, 1]) > CLEAR_CORRELATION
    return [frames[i] for i in (along if clear else along[::-1])]


def _ordered(dimensions: dict[str, str]) -> dict[str, str]:
    ranks = {dimension.name: rank for rank, dimension in enumerate(DIMENSIONS)}
    return dict(sorted(dimensions.items(), key=lambda item: ranks.get(item[0], len(ranks))))
