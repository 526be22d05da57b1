"""Small DICOM images for tests: valid as they come, and changed or damaged one attribute at a time."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from readingroom.testing.identity import FictionalStudy, new_instance

SMALL_STUDY = FictionalStudy(
    key="small",
    patient_name="Muster^Erika^Maria",
    patient_id="RR-TEST-1",
    birth_date="19850312",
    sex="F",
    date="20260202",
    time="081530.123",
    description="Small study",
    accession_number="RRTEST1",
    series_description="Small series",
)

_STAND_INS = {
    **{f"1.2.840.10008.1.2.4.{n}": "1.2.840.10008.1.2.4.100" for n in (110, 111, 112)},
    "1.2.840.10008.1.2.8.1": "1.2.840.10008.1.2.6.1",
}
"""Syntaxes that pydicom does not write yet, and one of the same length that it does, to be overwritten in the file."""


def small_image(number: int = 1, pixels: NDArray[Any] | None = None, study: FictionalStudy = SMALL_STUDY) -> Dataset:
    """Return a grey image of 8 rows and 6 columns, signed 16 bit, at z = ``number`` mm; or one that holds ``pixels``.

    ``pixels`` has shape (rows, columns) or (frames, rows, columns), of an 8- or 16-bit type.
    """
    stored = np.arange(48, dtype=np.int16).reshape(8, 6) + number if pixels is None else pixels
    dataset = new_instance(study, CTImageStorage, number)
    dataset.Modality = "CT"
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.5]
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    if stored.ndim == 3:  # noqa: PLR2004 - frames, rows, columns
        dataset.NumberOfFrames = len(stored)
    bits = stored.itemsize * 8
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    raw = stored.tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    return dataset


def write(dataset: Dataset, path: Path, **changes: Any) -> Path:  # noqa: ANN401 - any attribute's value
    """Write ``dataset`` with some attributes changed, or taken out where the value is None; return its path."""
    for keyword, value in changes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta.TransferSyntaxUID = _STAND_INS.get(syntax, syntax)
    dataset.save_as(path, enforce_file_format=True)
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax in _STAND_INS:
        path.write_bytes(path.read_bytes().replace(_STAND_INS[syntax].encode(), syntax.encode(), 1))
    return path


def compress(
    dataset: Dataset, syntax: str, frames: list[bytes], *, fragments_per_frame: int = 1, table: bool = True
) -> Dataset:
    """Return ``dataset`` with its pixel data replaced by encoded frames (PS3.5 A.4)."""
    dataset.file_meta.TransferSyntaxUID = syntax
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments_per_frame, has_bot=table)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = syntax != ExplicitVRLittleEndian
    return dataset
