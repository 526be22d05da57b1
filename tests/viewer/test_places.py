"""Where images lie: what viewports that scroll together are told."""

from dataclasses import replace

import pytest

from readingroom.dicom.model import FrameGeometry, FrameReference
from readingroom_viewer.places import places

AXIAL = FrameGeometry(
    orientation=(1, 0, 0, 0, 1, 0), position=(-10.0, -20.0, 7.0), spacing=(2.0, 0.5), frame_of_reference_uid="1.2"
)
NOWHERE = {"frame_of_reference_uid": "", "orientation": [], "centers": []}


def frame(geometry: FrameGeometry) -> FrameReference:
    """Return a frame of 11 rows and 41 columns."""
    return FrameReference("1.2.3", 1, 11, 41, geometry)


def test_a_frame_is_told_by_its_centre() -> None:
    """Half the rows down and half the columns across from the first pixel, by the image's own spacing."""
    coronal = replace(AXIAL, orientation=(1, 0, 0, 0, 0, -1))

    assert [[0.0, -10.0, 7.0]] == places([frame(AXIAL)])["centers"]
    assert [[0.0, -20.0, -3.0]] == places([frame(coronal)])["centers"]
    assert ("1.2", [1, 0, 0, 0, 1, 0]) == tuple(
        places([frame(AXIAL)])[k] for k in ("frame_of_reference_uid", "orientation")
    )


@pytest.mark.parametrize(
    "change",
    [{"orientation": (1, 0, 0, 0, 0, -1)}, {"frame_of_reference_uid": "1.3"}, {"position": None}, {"spacing": None}],
)
def test_images_that_do_not_lie_alike_have_no_places(change: dict[str, object]) -> None:
    """A localizer in several planes, two frames of reference or an image that lies nowhere cannot be followed."""
    assert NOWHERE == places([frame(AXIAL), frame(replace(AXIAL, **change))])


def test_images_without_a_frame_of_reference_have_no_places() -> None:
    """Equal coordinates of two series mean nothing without a frame of reference that both name."""
    assert NOWHERE == places([frame(replace(AXIAL, frame_of_reference_uid=""))])
    assert NOWHERE == places([])
