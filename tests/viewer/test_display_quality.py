"""Test patterns go through the path of images, and a measured display corrects them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import lz4.block
import numpy as np
import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.errors import NotFoundError, ReadingRoomError
from readingroom.pixels.display_pattern import COLUMNS, COUNT, QUALITY, ROWS, SQUARE, SQUARES, bars, square_corner
from readingroom.reading.display import DisplayState
from readingroom.reading.local import LocalRecords
from readingroom.testing.files import small_image, write
from readingroom.wire import MeasureRequest, ViewRequest, Window, unpack_frame
from readingroom_viewer import display_quality
from readingroom_viewer.display_quality import CORRECTED, NATIVE, PageDisplay
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.renderer import Renderer

GAMMA = tuple(1.2 + 398.8 * (level / 255) ** 2.2 for level in SQUARES)
EVEN = (100.0, 95.0, 97.0, 99.0, 96.0)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[ServerRecords]:
    """Return a server's records."""
    made = ServerRecords.local(tmp_path / "records.sqlite", 90)
    yield made
    assert isinstance(made.audit, LocalRecords)
    made.audit.close()


@pytest.fixture
def renderer(tmp_path: Path) -> Iterator[Renderer]:
    """Return a renderer over one small image."""
    write(small_image(1), tmp_path / "studies" / "1.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    yield Renderer(source)
    source.close()


def measurement(luminance: tuple[float, ...] = GAMMA, **more: Any) -> MeasureRequest:  # noqa: ANN401 - any field
    """Return a whole measurement of a display."""
    fields = {"ambient": 0.1, "dark": EVEN, "bright": EVEN, "corrected": False, "save": True, **more}
    return MeasureRequest("Desk", luminance, **fields)


def shown(renderer: Renderer, series: str, position: int, display: DisplayState) -> tuple[dict[str, Any], np.ndarray]:
    """Return header and decoded pixels of a frame, as a browser decodes them."""
    request = ViewRequest(
        "display", 1, series, position, Window(2, 4) if not display_quality.is_pattern(series) else None
    )
    told, payload = unpack_frame(renderer.frame(request, display))
    size = told["rows"] * told["columns"]
    raw = lz4.block.decompress(payload, uncompressed_size=size)
    return told, np.frombuffer(raw, np.uint8).reshape(told["rows"], told["columns"])


def corrected_display(records: ServerRecords) -> PageDisplay:
    """Return a page's display that was measured as it is."""
    display = PageDisplay(records, "trainee")
    display.use("Desk")
    display.measure(measurement())
    display.use("Desk")
    return display


def through(display: PageDisplay) -> tuple[float, ...]:
    """Return what a meter would read at the 18 levels through the display's correction."""
    curve = display.state.curve
    assert curve is not None
    return tuple(1.2 + 398.8 * (int(level) / 255) ** 2.2 for level in curve.apply(np.array(SQUARES)))


def test_all_squares_and_bars_are_distinct_in_the_decoded_pixels(renderer: Renderer) -> None:
    """What comes out of the stream holds 18 squares with two bars 5 levels off each: nothing on the way rounds."""
    told, pixels = shown(renderer, NATIVE, QUALITY, display_quality.UNKNOWN)
    assert (ROWS, COLUMNS, "") == (*pixels.shape, told["study_uid"])
    for number, level in enumerate(SQUARES):
        top, left = square_corner(number)
        square = pixels[top : top + SQUARE, left : left + SQUARE]
        assert {level, *bars(level)} == set(np.unique(square).tolist())


def test_the_correction_keeps_all_bars_apart(renderer: Renderer, records: ServerRecords) -> None:
    """Through the curve of a gamma 2.2 screen no bar is lost in its square either."""
    _, pixels = shown(renderer, CORRECTED, QUALITY, corrected_display(records).state)
    for number in range(len(SQUARES)):
        top, left = square_corner(number)
        assert 3 == len(np.unique(pixels[top : top + SQUARE, left : left + SQUARE]))


def test_native_patterns_take_no_correction(renderer: Renderer, records: ServerRecords) -> None:
    """What is measured as it is is driven as it is, whatever was measured before."""
    state = corrected_display(records).state
    plain = shown(renderer, NATIVE, QUALITY, display_quality.UNKNOWN)[1]
    assert np.array_equal(plain, shown(renderer, NATIVE, QUALITY, state)[1])
    assert not np.array_equal(plain, shown(renderer, CORRECTED, QUALITY, state)[1])


def test_there_is_no_pattern_past_the_last(renderer: Renderer) -> None:
    """Asking past the end is refused in words."""
    with pytest.raises(NotFoundError, match="no pattern 22"):
        shown(renderer, NATIVE, COUNT, display_quality.UNKNOWN)


def test_images_go_through_the_correction_and_say_so(renderer: Renderer, records: ServerRecords) -> None:
    """The same window makes other driving levels, another hash and another pipeline on a measured display."""
    image = small_image(1)
    renderer.open_study(image.StudyInstanceUID)
    state = corrected_display(records).state
    plain, gray = shown(renderer, image.SeriesInstanceUID, 0, display_quality.UNKNOWN)
    told, corrected = shown(renderer, image.SeriesInstanceUID, 0, state)
    assert state.curve is not None
    assert np.abs(corrected.astype(int) - state.curve.apply(gray)).max() <= 1
    assert plain["pipeline"] != told["pipeline"]
    assert "review-only" == told["display"]


def test_a_display_is_calibrated_by_a_measurement_through_its_correction(records: ServerRecords) -> None:
    """Gamma 2.2 fails, its correction passes, and the next page on the same display finds that."""
    display = corrected_display(records)
    assert not display.state.calibrated
    answer = display.measure(measurement(through(display), corrected=True))
    assert "diagnostic" == answer["result"], answer["findings"]
    told = PageDisplay(records, "trainee").use("Desk")
    assert (True, "display calibrated today") == (told["calibrated"], told["words"])
    assert [True, False] == [record["corrected"] for record in told["records"]]
    assert ["diagnostic", "fail"] == [record["result"] for record in told["records"]]
    assert not PageDisplay(records, "consultant").use("Desk")["calibrated"]
    assert not PageDisplay(records, "trainee").use("Home")["calibrated"]


def test_a_calibration_expires_under_an_open_page(records: ServerRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    """At midnight of the last day the next picture is for review only, without a word from the page."""
    display = corrected_display(records)
    display.measure(measurement(through(display), corrected=True))
    display.use("Desk")
    assert display.state.calibrated
    start = display_quality.today()
    for days, expected in ((90, True), (91, False)):
        monkeypatch.setattr(display_quality, "today", lambda days=days: start + timedelta(days=days))
        assert expected == display.state.calibrated


def test_a_check_without_saving_keeps_nothing(records: ServerRecords) -> None:
    """While numbers are typed the page is told how they stand, step by step, and nothing is kept."""
    display = PageDisplay(records, "trainee")
    display.use("Desk")
    answer = display.measure(measurement(save=False))
    assert ("fail", False, 17) == (answer["result"], answer["saved"], len(answer["steps"]))
    assert "at levels" in answer["findings"][0]["value"]
    assert [] == display.use("Desk")["records"]


def test_what_cannot_be_is_refused_in_words(records: ServerRecords) -> None:
    """No correction to measure through, and numbers of no screen."""
    display = PageDisplay(records, "trainee")
    display.use("Desk")
    with pytest.raises(NotFoundError, match="as it is first"):
        display.measure(measurement(corrected=True))
    with pytest.raises(ReadingRoomError, match="falls from"):
        display.measure(measurement(GAMMA[::-1]))
