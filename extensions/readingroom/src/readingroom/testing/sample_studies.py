"""How each demonstration study is made: a phantom with a presentation state, a brain, a radiograph, an ultrasound cine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import MRImageStorage

from readingroom.dicom.attributes import quiet_reading
from readingroom.testing.identity import FictionalStudy, fictional_uid, new_instance
from readingroom.testing.marked_phantom import write_marks
from readingroom.testing.packages import find_one
from readingroom.testing.phantom import write_phantom

BRAIN = FictionalStudy(
    key="brain",
    patient_name="Exemplar^Beatrix",
    patient_id="RR-DEMO-0002",
    birth_date="19810214",
    sex="F",
    date="20260112",
    time="101500",
    description="MR brain, average of many",
    accession_number="RRDEMO0002",
    series_description="T1 axial 1 mm",
)
RADIOGRAPH = FictionalStudy(
    key="radiograph",
    patient_name="Specimen^Crispin",
    patient_id="RR-DEMO-0003",
    birth_date="19640630",
    sex="M",
    date="20260119",
    time="113000",
    description="Radiograph",
    accession_number="RRDEMO0003",
    series_description="Computed radiograph",
)
ULTRASOUND = FictionalStudy(
    key="ultrasound",
    patient_name="Fiction^Dorothea",
    patient_id="RR-DEMO-0004",
    birth_date="19920907",
    sex="F",
    date="20260126",
    time="144500",
    description="Ultrasound cine",
    accession_number="RRDEMO0004",
    series_description="Colour cine",
)

MNI_T1 = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
CR_FILE = "RG1_UNCR.dcm"
CINE_FILE = "color3d_jpeg_baseline.dcm"
CINE_FRAME_TIME_MS = 40

_KEPT = (
    "Modality", "BodyPartExamined", "ViewPosition", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation",
    "PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "NumberOfFrames",
    "FrameTime", "WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "PixelPaddingValue",
    "ImagerPixelSpacing", "PixelSpacing", "LossyImageCompression", "LossyImageCompressionRatio", "PresentationLUTShape",
    "SequenceOfUltrasoundRegions", "PixelData",
)  # fmt: skip
"""What is copied of a sample image; everything else, and so every trace of where it came from, is left behind."""


def write_brain(folder: Path, packages: Path) -> None:
    """Write the MNI152 T1 average brain as an axial MR series, head first, feet to head, in LPS."""
    volume, affine = _load_nifti(packages)
    folder.mkdir(parents=True, exist_ok=True)
    stored = np.rint(volume * (1000 / volume.max())).clip(0, 1000).astype(np.uint16)
    columns, rows, slices = stored.shape
    spacing = np.abs(np.diag(affine)[:3])
    for index in range(slices):
        dataset = new_instance(BRAIN, MRImageStorage, index + 1)
        left_posterior = affine @ np.array([columns - 1, rows - 1, index, 1.0]) * [-1, -1, 1, 1]
        _describe_brain(dataset, spacing.tolist(), left_posterior[:3].tolist())
        dataset.Rows, dataset.Columns = rows, columns
        dataset.PixelData = np.ascontiguousarray(stored[::-1, ::-1, index].T).tobytes() + b"\0" * (
            rows * columns * 2 % 2
        )
        dataset.save_as(folder / f"MR{index + 1:04d}.dcm", enforce_file_format=True)


def _load_nifti(packages: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the atlas volume, axes to the right, front and head, and the millimetres of its voxels."""
    path = find_one(packages, MNI_T1)
    sys.path.insert(0, str(packages))
    try:
        import nibabel  # noqa: PLC0415 - not installed in our environment, only in this folder

        image = nibabel.as_closest_canonical(nibabel.load(path))
        return np.asarray(image.dataobj, np.float32), np.asarray(image.affine, np.float64)
    finally:
        sys.path.remove(str(packages))


def _describe_brain(dataset: Dataset, spacing: NDArray[np.float64], position: NDArray[np.float64]) -> None:
    dataset.Modality, dataset.BodyPartExamined, dataset.PatientPosition = "MR", "BRAIN", "HFS"
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.MRAcquisitionType = "GR", "MP", "3D"
    dataset.FrameOfReferenceUID = fictional_uid("brain/frame-of-reference")
    dataset.ImagePositionPatient = [round(float(value), 6) for value in position]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [float(spacing[1]), float(spacing[0])], float(spacing[2])
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.WindowCenter, dataset.WindowWidth = 500, 900


def write_radiograph(folder: Path, packages: Path) -> None:
    """Write a computed radiograph of 3.6 megapixels, MONOCHROME1."""
    _copy_image(find_one(packages, CR_FILE), folder / "CR0001.dcm", RADIOGRAPH)


def write_ultrasound(folder: Path, packages: Path) -> None:
    """Write a colour cine of 120 frames, JPEG as it came."""
    _copy_image(find_one(packages, CINE_FILE), folder / "US0001.dcm", ULTRASOUND, FrameTime=CINE_FRAME_TIME_MS)


def _copy_image(source: Path, destination: Path, study: FictionalStudy, **more: Any) -> None:  # noqa: ANN401
    """Copy an image under an invented identity: its pixels and what describes them, nothing else."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with quiet_reading():
        original = dcmread(source)
        dataset = new_instance(study, original.SOPClassUID, 1, original.file_meta.TransferSyntaxUID)
        for keyword in _KEPT:
            if keyword in original:
                dataset[keyword] = original[keyword]
        for keyword, value in more.items():
            setattr(dataset, keyword, value)
        dataset.save_as(destination, enforce_file_format=True)


NEEDED = (MNI_T1, CR_FILE, CINE_FILE)
"""The files that must be below the folder of packages."""

STUDIES: dict[str, Callable[[Path, Path], object]] = {
    "ct-phantom": lambda folder, _packages: write_marks(folder, write_phantom(folder)),
    "mr-brain": write_brain,
    "cr-radiograph": write_radiograph,
    "us-cine": write_ultrasound,
}
"""The folder of each study and what makes it, given the folder and the packages."""
