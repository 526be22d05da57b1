"""The scanned objects of one series as what a source tells of it, in the order and with the values of a folder's index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from readingroom.dicom.model import FrameReference, Instance, Problem, Series
from readingroom.dicom.scan import ScannedFile, SeriesAttributes
from readingroom.dicom.stacks import reading_order

COUNTS, PLACES, ALL = range(3)
"""How much is known of a series: how many frames it has; also where they lie; also each object's transfer syntax."""


@dataclass(frozen=True, eq=False)
class SeriesListing:
    """A series and its objects in the order of acquisition; ``knows`` is COUNTS, PLACES or ALL."""

    scanned: tuple[ScannedFile, ...]
    problems: tuple[Problem, ...]
    knows: int

    @cached_property
    def series(self) -> Series:
        """The series as the thumbnails show it; at least one object must be there."""
        return series_row(self.scanned)

    @cached_property
    def frames(self) -> tuple[FrameReference, ...]:
        """Its frames in reading order."""
        return frame_references(self.scanned)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """Its objects; their paths are their UIDs, because a PACS has no paths."""
        return tuple(instance_row(one, one.sop_uid) for one in self.scanned)

    @cached_property
    def by_sop_uid(self) -> dict[str, ScannedFile]:
        """Its objects by SOP Instance UID."""
        return {one.sop_uid: one for one in self.scanned}


def listing(scanned: Iterable[ScannedFile], problems: Iterable[Problem], knows: int) -> SeriesListing:
    """Return a listing of objects in any order; of several with one SOP Instance UID the first counts."""
    distinct: dict[str, ScannedFile] = {}
    for one in scanned:
        distinct.setdefault(one.sop_uid, one)
    ordered = sorted(distinct.values(), key=lambda one: (one.instance_number, one.time, one.sop_uid))
    return SeriesListing(tuple(ordered), tuple(problems), knows)


def series_row(scanned: Sequence[ScannedFile]) -> Series:
    """Return the row of a series that holds these objects, at least one."""
    told = scanned[-1].series
    times = [one.frame_time_ms for one in scanned if one.frame_time_ms is not None]
    return Series(
        **{field.name: getattr(told, field.name) for field in fields(SeriesAttributes)},
        instance_count=len(scanned),
        frame_count=sum(len(one.geometries) for one in scanned),
        rows=max(one.rows for one in scanned),
        columns=max(one.columns for one in scanned),
        frame_time_ms=max(times) if times else None,
    )


def frame_references(scanned: Sequence[ScannedFile]) -> tuple[FrameReference, ...]:
    """Return the frames of objects in the order of acquisition, in reading order."""
    return reading_order(
        [
            FrameReference(one.sop_uid, number, one.rows, one.columns, geometry, dimensions)
            for one in scanned
            for number, (geometry, dimensions) in enumerate(zip(one.geometries, one.dimensions, strict=True), 1)
        ]
    )


def instance_row(scanned: ScannedFile, path: str) -> Instance:
    """Return the row of one object."""
    return Instance(scanned.sop_uid, scanned.sop_class_uid, scanned.transfer_syntax_uid, len(scanned.geometries), path)
