"""Overlay planes of an image or a presentation state: groups 6000 to 601E (PS3.3 C.9.2, C.9.3; PS3.5 8.1.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import numbers, text, values, whole
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.part10 import BIG_ENDIAN
from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.codecs import is_encapsulated
from readingroom.pixels.overlay import Mask, OverlayPlane, outline

GROUPS = range(0x6000, 0x6020, 2)
_MAX_SIDE = 2**16
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FRAME_ORIGIN = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
_BIT_POSITION, _DATA, _LABEL, _ACTIVATION_LAYER = 0x102, 0x3000, 0x1500, 0x1001


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay group as it is stored.

    ``origin`` is (row, column) from 1 of its first point in the image, and may lie outside of it. ``packed`` holds one
    bit a point, the first in the lowest bit, of all ``frames``; None when the bits lie at ``bit_position`` of the pixel
    data (PS3.3-2004 C.9.2). Frame ``first_frame`` of the image is the first that has an overlay; without ``frames``
    the overlay goes with every frame.

    Raises
    ------
    DamagedImageError
        When its parts contradict each other, with the group in the message.
    """

    group: int
    rows: int
    columns: int
    origin: tuple[int, int]
    packed: bytes | None
    bit_position: int = 0
    frames: int | None = None
    first_frame: int = 1
    is_roi: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < 1:
            raise DamagedImageError(f"{self.name} says it has {self.frames} frames.")
        if not (0 < self.rows < _MAX_SIDE and 0 < self.columns < _MAX_SIDE):
            raise DamagedImageError(f"{self.name} says it has {self.rows} rows and {self.columns} columns.")
        needed = (self.rows * self.columns * (self.frames or 1) + 7) // 8
        if self.packed is not None and len(self.packed) < needed:
            raise DamagedImageError(f"{self.name} needs {needed} bytes but holds {len(self.packed)}.")

    @property
    def name(self) -> str:
        """Return what a message calls it."""
        return f"Overlay {self.group:04X}"

    def applies_to(self, frame: int) -> bool:
        """Return whether a frame of the image (from 1) has this overlay (PS3.3 C.9.3.1.1)."""
        return self.frames is None or self.first_frame <= frame < self.first_frame + self.frames

    def mask(self, frame: int, shape: tuple[int, int]) -> Mask:
        """Return the points of a frame as bool of the image's ``shape``; what lies outside of the image is cut off."""
        if self.packed is None:
            raise DamagedImageError(f"{self.name} holds no data.")
        points = self.rows * self.columns
        start = 0 if self.frames is None else (frame - self.first_frame) * points
        held = np.frombuffer(self.packed, np.uint8)[start // 8 : (start + points + 7) // 8]
        bits = np.unpackbits(held, bitorder="little")[start % 8 : start % 8 + points]
        return _placed(bits.reshape(self.rows, self.columns).view(np.bool_), self.origin, shape)


def read_overlays(dataset: Dataset) -> tuple[tuple[Overlay, ...], tuple[str, ...]]:
    """Return the overlay groups that can be shown, and in words why others cannot."""
    found: list[Overlay] = []
    notes: list[str] = []
    for group in _groups(dataset):
        try:
            found.append(_read(dataset, group))
        except ReadingRoomError as error:
            notes.append(f"{str(error).rstrip('.')}; it is not shown.")
    return tuple(found), tuple(notes)


def activation_layers(dataset: Dataset) -> dict[int, str]:
    """Return the layer in which each overlay group is to be shown (PS3.3 C.11.7); an empty one hides the overlay."""
    return {
        group: text(dataset, _tag(group, _ACTIVATION_LAYER))
        for group in GROUPS
        if _tag(group, _ACTIVATION_LAYER) in dataset
    }


def planes(
    overlays: Iterable[Overlay], frame: int, shape: tuple[int, int], words: NDArray[np.unsignedinteger] | None
) -> tuple[tuple[OverlayPlane, ...], tuple[str, ...]]:
    """Return the planes of one frame, and in words which could not be had.

    ``words`` are the frame's words as stored, (rows, columns) unsigned with all their bits, in which overlays may lie;
    None where they cannot be had, as after compression. A region of interest becomes its outline, so that it does not
    hide what it marks.
    """
    shown: list[OverlayPlane] = []
    notes: list[str] = []
    for overlay in overlays:
        if not overlay.applies_to(frame):
            continue
        if overlay.packed is not None:
            mask = overlay.mask(frame, shape)
        elif words is not None:
            mask = (words >> np.uint8(overlay.bit_position) & 1).astype(np.bool_)
        else:
            notes.append(f"{overlay.name} lies in unused bits of compressed pixel data; it is not shown.")
            continue
        shown.append(OverlayPlane(overlay.group, outline(mask) if overlay.is_roi else mask, label=overlay.label))
    return tuple(shown), tuple(notes)


def pixel_words(dataset: Dataset, encoded: EncodedFrame) -> NDArray[np.unsignedinteger] | None:
    """Return the words of an uncompressed grey frame with all their bits, None for any other frame."""
    rows, columns, bits = (whole(dataset, name) or 0 for name in ("Rows", "Columns", "BitsAllocated"))
    grey = (whole(dataset, "SamplesPerPixel") or 1) == 1
    if is_encapsulated(encoded.transfer_syntax_uid) or bits not in (8, 16, 32) or not grey:
        return None
    order = ">" if encoded.transfer_syntax_uid == BIG_ENDIAN else "<"
    if len(encoded.data) < rows * columns * bits // 8:
        return None
    return np.frombuffer(encoded.data, f"{order}u{bits // 8}", rows * columns).reshape(rows, columns)


def _groups(dataset: Dataset) -> list[int]:
    """Return the groups that describe an overlay; a state may hold the activation layer of an image's alone."""
    return [g for g in GROUPS if any(_tag(g, e) in dataset for e in (_ROWS, _COLUMNS, _DATA))]


def _read(dataset: Dataset, group: int) -> Overlay:
    rows, columns = (_whole(dataset, group, element) or 0 for element in (_ROWS, _COLUMNS))
    origin = numbers(dataset, _tag(group, _ORIGIN))
    if len(origin) != 2:  # noqa: PLR2004 - row, column
        raise DamagedImageError(f"Overlay {group:04X} does not say where in the image it begins.")
    packed = _data(dataset, group)
    overlay = Overlay(
        group, rows, columns, (int(origin[0]), int(origin[1])), packed,
        bit_position=_whole(dataset, group, _BIT_POSITION) or 0,
        frames=_whole(dataset, group, _FRAMES),
        first_frame=max(_whole(dataset, group, _FRAME_ORIGIN) or 1, 1),
        is_roi=text(dataset, _tag(group, _TYPE)) == "R",
        label=text(dataset, _tag(group, _LABEL)),
    )  # fmt: skip
    if packed is None:
        _check_embedded(dataset, overlay)
    return overlay


def _check_embedded(dataset: Dataset, overlay: Overlay) -> None:
    """Raise unless the bit lies in the pixel's word but outside of the bits that hold its value."""
    allocated, stored = (whole(dataset, name) or 0 for name in ("BitsAllocated", "BitsStored"))
    high = whole(dataset, "HighBit")
    high = stored - 1 if high is None else high
    if "BitsAllocated" not in dataset:
        raise DamagedImageError(f"{overlay.name} holds no data.")
    if not 0 <= overlay.bit_position < allocated or high - stored < overlay.bit_position <= high:
        raise DamagedImageError(f"{overlay.name} claims bit {overlay.bit_position}, which belongs to the image.")
    if (overlay.rows, overlay.columns) != (whole(dataset, "Rows"), whole(dataset, "Columns")):
        raise UnsupportedImageError(f"{overlay.name} lies in the pixel data but is not of the size of the image.")


def _data(dataset: Dataset, group: int) -> bytes | None:
    found = values(dataset, _tag(group, _DATA))
    return found[0] if len(found) == 1 and isinstance(found[0], bytes) and found[0] else None


def _placed(bits: Mask, origin: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """Return bits moved to their origin in an array of ``shape``."""
    placed = np.zeros(shape, np.bool_)
    targets, sources = [], []
    for start, length, size in zip(origin, bits.shape, shape, strict=True):
        first, last = max(start - 1, 0), min(start - 1 + length, size)
        targets.append(slice(first, max(last, first)))
        sources.append(slice(first - (start - 1), max(last, first) - (start - 1)))
    placed[tuple(targets)] = bits[tuple(sources)]
    return placed


def _whole(dataset: Dataset, group: int, element: int) -> int | None:
    return whole(dataset, _tag(group, element))


def _tag(group: int, element: int) -> int:
    return group << 16 | element
