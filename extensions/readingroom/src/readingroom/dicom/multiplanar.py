"""Planes of a loaded volume as pictures: shown, windowed and measured as the images they come from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from readingroom.dicom.model import FrameGeometry
from readingroom.dicom.picture import LoadedFrame, Picture, load_frame
from readingroom.dicom.presented import PLAIN
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

    def frame(
        self, plane: Plane, slab_mm: float = 0.0, projection: Projection | None = None, every: int = 1
    ) -> ReformattedFrame:
        """Return a plane ready to be rendered; arguments and errors are those of ``pixels.reformat.reformat``."""
        found = reformat(self.volume, plane, slab_mm, projection, every)
        present = found.values[~found.absent]
        span = None
        if found.values.dtype.kind in "iu":
            span = int(found.values.min()), int(found.values.max())
        value_range = self.appearance.value_range
        if present.size and self.appearance.pipeline is not None:
            ends = self.appearance.pipeline.modality_values(np.array([present.min(), present.max()]))
            value_range = float(ends.min()), float(ends.max())
        frame = replace(self.appearance, stored=found.values, span=span, value_range=value_range)
        return ReformattedFrame(frame, found.absent, self.geometry(plane, slab_mm, every))

    def geometry(self, plane: Plane, slab_mm: float = 0.0, every: int = 1) -> FrameGeometry:
        """Return where a plane lies, as of an image; LPS, millimetres."""
        return FrameGeometry(
            orientation=plane.orientation,
            position=plane.origin,
            spacing=(plane.spacing[0] * every, plane.spacing[1] * every),
            spacing_kind="patient",
            frame_of_reference_uid=self.stack.frame_of_reference_uid,
            slice_thickness=slab_mm or None,
        )


def _appearance(source: StudySource, stack: Stack, plan: VolumePlan) -> LoadedFrame:
    """Return the frame in the middle of a stack, or the next one that can be shown, with the values of the volume."""
    middle = len(stack.frames) // 2
    error: ReadingRoomError | None = None
    for number in sorted(range(len(stack.frames)), key=lambda n: abs(n - middle)):
        reference = stack.frames[number]
        try:
            loaded = load_frame(source, reference.sop_uid, reference.frame)
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
