"""The frames of a series on their way from the imaging service: what many of them share is sent once."""

from collections.abc import Hashable, Sequence
from dataclasses import fields
from typing import Any, cast, get_type_hints

from readingroom.dicom.model import Dimensions, FrameGeometry, FrameReference
from readingroom.errors import WireError
from readingroom.wire.gateway import checker, is_text, is_whole, list_of, pack_message, parse_message

_OWN = ("position", "volume_position")
"""What differs from frame to frame of one volume; the rest of a geometry is mostly one value for all."""

_SHARED = tuple(field.name for field in fields(FrameGeometry) if field.name not in _OWN)
_HINTS = get_type_hints(FrameGeometry)
_SHARED_CHECKS = tuple(checker(_HINTS[name]) for name in _SHARED)
_POSITION = checker(_HINTS["position"])
_DIMENSIONS = checker(Dimensions)


class _Table:
    """Values that were met, each once, in the order in which they were."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._numbers: dict[Hashable, int] = {}

    def number(self, value: object) -> int:
        """Return the number of a value; by its text, because 0.0 and -0.0 are equal and must both arrive."""
        key = repr(value)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.values)
            self.values.append(value)
        return found


def pack_frames(frames: Sequence[FrameReference]) -> bytes:
    """Return the message that holds frames in their reading order; raises ``WireError`` for numbers that are not finite.

    A row is UID, frame number, rows, columns, position, position in an ultrasound volume, the numbers of what it
    shares in ``geometries`` and ``dimensions``, version.
    """
    geometries, dimensions = _Table(), _Table()
    rows = [
        [
            frame.sop_uid, frame.frame, frame.rows, frame.columns,
            frame.geometry.position, frame.geometry.volume_position,
            geometries.number([getattr(frame.geometry, name) for name in _SHARED]),
            dimensions.number(frame.dimensions), frame.version,
        ]
        for frame in frames
    ]  # fmt: skip
    content = {"geometries": geometries.values, "dimensions": dimensions.values, "rows": rows}
    return pack_message("frames", content)


def parse_frames(message: bytes) -> tuple[FrameReference, ...]:
    """Return the frames of a message in their reading order; raises ``WireError``."""
    content = parse_message(message, "frames")
    try:
        geometries = [_shared(row) for row in list_of(content, "geometries")]
        dimensions = [cast("Dimensions", _DIMENSIONS(row)) for row in list_of(content, "dimensions")]
        return tuple(_frame(row, geometries, dimensions) for row in list_of(content, "rows"))
    except (TypeError, ValueError, IndexError) as error:
        raise WireError(f"The imaging service sent a row that is no frame: {error}."[:200]) from error


def _shared(row: list[object]) -> dict[str, Any]:
    checked = (check(value) for check, value in zip(_SHARED_CHECKS, row, strict=True))
    return dict(zip(_SHARED, checked, strict=True))


def _frame(row: list[object], geometries: Sequence[dict[str, Any]], dimensions: Sequence[Dimensions]) -> FrameReference:
    sop_uid, frame, rows, columns, position, volume_position, geometry, differs, version = row
    placed = FrameGeometry(
        position=cast("tuple[float, float, float] | None", _POSITION(position)),
        volume_position=cast("tuple[float, float, float] | None", _POSITION(volume_position)),
        **geometries[_index(geometry)],
    )
    return FrameReference(
        is_text(sop_uid), is_whole(frame), is_whole(rows), is_whole(columns),
        placed, dimensions[_index(differs)], is_whole(version),
    )  # fmt: skip


def _index(value: object) -> int:
    number = is_whole(value)
    if number < 0:
        raise TypeError(f"not a number from 0: {number}")
    return number
