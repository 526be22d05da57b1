"""Digital subtraction that an image asks for (Mask Module, PS3.3 C.7.6.10): it is told, not done.

Subtracting is right only where values are in proportion to attenuation (Pixel Intensity Relationship), and the Standard
names no window for the difference. What is shown instead is what was measured, and the reader is told so.
"""

from pydicom import Dataset

from readingroom.dicom.attributes import items, numbers, text

_OPERATIONS = {"AVG_SUB": "a mask", "TID": "an earlier frame", "REV_TID": "a later frame"}


def mask_notes(dataset: Dataset, frame: int) -> tuple[str, ...]:
    """Return a sentence for a frame (from 1) that the image wants shown subtracted; none where it does not."""
    wanted = [item for item in items(dataset, "MaskSubtractionSequence") if _covers(item, frame)]
    operation = next((text(item, "MaskOperation") for item in wanted if text(item, "MaskOperation") != "NONE"), "")
    if not operation and text(dataset, "RecommendedViewingMode") != "SUB":
        return ()
    masks = next((numbers(item, "MaskFrameNumbers") for item in wanted if numbers(item, "MaskFrameNumbers")), ())
    if frame in masks:
        return (f"Frame {frame} is a mask of this digital subtraction; it is shown as it was acquired.",)
    named = f" (frame {', '.join(f'{number:g}' for number in masks)})" if masks else ""
    what = _OPERATIONS.get(operation, "a mask")
    return (
        f"This image is meant to be seen with {what}{named} subtracted; it is shown unsubtracted, as it was acquired.",
    )


def _covers(item: Dataset, frame: int) -> bool:
    """Return whether an item is about a frame; without Applicable Frame Range it is about all of them."""
    ends = numbers(item, "ApplicableFrameRange")
    return not ends or any(low <= frame <= high for low, high in zip(ends[::2], ends[1::2], strict=False))
