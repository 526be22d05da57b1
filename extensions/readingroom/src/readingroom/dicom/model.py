"""Study, series, instance and frame as frozen values (PS3.3 A.1.2, the composite instance information model)."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Study:
    """One row of the study list; dates are ISO (``YYYY-MM-DD``) or empty, the name is family-first for display."""

    uid: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    date: str
    time: str
    description: str
    accession_number: str
    modalities: tuple[str, ...]
    series_count: int
    instance_count: int


@dataclass(frozen=True, slots=True)
class Series:
    """One series; ``frame_count`` counts the frames that can be shown, 0 for reports and other non-image objects."""

    uid: str
    study_uid: str
    modality: str
    number: int | None
    description: str
    body_part: str
    instance_count: int
    frame_count: int
    rows: int
    columns: int
    frame_time_ms: float | None
    """Milliseconds from one frame to the next of a cine (Frame Time, PS3.3 C.7.6.5), None where there is none."""


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """Where a frame lies, in patient coordinates (LPS, millimetres); None for what the image does not say.

    ``orientation`` holds the direction cosines of a row, then of a column (Image Orientation (Patient));
    ``position`` the centre of the first pixel; ``spacing`` the distance between rows, then between columns;
    ``spacing_kind`` says where those millimetres are true: ``patient`` | ``detector`` | ``magnified`` (corrected for
    an estimated magnification) | ``calibrated`` | ``unstated`` | ``none``.
    ``slice_thickness`` and ``spacing_between_slices`` are what the image says, right or wrong, in millimetres.
    ``volume_orientation`` and ``volume_position`` place a frame of an ultrasound volume in the volume's own
    coordinates (PS3.3 C.8.24.2), which are millimetres but say nothing about left and right of the patient.
    """

    orientation: tuple[float, float, float, float, float, float] | None = None
    position: tuple[float, float, float] | None = None
    spacing: tuple[float, float] | None = None
    spacing_kind: str = "none"
    frame_of_reference_uid: str = ""
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None
    volume_orientation: tuple[float, float, float, float, float, float] | None = None
    volume_position: tuple[float, float, float] | None = None


Dimensions = tuple[tuple[str, str], ...]
"""Names and values by which frames of one place may differ, such as ("b-value", "800"), as the image holds them."""


@dataclass(frozen=True, slots=True)
class FrameReference:
    """One frame that can be shown: its SOP Instance UID, its frame number (1-based, as in DICOM) and its geometry.

    ``version`` changes when the instance's file is replaced by another, where a source can tell.
    """

    sop_uid: str
    frame: int
    rows: int
    columns: int
    geometry: FrameGeometry = field(default_factory=FrameGeometry)
    dimensions: Dimensions = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """The bytes of one frame exactly as stored, with the Transfer Syntax UID that says how to decode them.

    Of a video ``data`` is the whole stream and ``number`` the frame in it, from 1; elsewhere ``number`` is 1.
    """

    transfer_syntax_uid: str
    data: bytes
    number: int = 1


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of a series; ``frame_count`` is 0 for what is no image, ``path`` is below the source's root."""

    sop_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    frame_count: int
    path: str


ProblemKind = Literal["unreadable", "duplicate", "not_dicom", "not_entered"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was passed over, by its path below the source's root, and the reason in plain words.

    ``unreadable`` is an object that cannot be shown, ``duplicate`` one that another file stands for, ``not_dicom`` all
    files that are something else, ``not_entered`` a link or folder that was not followed.
    """

    path: str
    reason: str
    kind: ProblemKind = "unreadable"
