"""What a source holds, series by series, as a person would want it told before opening any of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset

from readingroom.dicom.attributes import first_item, functional_group, number, quiet_reading, text, values, whole
from readingroom.dicom.image import lossy_ratio, windows
from readingroom.dicom.model import Instance, Series, Study
from readingroom.dicom.source import StudySource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.errors import ReadingRoomError
from readingroom.pixels.voi import Voi


@dataclass(frozen=True, eq=False, slots=True)
class SeriesInventory:
    """One series. What is said of its pixels is that of its middle frame.

    ``sop_classes`` and ``transfer_syntaxes`` hold each UID once. ``lossy`` is the ratio of a lossy source, "?" when it is
    not known, empty for a lossless one. ``pixels`` and ``specifics`` are for people: the Image Pixel module, and what
    matters for the modality, by name.
    """

    series: Series
    sop_classes: tuple[str, ...]
    transfer_syntaxes: tuple[str, ...]
    stacks: tuple[Stack, ...]
    windows: tuple[tuple[Voi, str], ...] = ()
    lossy: str = ""
    pixels: str = ""
    specifics: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class StudyInventory:
    """One study and its series."""

    study: Study
    series: tuple[SeriesInventory, ...]


def inventory(source: StudySource) -> Iterator[StudyInventory]:
    """Yield every study of a source; raises what the source raises."""
    for study in source.studies():
        yield StudyInventory(study, tuple(_series(source, series) for series in source.series(study.uid)))


def _series(source: StudySource, series: Series) -> SeriesInventory:
    instances = source.instances(series.uid)
    classes = _distinct(instances, lambda instance: instance.sop_class_uid)
    syntaxes = _distinct(instances, lambda instance: instance.transfer_syntax_uid)
    found = stacks(source, series.uid)
    if not found:
        return SeriesInventory(series, classes, syntaxes, found)
    frames = found[len(found) // 2].frames
    middle = frames[len(frames) // 2]
    dataset = source.metadata(middle.sop_uid)
    with quiet_reading():
        return SeriesInventory(
            series,
            classes,
            syntaxes,
            found,
            windows=_windows(dataset, middle.frame),
            lossy=_lossy(source, dataset, middle.sop_uid, middle.frame),
            pixels=_pixels(dataset),
            specifics=tuple(_specifics(dataset, middle.frame)),
        )


def _distinct(instances: Sequence[Instance], key: Callable[[Instance], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key(instance) for instance in instances))


def _windows(dataset: Dataset, frame: int) -> tuple[tuple[Voi, str], ...]:
    try:
        return tuple((window[0], window[1]) for window in windows(dataset, frame))
    except ReadingRoomError:
        return ()  # `readingroom check` is the place where it is told that the image cannot be shown


def _lossy(source: StudySource, dataset: Dataset, sop_uid: str, frame: int) -> str:
    try:
        return lossy_ratio(dataset, source.frame(sop_uid, frame))
    except ReadingRoomError:
        return "?" if text(dataset, "LossyImageCompression") == "01" else ""


def _pixels(dataset: Dataset) -> str:
    """Return the Image Pixel module in one line: ``12 of 16 bits, signed, MONOCHROME2``."""
    allocated, stored = whole(dataset, "BitsAllocated"), whole(dataset, "BitsStored")
    bits = f"{stored} of {allocated} bits" if stored else f"{allocated} bits, floating point"
    sign = ", signed" if whole(dataset, "PixelRepresentation") == 1 else ""
    return f"{bits}{sign}, {text(dataset, 'PhotometricInterpretation') or 'no photometric interpretation'}"


def _specifics(dataset: Dataset, frame: int) -> Iterator[tuple[str, str]]:
    """Yield what matters for the modality of an image, by name, as far as it is said."""
    for name, keyword, macro, unit in _SPECIFICS.get(text(dataset, "Modality"), ()):
        group = functional_group(dataset, frame, macro) if macro else dataset
        found = text(group, keyword) or text(dataset, keyword)
        if found and found.strip("0.") != "":
            told = f"{float(found):g}" if number(group, keyword) is not None and "\\" not in found else found
            yield name, f"{told.replace(chr(92), ', ')} {unit}".strip()
    regions = len(values(dataset, "SequenceOfUltrasoundRegions"))
    if regions:
        yield "calibrated regions", str(regions)
    tracer = first_item(dataset, "RadiopharmaceuticalInformationSequence")
    if tracer is not None:
        yield "radiopharmaceutical", text(tracer, "Radiopharmaceutical") or "given"
    if "ModalityLUTSequence" in dataset:
        yield "modality LUT", "yes"
    luts = len(values(dataset, "VOILUTSequence"))
    if luts:
        yield "VOI LUTs", str(luts)
    if text(dataset, "BurnedInAnnotation") == "YES":
        yield "burned-in annotation", "yes"


_POSITION = ("patient position", "PatientPosition", "", "")
_RADIOGRAPH = (
    ("view", "ViewPosition", "", ""),
    ("laterality", "ImageLaterality", "", ""),
    ("presentation intent", "PresentationIntentType", "", ""),
    ("calibration", "PixelSpacingCalibrationType", "", ""),
    ("magnification", "EstimatedRadiographicMagnificationFactor", "", ""),
)
_SPECIFICS = {
    "CT": (
        _POSITION,
        ("tube voltage", "KVP", "CTXRayDetailsSequence", "kV"),
        ("kernel", "ConvolutionKernel", "CTReconstructionSequence", ""),
        ("slice thickness", "SliceThickness", "PixelMeasuresSequence", "mm"),
        ("gantry tilt", "GantryDetectorTilt", "CTAcquisitionDetailsSequence", "°"),
        ("values", "RescaleType", "PixelValueTransformationSequence", ""),
        ("contrast agent", "ContrastBolusAgent", "", ""),
    ),
    "MR": (
        _POSITION,
        ("field strength", "MagneticFieldStrength", "", "T"),
        ("sequence", "ScanningSequence", "", ""),
        ("repetition time", "RepetitionTime", "MRTimingAndRelatedParametersSequence", "ms"),
        ("echo time", "EchoTime", "", "ms"),
        ("slice thickness", "SliceThickness", "PixelMeasuresSequence", "mm"),
    ),
    "PT": (
        _POSITION,
        ("units", "Units", "", ""),
        ("decay correction", "DecayCorrection", "", ""),
        ("corrections", "CorrectedImage", "", ""),
        ("slice thickness", "SliceThickness", "PixelMeasuresSequence", "mm"),
    ),
    "NM": (_POSITION, ("image type", "ImageType", "", "")),
    "US": (("frame time", "FrameTime", "", "ms"),),
    "XA": (("frame time", "FrameTime", "", "ms"), *_RADIOGRAPH),
    "RF": (("frame time", "FrameTime", "", "ms"), *_RADIOGRAPH),
    "RTDOSE": (("units", "DoseUnits", "", ""), ("summation", "DoseSummationType", "", "")),
    **dict.fromkeys(("CR", "DX", "MG", "IO", "PX"), _RADIOGRAPH),
}
"""For each modality: a name, the attribute, the functional group it may be in, and its unit."""
