"""How strongly and in which direction a diffusion image was weighted, also where only the vendor's own attributes say it.

Standard: PS3.3 C.8.13.5.9. Vendors: Siemens (0019,100C/100E), GE (0043,1039) and (0019,10BB-10BD), Philips (2001,1003) and
(2005,10B0-10B2), United Imaging (0065,1009/1037); the sequence name of older Siemens images.
"""

import re
import struct

from pydicom import Dataset

from readingroom.dicom.attributes import (
    first_item,
    functional_group,
    number,
    numbers,
    private_blocks,
    private_value,
    text,
)

_GE_OFFSET = 1_000_000_000
"""GE adds this to b-values of later software, as a flag."""

_SEQUENCE_NAME = re.compile(r"ep_b(\d+)(?!\d*_)")
"""Siemens: ``*ep_b800t`` is b 800; ``*ep_b50_800`` was computed from two b-values and has none."""

_SIEMENS = "SIEMENS MR HEADER"
_GE_ACQUISITION, _GE_PARAMETERS = "GEMS_ACQU_01", "GEMS_PARM_01"
_PHILIPS, _PHILIPS_MR = "Philips Imaging DD 001", "Philips MR Imaging DD 001"
_UNITED = "Image Private Header"


def b_value(dataset: Dataset, frame: int) -> str:
    """Return the b-value of a frame in s/mm² as text, empty where there is none."""
    group = functional_group(dataset, frame, "MRDiffusionSequence")
    found = number(group, "DiffusionBValue")
    if found is None and group is dataset and text(dataset, "Modality") == "MR":
        found = _private_b_value(dataset)
    return "" if found is None else f"{found:g}"


def gradient_direction(dataset: Dataset, frame: int) -> str:
    """Return the direction of the diffusion gradient as three rounded cosines, empty where there is none."""
    group = functional_group(dataset, frame, "MRDiffusionSequence")
    direction = numbers(group, "DiffusionGradientOrientation")
    direction = direction or numbers(
        first_item(group, "DiffusionGradientDirectionSequence"), "DiffusionGradientOrientation"
    )
    if not direction and group is dataset and text(dataset, "Modality") == "MR":
        direction = _private_direction(dataset)
    return " ".join(f"{cosine:.4f}" for cosine in direction) if len(direction) == 3 else ""  # noqa: PLR2004 - x, y, z


def _private_b_value(dataset: Dataset) -> float | None:
    blocks = private_blocks(dataset)
    for group, creator, element in (
        (0x0019, _SIEMENS, 0x0C), (0x2001, _PHILIPS, 0x03), (0x0065, _UNITED, 0x09), (0x0043, _GE_PARAMETERS, 0x39)
    ):  # fmt: skip
        found = _private(dataset, blocks, (group, creator), element)
        if found:
            return found[0] % _GE_OFFSET if creator == _GE_PARAMETERS else found[0]
    named = _SEQUENCE_NAME.search(text(dataset, "SequenceName"))
    return float(named[1]) if named else None


def _private_direction(dataset: Dataset) -> tuple[float, ...]:
    blocks = private_blocks(dataset)
    for group, creator, element in ((0x0019, _SIEMENS, 0x0E), (0x0065, _UNITED, 0x37)):
        found = _private(dataset, blocks, (group, creator), element)
        if found:
            return found
    for group, creator, first in ((0x0019, _GE_ACQUISITION, 0xBB), (0x2005, _PHILIPS_MR, 0xB0)):
        parts = [_private(dataset, blocks, (group, creator), first + axis) for axis in range(3)]
        if all(parts):
            return tuple(part[0] for part in parts)
    return ()


def _private(
    dataset: Dataset, blocks: dict[tuple[int, str], int], block: tuple[int, str], element: int
) -> tuple[float, ...]:
    start = blocks.get(block)
    return () if start is None else _numbers(private_value(dataset, start | element))


def _numbers(value: object) -> tuple[float, ...]:
    """Return the numbers of a private value, which is text or, where its type is not known, bytes of either kind."""
    try:
        if not isinstance(value, bytes):
            several = value if hasattr(value, "__iter__") and not isinstance(value, str) else (value,)
            return tuple(float(part) for part in several)
        if re.fullmatch(rb"[-+0-9.eE\\ \0]+", value):
            return tuple(float(part) for part in value.decode("ascii").strip("\0 ").split("\\"))
        if len(value) in (4, 12):
            return struct.unpack(f"<{len(value) // 4}f", value)
        return struct.unpack(f"<{len(value) // 8}d", value) if value and len(value) % 8 == 0 else ()
    except (TypeError, ValueError):
        return ()
