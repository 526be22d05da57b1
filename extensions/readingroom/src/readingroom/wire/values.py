"""What both requests and pictures speak of: windows, planes and codecs."""

from dataclasses import dataclass
from typing import Literal

PlaneName = Literal["axial", "coronal", "sagittal"]
Projection = Literal["mip", "minip", "mean"]
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
Codec = Literal["lz4", "png", "jpeg", "raw"]
"""All but ``jpeg`` are exact; a picture that came as ``jpeg`` is never one at rest."""


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window in modality values (HU for CT): centre, width and VOI LUT Function (PS3.3 C.11.2.1)."""

    center: float
    width: float
    function: VoiFunction = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class VoiChoice:
    """A window of the image, or, where ``window`` is None, a VOI LUT of it (PS3.3 C.11.2.1)."""

    explanation: str
    window: Window | None


@dataclass(frozen=True, slots=True)
class Reformat:
    """A plane of the patient to cut out of a series: one voxel thick, or a slab of ``slab_mm`` millimetres projected."""

    plane: PlaneName
    slab_mm: float = 0.0
    projection: Projection | None = None
