"""By what frames differ: read from classic images, functional groups, vectors of NM and vendors' own attributes."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedMRImageStorage, NuclearMedicineImageStorage

from readingroom.dicom.attributes import plain_values
from readingroom.dicom.dimensions import DIMENSIONS, frame_dimensions, told
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.geometry import frame_geometry
from readingroom.dicom.single import FileSource
from readingroom.dicom.stacks import Stack, series_warnings, stacks
from readingroom.testing.files import small_image, write

TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"


def item(**attributes: Any) -> Dataset:  # noqa: ANN401 - any attribute's value
    """Return a dataset with these attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def of(dataset: Dataset, frame: int = 1) -> dict[str, str]:
    """Return the dimensions of a frame."""
    return dict(frame_dimensions(dataset, frame))


def stacks_of_file(path: Path) -> tuple[Stack, ...]:
    """Return the stacks of the one series of a file."""
    source = FileSource(path)
    return stacks(source, source.series(source.studies()[0].uid)[0].uid)


CLASSIC = {
    "image type": ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "IN_PHASE"]}, "M IN_PHASE"),
    "b-value": ({"DiffusionBValue": 800.0}, "800"),
    "gradient direction": ({"DiffusionGradientOrientation": [1.0, 0.0, 0.0]}, "1.0000 0.0000 0.0000"),
    "echo time": ({"EchoTime": "2.30"}, "2.3"),
    "echo number": ({"EchoNumbers": 2}, "2"),
    "inversion time": ({"InversionTime": "150"}, "150"),
    "flip angle": ({"FlipAngle": "15.0"}, "15"),
    "repetition time": ({"RepetitionTime": "4000"}, "4000"),
    "tube voltage": ({"KVP": "80"}, "80"),
    "kernel": ({"ConvolutionKernel": "B60f"}, "B60f"),
    "cardiac phase": ({"NominalPercentageOfCardiacPhase": 75.0}, "75"),
    "respiratory phase": ({"NominalPercentageOfRespiratoryPhase": 50.0}, "50"),
    "temporal position": ({"TemporalPositionIdentifier": 3}, "3"),
    "trigger time": ({"TriggerTime": "41.5"}, "41.5"),
    "frame reference time": ({"FrameReferenceTime": "5000"}, "5000"),
    "acquisition": ({"AcquisitionNumber": 4}, "4"),
    "sequence": ({"SequenceName": "*fl2d1"}, "*fl2d1"),
    "contrast agent": ({"ContrastBolusAgent": "Gd"}, "Gd"),
    "comment": ({"ImageComments": "water"}, "water"),
    "time of acquisition": ({"AcquisitionTime": "101112.5"}, "101112.5"),
    "time of content": ({"ContentTime": "101113"}, "101113"),
    "acquisition time": ({"AcquisitionDateTime": "20260101101112"}, "20260101101112"),
}


@pytest.mark.parametrize("name", CLASSIC)
def test_classic_images_tell_it_at_their_top(name: str) -> None:
    """Each dimension is read from the attribute that classic images keep it in."""
    attributes, expected = CLASSIC[name]
    assert expected == of(item(Modality="MR", **attributes))[name]


ENHANCED = {
    "stack": ("FrameContentSequence", {"StackID": "2"}, "2"),
    "segment": ("SegmentIdentificationSequence", {"ReferencedSegmentNumber": 3}, "3"),
    "b-value": ("MRDiffusionSequence", {"DiffusionBValue": 800.0}, "800"),
    "image type": ("MRImageFrameTypeSequence", {"FrameType": ["ORIGINAL", "PRIMARY", "DIXON", "WATER"]}, "DIXON WATER"),
    "echo time": ("MREchoSequence", {"EffectiveEchoTime": 4.6}, "4.6"),
    "inversion time": ("MRModifierSequence", {"InversionTimes": 150.0}, "150"),
    "flip angle": ("MRTimingAndRelatedParametersSequence", {"FlipAngle": "15"}, "15"),
    "tube voltage": ("CTXRayDetailsSequence", {"KVP": "140"}, "140"),
    "kernel": ("CTReconstructionSequence", {"ConvolutionKernel": "B30f"}, "B30f"),
    "cardiac phase": ("CardiacSynchronizationSequence", {"NominalPercentageOfCardiacPhase": 30.0}, "30"),
    "temporal position": ("FrameContentSequence", {"TemporalPositionIndex": 7}, "7"),
    "trigger time": ("CardiacSynchronizationSequence", {"NominalCardiacTriggerDelayTime": 22.5}, "22.5"),
    "time offset": ("TemporalPositionSequence", {"TemporalPositionTimeOffset": 0.25}, "0.25"),
    "acquisition": ("FrameContentSequence", {"FrameAcquisitionNumber": 2}, "2"),
    "acquisition time": ("FrameContentSequence", {"FrameAcquisitionDateTime": "20260101101112"}, "20260101101112"),
    "data type": ("USImageDescriptionSequence", {"DataType": "TISSUE_INTENSITY"}, "TISSUE_INTENSITY"),
    "metabolite": ("MRMetaboliteMapSequence", {"MetaboliteMapDescription": "CHOLINE"}, "CHOLINE"),
}


@pytest.mark.parametrize("name", ENHANCED)
def test_enhanced_images_tell_it_in_functional_groups(name: str) -> None:
    """Each dimension is read from its functional group, the frame's own before the shared one (PS3.3 C.7.6.16)."""
    macro, attributes, expected = ENHANCED[name]
    own = item(**{macro: Items([item(**attributes)])})
    shared = item(**{macro: Items([item()])})
    image = item(
        Modality="MR",
        SharedFunctionalGroupsSequence=Items([shared]),
        PerFrameFunctionalGroupsSequence=Items([item(), own]),
    )
    assert expected == of(image, 2)[name]
    assert name not in of(image, 1)


def test_every_dimension_is_read_somewhere() -> None:
    """No dimension of the table is without a test that reads it."""
    vectors = {
        "frame",
        "energy window",
        "detector",
        "rotation",
        "angular view",
        "phase",
        "R-R interval",
        "time slot",
        "time slice",
    }
    assert {dimension.name for dimension in DIMENSIONS} == set(CLASSIC) | set(ENHANCED) | vectors


def test_vectors_of_nuclear_medicine_are_dimensions() -> None:
    """Energy window, detector, phase and time slot of each frame come from the vectors (PS3.3 C.8.4.8)."""
    image = item(
        Modality="NM", EnergyWindowVector=[1, 1, 2, 2], DetectorVector=[1, 2, 1, 2], TimeSlotVector=[1, 1, 1, 1]
    )
    assert {"energy window": "2", "detector": "1", "time slot": "1"} == of(image, 3)
    assert "3" == of(item(NumberOfFrames=4), 3)["frame"]


def private(group: int, creator: str, element: int, vr: str, value: object) -> Callable[[Dataset], None]:
    """Return what adds a vendor's element to a dataset."""

    def add(dataset: Dataset) -> None:
        dataset.private_block(group, creator, create=True).add_new(element, vr, value)

    return add


VENDORS = [
    (private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000"), "1000"),
    (private(0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"1000"), "1000"),
    (private(0x0043, "GEMS_PARM_01", 0x39, "IS", [1000000700, 8, 0, 0]), "700"),
    (private(0x0043, "GEMS_PARM_01", 0x39, "UN", b"1000000700\\8\\0\\0 "), "700"),
    (private(0x2001, "Philips Imaging DD 001", 0x03, "FL", 600.0), "600"),
    (private(0x2001, "Philips Imaging DD 001", 0x03, "UN", np.float32(600).tobytes()), "600"),
    (private(0x0065, "Image Private Header", 0x09, "FD", 800.0), "800"),
    (lambda dataset: setattr(dataset, "SequenceName", "*ep_b50t"), "50"),
    (lambda dataset: setattr(dataset, "SequenceName", "ep_b1000#12"), "1000"),
]


@pytest.mark.parametrize(("add", "expected"), VENDORS)
def test_vendors_b_values_are_found(add: Callable[[Dataset], None], expected: str, tmp_path: Path) -> None:
    """Where the Standard's b-value is missing, that of the vendor is read, known type or not."""
    dataset = small_image(1)
    dataset.Modality = "MR"
    dataset.private_block(0x0019, "ANOTHER", create=True).add_new(0x0C, "LO", "not a number")
    add(dataset)
    assert expected == of(dcmread(write(dataset, tmp_path / "mr.dcm")))["b-value"]


def test_calculated_image_has_no_b_value() -> None:
    """A map computed from two b-values was weighted by neither; nor is nonsense taken for a number."""
    assert "b-value" not in of(item(Modality="MR", SequenceName="*ep_b50_800"))
    broken = item(Modality="MR")
    private(0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"\x00\xff\x00")(broken)
    assert "b-value" not in of(broken)


def test_other_dimension_indices_are_kept_by_their_name() -> None:
    """A dimension that only the Dimension Index Sequence names is one too; places are not (PS3.3 C.7.6.17)."""
    pointers = [item(DimensionIndexPointer=0x00209057), item(DimensionIndexPointer=0x00189602)]
    content = item(FrameContentSequence=Items([item(DimensionIndexValues=[4, 2])]))
    image = item(DimensionIndexSequence=Items(pointers), PerFrameFunctionalGroupsSequence=Items([content]))
    assert {"index of Diffusion b-value XX": "2"} == of(image)


def test_dimensions_are_told_with_their_units() -> None:
    """A person is told the unit; a dimension we have no name for is told as it is."""
    assert "b-value 800 s/mm²" == told("b-value", "800")
    assert "index of X 2" == told("index of X", "2")


def enhanced(path: Path, frames: list[dict[str, Any]], **top: Any) -> Path:  # noqa: ANN401
    """Write an enhanced MR of 1 mm pixels whose frames have these functional groups."""
    dataset = small_image(1, np.zeros((len(frames), 8, 6), np.int16))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    dataset.Modality = "MR"
    shared = item(
        PixelMeasuresSequence=Items([item(PixelSpacing=[1, 1], SliceThickness=2)]),
        PlaneOrientationSequence=Items([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]),
    )
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    groups = [item(**{macro: Items([item(**told)]) for macro, told in frame.items()}) for frame in frames]
    dataset.PerFrameFunctionalGroupsSequence = Items(groups)
    return write(dataset, path, ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None, **top)


def test_enhanced_series_of_b_values_becomes_stacks(tmp_path: Path) -> None:
    """Frames of one enhanced image stored slice by slice are read b-value by b-value, each a regular volume."""
    frames = [
        {"PlanePositionSequence": {"ImagePositionPatient": [0, 0, z]}, "MRDiffusionSequence": {"DiffusionBValue": b}}
        for z in (0, 2, 4)
        for b in (0.0, 500.0)
    ]
    low, high = stacks_of_file(enhanced(tmp_path / "e.dcm", frames))
    assert ({"b-value": "0"}, {"b-value": "500"}) == (low.dimensions, high.dimensions)
    assert ([1, 3, 5], [2, 4, 6]) == ([f.frame for f in low.frames], [f.frame for f in high.frames])
    assert low.is_regular
    assert high.is_regular


def test_cine_of_one_place_runs_in_time(tmp_path: Path) -> None:
    """Frames of one image that lie in one place are moments, in the order of their numbers, and no duplicates."""
    found = stacks_of_file(write(small_image(1, np.zeros((12, 8, 6), np.int16)), tmp_path / "cine.dcm"))
    assert list(range(1, 13)) == [frame.frame for stack in found for frame in stack.frames]
    assert ({"frame": "2"}, ()) == (found[1].dimensions, found[1].warnings)


def test_dimensions_survive_the_index(folder: Path, source: FolderSource) -> None:
    """A folder gives the same stacks as its files did before they were indexed, and knows which writing of a file it read."""
    frames = [
        {
            "PlanePositionSequence": {"ImagePositionPatient": [0, 0, z]},
            "FrameContentSequence": {"TemporalPositionIndex": t},
        }
        for t in (1, 2)
        for z in (0, 2, 6)
    ]
    path = enhanced(folder / "e.dcm", frames)
    source.refresh()
    uid = source.series(source.studies()[0].uid)[0].uid
    written = path.stat().st_ctime_ns
    expected = [[replace(frame, version=written) for frame in stack.frames] for stack in stacks_of_file(path)]
    assert expected == [list(stack.frames) for stack in stacks(source, uid)]
    assert [("uneven_spacing", 0, 6)] == [(told.kind, told.start, told.stop) for told in series_warnings(source, uid)]


def test_warnings_say_which_frames_they_are_about(folder: Path, source: FolderSource) -> None:
    """A warning of one stack of a series is placed on the frames of that stack in reading order."""
    for number, (z, b) in enumerate([(0, 0), (1, 0), (2, 0), (0, 9), (1, 9), (5, 9), (7, 9)]):
        write(
            small_image(number + 1), folder / f"{number}.dcm", Modality="MR", ImagePositionPatient=[0, 0, z],
            DiffusionBValue=float(b),
        )  # fmt: skip
    source.refresh()
    (series,) = source.series(source.studies()[0].uid)
    told = {warning.kind: (warning.start, warning.stop) for warning in series_warnings(source, series.uid)}
    assert {"uneven_spacing": (3, 7), "missing_slices": (0, 3)} == told


@pytest.mark.parametrize("step", [4.0, -4.0])
def test_reconstructed_nm_slices_lie_along_their_detector(step: float, tmp_path: Path) -> None:
    """A tomographic NM image is placed by its detector, slice vector and signed spacing (PS3.3 C.8.4.15)."""
    dataset = small_image(1, np.zeros((4, 8, 6), np.int16))
    detector = item(ImagePositionPatient=[-10, -20, 30], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    path = write(
        dataset, tmp_path / "nm.dcm", SOPClassUID=NuclearMedicineImageStorage, Modality="NM",
        ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], DetectorInformationSequence=Items([detector]),
        SliceVector=[1, 2, 3, 4], SpacingBetweenSlices=step, ImagePositionPatient=None, ImageOrientationPatient=None,
    )  # fmt: skip
    (stack,) = stacks_of_file(path)
    assert [30, 30 + step, 30 + 2 * step, 30 + 3 * step] == stack.positions_mm.tolist()
    assert stack.is_regular


def test_planar_nm_has_no_place(tmp_path: Path) -> None:
    """A whole-body scan is seen by a detector outside of the patient: no slice, no volume."""
    detector = item(ImagePositionPatient=[-10, -20, 30], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    path = write(
        small_image(1, np.zeros((2, 8, 6), np.int16)), tmp_path / "nm.dcm", SOPClassUID=NuclearMedicineImageStorage,
        Modality="NM", ImageType=["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"], DetectorVector=[1, 2],
        DetectorInformationSequence=Items([detector]), ImagePositionPatient=None, ImageOrientationPatient=None,
    )  # fmt: skip
    (stack,) = stacks_of_file(path)
    assert not stack.has_geometry
    assert ["no_geometry"] == [warning.kind for warning in stack.warnings]


def test_ultrasound_volume_is_measured_but_not_the_patients(tmp_path: Path) -> None:
    """Frames of an ultrasound volume have millimetres in the volume's coordinates and no left or right (C.8.24.2)."""
    frames = [{"PlanePositionVolumeSequence": {"ImagePositionVolume": [0.0, 0.0, z * 0.5]}} for z in range(4)]
    path = enhanced(tmp_path / "us.dcm", frames)
    dataset = dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    del shared.PlaneOrientationSequence
    plane = item(ImageOrientationVolume=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    shared.PlaneOrientationVolumeSequence = Items([plane])
    dataset.Modality = "US"
    (stack,) = stacks_of_file(write(dataset, path))
    assert ("volume", "", 0.5, True) == (stack.coordinates, stack.plane, stack.slice_spacing, stack.is_regular)
    assert frame_geometry(dataset, 1).orientation is None


def test_dose_planes_may_give_z_itself() -> None:
    """A Grid Frame Offset Vector that does not begin with 0 holds z of each plane (PS3.3 C.8.8.3.2)."""
    place = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [1, 2, 30]}
    absolute = item(Modality="RTDOSE", GridFrameOffsetVector=[30, 33, 36], **place)
    relative = item(Modality="RTDOSE", GridFrameOffsetVector=[0, 3, 6], **place)
    assert (1.0, 2.0, 36.0) == frame_geometry(absolute, 3).position == frame_geometry(relative, 3).position


def test_plain_values_are_those_of_pydicom() -> None:
    """Every value we read without conversion in 100 files of all encodings is the one that pydicom converts it to."""
    compared = 0
    for path in sorted(TEST_FILES.glob("*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path, force=True, stop_before_pixels=True)
            for tag in list(dataset.keys()):
                element = dataset.get_item(tag)
                if not isinstance(element, RawDataElement):
                    continue
                try:
                    ours = plain_values(element)
                    converted = dataset[tag].value
                except Exception:  # noqa: BLE001, S112 - what pydicom refuses has no value to compare with
                    continue
                if ours is None:
                    continue
                several = converted if dataset[tag].VM > 1 else [converted] if converted not in (None, "") else []
                theirs = [str(v) if dataset[tag].VR == "PN" else getattr(v, "original_string", v) for v in several]
                if ours and isinstance(ours[0], str):
                    assert [str(value).strip() for value in theirs] == [value.strip() for value in ours], (path, tag)
                else:
                    assert theirs == list(ours), (path, tag)
                compared += 1
    assert compared > 2000
