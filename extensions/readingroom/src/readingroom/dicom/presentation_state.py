"""Softcopy presentation states: how somebody wanted images to be shown (PS3.3 A.33, PS3.4 N).

A state replaces the whole of an image's own display pipeline (PS3.4 N.2): what it does not hold is not done, whatever
the image says; the image's Photometric Interpretation does not count either (N.2.1.4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydicom import Dataset

from readingroom.dicom.attributes import (
    display_name,
    first_item,
    iso_date,
    iso_time,
    items,
    numbers,
    quiet_reading,
    text,
)
from readingroom.dicom.image import lookup_table, rescale, windows
from readingroom.dicom.model import Series
from readingroom.dicom.overlays import Overlay, activation_layers, read_overlays
from readingroom.dicom.presentation_graphics import (
    Annotation,
    ImageScope,
    StoredLayer,
    read_annotations,
    read_areas,
    read_layers,
    read_scope,
    read_transformation,
)
from readingroom.dicom.shutters import StoredShutter, read_shutter
from readingroom.dicom.source import StudySource
from readingroom.errors import DamagedImageError, ReadingRoomError, UnsupportedImageError
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.presentation import DisplayedArea, SpatialTransformation
from readingroom.pixels.voi import Voi

MODALITY = "PR"
_STORAGE = "1.2.840.10008.5.1.4.1.1.11."
GRAYSCALE, COLOR = f"{_STORAGE}1", f"{_STORAGE}2"

UNSUPPORTED = {
    f"{_STORAGE}3": "Pseudo-Color Softcopy Presentation States",
    f"{_STORAGE}4": "Blending Softcopy Presentation States",
    f"{_STORAGE}5": "XA/XRF Grayscale Softcopy Presentation States",
    f"{_STORAGE}6": "Planar MPR Volumetric Presentation States (Grayscale)",
    f"{_STORAGE}7": "Planar MPR Volumetric Presentation States (Compositing)",
    f"{_STORAGE}8": "Advanced Blending Presentation States",
    f"{_STORAGE}9": "Volume Rendering Volumetric Presentation States",
    f"{_STORAGE}10": "Segmented Volume Rendering Volumetric Presentation States",
    f"{_STORAGE}11": "Multiple Volume Rendering Volumetric Presentation States",
    f"{_STORAGE}12": "Variable Modality LUT Softcopy Presentation States",
}
"""Storage SOP classes of presentation states (PS3.4 B.5) that cannot be applied here, with their names."""


@dataclass(frozen=True, slots=True)
class StateReference:
    """A presentation state as a list of them shows it; ``created`` is ISO, ``problem`` says why it cannot be applied.

    ``images`` are the SOP Instance UIDs it refers to, each with its frames (from 1), none for all of them.
    """

    sop_uid: str
    sop_class_uid: str
    series_uid: str
    label: str
    description: str
    creator: str
    created: str
    images: tuple[tuple[str, tuple[int, ...]], ...]
    problem: str = ""

    def refers_to(self, sop_uid: str, frame: int) -> bool:
        """Return whether the state is for this frame (from 1) of this image."""
        return bool(self.images) and ImageScope(self.images).covers(sop_uid, frame)


@dataclass(frozen=True, eq=False, slots=True)
class SoftcopyVoi:
    """An item of the Softcopy VOI LUT Sequence: windows with their explanations, or a VOI LUT (PS3.3 C.11.8)."""

    scope: ImageScope
    windows: tuple[tuple[Voi, str], ...]
    lut: LookupTable | None
    lut_explanation: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class PresentationState:
    """A Grayscale or Color Softcopy Presentation State.

    First values mapped by ``modality`` and by VOI LUTs are as stored: ``readingroom.dicom.presented`` gives them the
    sign of the image they are applied to. ``activation`` names the layer of each overlay group that is to be shown.
    """

    reference: StateReference
    rescale: tuple[float, float] = (1.0, 0.0)
    modality: LookupTable | None = None
    vois: tuple[SoftcopyVoi, ...] = ()
    presentation: LookupTable | None = None
    shape: Literal["IDENTITY", "INVERSE"] = "IDENTITY"
    transformation: SpatialTransformation = SpatialTransformation()  # noqa: RUF009 - frozen
    areas: tuple[tuple[ImageScope, DisplayedArea], ...] = ()
    shutter: StoredShutter = StoredShutter()  # noqa: RUF009 - frozen
    layers: tuple[StoredLayer, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    activation: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_color(self) -> bool:
        """Return whether the state is for colour images and leaves their values alone."""
        return self.reference.sop_class_uid == COLOR


def is_presentation_state(sop_class_uid: str) -> bool:
    """Return whether a SOP class is one of presentation states, those we cannot apply included."""
    return sop_class_uid in (GRAYSCALE, COLOR) or sop_class_uid in UNSUPPORTED


def read_presentation_state(dataset: Dataset) -> PresentationState:
    """Return the presentation state that a dataset holds, with a note for each part that cannot be applied.

    Raises
    ------
    UnsupportedImageError
        For another kind of presentation state, by its name, and for anything else.
    DamagedImageError
        When a lookup table of it is damaged: without it every grey would be wrong.
    """
    with quiet_reading():
        reference = state_reference(dataset)
        if reference.problem:
            raise UnsupportedImageError(reference.problem)
        return _read(dataset, reference)


def state_reference(dataset: Dataset) -> StateReference:
    """Return who made a presentation state, when and for what; ``problem`` is set when it cannot be applied."""
    sop_class_uid = text(dataset, "SOPClassUID")
    problem = ""
    if sop_class_uid in UNSUPPORTED:
        problem = f"{UNSUPPORTED[sop_class_uid]} are not supported."
    elif sop_class_uid not in (GRAYSCALE, COLOR):
        problem = "This is no softcopy presentation state."
    date, time = iso_date(dataset, "PresentationCreationDate"), iso_time(dataset, "PresentationCreationTime")
    return StateReference(
        sop_uid=text(dataset, "SOPInstanceUID"),
        sop_class_uid=sop_class_uid,
        series_uid=text(dataset, "SeriesInstanceUID"),
        label=text(dataset, "ContentLabel"),
        description=text(dataset, "ContentDescription"),
        creator=display_name(dataset, "ContentCreatorName"),
        created=f"{date}T{time}" if date and time else date,
        images=tuple(
            reference
            for series in items(dataset, "ReferencedSeriesSequence")
            for reference in read_scope(series).references
        ),
        problem=problem,
    )


def presentation_states(source: StudySource, series: Iterable[Series]) -> Sequence[StateReference]:
    """Return the presentation states among ``series``, newest first, those that cannot be applied with their problem.

    A series that shows images is not looked into: states have series of their own, of modality PR (PS3.3 C.11.9), and a
    PACS may have to send every image of a series before it can be listed. Raises what ``source.instances`` raises; a state
    that cannot be read is in the list with the reason.
    """
    found = [
        _listed(source, entry.uid, instance.sop_uid, instance.sop_class_uid)
        for entry in series
        if entry.modality == MODALITY or entry.frame_count == 0
        for instance in source.instances(entry.uid)
        if is_presentation_state(instance.sop_class_uid)
    ]
    return tuple(sorted(found, key=lambda state: (state.created, state.sop_uid), reverse=True))


def load_presentation_state(source: StudySource, sop_uid: str) -> PresentationState:
    """Return a presentation state of a source; raises what ``read_presentation_state`` and the source raise."""
    return read_presentation_state(source.metadata(sop_uid))


def _listed(source: StudySource, series_uid: str, sop_uid: str, sop_class_uid: str) -> StateReference:
    try:
        with quiet_reading():
            return state_reference(source.metadata(sop_uid))
    except ReadingRoomError as error:
        return StateReference(sop_uid, sop_class_uid, series_uid, "", "", "", "", (), problem=str(error))


def _read(dataset: Dataset, reference: StateReference) -> PresentationState:
    transformation, turned = read_transformation(dataset)
    annotations, drawn = read_annotations(dataset)
    overlays, overlaid = read_overlays(dataset)
    vois, windowed = _vois(dataset)
    shutter = read_shutter(dataset)
    return PresentationState(
        reference,
        rescale=rescale(dataset, 1),
        modality=lookup_table(first_item(dataset, "ModalityLUTSequence"), signed=False),
        vois=vois,
        presentation=lookup_table(first_item(dataset, "PresentationLUTSequence"), signed=False),
        shape="INVERSE" if text(dataset, "PresentationLUTShape") == "INVERSE" else "IDENTITY",
        transformation=transformation,
        areas=read_areas(dataset),
        shutter=shutter,
        layers=read_layers(dataset),
        annotations=annotations,
        overlays=overlays,
        activation=activation_layers(dataset),
        notes=(*_unsupported_parts(dataset), *turned, *windowed, *shutter.notes, *overlaid, *drawn),
    )


def _vois(dataset: Dataset) -> tuple[tuple[SoftcopyVoi, ...], tuple[str, ...]]:
    found = []
    notes = []
    for item in items(dataset, "SoftcopyVOILUTSequence"):
        allowed = windows(item, 1)
        lut_item = first_item(item, "VOILUTSequence")
        lut = lookup_table(lut_item, signed=None)
        if len(allowed) < len(numbers(item, "WindowCenter")) or not (allowed or lut):
            notes.append("A window of the presentation state is not one that the Standard allows; it is not used.")
        found.append(SoftcopyVoi(read_scope(item), allowed, lut, text(lut_item, "LUTExplanation")))
    return tuple(found), tuple(notes)


def _unsupported_parts(dataset: Dataset) -> tuple[str, ...]:
    notes = []
    if items(dataset, "MaskSubtractionSequence"):
        notes.append("The presentation state subtracts a mask; the image is shown without subtraction.")
    if text(dataset, "SOPClassUID") == COLOR and "ICCProfile" in dataset:
        notes.append("The colour profile of the presentation state is not applied.")
    return tuple(notes)


def require_reference(state: PresentationState, sop_uid: str, frame: int) -> None:
    """Raise ``DamagedImageError`` unless the state is for this frame of this image."""
    if state.reference.refers_to(sop_uid, frame):
        return
    name = state.reference.label or state.reference.sop_uid
    if any(uid == sop_uid for uid, _ in state.reference.images):
        raise DamagedImageError(
            f"The presentation state {name} is for other frames of this image, not for frame {frame}."
        )
    raise DamagedImageError(f"The presentation state {name} is not for this image but for {_others(state)}.")


def _others(state: PresentationState) -> str:
    count = len(state.reference.images)
    return "no image at all" if not count else f"{count} other image{'s' if count > 1 else ''}"
