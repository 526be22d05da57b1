"""Planes of a series in another direction, as a page asks for them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.errors import NotFoundError, UnsupportedImageError, WireError
from readingroom.testing.files import small_image, write
from readingroom.wire import Reformat, ViewRequest, Window, parse_request, unpack_frame
from readingroom_viewer.renderer import Renderer

SLICES = 5


@pytest.fixture
def values() -> np.ndarray:
    """Return stored values that tell every voxel from every other: (slices, rows, columns)."""
    return np.arange(SLICES * 8 * 6, dtype=np.int16).reshape(SLICES, 8, 6)


@pytest.fixture
def series(values: np.ndarray, tmp_path: Path) -> Iterator[tuple[Renderer, str]]:
    """Return a renderer over axial slices of cubic voxels, and their series."""
    for number, pixels in enumerate(values, 1):
        image = small_image(number, pixels)
        image.PixelSpacing = [1, 1]
        write(image, tmp_path / "studies" / f"{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    renderer = Renderer(source)
    renderer.open_study(image.StudyInstanceUID)
    yield renderer, image.SeriesInstanceUID
    renderer.close()
    source.close()


def shown(renderer: Renderer, uid: str, position: int | None, **plane: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the header of a plane once the whole volume is there."""
    request = ViewRequest("main", 1, uid, position, reformat=Reformat(**plane))
    while (header := unpack_frame(renderer.frame(request))[0])["loaded"] < 1:
        time.sleep(0.01)
    return header


def test_a_coronal_plane_is_the_volume_cut(series: tuple[Renderer, str], values: np.ndarray) -> None:
    """Head up, from front to back: the first plane is the first row of every slice, the last slice on top."""
    header = shown(*series, 0, plane="coronal")
    cut = values[::-1, 0]
    assert (8, SLICES, 6) == (header["count"], header["rows"], header["columns"])
    assert [float(cut.min()), float(cut.max())] == header["value_range"]
    assert [1, 0, 0, 0, 0, -1] == [round(n, 9) for n in header["orientation"]]
    assert [0, 0, SLICES] == header["slice_position"]
    assert ("", 0, "coronal") == (header["sop_uid"], header["frame"], header["reformat"]["plane"])


@pytest.mark.parametrize(("plane", "count", "axis", "first"), [
    ("axial", SLICES, 2, SLICES), ("coronal", 8, 1, 0), ("sagittal", 6, 0, 0),
])  # fmt: skip
def test_planes_run_as_they_are_read(
    series: tuple[Renderer, str], plane: str, count: int, axis: int, first: float
) -> None:
    """Axial ones from the head, coronal ones from the front, sagittal ones from the patient's right."""
    header = shown(*series, 0, plane=plane)
    assert (count, first) == (header["count"], header["slice_position"][axis])


def test_without_a_position_the_middle_is_shown(series: tuple[Renderer, str]) -> None:
    """A page that does not know how many planes there are begins in the middle and is told which that is."""
    assert 4 == shown(*series, None, plane="coronal")["position"]


def test_a_slab_projects_what_lies_in_it(series: tuple[Renderer, str], values: np.ndarray) -> None:
    """The brightest of a slab that holds the whole volume is the brightest of all rows."""
    header = shown(*series, 4, plane="coronal", slab_mm=40.0, projection="mip")
    assert values.max(axis=1).max() == header["value_range"][1]
    assert values.max(axis=1).min() == header["value_range"][0]


@pytest.fixture
def large(tmp_path: Path) -> Iterator[tuple[Renderer, str]]:
    """Return a renderer over slices large enough for a thick slab to be costly; rows are even, columns odd in number."""
    for number in range(1, SLICES + 1):
        image = small_image(number, np.random.default_rng(number).integers(0, 900, (64, 63)).astype(np.int16))
        image.PixelSpacing = [1, 1]
        write(image, tmp_path / "studies" / f"{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    renderer = Renderer(source)
    renderer.open_study(image.StudyInstanceUID)
    shown(renderer, image.SeriesInstanceUID, 0, plane="axial")
    yield renderer, image.SeriesInstanceUID
    renderer.close()
    source.close()


THICK = Reformat("axial", 900.0, "mip")


def test_a_costly_plane_comes_coarse_while_the_hand_moves(large: tuple[Renderer, str]) -> None:
    """Half the rows and columns cover the same rectangle; the header describes them, and says what the whole one has."""
    renderer, uid = large
    moving = unpack_frame(renderer.frame(ViewRequest("main", 1, uid, 2, reformat=THICK, moving=True)))[0]
    rest = unpack_frame(renderer.frame(ViewRequest("main", 1, uid, 2, reformat=THICK)))[0]
    assert ((64, 63), None) == ((rest["rows"], rest["columns"]), rest["full_size"])
    assert ((32, 32), [64, 63]) == ((moving["rows"], moving["columns"]), moving["full_size"])
    assert [2, pytest.approx(63 / 32)] == moving["spacing"] == moving["pixel_shape"]
    edges = [header["slice_position"][0] - header["spacing"][1] / 2 for header in (moving, rest)]
    assert edges[0] == pytest.approx(edges[1])
    assert moving["pipeline"] != rest["pipeline"]


def test_a_plane_that_is_at_hand_is_never_made_coarse(large: tuple[Renderer, str]) -> None:
    """A hand that changes only the window of a slab sees it whole: it is not cut again."""
    renderer, uid = large
    renderer.frame(ViewRequest("main", 1, uid, 2, reformat=THICK))
    header = unpack_frame(renderer.frame(ViewRequest("main", 2, uid, 2, Window(9, 9), reformat=THICK, moving=True)))[0]
    assert header["full_size"] is None


def test_a_quick_plane_is_whole_while_the_hand_moves(large: tuple[Renderer, str]) -> None:
    """What takes a display frame or less loses nothing."""
    renderer, uid = large
    request = ViewRequest("main", 1, uid, 2, reformat=Reformat("coronal", 5.0, "mip"), moving=True)
    assert unpack_frame(renderer.frame(request))[0]["full_size"] is None


def test_a_plane_outside_is_refused(series: tuple[Renderer, str]) -> None:
    """The words say how many planes there are."""
    with pytest.raises(NotFoundError, match="8 planes"):
        shown(*series, 8, plane="coronal")


def test_a_single_image_has_no_other_planes(tmp_path: Path) -> None:
    """The words say why, and the image itself is still shown."""
    image = small_image()
    write(image, tmp_path / "studies" / "1.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    renderer = Renderer(source)
    renderer.open_study(image.StudyInstanceUID)
    with pytest.raises(UnsupportedImageError, match="another plane"):
        shown(renderer, image.SeriesInstanceUID, None, plane="axial")
    assert renderer.frame(ViewRequest("main", 1, image.SeriesInstanceUID, 0))
    source.close()


@pytest.mark.parametrize("plane", ['{"plane":"curved"}', '{"plane":"axial","slab_mm":-1}', '{"plane":"axial","slab_mm":1e9}',
                                   '{"plane":"axial","slab_mm":5,"projection":"sum"}', "[]", "7"])  # fmt: skip
def test_a_plane_that_cannot_be_is_refused(plane: str) -> None:
    """What a page sends is checked before anything is loaded for it."""
    with pytest.raises(WireError):
        parse_request(f'{{"type":"view","viewport":"m","seq":1,"series_uid":"1","position":null,"reformat":{plane}}}')
