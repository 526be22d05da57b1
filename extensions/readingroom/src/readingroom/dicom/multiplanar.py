"""Planes of a loaded volume as pictures: shown, windowed and measured as the images they come from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.attributes import text
from readingroom.dicom.model import FrameGeometry
from readingroom.dicom.picture import LoadedFrame, Picture, load_frame
from readingroom.dicom.presented import PLAIN
from readingroom.dicom.shared_window import SharedWindows
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.dicom.volume_plan import VolumePlan
from readingroom.errors import ReadingRoomError
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.plane import Plane
from readingroom.pixels.reformat import Projection, reformat
from readingroom.pixels.voi import Voi
from readingroom.pixels.volume import Volume


@dataclass(frozen=True, eq=False, slots=True)
class ReformattedFrame:
    """A plane of a volume, to be rendered again and again as a ``LoadedFrame`` is; black where there is nothing."""

    frame: LoadedFrame
    absent: NDArray[np.bool_]
    geometry: FrameGeometry

    @property
    def nbytes(self) -> int:
        """Return the memory that the values take."""
        return self.frame.nbytes + self.absent.nbytes

    def picture(
        self,
        voi: Voi | LookupTable | None = None,
        inverted: bool = False,
        display: DisplayCurve | None = None,
        *,
        overlays: bool = True,
    ) -> Picture:
        """Return the plane through a window or VOI LUT, as ``LoadedFrame.picture`` does; it has no overlays."""
        shown = self.frame.picture(voi, inverted, display, overlays=overlays)
        return replace(shown, pixels=np.where(self.absent, np.uint8(0), shown.pixels)) if self.absent.any() else shown

    def voi_lut(self, number: int) -> LookupTable:
        """Return a VOI LUT of the images by its number from 1; raises ``NotFoundError`` when there is none of it."""
        return self.frame.voi_lut(number)


@dataclass(frozen=True, eq=False, slots=True)
class MultiplanarSeries:
    """A volume and how it is shown: windows and pipeline of the slice in its middle. The volume may still be filling."""

    volume: Volume
    appearance: LoadedFrame
    stack: Stack

    @classmethod
    def of(cls, source: StudySource, loader: VolumeLoader) -> "MultiplanarSeries":
        """Return the series that a loader loads; raises what ``load_frame`` raises where no slice can be shown."""
        return cls(loader.volume, _appearance(source, loader.stack, loader.plan), loader.stack)

    def frame(self, plane: Plane, slab_mm: float = 0.0, projection: Projection | None = None) -> ReformattedFrame:
        """Return a plane ready to be rendered; arguments and errors are those of ``pixels.reformat.reformat``."""
        found = reformat(self.volume, plane, slab_mm, projection)
        present = found.values[~found.absent]
        span = None
        if found.values.dtype.kind in "iu":
            span = int(found.values.min()), int(found.values.max())
        value_range = self.appearance.value_range
        if present.size and self.appearance.pipeline is not None:
            ends = self.appearance.pipeline.modality_values(np.array([present.min(), present.max()]))
            value_range = float(ends.min()), float(ends.max())
        notes = self.appearance.notes + self._slab_notes(plane, slab_mm)
        frame = replace(self.appearance, stored=found.values, span=span, value_range=value_range, notes=notes)
        return ReformattedFrame(frame, found.absent, self.geometry(plane, slab_mm))

    def _slab_notes(self, plane: Plane, slab_mm: float) -> tuple[str, ...]:
        normal = np.array(plane.normal)
        along = self.volume.corners_mm() @ normal
        reach = float(along.max() - along.min()) + 2 * self.volume.half_extent_mm(normal)
        if slab_mm <= reach + 1e-6:
            return ()
        return (f"The slab of {slab_mm:g} mm is thicker than the images, which reach over {reach:.4g} mm.",)

    def geometry(self, plane: Plane, slab_mm: float = 0.0) -> FrameGeometry:
        """Return where a plane lies, as of an image; LPS, millimetres."""
        return FrameGeometry(
            orientation=plane.orientation,
            position=plane.origin,
            spacing=plane.spacing,
            spacing_kind="patient",
            frame_of_reference_uid=self.stack.frame_of_reference_uid,
            slice_thickness=slab_mm or None,
        )


def stack_notes(stack: Stack) -> tuple[str, ...]:
    """Return what must be known about planes cut from a stack: what is wrong with it, and which of several it is."""
    which = (f"Cut from one of several stacks of this series: {stack.label}.",) if stack.dimensions else ()
    return (*(warning.sentence for warning in stack.warnings), *which)


def _appearance(source: StudySource, stack: Stack, plan: VolumePlan) -> LoadedFrame:
    """Return the frame in the middle of a stack, or the next one that can be shown, with the values of the volume."""
    middle = len(stack.frames) // 2
    error: ReadingRoomError | None = None
    for number in sorted(range(len(stack.frames)), key=lambda n: abs(n - middle)):
        reference = stack.frames[number]
        try:
            loaded = load_frame(source, reference.sop_uid, reference.frame)
            series_uid = text(source.metadata(reference.sop_uid), "SeriesInstanceUID")
            loaded = SharedWindows(source).applied(series_uid, reference, loaded)
        except ReadingRoomError as failed:
            error = error or failed
            continue
        return _in_values_of(loaded, plan)
    raise error or ReadingRoomError("This stack holds no image.")


def _in_values_of(loaded: LoadedFrame, plan: VolumePlan) -> LoadedFrame:
    """Return a frame's appearance without what lies on that one frame: its overlays, its shutter, its colours."""
    pipeline = loaded.pipeline
    if pipeline is not None and plan.is_modality:
        pipeline = replace(pipeline, slope=1.0, intercept=0.0, padding=plan.padding)
    return replace(loaded, pipeline=pipeline, supplemental=None, dressing=PLAIN)
