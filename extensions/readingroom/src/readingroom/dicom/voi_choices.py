"""The views that an image offers of itself: its windows and its VOI LUTs by their explanations (PS3.3 C.11.2)."""

from typing import Literal

from pydicom import Dataset

from readingroom.dicom.attributes import functional_group, text, values
from readingroom.dicom.image import lookup_table, windows
from readingroom.errors import DamagedImageError
from readingroom.pixels.voi import VoiChoice

LUT_FIRST = frozenset({"CR", "DX", "IO", "MG", "PX", "RG", "XC"})
"""Modalities of projection radiography, whose windows stand in for a VOI LUT on displays that know none."""


def voi_choices(dataset: Dataset, frame: int, low: float, high: float) -> tuple[VoiChoice, ...]:
    """Return all windows and VOI LUTs of a frame (from 1), the one to start with first.

    ``low`` and ``high`` are the smallest and largest modality value that the stored values could mean. The Standard lets
    the reader choose among them (PS3.3 C.11.2.1) and names no first. Here the windows come before the VOI LUTs, in the
    image's own order, except in projection radiography. What the Standard does not allow, or is damaged, is left out;
    when nothing but damaged VOI LUTs is there, ``DamagedImageError`` is raised rather than a view made up.
    """
    by_window = tuple(VoiChoice(voi, explanation) for voi, explanation in windows(dataset, frame))
    by_lut = _voi_luts(dataset, frame, low, high, needed=not by_window)
    return by_lut + by_window if text(dataset, "Modality") in LUT_FIRST else by_window + by_lut


def _voi_luts(dataset: Dataset, frame: int, low: float, high: float, *, needed: bool) -> tuple[VoiChoice, ...]:
    """Return the VOI LUT Sequence of a frame, in its order; raises when every item is damaged and one is ``needed``."""
    group = functional_group(dataset, frame, "FrameVOILUTSequence")
    found, errors = [], []
    for item in values(group, "VOILUTSequence") or values(dataset, "VOILUTSequence"):
        try:
            table = lookup_table(item, signed=None)
        except DamagedImageError as error:
            errors.append(error)
            continue
        if table is not None:
            found.append(VoiChoice(table.covering(low, high), text(item, "LUTExplanation")))
    if needed and errors and not found:
        raise errors[0]
    return tuple(found)


def presentation_shape(dataset: Dataset) -> Literal["IDENTITY", "INVERSE"]:
    """Return INVERSE where the smallest value is to be white (PS3.3 C.7.6.3.1.2, C.8.11.3.1.2).

    Presentation LUT Shape and Photometric Interpretation say the same thing twice: together they invert once. Where they
    contradict each other, which the Standard forbids, the shape decides, as it does in DCMTK and dcm4che.
    """
    shape = text(dataset, "PresentationLUTShape").upper()
    if shape in ("IDENTITY", "INVERSE"):
        return "INVERSE" if shape == "INVERSE" else "IDENTITY"
    return "INVERSE" if text(dataset, "PhotometricInterpretation") == "MONOCHROME1" else "IDENTITY"


def gray_notes(dataset: Dataset, frame: int, choices: tuple[VoiChoice, ...]) -> tuple[str, ...]:
    """Return in words what of the image's own grey views is left out of ``choices``, or contradicts itself."""
    group = functional_group(dataset, frame, "FrameVOILUTSequence") or dataset
    pairs = min(len(values(group, "WindowCenter")), len(values(group, "WindowWidth")))
    tables = len(values(group, "VOILUTSequence") or values(dataset, "VOILUTSequence"))
    held = [choice.kind for choice in choices]
    notes = []
    if held.count("window") < pairs:
        notes.append("A window of the image is one that DICOM does not allow; it is not offered.")
    if held.count("lut") < tables:
        notes.append("A VOI LUT of the image is damaged; it is not offered.")
    shape, photometric = text(dataset, "PresentationLUTShape").upper(), text(dataset, "PhotometricInterpretation")
    if (photometric, shape) in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}:
        notes.append(
            f"The image is {photometric} with a Presentation LUT Shape {shape}; its black and white may be swapped."
        )
    return tuple(notes)
