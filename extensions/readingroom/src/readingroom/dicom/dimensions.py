"""By what else than its place a frame may differ from the others of its series: time, b-value, echo, phase and the like.

Each dimension is read from the functional group that the Standard puts it in, or from the top of a classic image, where
the same attributes stand (PS3.3 C.7.6.16, C.8.3.1, C.8.13.5). All that are present are kept with the frame; which of
them part a series into stacks is decided by the data (``readingroom.dicom.splitting``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import dictionary_description

from readingroom.dicom.attributes import functional_group, has_functional_groups, items, number, numbers, text, values
from readingroom.dicom.diffusion import b_value, gradient_direction
from readingroom.dicom.model import Dimensions

Reader = Callable[[Dataset, int], str]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way in which frames of one place differ.

    ``unit`` follows the value when it is told. ``always`` parts frames even where their places do not coincide;
    ``runs`` grows during the scan, so that its exact value differs from slice to slice and only its order counts.
    """

    name: str
    read: Reader
    unit: str = ""
    always: bool = False
    runs: bool = False


def frame_dimensions(dataset: Dataset, frame: int) -> Dimensions:
    """Return the dimensions that a frame (1-based) has a value of, the most telling first."""
    found = tuple((dimension.name, value) for dimension in DIMENSIONS if (value := dimension.read(dataset, frame)))
    return found + _indexed(dataset, frame)


def told(name: str, value: str) -> str:
    """Return a dimension as a reader is told it: ``b-value 800 s/mm²``."""
    dimension = BY_NAME.get(name)
    unit = f" {dimension.unit}" if dimension is not None and dimension.unit else ""
    return f"{name} {value}{unit}"


def _attribute(keyword: str, macro: str = "", macro_keyword: str = "") -> Reader:
    """Return a reader of an attribute by its name at the top of a classic image and by that in its functional group."""

    def read(dataset: Dataset, frame: int) -> str:
        group = functional_group(dataset, frame, macro) if macro else dataset
        found = text(group, macro_keyword if macro and group is not dataset and macro_keyword else keyword)
        return found or ("" if group is dataset else text(dataset, keyword))

    return read


def _quantity(keyword: str, macro: str = "", macro_keyword: str = "") -> Reader:
    """Return a reader like ``_attribute`` of a number, without the zeros that scanners pad it with."""
    read_text = _attribute(keyword, macro, macro_keyword)

    def read(dataset: Dataset, frame: int) -> str:
        found = read_text(dataset, frame)
        try:
            return f"{float(found):.10g}" if found else ""
        except ValueError:
            return found

    return read


_FRAME_TYPES = (
    "MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence", "XRay3DFrameTypeSequence",
)  # fmt: skip


def _image_type(dataset: Dataset, frame: int) -> str:
    """Return the values of Frame Type or Image Type from the third on: magnitude or phase, water or fat, and the like."""
    for sequence in _FRAME_TYPES if has_functional_groups(dataset) else ():
        group = functional_group(dataset, frame, sequence)
        if group is not None and (found := values(group, "FrameType")):
            parts = [*found[2:], text(group, "ComplexImageComponent")]
            return " ".join(str(part) for part in parts if part)
    return " ".join(str(value) for value in values(dataset, "ImageType")[2:])


def _vector(keyword: str) -> Reader:
    """Return a reader of one of the vectors that the Frame Increment Pointer of NM names (PS3.3 C.8.4.8)."""

    def read(dataset: Dataset, frame: int) -> str:
        found = values(dataset, keyword)
        return str(found[frame - 1]) if 1 < len(found) >= frame else ""

    return read


def _frame_number(dataset: Dataset, frame: int) -> str:
    """Return the number of a frame of several: frames of one place in one image are one after the other in time."""
    return str(frame) if (number(dataset, "NumberOfFrames") or 1) > 1 else ""


def _indexed(dataset: Dataset, frame: int) -> Dimensions:
    """Return the Dimension Index Values that none of the dimensions above stand for (PS3.3 C.7.6.17)."""
    pointers = items(dataset, "DimensionIndexSequence")
    if not pointers:
        return ()
    indices = numbers(functional_group(dataset, frame, "FrameContentSequence"), "DimensionIndexValues")
    found = []
    for pointer, index in zip(pointers, indices, strict=False):
        tag = number(pointer, "DimensionIndexPointer")
        if tag is not None and int(tag) not in _PLACES:
            found.append((_pointer_name(pointer, int(tag)), f"{index:g}"))
    return tuple(found)


def _pointer_name(pointer: Dataset, tag: int) -> str:
    label = text(pointer, "DimensionDescriptionLabel")
    try:
        return f"index of {label or dictionary_description(tag)}"
    except KeyError:
        return f"index of ({tag >> 16:04X},{tag & 0xFFFF:04X})"


_PLACES = frozenset({0x00200032, 0x00200037, 0x00209057, 0x00209301, 0x00209302, 0x00209113, 0x00209116, 0x00201041})
"""Position, orientation, in-stack position and their sequences: they tell where a frame is, not how it differs."""

_CONTENT = "FrameContentSequence"
_CARDIAC = "CardiacSynchronizationSequence"

DIMENSIONS: Sequence[Dimension] = (
    Dimension("stack", _attribute("StackID", _CONTENT), always=True),
    Dimension("segment", _attribute("ReferencedSegmentNumber", "SegmentIdentificationSequence"), always=True),
    Dimension("b-value", b_value, "s/mm²"),
    Dimension("gradient direction", gradient_direction),
    Dimension("image type", _image_type),
    Dimension("echo time", _quantity("EchoTime", "MREchoSequence", "EffectiveEchoTime"), "ms"),
    Dimension("echo number", _attribute("EchoNumbers")),
    Dimension("inversion time", _quantity("InversionTime", "MRModifierSequence", "InversionTimes"), "ms"),
    Dimension("flip angle", _quantity("FlipAngle", "MRTimingAndRelatedParametersSequence"), "°"),
    Dimension("repetition time", _quantity("RepetitionTime", "MRTimingAndRelatedParametersSequence"), "ms"),
    Dimension("metabolite", _attribute("MetaboliteMapDescription", "MRMetaboliteMapSequence")),
    Dimension("data type", _attribute("DataType", "USImageDescriptionSequence")),
    Dimension("tube voltage", _quantity("KVP", "CTXRayDetailsSequence"), "kV"),
    Dimension("kernel", _attribute("ConvolutionKernel", "CTReconstructionSequence")),
    Dimension("energy window", _vector("EnergyWindowVector")),
    Dimension("detector", _vector("DetectorVector")),
    Dimension("rotation", _vector("RotationVector")),
    Dimension("angular view", _vector("AngularViewVector")),
    Dimension("phase", _vector("PhaseVector")),
    Dimension("R-R interval", _vector("RRIntervalVector")),
    Dimension("time slot", _vector("TimeSlotVector")),
    Dimension("time slice", _vector("TimeSliceVector")),
    Dimension("cardiac phase", _quantity("NominalPercentageOfCardiacPhase", _CARDIAC), "%"),
    Dimension(
        "respiratory phase", _quantity("NominalPercentageOfRespiratoryPhase", "RespiratorySynchronizationSequence"), "%"
    ),
    Dimension("temporal position", _attribute("TemporalPositionIdentifier", _CONTENT, "TemporalPositionIndex")),
    Dimension("trigger time", _quantity("TriggerTime", _CARDIAC, "NominalCardiacTriggerDelayTime"), "ms", runs=True),
    Dimension("time offset", _quantity("TemporalPositionTimeOffset", "TemporalPositionSequence"), "s", runs=True),
    Dimension("frame reference time", _quantity("FrameReferenceTime"), "ms", runs=True),
    Dimension("acquisition", _attribute("AcquisitionNumber", _CONTENT, "FrameAcquisitionNumber")),
    Dimension("sequence", _attribute("SequenceName")),
    Dimension("contrast agent", _attribute("ContrastBolusAgent")),
    Dimension("comment", _attribute("ImageComments", _CONTENT, "FrameComments")),
    Dimension("acquisition time", _attribute("AcquisitionDateTime", _CONTENT, "FrameAcquisitionDateTime"), runs=True),
    Dimension("time of acquisition", _attribute("AcquisitionTime"), runs=True),
    Dimension("time of content", _attribute("ContentTime"), runs=True),
    Dimension("frame", _frame_number, runs=True),
)
"""The dimensions in the order in which they are tried: what the reader calls them by first, clocks last."""

BY_NAME = {dimension.name: dimension for dimension in DIMENSIONS}
