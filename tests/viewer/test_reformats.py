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
from readingroom.wire import Reformat, ViewRequest, parse_request, unpack_frame
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
