"""Graphics, text, layers, displayed area and turning as a presentation state stores them (PS3.3 C.10.4 to C.10.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydicom import Dataset

from readingroom.dicom.attributes import items, number, numbers, text, values, whole
from readingroom.dicom.shutters import p_value_of
from readingroom.pixels.presentation import (
    P_VALUE_WHITE,
    DisplayedArea,
    Point,
    Shape,
    ShapeKind,
    SizeMode,
    SpatialTransformation,
    TextObject,
)

Units = Literal["PIXEL", "DISPLAY"]
MAX_POINTS = 50_000
"""Points of all graphics of one state that are drawn; a browser draws no more in a moment, and no reader sees more."""

MAX_OBJECTS = 5_000
MAX_TEXT = 10_000
_LEAST_POINTS = {"POINT": 1, "MULTIPOINT": 1, "POLYLINE": 2, "INTERPOLATED": 2, "CIRCLE": 2, "ELLIPSE": 4}


@dataclass(frozen=True, slots=True)
class ImageScope:
    """The images and frames an item of a state applies to (PS3.3 table 10-3); without any, all of the state's."""

    references: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def covers(self, sop_uid: str, frame: int) -> bool:
        """Return whether a frame (from 1) of an image is meant; a reference without frames means all of them."""
        if not self.references:
            return True
        return any(uid == sop_uid and (not frames or frame in frames) for uid, frames in self.references)


@dataclass(frozen=True, slots=True)
class StoredShape:
    """A graphic object whose points are pixels of the image or fractions of the displayed area."""

    shape: Shape
    units: Units


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text object; its box and its anchor have units of their own."""

    text: TextObject
    box_units: Units
    anchor_units: Units


@dataclass(frozen=True, slots=True)
class Annotation:
    """An item of the Graphic Annotation Sequence."""

    scope: ImageScope
    layer: str
    shapes: tuple[StoredShape, ...]
    texts: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """An item of the Graphic Layer Sequence; ``p_value`` is white where the state recommends none."""

    name: str
    order: int
    p_value: int = P_VALUE_WHITE
    description: str = ""


def read_scope(item: Dataset) -> ImageScope:
    """Return the images that an item refers to."""
    return ImageScope(
        tuple(
            (text(image, "ReferencedSOPInstanceUID"), tuple(int(n) for n in numbers(image, "ReferencedFrameNumber")))
            for image in items(item, "ReferencedImageSequence")
        )
    )


def read_layers(dataset: Dataset) -> tuple[StoredLayer, ...]:
    """Return the layers from the lowest to the highest."""
    found = [
        StoredLayer(
            text(item, "GraphicLayer"),
            whole(item, "GraphicLayerOrder") or 0,
            _layer_gray(item),
            text(item, "GraphicLayerDescription"),
        )
        for item in items(dataset, "GraphicLayerSequence")
    ]
    return tuple(sorted(found, key=lambda layer: layer.order))


def read_transformation(dataset: Dataset) -> tuple[SpatialTransformation, tuple[str, ...]]:
    """Return the Spatial Transformation Module; a rotation the Standard does not know is left out with a note."""
    rotation: Any = whole(dataset, "ImageRotation") or 0
    flip = text(dataset, "ImageHorizontalFlip") == "Y"
    if rotation not in (0, 90, 180, 270):
        return SpatialTransformation(0, flip), (f"An Image Rotation of {rotation} degrees is not applied.",)
    return SpatialTransformation(rotation, flip), ()


def read_areas(dataset: Dataset) -> tuple[tuple[ImageScope, DisplayedArea], ...]:
    """Return the displayed areas with the images they are for; one without its corners is the whole image."""
    found = []
    for item in items(dataset, "DisplayedAreaSelectionSequence"):
        first = numbers(item, "DisplayedAreaTopLeftHandCorner")
        last = numbers(item, "DisplayedAreaBottomRightHandCorner")
        if len(first) == 2 == len(last):  # noqa: PLR2004 - column, row
            (left, right), (top, bottom) = (sorted((int(a), int(b))) for a, b in zip(first, last, strict=True))
            found.append((read_scope(item), DisplayedArea(left - 1, top - 1, right, bottom, *_size(item))))
    return tuple(found)


def read_annotations(dataset: Dataset) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """Return graphics and text, and in words what of them is damaged or too much to draw."""
    budget = _Budget()
    annotations = tuple(
        Annotation(
            read_scope(item),
            text(item, "GraphicLayer"),
            tuple(_shapes(items(item, "GraphicObjectSequence"), budget)),
            tuple(_texts(items(item, "TextObjectSequence"), budget)),
        )
        for item in items(dataset, "GraphicAnnotationSequence")
    )
    for item in items(dataset, "GraphicAnnotationSequence"):
        if items(item, "CompoundGraphicSequence") and not items(item, "GraphicObjectSequence"):
            budget.notes["A compound graphic comes without the simple graphics that stand for it; it is not drawn."] = 1
    return annotations, tuple(f"{note} ({n} times)" if n > 1 else note for note, n in budget.notes.items())


class _Budget:
    """How much may still be drawn, and what was left out how often."""

    def __init__(self) -> None:
        self.points = MAX_POINTS
        self.objects = MAX_OBJECTS
        self.notes: dict[str, int] = {}

    def takes(self, points: int) -> bool:
        if points > self.points or not self.objects:
            self.leave_out(f"Graphics beyond {MAX_POINTS} points or {MAX_OBJECTS} objects are not drawn.")
            return False
        self.points -= points
        self.objects -= 1
        return True

    def leave_out(self, note: str) -> None:
        self.notes[note] = self.notes.get(note, 0) + 1


def _shapes(objects: Iterable[Dataset], budget: _Budget) -> Iterable[StoredShape]:
    for item in objects:
        kind: ShapeKind | str = text(item, "GraphicType")
        units = _units(item, "GraphicAnnotationUnits")
        if kind not in get_args(ShapeKind) or units is None:
            budget.leave_out(
                f"A graphic of the type {kind!r:.40} in {text(item, 'GraphicAnnotationUnits')!r:.40} is not drawn."
            )
            continue
        data = numbers(item, "GraphicData")
        points = tuple(zip(data[::2], data[1::2], strict=False))
        if len(data) % 2 or len(points) < _LEAST_POINTS[kind]:
            budget.leave_out(
                f"A graphic of the type {kind} has too few points or some that are no numbers; it is not drawn."
            )
        elif budget.takes(len(points)):
            shown = points[: _LEAST_POINTS[kind]] if kind in ("POINT", "CIRCLE", "ELLIPSE") else points
            yield StoredShape(Shape(kind, shown, text(item, "GraphicFilled") == "Y"), units)  # type: ignore[arg-type]


def _texts(objects: Iterable[Dataset], budget: _Budget) -> Iterable[StoredText]:
    for item in objects:
        box_units, anchor_units = (_units(item, f"{what}AnnotationUnits") for what in ("BoundingBox", "AnchorPoint"))
        first = _point(item, "BoundingBoxTopLeftHandCorner") if box_units else None
        last = _point(item, "BoundingBoxBottomRightHandCorner") if box_units else None
        anchor = _point(item, "AnchorPoint") if anchor_units else None
        written = _lines(item)
        if not written or ((first is None or last is None) and anchor is None):
            budget.leave_out(f"The text {written!r:.60} has no place and is not drawn.")
        elif budget.takes(1):
            justification: Any = text(item, "BoundingBoxTextHorizontalJustification")
            boxed = first is not None and last is not None
            shown = TextObject(
                written,
                first if boxed else None,
                last if boxed else None,
                justification if justification in ("CENTER", "RIGHT") else "LEFT",
                anchor,
                text(item, "AnchorPointVisibility") == "Y",
            )
            yield StoredText(shown, box_units or "PIXEL", anchor_units or "PIXEL")


def _lines(item: Dataset) -> str:
    """Return Unformatted Text Value, in which a backslash is a backslash (VR ST), with one kind of line end."""
    found = values(item, "UnformattedTextValue")
    whole_text = "\\".join(str(value) for value in found).replace("\r\n", "\n").replace("\r", "\n")
    shown = "".join(c for c in whole_text if c == "\n" or c.isprintable()).strip()
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}…"


def _units(item: Dataset, keyword: str) -> Units | None:
    found: Any = text(item, keyword)
    return found if found in get_args(Units) else None


def _point(item: Dataset, keyword: str) -> Point | None:
    found = numbers(item, keyword)
    return (found[0], found[1]) if len(found) == 2 else None  # noqa: PLR2004 - x, y


def _size(
    item: Dataset,
) -> tuple[SizeMode, tuple[float, float] | None, tuple[int, int] | None, float | None]:
    mode: Any = text(item, "PresentationSizeMode")
    spacing, aspect = numbers(item, "PresentationPixelSpacing"), numbers(item, "PresentationPixelAspectRatio")
    return (
        mode if mode in get_args(SizeMode) else "SCALE TO FIT",
        (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,  # noqa: PLR2004
        (int(aspect[0]), int(aspect[1])) if len(aspect) == 2 and min(aspect) >= 1 else None,  # noqa: PLR2004
        number(item, "PresentationPixelMagnificationRatio"),
    )


def _layer_gray(item: Dataset) -> int:
    found = p_value_of(
        item, "GraphicLayerRecommendedDisplayGrayscaleValue", "GraphicLayerRecommendedDisplayCIELabValue"
    )
    return P_VALUE_WHITE if found is None else found
