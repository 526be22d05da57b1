"""One file to what an index keeps of it: who and what it shows, and where each frame's bytes lie."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydicom import Dataset

from readingroom.dicom.attributes import (
    display_name,
    iso_date,
    iso_time,
    number,
    numbers,
    quiet_reading,
    text,
    whole,
)
from readingroom.dicom.dimensions import frame_dimensions
from readingroom.dicom.geometry import frame_geometry
from readingroom.dicom.image import float_bytes, pixel_description
from readingroom.dicom.locate import ReadAt, Spans, encapsulated_spans, first_bytes
from readingroom.dicom.model import Dimensions, FrameGeometry
from readingroom.dicom.part10 import BIG_ENDIAN, EXPLICIT, OpenedFile, PixelElement, open_file
from readingroom.dicom.slice_values import SliceValues, slice_values
from readingroom.errors import DamagedImageError, ReadingRoomError, UnreadableFileError, UnsupportedImageError
from readingroom.pixels.codecs import DECODERS, STREAMS, is_encapsulated, syntax_name, uid_name
from readingroom.pixels.codecs.codestream import JpegHeader, check_size, jpeg2000_size, jpegxl_size
from readingroom.pixels.codecs.video import container_format

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
MAX_FRAMES = 2**20
SWOLLEN = 2**20
MAX_VIDEO = 2**30
_NO_SPANS = np.empty((0, 3), np.int64)


@dataclass(frozen=True, slots=True)
class StudyAttributes:
    """The Patient and General Study modules as the study list shows them (PS3.3 C.7.1.1, C.7.2.1)."""

    uid: str
    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    date: str
    time: str
    description: str
    accession_number: str


@dataclass(frozen=True, slots=True)
class SeriesAttributes:
    """The General Series module as the thumbnails show it (PS3.3 C.7.3.1)."""

    uid: str
    study_uid: str
    modality: str
    number: int | None
    description: str
    body_part: str


@dataclass(frozen=True, slots=True)
class PixelLocation:
    """Where the frames of one file are; for native pixel data by computation, else by ``spans``."""

    offset: int = 0
    frame_bits: int = 0
    spans: Spans = field(default_factory=lambda: _NO_SPANS)
    deflated: bool = False
    swap_bytes: bool = False


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """What is kept of one instance; ``geometries`` and ``dimensions`` have an entry for each frame that can be shown."""

    sop_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    study: StudyAttributes
    series: SeriesAttributes
    instance_number: int
    time: str
    rows: int
    columns: int
    frame_time_ms: float | None
    pixels: PixelLocation
    geometries: tuple[FrameGeometry, ...]
    dimensions: tuple[Dimensions, ...]
    values: SliceValues | None = None
    """What the values of the only frame mean; None where there are more, or none, or that is damaged."""


def scan_file(path: Path) -> ScannedFile | None:
    """Return what a file holds, None for a DICOMDIR.

    Raises
    ------
    NotDicomError
        When the file is something else.
    UnreadableFileError
        With the reason, worded to follow the file's name.
    """
    with quiet_reading():
        opened = open_file(path)
        with path.open("rb") as file:
            return scan_object(opened, lambda length, offset: os.pread(file.fileno(), length, offset))


def scan_object(opened: OpenedFile, read_at: ReadAt) -> ScannedFile | None:
    """Return what an opened object holds, None for a DICOMDIR; ``read_at`` gives its bytes. Raises as ``scan_file``."""
    if text(opened.dataset.file_meta, "MediaStorageSOPClassUID") == MEDIA_DIRECTORY:
        return None
    return _told(lambda: _scan(opened, lambda frames: _locate(opened, read_at, frames)))


def scan_attributes(dataset: Dataset, transfer_syntax_uid: str, *, has_pixels: bool) -> ScannedFile:
    """Return what attributes alone tell of an object whose pixel data lies elsewhere; raises ``UnreadableFileError``.

    ``transfer_syntax_uid`` is empty where it is not known. The place of the pixels is left empty and nothing about them is
    checked.
    """
    syntax = transfer_syntax_uid or EXPLICIT
    opened = OpenedFile(dataset, syntax, PixelElement(0, None, "OW", 0) if has_pixels else None, 0)

    def nowhere(_frames: int) -> PixelLocation:
        _refuse_unknown(syntax)
        return PixelLocation()

    with quiet_reading():
        return replace(_told(lambda: _scan(opened, nowhere)), transfer_syntax_uid=transfer_syntax_uid)


def _told(scan: Callable[[], ScannedFile]) -> ScannedFile:
    """Return what a scan finds; whatever it raises becomes ``UnreadableFileError``."""
    try:
        return scan()
    except (DamagedImageError, UnsupportedImageError) as error:
        raise UnreadableFileError(_after_a_name(str(error))) from error
    except ReadingRoomError:
        raise
    except Exception as error:  # untrusted values: whatever reading them raises, one file never stops the rest
        raise UnreadableFileError(f"is damaged and cannot be indexed ({type(error).__name__})") from error


def _scan(opened: OpenedFile, locate: Callable[[int], PixelLocation]) -> ScannedFile:
    dataset = opened.dataset
    uids = [text(dataset, name) for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")]
    if not all(uids):
        raise UnreadableFileError("does not say which study, series and instance it is, or is cut off before it does")
    sop_uid, study_uid, series_uid = uids
    count = _frame_count(opened)
    return ScannedFile(
        sop_uid=sop_uid,
        sop_class_uid=text(dataset, "SOPClassUID"),
        transfer_syntax_uid=opened.transfer_syntax_uid,
        study=study_attributes(dataset, study_uid),
        series=_series(dataset, series_uid, study_uid),
        instance_number=whole(dataset, "InstanceNumber") or 0,
        time=text(dataset, "AcquisitionTime") or text(dataset, "ContentTime"),
        rows=(whole(dataset, "Rows") or 0) if count else 0,
        columns=(whole(dataset, "Columns") or 0) if count else 0,
        frame_time_ms=_frame_time(dataset) if count > 1 else None,
        pixels=locate(count) if count else PixelLocation(),
        geometries=tuple(frame_geometry(dataset, frame) for frame in range(1, count + 1)),
        dimensions=tuple(frame_dimensions(dataset, frame) for frame in range(1, count + 1)),
        values=_values(dataset) if count == 1 else None,
    )


def _values(dataset: Dataset) -> SliceValues | None:
    """Return what the values of the only frame mean, None where that is damaged: whoever shows it says why."""
    try:
        return slice_values(dataset, 1)
    except ReadingRoomError:
        return None


def _frame_count(opened: OpenedFile) -> int:
    """Return how many frames there are to show, 0 for an object that is no image."""
    dataset = opened.dataset
    is_image = "Rows" in dataset or "Image Storage" in uid_name(text(dataset, "SOPClassUID"))
    if opened.pixels is None:
        if opened.transfer_syntax_uid not in DECODERS:
            raise UnreadableFileError(
                f"is sent as {syntax_name(opened.transfer_syntax_uid)}, which cannot be shown here"
            )
        if is_image:
            raise UnreadableFileError("is an image without pixel data, or is cut off before it")
        return 0
    frames = whole(dataset, "NumberOfFrames")
    frames = 1 if frames is None else frames
    if not 1 <= frames <= MAX_FRAMES:
        raise UnreadableFileError(f"says it has {frames} frames")
    return frames


def _refuse_unknown(syntax: str) -> None:
    if syntax not in DECODERS:
        raise UnreadableFileError(f"is compressed as {syntax_name(syntax)}, which cannot be shown here")


def _locate(opened: OpenedFile, read_at: ReadAt, frames: int) -> PixelLocation:
    element = opened.pixels
    if element is None:
        return PixelLocation()
    _refuse_unknown(opened.transfer_syntax_uid)
    if element.length is not None:
        return _locate_native(opened, element, frames)
    if not is_encapsulated(opened.transfer_syntax_uid):
        raise UnreadableFileError("is damaged: its pixel data has no length")
    is_stream = opened.transfer_syntax_uid in STREAMS
    spans = encapsulated_spans(read_at, element.offset, frames, opened.dataset, is_stream=is_stream)
    _check_codestream(opened, read_at, spans)
    return PixelLocation(element.offset, spans=spans)


def _locate_native(opened: OpenedFile, element: PixelElement, frames: int) -> PixelLocation:
    """Return the place of native frames after checking that as many bytes are there as the attributes promise."""
    dataset, length = opened.dataset, element.length or 0
    if is_encapsulated(opened.transfer_syntax_uid):
        raise UnreadableFileError("says it is compressed but its pixel data is not in fragments")
    left = opened.size - element.offset
    if left < length:
        raise UnreadableFileError(
            f"is cut off: {length} bytes of pixel data were promised and {max(left, 0)} are there"
        )
    if element.float_bytes or float_bytes(dataset):
        rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
        bits = rows * columns * 8 * (element.float_bytes or float_bytes(dataset))
    else:
        description = pixel_description(dataset)
        bits = description.native_bits
        if bits < description.samples * description.bits_allocated <= length * 8 // frames:
            raise UnreadableFileError(
                f"says it is {description.photometric_interpretation} but its pixel data is too long for that: "
                "it holds all colour samples, in a colour space that nothing names"
            )
    if length < (bits * frames + 7) // 8:
        raise UnreadableFileError(_contradiction(dataset, frames, length))
    swapped = opened.transfer_syntax_uid == BIG_ENDIAN and element.vr == "OW" and whole(dataset, "BitsAllocated") == 8  # noqa: PLR2004
    return PixelLocation(element.offset, bits, deflated=opened.inflated is not None, swap_bytes=swapped)


def _contradiction(dataset: Dataset, frames: int, length: int) -> str:
    many = f", {frames} frames" if frames > 1 else ""
    return (
        f"says it has {whole(dataset, 'Rows')} rows and {whole(dataset, 'Columns')} columns{many} "
        f"but its pixel data holds only {length} bytes"
    )


def _check_codestream(opened: OpenedFile, read_at: ReadAt, spans: Spans) -> None:
    """Raise ``DamagedImageError`` when the first compressed frame is of another size than the attributes say."""
    kind = DECODERS.get(opened.transfer_syntax_uid)
    if kind is None:
        return
    description = pixel_description(opened.dataset)
    head = first_bytes(read_at, spans, 65_536)
    _refuse_swollen(spans, description.native_length, is_stream=kind == "video")
    if kind in ("jpeg", "jpegls"):
        header = JpegHeader(head)
        check_size(header.rows, header.columns, header.samples, description)
    elif kind == "jpeg2000":
        check_size(*jpeg2000_size(head), description)
    elif kind == "jpegxl":
        check_size(*jpegxl_size(head), description.samples_per_pixel, description)
    elif kind == "video":
        container_format(head)
    elif (
        kind == "rle"
        and int(spans[:, 2].sum()) * 64 * (whole(opened.dataset, "NumberOfFrames") or 1) < description.samples
    ):
        raise UnreadableFileError(_contradiction(opened.dataset, 1, int(spans[:, 2].sum())))


def _refuse_swollen(spans: Spans, native_length: int, *, is_stream: bool) -> None:
    """Raise when a compressed frame is far longer than the frame itself, which nobody would send: it would be read whole."""
    longest = int(np.bincount(spans[:, 0], weights=spans[:, 2]).max())
    if longest > (MAX_VIDEO if is_stream else 2 * native_length + SWOLLEN):
        raise DamagedImageError(f"The image has a compressed frame of {longest} bytes, more than it can need.")


def _after_a_name(message: str) -> str:
    """Return a sentence about "the image" as one that follows the name of its file."""
    sentence = message.rstrip(".")
    about, subject, rest = sentence.partition("The image ")
    return f"cannot be shown: {sentence}" if about or not subject else rest


def study_attributes(dataset: Dataset, uid: str) -> StudyAttributes:
    """Return what an object, or a row of a search, says of its study and patient."""
    return StudyAttributes(
        uid=uid,
        patient_name=display_name(dataset),
        patient_id=text(dataset, "PatientID"),
        birth_date=iso_date(dataset, "PatientBirthDate"),
        sex=text(dataset, "PatientSex"),
        date=iso_date(dataset, "StudyDate"),
        time=iso_time(dataset, "StudyTime"),
        description=text(dataset, "StudyDescription"),
        accession_number=text(dataset, "AccessionNumber"),
    )


def _series(dataset: Dataset, uid: str, study_uid: str) -> SeriesAttributes:
    return SeriesAttributes(
        uid=uid,
        study_uid=study_uid,
        modality=text(dataset, "Modality"),
        number=whole(dataset, "SeriesNumber"),
        description=text(dataset, "SeriesDescription"),
        body_part=text(dataset, "BodyPartExamined"),
    )


def _frame_time(dataset: Dataset) -> float | None:
    """Return milliseconds from frame to frame: Frame Time, its vector's mean, or a rate (PS3.3 C.7.6.5)."""
    vector = [step for step in numbers(dataset, "FrameTimeVector") if step > 0]
    rate = number(dataset, "CineRate") or number(dataset, "RecommendedDisplayFrameRate")
    found = number(dataset, "FrameTime") or (sum(vector) / len(vector) if vector else None)
    found = found or (1000 / rate if rate and rate > 0 else None)
    return found if found and found > 0 else None
