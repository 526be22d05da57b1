"""``readingroom render`` is not silent about a doubtful stack, and says plainly what it cannot do."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from readingroom.cli import main
from readingroom.testing.files import small_image, write
from readingroom.testing.states import small_state

Rendered = Callable[..., str]


@pytest.fixture
def rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Rendered:
    """Return what renders with options and gives back what was said, after asserting the exit status."""

    def render(*arguments: str | Path, status: int = 0) -> str:
        assert status == main(["render", *map(str, arguments), "-o", str(tmp_path / "o.png")])
        return capsys.readouterr().err

    return render


def slices(folder: Path, positions: Sequence[tuple[float, float, float]], times: int = 1) -> Path:
    """Write a slice at each position, again for each time; return the first file."""
    for time in range(times):
        for n, position in enumerate(positions, 1):
            image = small_image(number := time * len(positions) + n)
            if times > 1:
                image.TemporalPositionIdentifier = time + 1
            write(image, folder / f"{number}.dcm", ImagePositionPatient=list(position))
    return folder / "1.dcm"


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ([(0, 0, z) for z in (1, 2, 3, 6, 7, 8)], "2 slices are missing between 3 and 6 mm"),
        ([(0, 0, z) for z in (1, 2, 3.3, 4.1, 6.2, 9)], "no even spacing may be assumed"),
        ([(0, 0.3 * z, z) for z in range(8)], "as from a gantry tilted by 16.7°"),
    ],
)
def test_plane_of_a_doubtful_stack_is_not_silent(
    tmp_path: Path, rendered: Rendered, positions: list[tuple[float, float, float]], words: str
) -> None:
    """Gaps, uneven steps and a tilt are said when a plane is cut through them."""
    assert words in rendered(slices(tmp_path / "s", positions), "--reformat", "coronal")


def test_even_stack_has_nothing_to_say(tmp_path: Path, rendered: Rendered) -> None:
    """No note where nothing is doubtful."""
    assert "" == rendered(slices(tmp_path / "s", [(0, 0, z) for z in range(5)]), "--reformat", "coronal")


def test_plane_of_one_time_of_several_says_which(tmp_path: Path, rendered: Rendered) -> None:
    """Of a 4-D series one stack is cut, the one that the file belongs to."""
    first = slices(tmp_path / "s", [(0, 0, z) for z in range(4)], times=2)
    assert "several stacks of this series: temporal position 1." in rendered(first, "--reformat", "axial")
    assert "temporal position 2." in rendered(tmp_path / "s" / "6.dcm", "--reformat", "axial")


def test_slab_thicker_than_the_images_is_told(tmp_path: Path, rendered: Rendered) -> None:
    """The projection is over all there is; the reader must not believe in 100 mm."""
    first = slices(tmp_path / "s", [(0, 0, z) for z in range(5)])
    assert "thicker than the images, which reach over 5 mm" in rendered(
        first, "--reformat", "axial", "--slab", "100mm:mip"
    )
    assert "" == rendered(first, "--reformat", "axial", "--slab", "5mm:mip")


def test_frame_of_a_doubtful_image_is_not_silent(tmp_path: Path, rendered: Rendered) -> None:
    """A frame of a multi-frame image says what the viewer says of it."""
    image = small_image(1, np.arange(4 * 48, dtype=np.uint16).reshape(4, 8, 6))
    image.SOPClassUID, image.GridFrameOffsetVector = "1.2.840.10008.5.1.4.1.1.481.2", [0, 1, 2, 5]
    path = write(image, tmp_path / "dose.dcm", Modality="RTDOSE")
    assert "missing" in rendered(path, "--frame", "2")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["{tmp}/1.dcm", "--presentation-state", "{tmp}/state.dcm"], "is not for this image but for 1 other image"),
        (["{tmp}/1.dcm", "--presentation-state", "{tmp}/1.dcm"], "no softcopy presentation state"),
        (["{tmp}/1.dcm", "--reformat", "axial", "--frame", "1"], "give one"),
        (["{tmp}/1.dcm", "--frame", "0"], "has one frame; there is no frame 0"),
        (["{tmp}/state.dcm"], "holds no image"),
        (["{tmp}"], "is a folder: name one of its files"),
        (["{tmp}/1.dcm", "--gsdf", "{tmp}/none.json"], "none.json: No such file or directory."),
    ],
)
def test_what_cannot_be_rendered_is_named(tmp_path: Path, rendered: Rendered, options: list[str], words: str) -> None:
    """One line that says what is wrong, and exit status 2."""
    write(small_image(1), tmp_path / "1.dcm")
    write(small_state(small_image(7)), tmp_path / "state.dcm")
    assert words in rendered(*(option.format(tmp=tmp_path) for option in options), status=2)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--window", "40"], "'40' is no window such as 40/400"),
        (["--window", "-a/b"], "'-a/b' is no window such as"),
        (["--slab", "-5mm:mip"], "'-5mm:mip' is no slab such as"),
    ],
)
def test_option_that_cannot_be_is_answered_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: list[str], words: str
) -> None:
    """Also where its value begins with a minus."""
    with pytest.raises(SystemExit):
        main(["render", str(tmp_path), *option, "-o", "o.png"])
    assert words in capsys.readouterr().err
