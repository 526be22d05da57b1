"""Attributes of legacy converted enhanced images, which keep what has no place of its own (PS3.3 C.7.6.16.1.5)."""

from pydicom import Dataset

from readingroom.dicom.attributes import first_item, functional_group, items, text


def frame_attributes(dataset: Dataset, frame: int) -> Dataset:
    """Return the attributes of a frame as its single-frame original had them; other images as they are.

    Those converted stand below those of the enhanced image itself: its Series Time is that of the conversion.
    """
    shared = first_item(
        first_item(dataset, "SharedFunctionalGroupsSequence"), "UnassignedSharedConvertedAttributesSequence"
    )
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    group = groups[frame - 1] if frame <= len(groups) else None
    own = first_item(group, "UnassignedPerFrameConvertedAttributesSequence")
    if shared is None and own is None:
        return dataset
    merged = Dataset()
    for part in (shared, own, dataset):
        if part is not None:
            merged.update({tag: part.get_item(tag) for tag in part.keys()})  # noqa: SIM118 - iterating converts values
    content = functional_group(dataset, frame, "FrameContentSequence")
    merged.AcquisitionDateTime = text(content, "FrameAcquisitionDateTime") or None
    merged.ActualFrameDuration = text(content, "FrameAcquisitionDuration").partition(".")[0] or None
    return merged


def frame_acquisition_times(dataset: Dataset) -> tuple[str, ...]:
    """Return Frame Acquisition DateTime of every frame that has one."""
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    found = (text(first_item(group, "FrameContentSequence"), "FrameAcquisitionDateTime") for group in groups)
    return tuple(value for value in found if value)
