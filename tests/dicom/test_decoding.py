"""Real files against three independent readers: pydicom, the uncompressed twins of NEMA's images, and DCMTK."""

import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_color_lut, pixel_array

from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.single import FileSource
from readingroom.pixels.voi import Voi
from readingroom.testing.phantom import PhantomSeries, write_phantom

WG04 = Path(__file__).parents[3] / "shared" / "data" / "wg04"
LOSSLESS_TWINS = ("J2KR", "JLSL", "JPLL", "RLE")

PYDICOM_FILES = [
    "693_J2KI.dcm", "CT_small.dcm", "ExplVR_BigEnd.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm",
    "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm", "MR_small_padded.dcm", "SC_jpeg_no_color_transform.dcm",
    "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_jpeg_app14_dcmd.dcm", "SC_rgb_jpeg_dcmd.dcm",
    "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm",
    "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_2frame.dcm", "SC_rgb_rle_32bit.dcm", "SC_rgb_rle_32bit_2frame.dcm",
    "SC_rgb_small_odd_big_endian.dcm", "SC_rgb_small_odd.dcm", "SC_rgb_small_odd_jpeg.dcm", "SC_ybr_full_422_uncompressed.dcm",
    "examples_jpeg2k.dcm", "examples_overlay.dcm", "examples_palette.dcm", "examples_rgb_color.dcm",
    "examples_ybr_color.dcm", "image_dfl.dcm", "liver_1frame.dcm", "liver_expb_1frame.dcm", "rtdose.dcm",
    "rtdose_1frame.dcm", "rtdose_expb.dcm", "rtdose_expb_1frame.dcm", "rtdose_rle.dcm", "rtdose_rle_1frame.dcm",
]  # fmt: skip


def found(name: str) -> str | None:
    """Return the path of one of pydicom's files, None where this one is not in its wheel."""
    return get_testdata_file(name, download=False)


def from_pydicom(path: str, frame: int) -> np.ndarray:
    """Return what pydicom makes of a frame, colours as 8-bit RGB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        pixels = pixel_array(dataset, index=frame - 1)
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, dataset)
    return pixels >> (8 * pixels.itemsize - 8) if pixels.ndim == 3 and pixels.itemsize > 1 else pixels


@pytest.mark.parametrize("name", [name for name in PYDICOM_FILES if found(name)])
def test_stored_values_equal_pydicoms(name: str) -> None:
    """First and last frame of a real file decode to what pydicom's own decoders make of it."""
    path = found(name)
    assert path is not None
    source = FileSource(path)
    frames = source.frames(source.series(source.studies()[0].uid)[0].uid)
    for frame in {1, len(frames)}:
        assert np.array_equal(from_pydicom(path, frame), load_frame(source, source.sop_uid, frame).stored)


def test_enough_of_pydicoms_files_were_there() -> None:
    """The comparison above is about dozens of real files, not about the few that happened to be found."""
    assert sum(found(name) is not None for name in PYDICOM_FILES) >= 38


def wg04_pairs() -> list[tuple[Path, Path]]:
    """Return (compressed, uncompressed) for every losslessly compressed WG-04 image."""
    pairs = []
    for path in sorted(WG04.rglob("*")) if WG04.is_dir() else []:
        stem, _, kind = path.name.partition("_")
        twins = list(WG04.rglob(f"{stem}_UNC*"))
        if kind.split(".")[0] in LOSSLESS_TWINS and twins:
            pairs.append((path, twins[0]))
    return pairs


@pytest.mark.skipif(not WG04.is_dir(), reason="the WG-04 images are not beside this repository")
def test_wg04_images_are_found() -> None:
    """There are lossless twins to compare when the folder is there."""
    assert len(wg04_pairs()) >= 10


@pytest.mark.parametrize(("compressed", "truth"), wg04_pairs(), ids=lambda path: path.name)
def test_lossless_wg04_image_equals_its_uncompressed_twin(compressed: Path, truth: Path) -> None:
    """A losslessly compressed NEMA image decodes to exactly the values of its uncompressed twin."""
    one, other = FileSource(compressed), FileSource(truth)
    assert np.array_equal(load_frame(other, other.sop_uid, 1).stored, load_frame(one, one.sop_uid, 1).stored)


def dcmtk_pixels(path: Path | str, center: float, width: float, out: Path) -> np.ndarray:
    """Return what DCMTK's dcmj2pnm shows through a window."""
    program = shutil.which("dcmj2pnm", path="/usr/bin:/usr/local/bin")
    assert program is not None, "dcmj2pnm is missing: install the Debian package dcmtk"
    command = [program, "+Ww", str(center), str(width), "+op", str(path), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    header, size, _, raw = out.read_bytes().split(b"\n", 3)
    columns, rows = (int(n) for n in size.split())
    assert header == b"P5"
    return np.frombuffer(raw, np.uint8).reshape(rows, columns)


@pytest.mark.parametrize(("center", "width"), [(40, 400), (-600, 1500), (1000, 4000), (-1000, 100), (57.5, 333)])
@pytest.mark.parametrize("image", ["CT_small.dcm", "MR_small.dcm", "phantom"])
def test_dcmtk_shows_the_same_but_for_its_floor(image: str, center: float, width: float, tmp_path: Path) -> None:
    """DCMTK windows as we do and cuts where we round: its pixels are the floor of our unrounded values, 0 or 1 below."""
    scan = PhantomSeries(slices=1, size=64, pixel_spacing=4.0)
    path = write_phantom(tmp_path, scan)[0] if image == "phantom" else found(image)
    assert path is not None
    source = FileSource(path)
    loaded = load_frame(source, source.sop_uid, 1)
    assert loaded.pipeline is not None
    shown = dcmtk_pixels(path, center, width, tmp_path / "out.pgm")
    inside = np.ones(loaded.stored.shape, bool)
    if loaded.pipeline.padding is not None:
        inside = ~loaded.pipeline.padding.covers(loaded.stored)
    unrounded = Voi(center, width).apply(loaded.pipeline.modality_values(loaded.stored))
    assert np.array_equal(np.floor(unrounded)[inside], shown[inside])
    ours = render_frame(source, source.sop_uid, 1, Voi(center, width)).pixels
    assert set(np.unique(ours[inside].astype(int) - shown[inside])) <= {0, 1}
