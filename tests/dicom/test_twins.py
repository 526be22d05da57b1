"""Real files against their uncompressed twins and against DCMTK and GDCM, bit by bit where nothing was lost."""

import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.image import pixel_description
from readingroom.dicom.picture import load_frame
from readingroom.dicom.single import FileSource
from readingroom.pixels.codecs import decode

DATA = Path(__file__).parents[2] / ".make" / "demo-packages" / "data_store" / "data"
WG04 = Path(__file__).parents[3] / "shared" / "data" / "wg04"

TWINS = {
    "693_J2KR": "693_UNCR", "693_J2KI": "693_UNCI", "MR2_J2KR": "MR2_UNCR", "MR2_J2KI": "MR2_UNCI",
    "RG1_J2KR": "RG1_UNCR", "RG1_J2KI": "RG1_UNCI", "RG3_J2KR": "RG3_UNCR", "RG3_J2KI": "RG3_UNCI",
    "US1_J2KR": "US1_UNCR", "US1_J2KI": "US1_UNCI", "JPEG2000": "JPEG2000_UNC",
    "emri_small_RLE": "emri_small", "emri_small_big_endian": "emri_small",
    "emri_small_jpeg_2k_lossless": "emri_small", "emri_small_jpeg_ls_lossless": "emri_small",
    "MR_small_RLE": "MR_small", "MR_small_bigendian": "MR_small", "MR_small_expb": "MR_small",
    "MR_small_implicit": "MR_small", "MR_small_jp2klossless": "MR_small", "MR_small_jpeg_ls_lossless": "MR_small",
    "liver_expb": "liver", "rtdose_expb": "rtdose", "rtdose_rle": "rtdose",
    "OBXXXX1A_expb_2frame": "OBXXXX1A_2frame", "OBXXXX1A_rle_2frame": "OBXXXX1A_2frame",
    "gdcm-US-ALOKA-16_big": "gdcm-US-ALOKA-16", "color-pl": "color-px",
    "SC_rgb_rle": "SC_rgb", "SC_rgb_rle_16bit": "SC_rgb_16bit", "SC_rgb_rle_32bit": "SC_rgb_32bit",
    "SC_rgb_rle_2frame": "SC_rgb_2frame", "SC_rgb_rle_16bit_2frame": "SC_rgb_16bit_2frame",
    "SC_rgb_rle_32bit_2frame": "SC_rgb_32bit_2frame", "SC_rgb_expb": "SC_rgb", "SC_rgb_expb_16bit": "SC_rgb_16bit",
    "SC_rgb_expb_32bit": "SC_rgb_32bit", "SC_rgb_expb_2frame": "SC_rgb_2frame", "SC_rgb_jpeg_gdcm": "SC_rgb",
}  # fmt: skip
"""Names of files whose pixels are the same, however they are encoded."""

LOSSY_TWINS = {
    "SC_rgb_dcmtk_+eb+cr": "SC_rgb_dcmtk_ebcr_dcmd", "SC_rgb_dcmtk_+eb+cy+n1": "SC_rgb_dcmtk_ebcyn1_dcmd",
    "SC_rgb_dcmtk_+eb+cy+n2": "SC_rgb_dcmtk_ebcyn2_dcmd", "SC_rgb_dcmtk_+eb+cy+np": "SC_rgb_dcmtk_ebcynp_dcmd",
    "SC_rgb_dcmtk_+eb+cy+s2": "SC_rgb_dcmtk_ebcys2_dcmd", "SC_rgb_dcmtk_+eb+cy+s4": "SC_rgb_dcmtk_ebcys4_dcmd",
    "SC_rgb_gdcm_KY": "SC_rgb_gdcm2k_uncompressed", "SC_rgb_jpeg_app14_dcmd": "SC_jpeg_no_color_transform_2",
}  # fmt: skip
"""Colour JPEG beside what another decoder made of it."""


def path_of(name: str) -> Path:
    """Return a file of pydicom or of pydicom-data."""
    path = get_testdata_file(f"{name}.dcm", download=False)
    return Path(path) if path else DATA / f"{name}.dcm"


def frames_of(path: Path) -> np.ndarray:
    """Return every frame of a file, decoded."""
    source = FileSource(path)
    count = len(source.frames(source.series(source.studies()[0].uid)[0].uid))
    return np.stack([load_frame(source, source.sop_uid, number).stored for number in range(1, count + 1)])


@pytest.mark.parametrize("name", TWINS)
def test_file_equals_its_twin(name: str) -> None:
    """Every frame of a file is, bit by bit, that of the file it was made from."""
    assert np.array_equal(frames_of(path_of(TWINS[name])), frames_of(path_of(name)))


@pytest.mark.parametrize("name", LOSSY_TWINS)
def test_colour_jpeg_is_near_what_another_decoder_made_of_it(name: str) -> None:
    """Lossy colour differs by no more than two decoders' rounding."""
    expected = frames_of(path_of(LOSSY_TWINS[name])).astype(int)
    assert np.abs(expected - frames_of(path_of(name))).max() <= 2


def dcmtk_frame(path: Path, tmp_path: Path) -> np.ndarray:
    """Return what DCMTK's decoder makes of a JPEG or JPEG-LS file; lossy overshoot, which it leaves, pressed into the bits."""
    syntax = pydicom.dcmread(path, stop_before_pixels=True, force=True).file_meta.TransferSyntaxUID
    program = "dcmdjpls" if syntax.split(".")[-1] in ("80", "81") else "dcmdjpeg"
    options = [] if program == "dcmdjpls" else ["+cn"]
    out = tmp_path / "out.dcm"
    subprocess.run([f"/usr/bin/{program}", "-q", *options, path, out], check=True, capture_output=True)
    with quiet_reading():
        dataset = pydicom.dcmread(out, force=True)
        pixels = dataset.pixel_array
    if dataset.PixelRepresentation:
        return pixels
    raw = np.frombuffer(dataset.PixelData, pixels.dtype, pixels.size).reshape(pixels.shape)
    return raw.clip(0, 2**dataset.BitsStored - 1)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("JPEG-LL", 0), ("JPGLosslessP14SV1_1s_1f_8b", 0), ("bad_sequence", 0), ("SC_rgb_jpeg_gdcm", 0),
        ("JPEG-lossy", 2), ("JPGExtended", 2),
    ],
)  # fmt: skip
def test_jpeg_file_equals_dcmtks(name: str, tolerance: int, tmp_path: Path) -> None:
    """JPEG that pydicom cannot decode is what DCMTK makes of it."""
    expected = dcmtk_frame(path_of(name), tmp_path).astype(int)
    assert np.abs(expected - frames_of(path_of(name))[0]).max() <= tolerance


@pytest.mark.parametrize(
    "name", ["JPEGLSNearLossless_08", "JPEGLSNearLossless_16", "SC_rgb_jls_lossy_line", "SC_rgb_jls_lossy_sample"]
)
def test_near_lossless_file_equals_dcmtks(name: str, tmp_path: Path) -> None:
    """JPEG-LS near-lossless, grey and colour by lines and by samples, has one right answer."""
    path = path_of(name)
    dataset = pydicom.dcmread(path, force=True)
    data = next(generate_frames(dataset.PixelData, number_of_frames=1))
    decoded = decode(dataset.file_meta.TransferSyntaxUID, data, pixel_description(dataset))
    assert np.array_equal(dcmtk_frame(path, tmp_path), decoded)


@pytest.mark.skipif(not WG04.is_dir(), reason="the WG-04 images are not beside this repository")
@pytest.mark.parametrize(
    ("modality", "kind", "tolerance"),
    [
        *((modality, kind, 0) for modality in ("CT1", "MR1", "RG3", "XA1") for kind in ("JPLL", "JLSL", "JLSN")),
        *((modality, "JPLY", 2) for modality in ("MR1", "RG3", "XA1")),
    ],
)
def test_wg04_file_equals_dcmtks(modality: str, kind: str, tolerance: int, tmp_path: Path) -> None:
    """NEMA's JPEG and JPEG-LS images, lossy ones too, are what DCMTK makes of them."""
    path = WG04 / f"{modality}_{kind}.dcm"
    assert np.abs(dcmtk_frame(path, tmp_path).astype(int) - frames_of(path)[0]).max() <= tolerance


@pytest.mark.skipif(not WG04.is_dir(), reason="the WG-04 images are not beside this repository")
@pytest.mark.parametrize("modality", ["CT1", "MR1", "RG3", "XA1"])
@pytest.mark.parametrize("kind", ["J2KI", "J2KR", "RLE"])
def test_wg04_file_equals_gdcms(modality: str, kind: str) -> None:
    """NEMA's JPEG 2000 and RLE images are what GDCM makes of them: rescaled, and MONOCHROME1 inverted."""
    path = WG04 / f"{modality}_{kind}.dcm"
    source = FileSource(path)
    loaded = load_frame(source, source.sop_uid, 1)
    assert loaded.pipeline is not None
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0]
    values = loaded.pipeline.modality_values(loaded.stored)
    assert np.array_equal(expected, 1023 - values if modality == "RG3" else values)
