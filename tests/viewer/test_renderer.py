"""What the renderer answers: pictures through the reader's choice, and words for what must be known about them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.folder import FolderSource
from readingroom.errors import NotFoundError
from readingroom.testing.files import small_image, write
from readingroom.testing.states import (
    add_overlay,
    graphic_item,
    item,
    layer_item,
    referring_to,
    small_state,
    window_item,
)
from readingroom.wire import PresentationEntry, ViewRequest, Window, unpack_frame
from readingroom_viewer.renderer import Renderer


@pytest.fixture
def images() -> list[Dataset]:
    """Return three slices of a series, the last of them not where an even stack would have it."""
    return [small_image(number) for number in (1, 2, 7)]


@pytest.fixture
def renderer(images: list[Dataset], tmp_path: Path) -> Iterator[Renderer]:
    """Return a renderer over the slices and a state that refers to the second of them."""
    state = small_state(
        images[1],
        SoftcopyVOILUTSequence=[window_item(20, 10)],
        ImageRotation=90,
        ImageHorizontalFlip="Y",
        GraphicLayerSequence=[layer_item("MARKS")],
        GraphicAnnotationSequence=[
            item(GraphicLayer="MARKS", ReferencedImageSequence=[referring_to(images[1])],
                 GraphicObjectSequence=[graphic_item("CIRCLE", [3, 4, 3, 6])])
        ],
    )  # fmt: skip
    add_overlay(images[0], 0x6000, np.eye(8, 6))
    images[0].VOILUTSequence = [item(LUTDescriptor=[2, 0, 8], LUTData=b"\xff\x00\x00\x00", LUTExplanation="STEP")]
    for number, dataset in enumerate([*images, state]):
        write(dataset, tmp_path / "studies" / f"{number}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    made = Renderer(source)
    made.open_study(images[0].StudyInstanceUID)
    yield made
    source.close()


def asked(images: list[Dataset], position: int, **more: Any) -> ViewRequest:  # noqa: ANN401 - any field
    """Return a request for a frame of the series."""
    return ViewRequest("main", 1, images[0].SeriesInstanceUID, position, **more)


def header(renderer: Renderer, request: ViewRequest) -> dict[str, Any]:
    """Return the header that answers a request."""
    return unpack_frame(renderer.frame(request))[0]


def state_of(renderer: Renderer, images: list[Dataset]) -> PresentationEntry:
    """Return the one presentation state of the study as a page sees it."""
    (entry,) = renderer.open_study(images[0].StudyInstanceUID)[1]
    return entry


def test_a_state_says_which_frames_it_is_for(renderer: Renderer, images: list[Dataset]) -> None:
    """The page learns the label of a state and the positions of its frames."""
    entry = state_of(renderer, images)
    assert ("SMALL", "Muster, Max", "") == (entry.label, entry.creator, entry.problem)
    assert {images[0].SeriesInstanceUID: (1,)} == entry.positions


def test_a_state_is_applied_to_its_frame(renderer: Renderer, images: list[Dataset]) -> None:
    """Its window makes the pixels, its turn and graphics travel to the page."""
    told = header(renderer, asked(images, 1, presentation_uid=state_of(renderer, images).uid))
    assert {"rotation": 90, "flip": True} == told["presentation"]["transformation"]
    assert [[3, 4], [3, 6]] == told["presentation"]["layers"][0]["shapes"][0]["points"]
    assert (20, 10) == (told["window"]["center"], told["window"]["width"])


def test_a_state_changes_no_frame_that_it_is_not_for(renderer: Renderer, images: list[Dataset]) -> None:
    """Scrolling on shows the next image as it is, under its own name."""
    told = header(renderer, asked(images, 2, presentation_uid=state_of(renderer, images).uid))
    assert ("", None) == (told["presentation_uid"], told["presentation"])


def test_a_state_of_nowhere_is_refused(renderer: Renderer, images: list[Dataset]) -> None:
    """A page cannot name a state that the opened study does not hold."""
    with pytest.raises(NotFoundError, match="not in the study"):
        renderer.frame(asked(images, 1, presentation_uid="1.2.3"))


def test_the_images_own_choices_can_be_asked_for_by_number(renderer: Renderer, images: list[Dataset]) -> None:
    """A VOI LUT is named, shown when it is chosen, and a drag from it has a window to begin with."""
    told = header(renderer, asked(images, 0))
    assert [{"explanation": "STEP", "window": None}] == told["choices"]
    chosen = header(renderer, asked(images, 0, choice=0))
    assert (0, None) == (chosen["choice"], chosen["window"])
    assert chosen["drag_start"]["width"] >= 1
    with pytest.raises(NotFoundError, match="no number 2"):
        renderer.frame(asked(images, 0, choice=1))


def test_overlays_are_counted_and_can_be_left_out(renderer: Renderer, images: list[Dataset]) -> None:
    """The page learns that there is a plane and whether it is painted; without it the pixels are others."""
    shown, hidden = (header(renderer, asked(images, 0, overlays=wanted)) for wanted in (True, False))
    assert (1, 1) == (shown["overlay_planes"], hidden["overlay_planes"])
    assert (True, False) == (shown["overlays"], hidden["overlays"])
    assert shown["sha256"] != hidden["sha256"]


def test_the_reader_is_told_of_uneven_slices(renderer: Renderer, images: list[Dataset]) -> None:
    """A warning about the series' geometry comes with every frame that it is about."""
    notes = header(renderer, asked(images, 2))["notes"]
    assert any("missing" in note or "spacing" in note.lower() for note in notes), json.dumps(notes)


def test_a_file_replaced_under_the_reader_shows_its_new_frame(
    renderer: Renderer, images: list[Dataset], tmp_path: Path
) -> None:
    """A frame seen before is decoded again when its file has become another one of the same SOP Instance UID."""
    before = header(renderer, asked(images, 1))["sha256"]
    assert before == header(renderer, asked(images, 1))["sha256"]
    images[1].PixelData = np.arange(48, 0, -1, dtype=np.int16).tobytes()
    write(images[1], tmp_path / "studies" / "1.dcm")
    renderer._source.refresh()  # type: ignore[attr-defined]
    assert before != header(renderer, asked(images, 1))["sha256"]


def test_a_position_outside_the_series_is_refused(renderer: Renderer, images: list[Dataset]) -> None:
    """Asking past the end says how many images there are."""
    with pytest.raises(NotFoundError, match="3 images; there is no image 4"):
        renderer.frame(asked(images, 3))


def test_window_and_its_origin_stay_while_scrolling(images: list[Dataset], renderer: Renderer) -> None:
    """Slices without a window share one, and the header says where it comes from; a reader's own is the reader's."""
    headers = [unpack_frame(renderer.frame(asked(images, n)))[0] for n in (1, 2)]
    assert headers[0]["window"] == headers[1]["window"]
    assert ["series", "series"] == [header["window_origin"] for header in headers]
    assert "reader" == unpack_frame(renderer.frame(asked(images, 1, window=Window(9, 8))))[0]["window_origin"]
