"""Volumes of several series side by side: all of them fill, and together they stay within their bound."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.stacks import Stack, stacks
from readingroom.errors import UnsupportedImageError
from readingroom.testing.files import small_image, write
from readingroom_viewer import open_volumes
from readingroom_viewer.open_volumes import LEFT_S, OpenVolumes

SLICES, SHAPE = 5, (8, 6)
BYTES = SLICES * SHAPE[0] * SHAPE[1] * 2


class Wanted:
    """Three series of equal size, and what a page asks of their volumes on a clock of its own."""

    def __init__(self, source: FolderSource, uids: list[str]) -> None:
        self.now = 0.0
        self.source = source
        self.uids = uids
        self.volumes = OpenVolumes(source, lambda: self.now)

    def get(self, number: int) -> open_volumes.OpenVolume:
        """Ask for the volume of a series."""

        def stack() -> Stack:
            return stacks(self.source, self.uids[number])[0]

        return self.volumes.get(self.uids[number], stack)


@pytest.fixture
def wanted(tmp_path: Path) -> Iterator[Wanted]:
    """Return three series in a folder."""
    uids = [generate_uid() for _ in range(3)]
    for uid in uids:
        for number in range(1, SLICES + 1):
            image = small_image(number, np.full(SHAPE, number, np.int16))
            image.SeriesInstanceUID, image.SOPInstanceUID = uid, generate_uid()
            write(image, tmp_path / "studies" / f"{image.SOPInstanceUID}.dcm")
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    made = Wanted(source, uids)
    yield made
    made.volumes.close()
    source.close()


def test_volumes_of_several_series_fill_side_by_side(wanted: Wanted) -> None:
    """Viewports that ask for three series in turn do not begin each other's volume again."""
    first = [wanted.get(number) for number in range(3)]
    for opened in first:
        assert opened.loader.wait(60)

    assert first == [wanted.get(number) for number in range(3)]
    assert [SLICES] * 3 == [int(opened.series.volume.ready.sum()) for opened in first]


def test_the_volume_left_longest_goes_first(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two have room, the third takes the place of the whole one that was asked for before the other."""
    monkeypatch.setattr(open_volumes, "VOLUME_BYTES", 2 * BYTES)
    zero, one = wanted.get(0), wanted.get(1)
    assert zero.loader.wait(60)
    assert one.loader.wait(60)
    wanted.get(0)
    wanted.get(2)

    assert zero is wanted.get(0)
    assert one is not wanted.get(1)


def test_a_volume_that_still_fills_is_not_taken_away(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two volumes for which there is no room together never empty each other: the second is refused until the first is left."""
    monkeypatch.setattr(open_volumes, "VOLUME_BYTES", BYTES)
    monkeypatch.setattr("readingroom.dicom.volume_loading.VolumeLoader.is_done", False)
    wanted.get(0)
    with pytest.raises(UnsupportedImageError, match="still being loaded"):
        wanted.get(1)
    wanted.now += LEFT_S + 0.1

    assert wanted.get(1) is wanted.get(1)


def test_one_volume_that_is_larger_than_the_bound_is_held_alone(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single series is shown in another plane however large it is."""
    monkeypatch.setattr(open_volumes, "VOLUME_BYTES", BYTES - 1)

    assert wanted.get(0) is wanted.get(0)
