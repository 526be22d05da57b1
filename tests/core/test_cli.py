"""The command line: what it writes, and one plain line when it cannot."""

import io
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from readingroom.cli import main
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.single import FileSource
from readingroom.pixels.display_profile import DisplayProfile
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image, write
from readingroom.testing.states import add_overlay, area_item, graphic_item, item, layer_item, small_state, window_item


def png(path: Path) -> np.ndarray:
    """Return the pixels of a PNG as an independent reader sees them."""
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())))


@pytest.mark.parametrize(
    ("options", "voi", "inverted"),
    [
        ([], None, False),
        (["--window", "40/400"], Voi(40, 400), False),
        (["--window", "-600/1500/sigmoid", "--invert"], Voi(-600, 1500, "SIGMOID"), True),
        (["--window=0.5/1/LINEAR_EXACT"], Voi(0.5, 1, "LINEAR_EXACT"), False),
    ],
)
def test_render_writes_exactly_the_viewers_pixels(
    tmp_path: Path, options: list[str], voi: Voi | None, inverted: bool
) -> None:
    """The PNG holds the 8-bit pixels of render_frame, unscaled, whatever the window."""
    path = get_testdata_file("CT_small.dcm", download=False)
    assert path is not None
    assert 0 == main(["render", path, *options, "-o", str(tmp_path / "out.png")])
    source = FileSource(path)
    assert np.array_equal(render_frame(source, source.sop_uid, 1, voi, inverted).pixels, png(tmp_path / "out.png"))


def test_render_applies_a_presentation_state_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Window, shutter, overlay, graphics, turning and area of the state are in the PNG; what is not is said."""
    image = small_image(1, np.full((7, 9), 60, np.uint8))
    state = small_state(
        image, SoftcopyVOILUTSequence=[window_item(30.5, 61)], ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge=2,
        ShutterRightVerticalEdge=9, ShutterUpperHorizontalEdge=1, ShutterLowerHorizontalEdge=7, ImageRotation=90,
        ImageHorizontalFlip="N", DisplayedAreaSelectionSequence=[area_item(1, 1, 9, 5)],
        GraphicLayerSequence=[layer_item("A", 1, 0x8080)], MaskSubtractionSequence=[item()],
        GraphicAnnotationSequence=[
            item(GraphicLayer="A", GraphicObjectSequence=[graphic_item("POLYLINE", [1.5, 0.5, 8.5, 0.5])])
        ],
    )  # fmt: skip
    add_overlay(state, 0x6000, np.ones((1, 1), bool), (5, 9), layer="A")
    paths = [str(write(image, tmp_path / "image.dcm")), str(write(state, tmp_path / "state.dcm"))]
    output = tmp_path / "out.png"
    assert main(["render", paths[0], "--presentation-state", paths[1], "-o", str(output)]) == 0
    upright = np.full((5, 9), 255, np.uint8)
    upright[:, 0], upright[0, 1:], upright[4, 8] = 0, 128, 128
    assert np.array_equal(np.rot90(upright, -1), png(output))
    assert "without subtraction" in capsys.readouterr().err
    assert main(["render", paths[0], "--presentation-state", paths[1], "--no-overlays", "-o", str(output)]) == 0
    assert png(output)[8, 0] == 255


def test_render_refuses_a_state_for_another_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says that the state is not for this image, or that the file is no state."""
    image, other = small_image(1), small_image(2)
    paths = [str(write(dataset, tmp_path / f"{n}.dcm")) for n, dataset in enumerate((image, small_state(other)))]
    output = tmp_path / "out.png"
    for state, expected in (
        (paths[1], "The presentation state SMALL is not for this image but for 1 other image."),
        (paths[0], f"{paths[0]}: This is no softcopy presentation state."),
    ):
        assert main(["render", paths[0], "--presentation-state", state, "-o", str(output)]) == 2
        assert f"readingroom: {expected}\n" == capsys.readouterr().err
        assert not output.exists()


def test_render_writes_colour_of_the_frame_asked_for(tmp_path: Path) -> None:
    """Colour comes out as RGB, red where red is, and --frame counts from 1."""
    path = get_testdata_file("examples_ybr_color.dcm", download=False)
    assert path is not None
    assert 0 == main(["render", path, "--frame", "3", "-o", str(tmp_path / "out.png")])
    source = FileSource(path)
    assert np.array_equal(render_frame(source, source.sop_uid, 3).pixels, png(tmp_path / "out.png"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render", "{tmp}/none.dcm", "-o", "{tmp}/o.png"], "none.dcm cannot be read (No such file or directory)"),
        (["render", "{tmp}/notes.txt", "-o", "{tmp}/o.png"], "notes.txt is not a DICOM file"),
        (["render", "{tmp}/giant.dcm", "-o", "{tmp}/o.png"], "65535 rows"),
        (["render", "{tmp}/good.dcm", "--frame", "2", "-o", "{tmp}/o.png"], "there is no frame 2"),
        (["render", "{tmp}/good.dcm", "-o", "{tmp}/no/o.png"], "No such file or directory"),
        (
            ["render", "{tmp}/good.dcm", "--voi-lut", "1", "-o", "{tmp}/o.png"],
            "holds no VOI LUT; there is no VOI LUT 1",
        ),
        (["render", "{tmp}/good.dcm", "--gsdf", "{tmp}/none.json", "-o", "{tmp}/o.png"], "none.json"),
        (
            ["render", "{tmp}/good.dcm", "--gsdf", "{tmp}/notes.txt", "-o", "{tmp}/o.png"],
            "notes.txt is no display profile",
        ),
        (["index", "{tmp}/none", "--index", "{tmp}/i"], "The study folder {tmp}/none cannot be read"),
        (["samples", "{tmp}/s", "--packages", "{tmp}/none"], "requirements-demo.lock"),
    ],
)
def test_error_is_one_plain_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """What cannot be done is said in one line on standard error, with exit status 2 and no traceback."""
    (tmp_path / "notes.txt").write_text("hello")
    write(small_image(1), tmp_path / "good.dcm")
    write(small_image(2), tmp_path / "giant.dcm", Rows=65_535)
    assert 2 == main([argument.format(tmp=tmp_path) for argument in arguments])
    (line,) = capsys.readouterr().err.splitlines()
    assert words.format(tmp=tmp_path) in line


@pytest.mark.parametrize("window", ["40/0", "x/y", "40", "40/400/CUBIC", "1/2/3/4", "nan/1"])
def test_window_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], window: str) -> None:
    """A window that cannot be is refused before the file is opened, with exit status 2."""
    with pytest.raises(SystemExit) as stopped:
        main(["render", str(tmp_path / "none.dcm"), "--window", window, "-o", "o.png"])
    assert 2 == stopped.value.code
    assert "--window" in capsys.readouterr().err


def test_render_takes_a_voi_lut_and_a_display(tmp_path: Path) -> None:
    """--voi-lut N is the Nth table of the image, --gsdf the curve of a measured display, both in one rendering."""
    packages = Path(__file__).parents[2] / ".make" / "demo-packages"
    (path,) = packages.rglob("vlut_04.dcm")
    profile = DisplayProfile("Test", tuple(0.4 + 300 * (n / 17) ** 2.2 for n in range(18)), 0.5, date(2026, 3, 1))
    profile.save(tmp_path / "screen.json")
    options = ["--voi-lut", "1", "--gsdf", str(tmp_path / "screen.json")]
    assert 0 == main(["render", str(path), *options, "-o", str(tmp_path / "out.png")])
    source = FileSource(path)
    frame = load_frame(source, source.sop_uid, 1)
    expected = frame.picture(frame.voi_lut(1), display=profile.curve).pixels
    assert np.array_equal(expected, png(tmp_path / "out.png"))
    assert not np.array_equal(frame.picture(frame.voi_lut(1)).pixels, expected)


def test_index_prints_problems_and_fills_the_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Progress and every problem are printed; a read-only source then finds the studies."""
    write(small_image(1), tmp_path / "studies" / "1.dcm")
    (tmp_path / "studies" / "cut.dcm").write_bytes((tmp_path / "studies" / "1.dcm").read_bytes()[:-9])
    assert 0 == main(["index", str(tmp_path / "studies"), "--index", str(tmp_path / "index.sqlite")])
    assert "2 files seen." in (printed := capsys.readouterr().out)
    assert "cut.dcm: is cut off" in printed
    reader = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite", read_only=True)
    assert 1 == len(reader.studies())
    reader.close()


def test_watch_follows_the_folder_until_it_is_stopped(tmp_path: Path) -> None:
    """A file that comes later is taken in, and SIGTERM ends the watch with status 0."""
    folder, index = tmp_path / "studies", tmp_path / "index.sqlite"
    write(small_image(1), folder / "1.dcm")
    command = [sys.executable, "-m", "readingroom.cli", "index", str(folder), "--index", str(index), "--watch", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write(small_image(2), folder / "2.dcm")
        reader = FolderSource(folder, index, read_only=True)
        limit = time.monotonic() + 60
        while reader.studies()[0].instance_count < 2 and time.monotonic() < limit:
            time.sleep(0.05)
        assert 2 == reader.studies()[0].instance_count
        reader.close()
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(60)


def test_importing_a_folder_loads_no_codec() -> None:
    """Indexing starts without OpenCV and imagecodecs, which only pictures need."""
    code = "import sys, readingroom.dicom.folder; print([m for m in ('cv2', 'imagecodecs') if m in sys.modules])"
    assert "[]" == subprocess.check_output([sys.executable, "-c", code], text=True).strip()
