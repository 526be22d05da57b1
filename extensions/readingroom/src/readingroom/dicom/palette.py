"""Colour palettes of an image, plain and segmented, for all of its values or only those above the grey ones.

PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6 (descriptors and data), C.7.9 (segments), C.7.6.19 (supplemental palette).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, numbers, text, values, whole
from readingroom.dicom.part10 import BIG_ENDIAN
from readingroom.dicom.segments import expand
from readingroom.errors import DamagedImageError
from readingroom.pixels.color import Palette

_COLORS = ("Red", "Green", "Blue")
_BYTE = 255
_FRAME_TYPES = (
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XRay3DFrameTypeSequence",
    "USImageDescriptionSequence",
)
_COLORED = ("COLOR", "MIXED")


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """One colour's table: its first value mapped, its entries and the bits they are said to have."""

    first_mapped: int
    entries: NDArray[np.uint16]
    bits: int


def palette(dataset: Dataset) -> Palette | None:
    """Return the colours of a PALETTE COLOR image, None for other images; raises ``DamagedImageError``."""
    return _read(dataset) if text(dataset, "PhotometricInterpretation") == "PALETTE COLOR" else None


def supplemental_palette(dataset: Dataset, frame: int) -> Palette | None:
    """Return the colours of the values above the grey ones, None where a frame has none (PS3.3 C.7.6.19).

    A grey image may keep a palette from an earlier life; it counts only where Pixel Presentation says so.
    """
    if text(dataset, "PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2") or not has_palette(dataset):
        return None
    groups = (functional_group(dataset, frame, keyword) for keyword in _FRAME_TYPES)
    own = next((text(group, "PixelPresentation") for group in groups if text(group, "PixelPresentation")), "")
    return _read(dataset) if (own or text(dataset, "PixelPresentation")) in _COLORED else None


def has_palette(dataset: Dataset) -> bool:
    """Return whether an image holds the descriptor of a palette."""
    return "RedPaletteColorLookupTableDescriptor" in dataset


def _read(dataset: Dataset) -> Palette:
    tables = [_table(dataset, color) for color in _COLORS]
    first = min(table.first_mapped for table in tables)
    count = max(table.first_mapped + len(table.entries) for table in tables) - first
    shift = 8 * _are_words(tables)
    rgb = np.empty((count, len(tables)), np.uint8)
    for at, table in enumerate(tables):
        index = np.clip(np.arange(count) + first - table.first_mapped, 0, len(table.entries) - 1)
        rgb[:, at] = table.entries[index] >> shift
    return Palette(first, rgb)


def _are_words(tables: list[_Table]) -> bool:
    """Return whether entries fill 16 bits, of which the higher eight are shown.

    What the entries hold decides: many say 16 bits and hold bytes, some say 8 and hold words.
    """
    return max(int(table.entries.max(initial=0)) for table in tables) > _BYTE


def _table(dataset: Dataset, color: str) -> _Table:
    keyword = f"{color}PaletteColorLookupTable"
    descriptor = numbers(dataset, f"{keyword}Descriptor")
    if len(descriptor) != 3:  # noqa: PLR2004 - entries, first mapped, bits
        raise DamagedImageError("The image's colour palette is missing.")
    count, first, bits = (int(value) for value in descriptor)
    count = count % 2**16 or 2**16
    first %= 2**16
    if whole(dataset, "PixelRepresentation") == 1 and first >= 2**15:
        first -= 2**16
    segments = _raw(dataset, f"Segmented{keyword}Data")
    if segments:
        big = text(dataset.file_meta, "TransferSyntaxUID") == BIG_ENDIAN if hasattr(dataset, "file_meta") else False
        entries = expand(segments, count, narrow=bits <= 8, order=">" if big else "<")  # noqa: PLR2004 - a byte
    else:
        entries = _entries(_raw(dataset, f"{keyword}Data"), count)
    return _Table(first, entries, bits)


def _entries(data: bytes, count: int) -> NDArray[np.uint16]:
    """Return the entries, a word each where there are bytes enough for that, else a byte each."""
    size = 2 if len(data) >= 2 * count else 1
    if len(data) < size * count:
        raise DamagedImageError(f"The image's colour palette says it has {count} entries but holds {len(data)}.")
    return np.frombuffer(data, f"<u{size}", count).astype(np.uint16)


def _raw(dataset: Dataset, keyword: str) -> bytes:
    """Return the bytes of a table, which some writers give as numbers."""
    found = values(dataset, keyword)
    if len(found) == 1 and isinstance(found[0], bytes):
        return found[0]
    whole_numbers = [int(value) % 2**16 for value in found if math.isfinite(value)]
    return np.array(whole_numbers, "<u2").tobytes()
