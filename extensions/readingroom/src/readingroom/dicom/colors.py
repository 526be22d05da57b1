"""The colours of an image as a reader should see them: through its palette and its ICC profile, in sRGB."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, quiet_reading, text, values
from readingroom.dicom.model import EncodedFrame
from readingroom.dicom.palette import has_palette, supplemental_palette
from readingroom.errors import ReadingRoomError
from readingroom.pixels.codecs import remarks
from readingroom.pixels.color import Palette
from readingroom.pixels.decoding import default_pool
from readingroom.pixels.decoding.colors import srgb_isolated
from readingroom.pixels.description import PixelDescription

Notes = tuple[str, ...]

_UNUSED = "The image holds a colour palette but is grey by its own word; the palette is not used."


def in_srgb(rgb: NDArray[np.uint8], dataset: Dataset, frame: int) -> tuple[NDArray[np.uint8], Notes]:
    """Return colours, (rows, columns, 3), in sRGB and what the reader must know of them.

    An ICC profile that cannot be used is no reason to show nothing: the colours are shown as they are, and it is said.
    Without a profile, colours are taken to be sRGB already.
    """
    with quiet_reading():
        profile, space = icc_profile(dataset, frame), text(dataset, "ColorSpace")
    if profile:
        try:
            return srgb_isolated(rgb, profile, default_pool()), ()
        except ReadingRoomError as error:
            return rgb, (f"Colours are shown without their ICC profile: {str(error).rstrip('.')}.",)
    if space and space != "SRGB":
        return rgb, (f"Colours are in {space:.16} and shown as if they were in sRGB: there is no ICC profile.",)
    return rgb, ()


def palette_in_srgb(palette: Palette, dataset: Dataset, frame: int) -> tuple[Palette, Notes]:
    """Return a palette with its colours in sRGB, and what the reader must know of them."""
    rgb, notes = in_srgb(palette.rgb[np.newaxis], dataset, frame)
    return Palette(palette.first_mapped, rgb[0]), notes


def supplemental_colors(dataset: Dataset, frame: int) -> tuple[Palette | None, Notes]:
    """Return the colours of the values above the grey ones, in sRGB, and what the reader must know of them."""
    with quiet_reading():
        palette = supplemental_palette(dataset, frame)
        unused = palette is None and has_palette(dataset)
    if palette is None:
        return None, (_UNUSED,) if unused else ()
    return palette_in_srgb(palette, dataset, frame)


def contradictions(encoded: EncodedFrame, description: PixelDescription | None) -> Notes:
    """Return where a compressed frame contradicts the attributes around it; nothing for a floating point image."""
    return () if description is None else remarks(encoded.transfer_syntax_uid, encoded.data, description)


def icc_profile(dataset: Dataset, frame: int) -> bytes:
    """Return the ICC profile of a frame: the image's, else that of its optical path (PS3.3 C.11.15, C.8.12.5)."""
    own = _bytes(dataset)
    if own:
        return own
    paths = [item for item in values(dataset, "OpticalPathSequence") if isinstance(item, Dataset)]
    identifier = text(functional_group(dataset, frame, "OpticalPathIdentificationSequence"), "OpticalPathIdentifier")
    named = [item for item in paths if text(item, "OpticalPathIdentifier") == identifier]
    chosen = named or (paths if len(paths) == 1 else [])
    return _bytes(chosen[0]) if chosen else b""


def _bytes(dataset: Dataset) -> bytes:
    found = values(dataset, "ICCProfile")
    return found[0] if found and isinstance(found[0], bytes) else b""
