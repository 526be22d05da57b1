"""Small presentation states and overlays for tests: valid as they come, changed one attribute at a time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from readingroom.testing.files import SMALL_STUDY
from readingroom.testing.identity import fictional_uid, new_instance

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
FULL_WINDOW = (128, 256)
"""Centre and width through which the values of an 8-bit image are shown as they are."""


def item(**attributes: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return a sequence item with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def referring_to(image: Dataset, *frames: int) -> Dataset:
    """Return an item of the Referenced Image Sequence for an image, or for some of its frames."""
    made = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    if frames:
        made.ReferencedFrameNumber = list(frames)
    return made


def window_item(center: float, width: float, **more: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return an item of the Softcopy VOI LUT Sequence."""
    return item(WindowCenter=center, WindowWidth=width, **more)


def small_state(image: Dataset, **changes: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return a Grayscale Softcopy Presentation State that shows ``image`` as it is; None takes an attribute out."""
    state = new_instance(SMALL_STUDY, GRAYSCALE, 900)
    state.Modality, state.SeriesInstanceUID, state.SeriesNumber = "PR", fictional_uid("small/series/9"), 9
    state.StudyInstanceUID = image.StudyInstanceUID
    state.ContentLabel, state.ContentDescription, state.ContentCreatorName = "SMALL", "A small state", "Muster^Max"
    state.PresentationCreationDate, state.PresentationCreationTime = "20260203", "101112"
    state.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[referring_to(image)])
    ]
    state.DisplayedAreaSelectionSequence = [area_item(1, 1, image.Columns, image.Rows)]
    state.SoftcopyVOILUTSequence = [window_item(*FULL_WINDOW)]
    state.PresentationLUTShape = "IDENTITY"
    for keyword, value in changes.items():
        if value is None:
            delattr(state, keyword)
        else:
            setattr(state, keyword, value)
    return state


def area_item(left: int, top: int, right: int, bottom: int, **more: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return an item of the Displayed Area Selection Sequence; columns and rows count from 1."""
    return item(
        DisplayedAreaTopLeftHandCorner=[left, top],
        DisplayedAreaBottomRightHandCorner=[right, bottom],
        **{"PresentationSizeMode": "SCALE TO FIT", "PresentationPixelAspectRatio": [1, 1], **more},
    )


def layer_item(name: str, order: int = 1, p_value: int = 65_535) -> Dataset:
    """Return an item of the Graphic Layer Sequence."""
    return item(GraphicLayer=name, GraphicLayerOrder=order, GraphicLayerRecommendedDisplayGrayscaleValue=p_value)


def graphic_item(kind: str, points: list[float], units: str = "PIXEL", filled: str = "N") -> Dataset:
    """Return an item of the Graphic Object Sequence; ``points`` are x, y, x, y and so on."""
    return item(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=min(len(points) // 2, 65_535),
        GraphicData=points,
        GraphicType=kind,
        GraphicFilled=filled,
    )


def add_overlay(  # noqa: PLR0913 - the attributes of an overlay
    dataset: Dataset,
    group: int,
    bits: NDArray[Any],
    origin: tuple[int, int] = (1, 1),
    *,
    layer: str | None = None,
    kind: str = "G",
    first_frame: int = 1,
) -> Dataset:
    """Return ``dataset`` with an overlay of ``bits``, (rows, columns) or (frames, rows, columns), at ``origin``.

    ``layer`` activates it in a presentation state; ``kind`` is G (graphics) or R (region of interest).
    """
    dataset.add_new((group, 0x10), "US", bits.shape[-2])
    dataset.add_new((group, 0x11), "US", bits.shape[-1])
    if bits.ndim == 3:  # noqa: PLR2004 - frames, rows, columns
        dataset.add_new((group, 0x15), "IS", len(bits))
        dataset.add_new((group, 0x51), "US", first_frame)
    dataset.add_new((group, 0x40), "CS", kind)
    dataset.add_new((group, 0x50), "SS", list(origin))
    dataset.add_new((group, 0x100), "US", 1)
    dataset.add_new((group, 0x102), "US", 0)
    packed = np.packbits(np.asarray(bits, np.uint8).ravel(), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))
    if layer is not None:
        dataset.add_new((group, 0x1001), "CS", layer)
    return dataset
