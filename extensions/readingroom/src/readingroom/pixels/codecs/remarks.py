"""What a reader must know where a codestream contradicts the attributes around it; it is shown as the codestream says."""

from readingroom.pixels.codecs.big_endian import TWO_WAYS
from readingroom.pixels.codecs.codestream import JpegHeader, jpeg2000_samples, jpeg2000_transforms_color
from readingroom.pixels.codecs.jpeg import is_transformed
from readingroom.pixels.codecs.loss import loss
from readingroom.pixels.codecs.table import DECODERS, LOSSY, syntax_name
from readingroom.pixels.description import PixelDescription

_LOSSLESS = 0xC3


def remarks(transfer_syntax_uid: str, data: bytes, description: PixelDescription) -> tuple[str, ...]:
    """Return one sentence for each contradiction between a frame's codestream and its attributes or syntax.

    Raises
    ------
    DamagedImageError
        When the frame does not begin like its syntax.
    """
    kind = DECODERS.get(transfer_syntax_uid)
    found = []
    if transfer_syntax_uid not in LOSSY and loss(transfer_syntax_uid, data) == "some":
        found.append(f"The image is sent as {syntax_name(transfer_syntax_uid)} but its compression is lossy.")
    if kind == "big_endian" and description.bits_allocated == TWO_WAYS:
        found.append(
            "Big endian values of 32 bits are written in two ways; shown is the one that makes the smoother image."
        )
    if kind == "jpeg" and description.is_color:
        found += _of_jpeg(JpegHeader(data), description)
    if kind == "jpeg2000":
        found += _of_jpeg2000(data, description)
    return tuple(found)


def _of_jpeg(header: JpegHeader, description: PixelDescription) -> list[str]:
    interpretation = description.photometric_interpretation
    if header.frame_type == _LOSSLESS or is_transformed(header, interpretation) == (interpretation != "RGB"):
        return []
    held = "YBR" if interpretation == "RGB" else "RGB"
    return [f"The image says its colours are {interpretation} but its JPEG holds {held}, and is shown so."]


def _of_jpeg2000(data: bytes, description: PixelDescription) -> list[str]:
    found = []
    if not description.is_color and jpeg2000_samples(data)[1] != description.is_signed:
        says = "signed" if description.is_signed else "unsigned"
        found.append(f"The image says its values are {says} but its JPEG 2000 does not; the image's word is taken.")
    if description.photometric_interpretation in ("YBR_RCT", "YBR_ICT") and not jpeg2000_transforms_color(data):
        found.append("The image says its colours are transformed but its JPEG 2000 does not; they are shown as RGB.")
    return found
