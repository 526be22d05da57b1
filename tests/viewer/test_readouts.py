"""The value under the pointer: right, with its unit and place, written down, and refused in words where there is none."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.errors import NotFoundError, NotMeasurableError, WireError
from readingroom.reading.local import LocalRecords
from readingroom.reading.readouts import AT_ONCE
from readingroom.testing.files import small_image, write
from readingroom.wire import ReadOutRequest, Reformat, parse_request
from readingroom_viewer.pixel_values import PixelValue
from readingroom_viewer.readouts import TOO_MANY, ReadOuts
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.renderer import Renderer

SLICES = 5
VALUES = np.arange(SLICES * 8 * 6, dtype=np.int16).reshape(SLICES, 8, 6)


class Series:
    """A renderer over axial slices of 0.5 by 0.5 by 1 mm whose stored values tell every voxel from every other."""

    def __init__(self, folder: Path, **changes: object) -> None:
        for number, pixels in enumerate(VALUES, 1):
            image = small_image(number, pixels)
            write(image, folder / "studies" / f"{number}.dcm", **changes)
        self.source = FolderSource(folder / "studies", folder / "index.sqlite")
        self.source.refresh()
        self.renderer = Renderer(self.source)
        self.renderer.open_study(image.StudyInstanceUID)
        self.uid = image.SeriesInstanceUID

    def read(self, column: float, row: float, position: int = 0, reformat: Reformat | None = None) -> PixelValue:
        """Return what a pixel says, once the whole volume is there."""
        request = ReadOutRequest("main", 1, self.uid, position, column, row, reformat)
        for _ in range(3000):
            value = self.renderer.read_out(request)
            if reformat is None or "outside" not in value.text:
                return value
            time.sleep(0.02)
        return value


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Callable[..., Series]]:
    """Make a series; every one is closed with the test."""
    made: list[Series] = []

    def make(**changes: object) -> Series:
        made.append(Series(tmp_path / str(len(made)), **changes))
        return made[-1]

    yield make
    for one in made:
        one.renderer.close()
        one.source.close()


def test_a_pixel_says_its_value_unit_and_place(series: Callable[..., Series]) -> None:
    """Column 2.4 and row 3.2 are pixel (2, 3); its HU and its place in LPS are those of the image."""
    value = series(RescaleIntercept=-1024, RescaleType="HU").read(2.4, 3.2, position=1)
    assert (f"\u2212{1024 - VALUES[1, 3, 2]} HU", (1.0, 1.5, 2.0)) == (value.text, value.place)
    assert (2, 3, "", 1) == (value.column, value.row, value.plane, value.reference.frame)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RescaleIntercept": None, "RescaleSlope": None}, "stored value {stored}"),
        ({"RescaleSlope": 2, "RescaleType": "US"}, "{double} (no unit)"),
    ],
)
def test_a_value_without_a_unit_says_so(series: Callable[..., Series], changes: dict[str, object], words: str) -> None:
    """Nothing is called HU that the image does not call so."""
    value = series(**changes).read(1, 4)
    stored = int(VALUES[0, 4, 1])
    assert words.format(stored=stored, double=2 * stored) == value.text


def test_a_plane_is_read_as_it_was_cut(series: Callable[..., Series]) -> None:
    """A coronal pixel is the voxel it shows; a slab says how it was projected; the audit gets the plane's name."""
    made = series(RescaleType="HU", PixelSpacing=[1, 1])
    thin = made.read(2, 0, 3, Reformat("coronal"))
    assert (f"{VALUES[-1, 3, 2]} HU", (2.0, 3.0, 5.0)) == (thin.text, thin.place)
    assert ("coronal 3 0 mm ", "Interpolated between the images.") == (thin.plane, thin.notes[-1])
    slab = made.read(2, 0, 4, Reformat("coronal", 40.0, "mip"))
    assert (f"{VALUES[-1, :, 2].max()} HU", "Largest value in a slab of 40 mm.") == (slab.text, slab.notes[-1])


@pytest.mark.parametrize("point", [(-0.6, 0), (6, 0), (0, 8), (1e300, 0)])
def test_outside_the_image_there_is_no_value(series: Callable[..., Series], point: tuple[float, float]) -> None:
    """Neither beside an image nor beside a plane."""
    made = series()
    for reformat in (None, Reformat("axial")):
        with pytest.raises(NotMeasurableError, match="outside the image"):
            made.read(*point, reformat=reformat)


def test_nothing_is_read_of_what_was_not_opened(series: Callable[..., Series]) -> None:
    """A page reads values of the studies that it may show, and of images that there are."""
    made = series()
    for uid, position in (("1.2.3", 0), (made.uid, SLICES)):
        for reformat in (None, Reformat("axial")):
            with pytest.raises(NotFoundError):
                made.renderer.read_out(ReadOutRequest("main", 1, uid, position, 0, 0, reformat))


class Page:
    """The read-outs of a page and the file of its records."""

    def __init__(self, path: Path) -> None:
        self.path, self.told, self.due = path, list[str](), list[Callable[[], None]]()
        self.kept = ServerRecords.local(path, 90)
        self.outs = ReadOuts(self.kept, "trainee", lambda _seconds, act: self.due.append(act), self.told.append)

    def lines(self) -> list[dict[str, Any]]:
        """Return what is in the file."""
        assert isinstance(self.kept.audit, LocalRecords)
        self.kept.audit.close()
        return [json.loads(text) for (text,) in sqlite3.connect(self.path).execute("SELECT entry FROM audit")]


def test_what_was_read_is_written_down_in_batches(series: Callable[..., Series], tmp_path: Path) -> None:
    """The first value of a picture at once, the others as one number; then the next picture; and what is left at the end."""
    made, page = series(), Page(tmp_path / "records.sqlite")
    for position, column in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1)):
        request = ReadOutRequest("main", column, made.uid, position, column, 0)
        assert page.outs.answer(request, made.renderer.read_out(request)).text
    page.outs.close()
    lines = page.lines()
    assert [1, 2, 1, 1] == [line["pixels"] for line in lines]
    assert {("ReadOutLine", "trainee")} == {(line["entry"], line["person"]) for line in lines}
    assert 2 == len({line["sop_uid"] for line in lines})


def test_a_hand_that_rests_has_its_line(series: Callable[..., Series], tmp_path: Path) -> None:
    """Nobody has to close the page for a batch to be written."""
    made, page = series(), Page(tmp_path / "records.sqlite")
    for column in range(4):
        request = ReadOutRequest("main", column, made.uid, 0, column, 0)
        page.outs.answer(request, made.renderer.read_out(request))
    (act,) = page.due
    act()
    assert [1, 3] == [line["pixels"] for line in page.lines()]


def test_no_audit_no_value(tmp_path: Path) -> None:
    """Where nothing can be written down nothing is read, and the reader is told why."""
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    page = Page(blocked / "records.sqlite")
    for _ in range(1200):
        if page.outs.refusal():
            break
        time.sleep(0.05)
    assert "cannot be recorded" in page.outs.refusal()


def test_a_program_is_slowed_down(tmp_path: Path) -> None:
    """After the first values of a burst a page is told to wait."""
    page = Page(tmp_path / "records.sqlite")
    refusals = [page.outs.refusal() for _ in range(int(AT_ONCE) + 20)]
    assert "" == refusals[0]
    assert TOO_MANY == refusals[-1]
    page.lines()


@pytest.mark.parametrize("field", ['"column":"1"', '"column":1e999', '"row":null', '"position":-1', '"number":0.5',
                                   '"reformat":{"plane":"curved"}'])  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(field: str) -> None:
    """What a page sends is checked before anything is looked up for it."""
    whole = '{"type":"readout","viewport":"m","number":1,"series_uid":"1","position":0,"column":1,"row":2,'
    assert ReadOutRequest("m", 1, "1", 0, 1, 2) == parse_request(whole + '"reformat":null}')
    with pytest.raises(WireError):
        parse_request(whole + field + "}")
