"""Colours of an ICC profile to sRGB, by LittleCMS (PS3.3 C.11.15, ISO 15076-1), perceptual rendering intent.

Where a profile and sRGB never differ by more than one step, the picture stays as it is, bit for bit.
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.errors import DamagedImageError, UnsupportedImageError

MAX_PROFILE_BYTES = 4 * 2**20
"""Profiles of cameras and scanners have some kilobytes, those with large tables under two mebibytes."""

PERCEPTUAL = 0
_HEADER_BYTES = 128
_CLASSES = (b"scnr", b"mntr", b"spac", b"prtr")
_CONNECTION_SPACES = (b"XYZ ", b"Lab ")


def check_profile(profile: bytes) -> None:
    """Raise ``UnsupportedImageError`` or ``DamagedImageError`` when a profile's header shows that it is no use here."""
    if len(profile) > MAX_PROFILE_BYTES:
        raise UnsupportedImageError(f"it has {len(profile) // 2**20} MiB, more than is taken on")
    if len(profile) < _HEADER_BYTES or profile[36:40] != b"acsp":
        raise DamagedImageError("it is no ICC profile")
    if int.from_bytes(profile[:4]) > len(profile):
        raise DamagedImageError("it is cut off")
    if profile[16:20] != b"RGB ":
        raise UnsupportedImageError(f"it is for {profile[16:20].decode('ascii', 'replace').strip()}, not for RGB")
    if profile[12:16] not in _CLASSES or profile[20:24] not in _CONNECTION_SPACES:
        raise UnsupportedImageError("it is of a kind that does not lead to sRGB")


def to_srgb(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """Return the sRGB of colours of a profile, both (rows, columns, 3) uint8.

    Raises
    ------
    DamagedImageError, UnsupportedImageError
        When the profile cannot be used, the message being the reason alone.
    """
    import imagecodecs  # noqa: PLC0415 - few images carry a profile

    check_profile(profile)
    target = imagecodecs.cms_profile("srgb")

    def transform(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        made: NDArray[np.uint8] = imagecodecs.cms_transform(
            colors, profile, target, colorspace="rgb", outcolorspace="rgb", intent=PERCEPTUAL
        )
        return made

    try:
        lattice = _lattice()
        if np.abs(transform(lattice).astype(np.int16) - lattice).max() <= 1:
            return rgb
        return transform(np.ascontiguousarray(rgb))
    except imagecodecs.CmsError as error:
        raise DamagedImageError("it is damaged") from error


def _lattice() -> NDArray[np.uint8]:
    """Return colours all over the cube, the greys among them, (1, n, 3)."""
    steps = (0, 1, 2, 8, 16, *range(32, 256, 16), 254, 255)
    greys = [(value,) * 3 for value in range(256)]
    return np.array([[*itertools.product(steps, repeat=3), *greys]], np.uint8)


def to_srgb_from_buffers(buffers: Any, parameters: Any) -> NDArray[np.uint8]:  # noqa: ANN401 - as the pool hands them over
    """Return what ``to_srgb`` does, for a child of the decoding pool: pixels and profile as bytes."""
    pixels, profile = buffers
    return to_srgb(np.frombuffer(pixels, np.uint8).reshape(parameters["shape"]), profile)
