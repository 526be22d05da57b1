"""JPEG frames: baseline, extended (12 bit), progressive, arithmetic and lossless (PS3.5 A.4.1, ITU-T T.81).

Hierarchical processes and arithmetic lossless ones have no decoder and are not in the table.
"""

import importlib.util
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs.codestream import JpegHeader
from readingroom.pixels.color import eight_bits, to_rgb
from readingroom.pixels.description import PixelDescription

NEEDS = ("imagecodecs",)
_LOSSLESS = 0xC3
_RGB_STORED = 0
"""An Adobe marker's transform 0: the three samples were not transformed."""


def is_available() -> bool:
    """Return whether imagecodecs is installed."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_frame(data: bytes, description: PixelDescription) -> NDArray[Any]:
    """Return the samples of one frame; colour as RGB."""
    import imagecodecs  # noqa: PLC0415 - loaded at the first compressed frame

    header = JpegHeader(data)
    if not description.is_color:
        samples: NDArray[Any] = imagecodecs.jpeg8_decode(data)
        return samples
    if header.frame_type == _LOSSLESS:
        return to_rgb(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"), description)
    stored = "YCBCR" if is_transformed(header, description.photometric_interpretation) else "RGB"
    return eight_bits(imagecodecs.jpeg8_decode(data, colorspace=stored, outcolorspace="RGB"), description)


def is_transformed(header: JpegHeader, photometric_interpretation: str) -> bool:
    """Return whether the samples of a lossy colour frame are luminance and colour differences.

    What the codestream proves goes before Photometric Interpretation, which is often left as it was before
    compression: subsampled samples and a JFIF marker mean YCbCr; an Adobe marker tells; components named R, G, B are.
    """
    if header.is_jfif or len(set(header.sampling)) > 1:
        return True
    if header.adobe_transform is not None:
        return header.adobe_transform != _RGB_STORED
    if header.component_ids in (b"RGB", b"rgb"):
        return False
    return photometric_interpretation != "RGB"
