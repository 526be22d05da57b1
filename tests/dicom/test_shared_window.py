"""Images that hold no window are shown with one for all that are scrolled through together, not each with its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import FrameReference
from readingroom.dicom.picture import LoadedFrame, load_frame
from readingroom.dicom.shared_window import SharedWindows
from readingroom.dicom.source import StudySource
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image, write

Opened = Callable[..., StudySource]


def of_range(number: int, low: int, high: int, **attributes: Any) -> Dataset:  # noqa: ANN401 - any attribute
    """Return a slice at z = ``number`` mm whose values run from ``low`` to ``high``."""
    dataset = small_image(number, np.linspace(low, high, 48).astype(np.int16).reshape(8, 6))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def opened(source: FolderSource, folder: Path) -> Opened:
    """Return what writes images and opens them as a source."""

    def write_and_open(*datasets: Dataset) -> FolderSource:
        for number, dataset in enumerate(datasets):
            write(dataset, folder / f"{number}.dcm")
        source.refresh()
        return source

    return write_and_open


def shown(source: StudySource) -> list[LoadedFrame]:
    """Return every frame of the one series as it is shown, in reading order."""
    series_uid = source.series(source.studies()[0].uid)[0].uid
    windows = SharedWindows(source)

    def applied(reference: FrameReference) -> LoadedFrame:
        return windows.applied(series_uid, reference, load_frame(source, reference.sop_uid, reference.frame))

    return [applied(reference) for reference in source.frames(series_uid)]


def used(source: StudySource) -> list[tuple[object, str]]:
    """Return the window of each frame and where it comes from."""
    pictures = [frame.picture() for frame in shown(source)]
    return [(picture.voi, picture.window_origin) for picture in pictures]


def test_slices_share_the_range_of_the_middle_one(opened: Opened) -> None:
    """Scrolling changes no window: a value looks the same in every slice."""
    source = opened(of_range(1, 0, 100), of_range(2, 0, 1000), of_range(3, 0, 50))
    assert [(Voi.of_range(0, 1000), "series")] * 3 == used(source)


def test_the_slice_looked_at_first_does_not_matter(opened: Opened) -> None:
    """Asked in the other order, the window is the same."""
    source = opened(of_range(1, 0, 100), of_range(2, 0, 1000), of_range(3, 0, 50))
    series_uid = source.series(source.studies()[0].uid)[0].uid
    last = source.frames(series_uid)[-1]
    loaded = SharedWindows(source).applied(series_uid, last, load_frame(source, last.sop_uid, 1))
    assert Voi.of_range(0, 1000) == loaded.picture().voi


def test_window_is_in_modality_values(opened: Opened) -> None:
    """PET slices rescaled each in its own way keep one window in Bq/ml."""
    source = opened(*(of_range(n, 0, 100, RescaleSlope=n) for n in (1, 2, 3)))
    assert [(Voi.of_range(0, 200), "series")] * 3 == used(source)


def test_frames_of_one_image_share_theirs(opened: Opened) -> None:
    """A dose grid or a scintigram does not flicker, whether its frames say where they lie or not."""
    pixels = np.stack([np.linspace(0, high, 48).astype(np.uint16).reshape(8, 6) for high in (10, 900, 20)])
    dataset = small_image(1, pixels)
    del dataset.ImagePositionPatient
    assert [(Voi.of_range(0, 900), "series")] * 3 == used(opened(dataset))


def test_slice_of_one_value_is_not_chosen(opened: Opened) -> None:
    """An empty slice in the middle would make a step of the window."""
    source = opened(of_range(1, 0, 100), of_range(2, 7, 7), of_range(3, 0, 50))
    assert {(Voi.of_range(0, 50), "series"), (Voi.of_range(0, 100), "series")} >= set(used(source))
    assert 1 == len(set(used(source)))


def test_times_share(opened: Opened) -> None:
    """The same place is compared over time: contrast agent that comes is seen to come."""
    times = [
        of_range(10 * t + z, 0, 100 * t * z, TemporalPositionIdentifier=t, ImagePositionPatient=[0, 0, z])
        for t in (1, 2, 3)
        for z in (1, 2)
    ]
    assert [Voi.of_range(0, 400)] * 6 == [voi for voi, _ in used(opened(*times))]


def test_b_values_keep_their_own(opened: Opened) -> None:
    """A diffusion image of b 1000 has a window of its own beside b 0, or it would be black."""
    images = (
        of_range(b + z, 0, 1000 - b + 10, DiffusionBValue=float(b), ImagePositionPatient=[0, 0, z])
        for b in (0, 1000)
        for z in (1, 2)
    )
    source = opened(*images)
    assert {(Voi.of_range(0, 1010), "series"), (Voi.of_range(0, 10), "series")} == set(used(source))


def test_radiographs_are_not_a_stack(opened: Opened) -> None:
    """Exposures that say nothing of their place each keep the range of their values."""
    images = [of_range(n, 0, 100 * n) for n in (1, 2)]
    for image in images:
        del image.ImagePositionPatient, image.ImageOrientationPatient
    assert {(Voi.of_range(0, 100), "frame"), (Voi.of_range(0, 200), "frame")} == set(used(opened(*images)))


def test_window_of_the_image_stays_its_own(opened: Opened) -> None:
    """What the maker chose for a slice is shown, whatever the others hold."""
    source = opened(of_range(1, 0, 100, WindowCenter=5, WindowWidth=10), of_range(2, 0, 900), of_range(3, 0, 50))
    assert {(Voi(5, 10), "image"), (Voi.of_range(0, 900), "series")} == set(used(source))


def test_bytes_are_shown_as_they_are(opened: Opened) -> None:
    """The values of a captured screen are its greys: nothing is chosen."""
    assert [(Voi.of_range(0, 255), "bits")] == used(opened(small_image(1, np.full((4, 4), 9, np.uint8))))


def test_origin_of_the_reader_is_told(opened: Opened) -> None:
    """A window that the reader sets is the reader's; one of the image stays the image's."""
    source = opened(of_range(1, 0, 100, WindowCenter=[5, 9], WindowWidth=[10, 4]))
    frame = shown(source)[0]
    assert "reader" == frame.picture(Voi(1, 2)).window_origin
    assert "image" == frame.picture(frame.choices[1].voi).window_origin
