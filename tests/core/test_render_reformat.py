"""``readingroom render --reformat``: the plane a script asks for, or one plain line."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from readingroom.cli import main
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.multiplanar import MultiplanarSeries
from readingroom.dicom.stacks import stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.pixels.plane import covering_plane, patient_plane
from readingroom.pixels.reformat import Projection
from readingroom.pixels.voi import Voi
from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom.testing.identity import FictionalStudy
from readingroom.testing.phantom import PhantomSeries, write_phantom

OTHER = FictionalStudy(**{name: getattr(SMALL_STUDY, name) for name in SMALL_STUDY.__dataclass_fields__} | {"key": "o"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small phantom."""
    made = tmp_path_factory.mktemp("phantom")
    write_phantom(made, PhantomSeries(slices=9, size=64, pixel_spacing=3.5, slice_spacing=4.0))
    return made


@pytest.fixture(scope="module")
def series(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> MultiplanarSeries:
    """Return the same, loaded."""
    source = FolderSource(folder, tmp_path_factory.mktemp("index") / "index.sqlite")
    source.refresh()
    (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
    loader = VolumeLoader(source, stack).start()
    assert loader.wait(60)
    made = MultiplanarSeries.of(source, loader)
    source.close()
    return made


def png(path: Path) -> np.ndarray:
    """Return the pixels of a PNG as an independent reader sees them."""
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())))


@pytest.mark.parametrize("of_file", [False, True])
@pytest.mark.parametrize(
    ("options", "name", "position", "thickness", "projection"),
    [
        (["coronal"], "coronal", None, 0.0, None),
        (["coronal@12.5mm"], "coronal", 12.5, 0.0, None),
        (["Sagittal@-20mm", "--slab", "10mm:mip"], "sagittal", -20.0, 10.0, "mip"),
        (["axial@0mm", "--slab", "7.5mm:mean", "--window", "-600/1500"], "axial", 0.0, 7.5, "mean"),
    ],
)
def test_plane_is_the_one_the_viewer_shows(  # noqa: PLR0913, PLR0917 - what is asked for and what comes
    folder: Path,
    series: MultiplanarSeries,
    tmp_path: Path,
    of_file: bool,
    options: list[str],
    name: str,
    position: float | None,
    thickness: float,
    projection: Projection | None,
) -> None:
    """Of a folder, or of the series that a file belongs to: the pixels of a plane at its patient coordinate."""
    path = sorted(folder.iterdir())[3] if of_file else folder
    assert 0 == main(["render", str(path), "--reformat", *options, "-o", str(tmp_path / "o.png")])
    plane = patient_plane(series.volume, name, position)  # type: ignore[arg-type]
    voi = Voi(-600, 1500) if "--window" in options else None
    assert np.array_equal(series.frame(plane, thickness, projection).picture(voi).pixels, png(tmp_path / "o.png"))


def test_plane_is_tilted_about_the_horizontal_then_turned_about_the_vertical(
    folder: Path, series: MultiplanarSeries, tmp_path: Path
) -> None:
    """A double oblique plane through the middle of the plane it comes from."""
    assert 0 == main(["render", str(folder), "--reformat", "axial@4mm/30/-20", "-o", str(tmp_path / "o.png")])
    plane = patient_plane(series.volume, "axial", 4.0)
    plane = plane.rotated(plane.row_direction, 30)
    plane = plane.rotated(plane.column_direction, -20)
    plane = covering_plane(series.volume, plane.row_direction, plane.column_direction, plane.center)
    assert np.array_equal(series.frame(plane).picture().pixels, png(tmp_path / "o.png"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{folder}", "--reformat", "axial@900mm"], "nothing at 900 mm: the images reach from -16 to 16 mm"),
        (["{tmp}/one/1.dcm", "--reformat", "axial"], "single image, not a volume"),
        (["{tmp}/one", "--reformat", "axial"], "no series of more than one image"),
        (["{tmp}/two", "--reformat", "axial"], "2 series here; say which with --series UID"),
        (["{tmp}/two", "--reformat", "axial", "--series", "1.2.3"], "There is no series 1.2.3"),
        (["{folder}", "--reformat", "axial", "--slab", "100000mm:mip"], "thicker than the volume"),
        (["{tmp}/none", "--reformat", "axial"], "none cannot be read"),
        (["{tmp}/one/1.dcm", "--slab", "10mm:mip"], "--reformat"),
        (["{tmp}/damaged", "--reformat", "axial"], "1 of 3 slices cannot be read, the first: "),
    ],
)
def test_what_cannot_be_reformatted_is_one_plain_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """A plane outside, a single image, a choice of series, a damaged slice: said in one line, status 2."""
    write(small_image(1), tmp_path / "one" / "1.dcm")
    for number in range(1, 4):
        write(small_image(number), tmp_path / "two" / f"a{number}.dcm")
        write(small_image(number, study=OTHER), tmp_path / "two" / f"b{number}.dcm")
        write(small_image(number), tmp_path / "damaged" / f"{number}.dcm", **({} if number != 2 else {"HighBit": 15}))
    damaged = tmp_path / "damaged" / "2.dcm"
    if "damaged" in arguments[0]:
        _damage(damaged)
    command = [argument.format(tmp=tmp_path, folder=folder) for argument in arguments]
    assert 2 == main(["render", *command, "-o", str(tmp_path / "o.png")])
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (tmp_path / "o.png").exists()


def _damage(path: Path) -> None:
    """Make a codestream of rubbish of the file's pixels."""
    import imagecodecs
    from pydicom.uid import JPEGLSLossless

    from readingroom.testing.files import compress

    encoded = imagecodecs.jpegls_encode(np.random.default_rng(1).integers(0, 4000, (8, 6)).astype(np.uint16))
    broken = encoded[: len(encoded) // 2]
    write(compress(small_image(2), JPEGLSLossless, [broken]), path)


@pytest.mark.parametrize(
    "options",
    [
        ["--reformat", "coronal@12.5"],
        ["--reformat", "coronal@12.5cm"],
        ["--reformat", "oblique"],
        ["--reformat", "axial@1mm/2/3/4"],
        ["--reformat", "axial", "--slab", "10:mip"],
        ["--reformat", "axial", "--slab", "10mm:max"],
        ["--reformat", "axial", "--slab", "0mm:mip"],
    ],
)
def test_plane_or_slab_that_is_none_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """A length without millimetres is refused before anything is opened, with an example."""
    with pytest.raises(SystemExit) as stopped:
        main(["render", str(folder), *options, "-o", "o.png"])
    assert 2 == stopped.value.code
    assert "such as" in capsys.readouterr().err
