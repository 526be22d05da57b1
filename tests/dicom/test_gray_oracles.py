"""The grayscale pipeline against programs that know nothing of ours: DCMTK and pydicom, on whole real images.

DCMTK cuts off where we round: with y the display value before rounding it shows floor(y), we floor(y + 0.5). So each of
its pixels tells y to within one shade, and the relation is asserted for every pixel. It also cuts modality values to whole
numbers before the window, where a slope makes fractions; we do not, and the relation is asserted with its own y.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut, apply_presentation_lut, apply_voi_lut

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.single import FileSource
from readingroom.errors import ReadingRoomError
from readingroom.pixels.lut import LookupTable
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image, write

DATA = Path(pydicom.__file__).parent / "data" / "test_files"
MORE = Path(__file__).parents[2] / ".make" / "demo-packages" / "data_store" / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
LIMIT = 2_000_000
"""Pixels of a frame above which it is left to its smaller brothers, to keep the tests quick."""

EPSILON = 1e-6
"""What two ways of writing one formula in float64 may differ by, on a scale of 0 to 255."""


def grey_files() -> list[Path]:
    """Return real grey images that are not compressed with loss, of pydicom, pydicom-data and the shared data."""
    shared = [next(iter(sorted(folder.glob("*.dcm"))), None) for folder in sorted(SHARED.glob("*/*_*/"))]
    found = [*sorted(DATA.glob("*.dcm")), *sorted(MORE.glob("*.dcm")), *sorted(DATA.glob("dicomdirtests/*/*/*"))[::9]]
    return [path for path in [*found, *shared, *sorted(SHARED.glob("wg04/*_UNC.dcm"))] if path and is_grey(path)]


def is_grey(path: Path) -> bool:
    """Return whether an image is grey, of integers, of usual size and lossless."""
    with quiet_reading():
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            lossless = header.file_meta.TransferSyntaxUID.name
        except Exception:  # noqa: BLE001 - the data holds broken files on purpose
            return False
        size = header.get("Rows", 0) * header.get("Columns", 0)
        named = str(header.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
        lossy = "Process 2" in lossless or "Baseline" in lossless or header.get("LossyImageCompression") == "01"
        colours = "SUPPLEMENTAL" if "RedPaletteColorLookupTableDescriptor" in header else ""
        return (
            named
            and not colours
            and "SeriesInstanceUID" in header
            and 0 < size <= LIMIT
            and header.get("BitsAllocated", 0) in (8, 16)
            and not lossy
        )


def frame_of(path: Path) -> LoadedFrame:
    """Return the first frame of a file, or skip a file that holds none on purpose."""
    source = FileSource(path)
    return load_frame(source, source.sop_uid, 1)


def dcmtk(path: Path, folder: Path, *options: object) -> NDArray[np.uint8] | None:
    """Return DCMTK's 8-bit picture of the first frame, None where it cannot decode the file."""
    command = ["dcmj2pnm", "-q", *map(str, options), "-O", "+op", str(path), str(folder / "out.pgm")]
    (folder / "out.pgm").unlink(missing_ok=True)
    if subprocess.run(command, check=False, capture_output=True).returncode or not (folder / "out.pgm").exists():
        return None
    magic, size, largest, pixels = (folder / "out.pgm").read_bytes().split(b"\n", 3)
    assert (b"P5", b"255") == (magic, largest)
    columns, rows = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(rows, columns)


def unrounded(frame: LoadedFrame, voi: Voi | LookupTable, *, whole: bool) -> NDArray[np.float64]:
    """Return P-values before rounding, with ``whole`` of modality values cut to whole numbers."""
    assert frame.pipeline is not None
    pipeline = frame.pipeline.with_voi(voi, inverted=False)
    values = pipeline.modality_values(frame.stored)
    return pipeline.p_values(np.trunc(values) if whole else values)


def grey(frame: LoadedFrame, voi: Voi | LookupTable) -> NDArray[np.uint8]:
    """Return our grey values, without what the image burns in on top of them."""
    assert frame.pipeline is not None
    return frame.pipeline.with_voi(voi, inverted=False).apply(frame.stored, frame.span)


def measured(frame: LoadedFrame) -> NDArray[np.bool_]:
    """Return where a frame is not padding, which DCMTK does not know."""
    assert frame.pipeline is not None
    padding = frame.pipeline.padding
    return np.ones(frame.stored.shape, bool) if padding is None else ~padding.covers(frame.stored)


def assert_cut_off(frame: LoadedFrame, voi: Voi | LookupTable, theirs: NDArray[np.uint8]) -> None:
    """Check that every pixel of theirs is floor(y), and every one of ours floor(y + 0.5)."""
    where = measured(frame)
    theirs_y, ours_y = (unrounded(frame, voi, whole=whole) for whole in (True, False))
    assert (theirs >= np.floor(theirs_y - EPSILON))[where].all()
    assert (theirs <= np.floor(theirs_y + EPSILON))[where].all()
    ours = grey(frame, voi)
    assert np.array_equal(np.floor(ours_y + 0.5)[where], ours[where])
    assert not ours[~where].any()
    if np.array_equal(theirs_y, ours_y):
        assert np.isin((ours.astype(int) - theirs)[where], [0, 1]).all()


def windows_for(frame: LoadedFrame) -> Iterator[Voi]:
    """Return windows that cut, span and miss the values of a frame."""
    assert frame.value_range is not None
    low, high = frame.value_range
    middle, width = (low + high) / 2, max(high - low, 4.0)
    yield Voi(round(middle, 2), round(width / 3, 2) + 1)
    yield Voi(round(low, 1), round(width * 1.7, 1))
    yield Voi(round(middle), 1)


FILES = grey_files()
DAMAGED = frozenset({"MR_truncated.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm"})


def test_there_are_real_images_enough() -> None:
    """The comparison runs over dozens of real images, more beside the research images, MONOCHROME1 and signed ones too."""
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_dcmtk_sees_the_same_windows(path: Path, tmp_path: Path) -> None:
    """LINEAR of any width, a step included, and SIGMOID: each pixel is DCMTK's, which cuts off where we round."""
    try:
        frame = frame_of(path)
    except ReadingRoomError:
        assert path.name in DAMAGED
        return
    for voi in windows_for(frame):
        theirs = dcmtk(path, tmp_path, "+Ww", voi.center, voi.width)
        if theirs is None:
            return
        assert_cut_off(frame, voi, theirs)
    sigmoid = replace(next(windows_for(frame)), function="SIGMOID")
    theirs = dcmtk(path, tmp_path, "+Ww", sigmoid.center, sigmoid.width, "+Wfs")
    assert theirs is not None
    assert_cut_off(frame, sigmoid, theirs)


def test_dcmtk_sees_the_same_range(tmp_path: Path) -> None:
    """Without a window of its own an image is shown from its smallest to its largest value, as dcmj2pnm +Wm does."""
    tried = 0
    for path in FILES[::2]:
        if path.name in DAMAGED:
            continue
        frame = frame_of(path)
        theirs = dcmtk(path, tmp_path, "+Wm")
        if theirs is None or not measured(frame).all() or frame.value_range is None:
            continue
        low, high = (float(np.trunc(end)) for end in frame.value_range)
        assert_cut_off(frame, Voi.of_range(low, high), theirs)
        tried += 1
    assert tried >= 8


def test_dcmtk_sees_the_same_windows_of_the_image(tmp_path: Path) -> None:
    """The image's own windows are the ones DCMTK finds, by number."""
    tried = 0
    for path in FILES:
        if path.name in DAMAGED or tried >= 12:
            continue
        frame = frame_of(path)
        for number, (voi, _) in enumerate(frame.picture().windows, 1):
            theirs = dcmtk(path, tmp_path, "+Wi", number)
            if theirs is not None and voi.function != "LINEAR_EXACT":
                assert_cut_off(frame, voi, theirs)
                tried += 1
    assert tried >= 12


def of_lut(frame: LoadedFrame, table: LookupTable) -> NDArray[np.float64]:
    """Return what DCMTK makes of a VOI LUT: 256 / 2^bits of its entry, cut off, where we take 255 / (2^bits - 1)."""
    assert frame.pipeline is not None
    return np.floor(table.apply(frame.pipeline.modality_values(frame.stored)) * (256 / 2**table.bits))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("representation", ["OW", "US"])
def test_dcmtk_sees_the_same_voi_luts(tmp_path: Path, bits: int, representation: str) -> None:
    """Two VOI LUTs of an image with signed values, in words: each is DCMTK's, by number."""
    random = np.random.default_rng(bits)
    dataset = small_image(1, random.integers(-900, 1200, (60, 50)).astype(np.int16))
    items = []
    for first, count in ((-700, 1024), (0, 500)):
        item = Dataset()
        item.add_new("LUTDescriptor", "SS", [count, first, bits])
        entries = random.integers(0, 2**bits, count)
        entries[:2] = 0, 2**bits - 1
        item.add_new(
            "LUTData", representation, entries.astype("<u2").tobytes() if representation == "OW" else entries.tolist()
        )
        items.append(item)
    path = write(dataset, tmp_path / "lut.dcm", VOILUTSequence=items, RescaleIntercept=-50)
    frame = frame_of(path)
    for number in (1, 2):
        table = frame.voi_lut(number)
        theirs = dcmtk(path, tmp_path, "+Wl", number)
        assert theirs is not None
        assert np.array_equal(of_lut(frame, table), theirs)
        exact = table.apply(frame.pipeline.modality_values(frame.stored)) * 255 / (2**bits - 1)
        assert np.array_equal(np.floor(exact + 0.5), grey(frame, table))


def test_dcmtk_sees_the_same_voi_lut_of_a_real_file(tmp_path: Path) -> None:
    """The VOI LUT of pydicom-data's vlut_04, of 16-bit entries, is the one DCMTK applies."""
    frame = frame_of(MORE / "vlut_04.dcm")
    theirs = dcmtk(MORE / "vlut_04.dcm", tmp_path, "+Wl", 1)
    assert theirs is not None
    assert np.array_equal(of_lut(frame, frame.voi_lut(1)), theirs)
    assert frame.picture().voi is None


def test_dcmtk_sees_the_same_polarity(tmp_path: Path) -> None:
    """All pairs of Photometric Interpretation and Presentation LUT Shape, those the Standard forbids included."""
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        for shape in ("", "IDENTITY", "INVERSE"):
            changes = {"PresentationLUTShape": shape} if shape else {}
            image = small_image(1, ramp)
            path = write(image, tmp_path / "p.dcm", PhotometricInterpretation=photometric, **changes)
            theirs = dcmtk(path, tmp_path, "+Ww", 128, 256)
            assert theirs is not None
            assert_cut_off(frame_of(path), Voi(128, 256), theirs)


@pytest.mark.parametrize("path", FILES[::2], ids=lambda path: path.name)
def test_pydicom_has_the_same_modality_values_and_windows(path: Path) -> None:
    """Modality values are pydicom's to the last bit, its windowed values are ours before rounding."""
    if path.name in DAMAGED:
        return
    frame = frame_of(path)
    dataset = pydicom.dcmread(path)
    if "SharedFunctionalGroupsSequence" in dataset:
        return
    assert frame.pipeline is not None
    values = frame.pipeline.modality_values(frame.stored)
    with quiet_reading():
        assert np.array_equal(apply_modality_lut(frame.stored, dataset), values)
        if not frame.picture().windows:
            return
        theirs = apply_voi_lut(apply_modality_lut(frame.stored, dataset), dataset, prefer_lut=False)
    voi = frame.picture().windows[0][0]
    ends = apply_voi_lut(np.array([-1e9, 1e9]), dataset, prefer_lut=False)
    scaled = (theirs - ends[0]) / (ends[1] - ends[0]) * 255
    assert np.abs(scaled - voi.apply(values)).max() < EPSILON


@pytest.mark.parametrize("name", ["mlut_18.dcm", "vlut_04.dcm"])
def test_pydicom_has_the_same_lookup_tables(name: str) -> None:
    """Modality LUT and VOI LUT of real files give pydicom's entries."""
    frame = frame_of(MORE / name)
    dataset = pydicom.dcmread(MORE / name)
    assert frame.pipeline is not None
    values = frame.pipeline.modality_values(frame.stored)
    assert np.array_equal(apply_modality_lut(frame.stored, dataset), values)
    if "VOILUTSequence" in dataset:
        assert np.array_equal(apply_voi_lut(values.astype(int), dataset), frame.voi_lut(1).apply(values))


def test_pydicom_has_the_same_presentation_lut() -> None:
    """A Presentation LUT behind values that use its whole range: the same entries (pydicom cuts off between them)."""
    entries = np.random.default_rng(4).integers(0, 4096, 1024)
    state = Dataset()
    item = Dataset()
    item.LUTDescriptor = [1024, 0, 12]
    item.add_new("LUTData", "US", entries.tolist())
    state.PresentationLUTSequence = [item]
    values = np.arange(1024)
    theirs = apply_presentation_lut(values, state)
    ours = LookupTable(0, entries.astype(np.float64), 12).present(values * (255 / 1023))
    assert np.array_equal(theirs, np.round(ours * (4095 / 255)))
