"""JPEG baseline, extended (12 bit) and lossless frames (PS3.5 A.4.1, ITU-T T.81)."""

import importlib.util
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs.codestream import JpegHeader, check_end, check_size
from readingroom.pixels.color import to_rgb
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

    check_end(data)
    header = JpegHeader(data)
    check_size(header.rows, header.columns, header.samples, description)
    if not description.is_color:
        samples: NDArray[Any] = imagecodecs.jpeg8_decode(data)
        return samples
    if header.frame_type == _LOSSLESS:
        return to_rgb(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"), description)
    stored = "YCBCR" if _is_transformed(header, description) else "RGB"
    rgb: NDArray[Any] = imagecodecs.jpeg8_decode(data, colorspace=stored, outcolorspace="RGB")
    return rgb


def _is_transformed(header: JpegHeader, description: PixelDescription) -> bool:
    """Return whether the samples are luminance and colour differences.

    Photometric Interpretation decides, as the Standard says; but an Adobe marker tells what the encoder really did.
    """
    if header.adobe_transform is not None and description.photometric_interpretation == "RGB":
        return header.adobe_transform != _RGB_STORED
    return description.photometric_interpretation != "RGB"
