"""The display shutter of an image or a presentation state (PS3.3 C.7.6.11, C.7.6.15, C.11.12)."""

from dataclasses import dataclass, replace

from pydicom import Dataset

from readingroom.dicom.attributes import number, numbers, values, whole
from readingroom.errors import DamagedImageError
from readingroom.pixels.presentation import P_VALUE_WHITE
from readingroom.pixels.shutter import CircularShutter, PolygonalShutter, RectangularShutter, ShutterShape

_EDGES = (
    "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge", "ShutterLowerHorizontalEdge",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredShutter:
    """A shutter as it is stored: its geometric shapes, the overlay group of a bitmap, and the P-value of the hidden."""

    shapes: tuple[ShutterShape, ...] = ()
    overlay_group: int | None = None
    p_value: int = 0
    notes: tuple[str, ...] = ()

    def on_pixels_of(self, aspect: float) -> tuple[ShutterShape, ...]:
        """Return the shapes on pixels whose height is ``aspect`` times their width."""
        return tuple(replace(s, aspect=aspect) if isinstance(s, CircularShutter) else s for s in self.shapes)


def read_shutter(dataset: Dataset) -> StoredShutter:
    """Return the shutter of a dataset, without those shapes that are damaged: each of them has its note."""
    shapes: list[ShutterShape] = []
    notes: list[str] = []
    kinds = {str(value).strip() for value in values(dataset, "ShutterShape")}
    for kind, read in _READERS.items():
        if kind in kinds:
            try:
                shapes.append(read(dataset))
            except DamagedImageError as error:
                notes.append(f"{str(error).rstrip('.')}; it is not applied.")
    group = whole(dataset, "ShutterOverlayGroup") if "BITMAP" in kinds else None
    notes += [f"A shutter of the shape {kind!r:.40} is not known." for kind in kinds - {*_READERS, "BITMAP"}]
    p_value = p_value_of(dataset, "ShutterPresentationValue", "ShutterPresentationColorCIELabValue")
    return StoredShutter(tuple(shapes), group, p_value or 0, tuple(notes))


def p_value_of(dataset: Dataset, gray: str, color: str) -> int | None:
    """Return the P-value (0 to 65535) of an attribute, the lightness of its colour where there is no grey."""
    found = whole(dataset, gray)
    lightness = numbers(dataset, color)
    if found is None and len(lightness) == 3:  # noqa: PLR2004 - L*, a*, b*
        found = int(lightness[0])
    return None if found is None else min(max(found, 0), P_VALUE_WHITE)


def pixel_aspect(dataset: Dataset) -> float:
    """Return the height of an image's pixels divided by their width (PS3.3 C.7.6.3.1.7)."""
    for keyword in ("PixelAspectRatio", "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = numbers(dataset, keyword)
        if len(found) == 2 and min(found) > 0:  # noqa: PLR2004 - vertical, horizontal
            return found[0] / found[1]
    return 1.0


def _rectangular(dataset: Dataset) -> ShutterShape:
    left, right, upper, lower = (whole(dataset, keyword) for keyword in _EDGES)
    if left is None or right is None or upper is None or lower is None:
        raise DamagedImageError("A rectangular shutter lacks one of its edges.")
    return RectangularShutter(left, right, upper, lower)


def _circular(dataset: Dataset) -> ShutterShape:
    center, radius = numbers(dataset, "CenterOfCircularShutter"), number(dataset, "RadiusOfCircularShutter")
    if len(center) != 2 or radius is None:  # noqa: PLR2004 - row, column
        raise DamagedImageError("A circular shutter lacks its centre or its radius.")
    return CircularShutter(int(center[0]), int(center[1]), int(radius))


def _polygonal(dataset: Dataset) -> ShutterShape:
    found = [int(value) for value in numbers(dataset, "VerticesOfThePolygonalShutter")]
    if len(found) % 2:
        raise DamagedImageError("A polygonal shutter has half a vertex.")
    return PolygonalShutter(tuple(zip(found[::2], found[1::2], strict=True)))


_READERS = {"RECTANGULAR": _rectangular, "CIRCULAR": _circular, "POLYGONAL": _polygonal}
