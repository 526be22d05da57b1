"""Whether a frame lost anything when it was compressed: what its codestream proves, else what its syntax allows."""

from typing import Literal

from readingroom.pixels.codecs.codestream import JpegHeader, jpeg2000_is_reversible
from readingroom.pixels.codecs.table import DECODERS, LOSSY

Loss = Literal["none", "some", "unknown"]
"""``unknown`` where neither the syntax nor the codestream proves it; then the image's own attributes decide."""

_LOSSLESS_FRAMES = frozenset({0xC3, 0xC7, 0xCB, 0xCF, 0xF7})
"""The SOF markers of lossless JPEG and of JPEG-LS (ITU-T T.81 table B.1, T.87 C.1.1)."""


def loss(transfer_syntax_uid: str, data: bytes) -> Loss:
    """Return whether compression lost something in a frame (PS3.3 C.7.6.1.1.5); the codestream goes before the syntax.

    JPEG tells by its process and point transform, JPEG-LS by NEAR. The irreversible wavelet of JPEG 2000 loses; the
    reversible one in a syntax that allows loss may have been cut short, which its header does not tell.

    Raises
    ------
    DamagedImageError
        When the frame does not begin like its syntax.
    """
    kind = DECODERS.get(transfer_syntax_uid)
    if kind in ("jpeg", "jpegls"):
        header = JpegHeader(data)
        exact = header.frame_type in _LOSSLESS_FRAMES and not header.near_or_point_transform
        return "none" if exact else "some"
    if kind == "jpeg2000":
        if not jpeg2000_is_reversible(data):
            return "some"
        return "unknown" if transfer_syntax_uid in LOSSY else "none"
    return "some" if transfer_syntax_uid in LOSSY else "none"
