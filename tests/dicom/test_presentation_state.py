"""Presentation states, applied whole: against DCMTK's dcmp2pgm, for every frame they are for and no other."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.tag import BaseTag

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import Picture, load_frame
from readingroom.dicom.presentation_graphics import MAX_POINTS
from readingroom.dicom.presentation_state import (
    UNSUPPORTED,
    load_presentation_state,
    presentation_states,
    read_presentation_state,
)
from readingroom.dicom.single import FileSource
from readingroom.errors import DamagedImageError, UnsupportedImageError
from readingroom.pixels.annotation import draw
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.pixels.presentation import DisplayedArea, Rotation, Shape, SpatialTransformation, TextObject
from readingroom.pixels.shutter import CircularShutter, PolygonalShutter, RectangularShutter
from readingroom.pixels.voi import Voi
from readingroom.testing.files import small_image, write
from readingroom.testing.states import (
    add_overlay,
    area_item,
    graphic_item,
    item,
    layer_item,
    referring_to,
    small_state,
    window_item,
)

PACKAGES = Path(__file__).parents[2] / ".make" / "demo-packages"
RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
ODD = (np.arange(63, dtype=np.uint8) * 4).reshape(7, 9)
HALF_GRAY = 0x8080
"""A P-value that is exactly 128 of 255."""


def shown(image: Dataset, state: Dataset, tmp_path: Path, frame: int = 1) -> Picture:
    """Return the picture of an image with a state, both as written to files."""
    source = FileSource(write(image, tmp_path / "image.dcm"))
    states = FileSource(write(state, tmp_path / "state.dcm"))
    return load_frame(source, source.sop_uid, frame, load_presentation_state(states, states.sop_uid)).picture()


def laid_out(picture: Picture) -> NDArray[np.uint8]:
    """Return a picture with everything drawn on it."""
    assert picture.presentation is not None
    return draw(picture.pixels, picture.presentation)[0]


def oracle(tmp_path: Path, frame: int = 1) -> NDArray[np.uint8]:
    """Return what dcmp2pgm makes of the image and the state that ``shown`` has written: floor of the display value."""
    command = ["/usr/bin/dcmp2pgm", "-p", "state.dcm", "-f", str(frame), "image.dcm", "out.pgm"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "E:" not in done.stderr
    with Image.open(tmp_path / "out.pgm") as image:
        return np.asarray(image)


def assert_same_but_for_rounding(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> None:
    """Assert that pixels are those of dcmp2pgm: it cuts display values off where we round them, nothing more."""
    difference = ours.astype(int) - theirs
    assert set(np.unique(difference)) <= {0, 1}


@pytest.mark.parametrize(("center", "width"), [(300, 400), (2048, 4096), (1000.5, 333), (40, 1), (900, 256)])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_window_of_a_state_is_that_of_dcmp2pgm(
    tmp_path: Path, center: float, width: float, shape: str, photometric: str
) -> None:
    """The state's window and shape decide; the image's own window, rescale and photometric interpretation do not."""
    image = small_image(1, RAMP)
    image.WindowCenter, image.WindowWidth, image.RescaleSlope, image.RescaleIntercept = 1, 2, 3, -5
    image.PhotometricInterpretation = photometric
    state = small_state(image, SoftcopyVOILUTSequence=[window_item(center, width)], PresentationLUTShape=shape)
    picture = shown(image, state, tmp_path)
    assert_same_but_for_rounding(picture.pixels, oracle(tmp_path))
    x = RAMP.astype(float)
    y = np.clip(((x - (center - 0.5)) / max(width - 1, 1e-9) + 0.5) * 255, 0, 255)
    assert np.array_equal(np.floor((255 - y if shape == "INVERSE" else y) + 0.5), picture.pixels)
    assert Voi(center, width) == picture.voi


def test_rescale_and_voi_lut_of_a_state_are_those_of_dcmp2pgm(tmp_path: Path) -> None:
    """A VOI LUT takes the values that the state's own rescale makes, also from a negative first value on."""
    image = small_image(1, (RAMP.astype(np.int16) - 2000))
    entries = (np.linspace(0, 1, 1000) ** 2 * 255).astype("<u2")
    lut = item(LUTDescriptor=[1000, 2**16 - 500, 8], LUTData=entries.tobytes())
    lut["LUTDescriptor"].VR = "US"
    state = small_state(
        image, SoftcopyVOILUTSequence=[item(VOILUTSequence=[lut])], RescaleSlope=0.5, RescaleIntercept=-100, RescaleType="US"
    )  # fmt: skip
    picture = shown(image, state, tmp_path)
    values = np.clip(np.floor((RAMP.astype(float) - 2000) * 0.5 - 100 + 0.5).astype(int) + 500, 0, 999)
    assert np.array_equal(entries[values], picture.pixels)
    assert picture.voi is None


def test_modality_lut_of_a_state_is_that_of_dcmp2pgm(tmp_path: Path) -> None:
    """The state's Modality LUT replaces the image's rescale."""
    image = small_image(1, ODD)
    image.RescaleSlope = 7
    lut = item(LUTDescriptor=[256, 0, 16], LUTData=np.arange(256, dtype="<u2")[::-1].tobytes(), ModalityLUTType="US")
    state = small_state(image, ModalityLUTSequence=[lut])
    picture = shown(image, state, tmp_path)
    assert np.array_equal(255 - ODD, picture.pixels)
    assert_same_but_for_rounding(picture.pixels, oracle(tmp_path))


@pytest.mark.parametrize("pixels", [ODD, RAMP, RAMP.astype(np.int16) - 2048])
def test_state_without_a_window_shows_every_value_that_could_be_stored(tmp_path: Path, pixels: NDArray[Any]) -> None:
    """No VOI LUT is the identity: the range of the bits stored goes from black to white, as in dcmp2pgm."""
    image = small_image(1, pixels)
    if pixels.itemsize == 2:
        image.BitsStored, image.HighBit = 12, 11
        image.PixelData = (pixels.view(np.uint16) & 0xFFF).tobytes()
    image.WindowCenter, image.WindowWidth = 1, 2
    picture = shown(image, small_state(image, SoftcopyVOILUTSequence=None), tmp_path)
    assert (pixels.min() < 0) == (picture.voi is not None and picture.voi.center < 1)
    assert np.abs(picture.pixels.astype(int) - oracle(tmp_path)).max() <= 1
    full = 255 if pixels.itemsize == 1 else 4095
    low = -2048 if pixels.dtype.kind == "i" else 0
    assert np.array_equal(np.floor((pixels.astype(float) - low) / full * 255 + 0.5), picture.pixels)


@pytest.mark.parametrize(("count", "bits"), [(256, 8), (256, 16), (1024, 12), (4096, 10), (3, 16)])
def test_presentation_lut_is_that_of_dcmp2pgm(tmp_path: Path, count: int, bits: int) -> None:
    """A Presentation LUT takes the whole range of the window, whatever its length and bits, and replaces the shape.

    dcmp2pgm cuts off where we take the nearest entry and round.
    """
    image = small_image(1, RAMP)
    entries = np.round((np.arange(count) / (count - 1)) ** 2 * (2**bits - 1)).astype("<u2")
    lut = item(LUTDescriptor=[count, 0, bits], LUTData=entries.tobytes())
    state = small_state(
        image,
        PresentationLUTShape=None,
        PresentationLUTSequence=[lut],
        SoftcopyVOILUTSequence=[window_item(2048, 4096)],
    )
    picture = shown(image, state, tmp_path)
    share = (RAMP.astype(float) - 2047.5) / 4095 + 0.5
    index, white = np.clip(share, 0, 1) * (count - 1), 2**bits - 1
    assert np.array_equal(np.floor(entries[np.floor(index + 0.5).astype(int)] * (255 / white) + 0.5), picture.pixels)
    cut_off = np.floor(entries[np.floor(index).astype(int)] * (255 / white))
    assert np.abs(cut_off - oracle(tmp_path)).max() <= 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["Y", "N"])
def test_image_is_turned_first_and_flipped_after(tmp_path: Path, rotation: int, flip: str) -> None:
    """Rotation clockwise and then the flip, every pixel as dcmp2pgm writes it."""
    image = small_image(1, ODD)
    picture = shown(image, small_state(image, ImageRotation=rotation, ImageHorizontalFlip=flip), tmp_path)
    assert np.array_equal(ODD, picture.pixels)
    assert np.array_equal(oracle(tmp_path), laid_out(picture))
    assert picture.presentation is not None
    assert SpatialTransformation(rotation, flip == "Y") == picture.presentation.transformation


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [True, False])
def test_points_turn_as_pixels_do(rotation: Rotation, flip: bool) -> None:
    """A point within a pixel is within the same pixel after turning, and comes back."""
    turn = SpatialTransformation(rotation, flip)
    turned = np.rot90(ODD, -rotation // 90)
    turned = turned[:, ::-1] if flip else turned
    assert turned.shape == turn.size(7, 9)
    for (row, column), value in np.ndenumerate(ODD):
        point = (column + 0.25, row + 0.5)
        x, y = turn.forward(point, 7, 9)
        assert value == turned[int(y), int(x)]
        assert point == turn.backward((x, y), 7, 9)


def test_bitmap_shutter_is_that_of_dcmp2pgm(tmp_path: Path) -> None:
    """The set bits of the state's overlay hide the image, whatever its origin; the overlay itself is not painted."""
    bits = np.indices((5, 6)).sum(0) % 3 > 0
    for origin in ((2, 3), (-1, -2), (6, 7)):
        image = small_image(1, np.full((7, 9), 200, np.uint8))
        state = small_state(
            image, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, ShutterPresentationValue=HALF_GRAY
        )
        picture = shown(image, add_overlay(state, 0x6000, bits, origin), tmp_path)
        assert {128, 200} == set(np.unique(picture.pixels))
        assert np.array_equal(oracle(tmp_path), picture.pixels)


def test_overlay_of_a_shutter_is_never_painted(tmp_path: Path) -> None:
    """A state that wrongly activates the overlay of its shutter hides with it and does not paint it (PS3.3 C.11.7)."""
    image = small_image(1, np.full((7, 9), 200, np.uint8))
    state = small_state(
        image, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, GraphicLayerSequence=[layer_item("A")]
    )
    picture = shown(image, add_overlay(state, 0x6000, np.ones((7, 5), bool), layer="A"), tmp_path)
    assert [0] * 5 + [200] * 4 == picture.pixels[3].tolist()


REAL = {
    "MR_small.dcm": 1, "MR_small_bigendian.dcm": 1, "MR_small_padded.dcm": 1, "image_dfl.dcm": 1, "emri_small.dcm": 7,
    "examples_overlay.dcm": 1, "693_UNCR.dcm": 1, "MR2_UNCR.dcm": 1, "RG1_UNCR.dcm": 1, "RG3_UNCR.dcm": 1,
    "vlut_04.dcm": 1, "MR-SIEMENS-DICOM-WithOverlays.dcm": 1,
}  # fmt: skip
"""Images of scanners, each with the frame that is compared."""


@pytest.mark.parametrize("name", list(REAL))
def test_states_that_dcmtk_makes_of_real_images_look_as_dcmtk_shows_them(tmp_path: Path, name: str) -> None:
    """For an image and the state that dcmpsmk writes for it every pixel is that of dcmp2pgm, which cuts off where we round."""
    found = str(next(iter(PACKAGES.rglob(name)), "")) or get_testdata_file(name)
    assert found
    (tmp_path / "image.dcm").symlink_to(found)
    subprocess.run(["/usr/bin/dcmpsmk", "image.dcm", "state.dcm"], cwd=tmp_path, check=True, capture_output=True)
    source, states = FileSource(found), FileSource(tmp_path / "state.dcm")
    state = load_presentation_state(states, states.sop_uid)
    picture = load_frame(source, source.sop_uid, REAL[name], state).picture(overlays=False)
    assert_same_but_for_rounding(laid_out(picture), oracle(tmp_path, REAL[name]))


SHUTTERS: dict[str, tuple[dict[str, object], Any]] = {
    "RECTANGULAR": (
        {
            "ShutterLeftVerticalEdge": 2, "ShutterRightVerticalEdge": 7, "ShutterUpperHorizontalEdge": 3,
            "ShutterLowerHorizontalEdge": 6,
        },
        RectangularShutter(2, 7, 3, 6),
    ),
    "CIRCULAR": ({"CenterOfCircularShutter": [4, 6], "RadiusOfCircularShutter": 3}, CircularShutter(4, 6, 3)),
    "POLYGONAL": (
        {"VerticesOfThePolygonalShutter": [1, 2, 1, 9, 7, 5]}, PolygonalShutter(((1, 2), (1, 9), (7, 5))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kinds", [["RECTANGULAR"], ["CIRCULAR"], ["POLYGONAL"], list(SHUTTERS)])
@pytest.mark.parametrize("place", ["image", "state"])
def test_geometric_shutters_of_image_and_state(tmp_path: Path, kinds: list[str], place: str) -> None:
    """Shutters, alone and together, are burnt in with the grey of their P-value, from the image and from a state."""
    image = small_image(1, np.full((7, 9), 200, np.uint8))
    state = small_state(image)
    holder = image if place == "image" else state
    holder.ShutterShape, holder.ShutterPresentationValue = kinds, HALF_GRAY
    for kind in kinds:
        for keyword, value in SHUTTERS[kind][0].items():
            setattr(holder, keyword, value)
    seen = np.logical_and.reduce([SHUTTERS[kind][1].visible(7, 9) for kind in kinds])
    source = FileSource(write(image, tmp_path / "image.dcm"))
    used = read_presentation_state(state) if place == "state" else None
    assert np.array_equal(
        np.where(seen, 200, 128), load_frame(source, source.sop_uid, 1, used).picture(Voi(128, 256)).pixels
    )


def test_state_opens_the_shutter_of_the_image(tmp_path: Path) -> None:
    """What a state does not hold is not done: the image's own shutter is not applied."""
    image = small_image(1, ODD)
    image.ShutterShape, image.CenterOfCircularShutter, image.RadiusOfCircularShutter = "CIRCULAR", [1, 1], 0
    assert np.array_equal(ODD, shown(image, small_state(image), tmp_path).pixels)


def test_shutter_of_pixels_that_are_not_square(tmp_path: Path) -> None:
    """On pixels twice as high as wide a circle covers half as many rows."""
    image = small_image(1, np.full((9, 9), 200, np.uint8))
    image.PixelSpacing = [2.0, 1.0]
    state = small_state(image, ShutterShape="CIRCULAR", CenterOfCircularShutter=[5, 5], RadiusOfCircularShutter=4)
    picture = shown(image, state, tmp_path).pixels
    assert (9, 5) == ((picture[4] == 200).sum(), (picture[:, 4] == 200).sum())


def test_damaged_shutters_are_named(tmp_path: Path) -> None:
    """Shapes without their numbers are left out one by one; the sound one is applied."""
    image = small_image(1, ODD)
    state = small_state(
        image, ShutterShape=["RECTANGULAR", "CIRCULAR", "POLYGONAL", "HEXAGONAL"], CenterOfCircularShutter=[1, 1],
        RadiusOfCircularShutter=0, VerticesOfThePolygonalShutter=[1, 2, 3], ShutterLeftVerticalEdge=1,
    )  # fmt: skip
    picture = shown(image, state, tmp_path)
    assert {0} == set(np.unique(picture.pixels))
    assert ["lacks one of its edges", "half a vertex", "'HEXAGONAL' is not known"] == [
        next(part for part in ("lacks one of its edges", "half a vertex", "'HEXAGONAL' is not known") if part in note)
        for note in picture.notes
    ]


def test_overlays_are_activated_in_layers(tmp_path: Path) -> None:
    """A state shows its own overlay in place of the image's of that group, the image's where it has none, others not."""
    mark = np.ones((2, 2), bool)
    image = small_image(1, np.zeros((7, 9), np.uint8))
    for group, origin in ((0x6000, (1, 1)), (0x6002, (1, 4)), (0x6004, (1, 7))):
        add_overlay(image, group, mark, origin)
    state = small_state(image, GraphicLayerSequence=[layer_item("LOW", 1, HALF_GRAY), layer_item("HIGH", 2, 0xFFFF)])
    add_overlay(state, 0x6000, mark, (4, 1), layer="LOW")
    state.add_new((0x6002, 0x1001), "CS", "HIGH")
    state.add_new((0x6004, 0x1001), "CS", "")
    state.add_new((0x6008, 0x1001), "CS", "HIGH")
    picture = shown(image, state, tmp_path)
    expected = np.zeros((7, 9), np.uint8)
    expected[3:5, 0:2], expected[0:2, 3:5] = 128, 255
    assert np.array_equal(expected, picture.pixels)
    assert ("The presentation state shows overlay 6008, which is not there.",) == picture.notes


def test_higher_layer_covers_the_lower(tmp_path: Path) -> None:
    """Where two overlays meet, that of the higher Graphic Layer Order is seen, whatever their groups."""
    image = small_image(1, np.zeros((3, 3), np.uint8))
    state = small_state(image, GraphicLayerSequence=[layer_item("TOP", 9, 0xFFFF), layer_item("LOW", 2, HALF_GRAY)])
    add_overlay(state, 0x6000, np.ones((2, 3), bool), layer="TOP")
    add_overlay(state, 0x6002, np.ones((3, 3), bool), layer="LOW")
    assert [[255] * 3, [255] * 3, [128] * 3] == shown(image, state, tmp_path).pixels.tolist()


def test_parts_apply_to_the_images_and_frames_they_name(tmp_path: Path) -> None:
    """Window, area and graphics are those of the frame; a state for frame 2 is refused for frame 1 in one line."""
    image = small_image(1, np.stack([ODD] * 3))
    other = small_image(2)
    state = small_state(
        image,
        ReferencedSeriesSequence=[
            item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[referring_to(image, 2, 3)])
        ],
        SoftcopyVOILUTSequence=[
            window_item(40, 20, ReferencedImageSequence=[referring_to(other)]),
            window_item(50, 20, ReferencedImageSequence=[referring_to(image, 3)]),
            window_item(60, 20, ReferencedImageSequence=[referring_to(image, 2)]),
        ],
        DisplayedAreaSelectionSequence=[
            area_item(2, 2, 5, 6, ReferencedImageSequence=[referring_to(image, 3)]), area_item(1, 1, 9, 7),
        ],
        GraphicLayerSequence=[layer_item("A")],
        GraphicAnnotationSequence=[
            item(
                GraphicLayer="A", GraphicObjectSequence=[graphic_item("POINT", [1, 1])],
                ReferencedImageSequence=[referring_to(image, 2)],
            )
        ],
    )  # fmt: skip
    pictures = {frame: shown(image, state, tmp_path, frame) for frame in (2, 3)}
    assert [60, 50] == [picture.voi.center for picture in pictures.values() if picture.voi]
    assert [(7, 9), (5, 4)] == [laid_out(picture).shape for picture in pictures.values()]
    assert [1, 0] == [len(picture.presentation.layers) for picture in pictures.values() if picture.presentation]
    with pytest.raises(DamagedImageError, match="SMALL is for other frames of this image, not for frame 1"):
        shown(image, state, tmp_path, 1)
    with pytest.raises(DamagedImageError, match="SMALL is not for this image but for 1 other image"):
        shown(other, state, tmp_path)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["Y", "N"])
def test_displayed_area_is_cut_in_the_image_before_turning(tmp_path: Path, rotation: int, flip: str) -> None:
    """Corners are columns and rows of the image as stored, in whichever order turning asks; beyond the image is black."""
    image = small_image(1, ODD + 1)
    first, last = ((-1, 3), (4, 9)) if flip == "N" else ((4, 9), (-1, 3))
    state = small_state(
        image,
        ImageRotation=rotation,
        ImageHorizontalFlip=flip,
        DisplayedAreaSelectionSequence=[area_item(*first, *last)],
    )
    cut = np.zeros((7, 6), np.uint8)
    cut[:5, 2:] = (ODD + 1)[2:7, :4]
    turned = np.rot90(cut, -rotation // 90)
    picture = shown(image, state, tmp_path)
    assert np.array_equal(turned[:, ::-1] if flip == "Y" else turned, laid_out(picture))
    assert picture.presentation is not None
    assert (-2, 2, 4, 9) == (*asdict(picture.presentation.area).values(),)[:4]


def test_area_without_end_is_not_believed(tmp_path: Path) -> None:
    """An area of two thousand million pixels shows the whole image and says so; so does one far beside it."""
    image = small_image(1, ODD)
    for corners in ((1, 1, 2**31 - 1, 2**31 - 1), (400, 400, 410, 410)):
        picture = shown(image, small_state(image, DisplayedAreaSelectionSequence=[area_item(*corners)]), tmp_path)
        assert picture.presentation is not None
        pixels, notes = draw(picture.pixels, picture.presentation)
        assert np.array_equal(ODD, pixels)
        assert "far outside" in notes[0]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["Y", "N"])
def test_points_in_display_units_count_in_the_displayed_area(tmp_path: Path, rotation: int, flip: str) -> None:
    """(0, 0) is the upper left corner of what the reader sees, (1, 1) the lower right, however it is turned."""
    image = small_image(1, np.zeros((7, 9), np.uint8))
    points = [0.05, 0.05, 0.95, 0.95]
    state = small_state(
        image, ImageRotation=rotation, ImageHorizontalFlip=flip,
        DisplayedAreaSelectionSequence=[area_item(2, 1, 7, 6)], GraphicLayerSequence=[layer_item("A", 1, HALF_GRAY)],
        GraphicAnnotationSequence=[
            item(GraphicLayer="A", GraphicObjectSequence=[graphic_item("MULTIPOINT", points, "DISPLAY")])
        ],
    )  # fmt: skip
    drawn = laid_out(shown(image, state, tmp_path))
    assert (6, 6) == drawn.shape
    assert {(0, 0), (0, 1), (1, 0), (5, 5), (5, 4), (4, 5)} == {tuple(p) for p in np.argwhere(drawn).tolist()}
    assert {0, 128} == set(np.unique(drawn))


def test_presentation_is_json_for_the_reading_page(tmp_path: Path) -> None:
    """Layers from the lowest to the highest with shapes and texts in pixels of the image, ready to travel."""
    image = small_image(1, ODD)
    text = item(
        UnformattedTextValue="Knoten \u00e4\r\n\u7532\\\u03b1", BoundingBoxAnnotationUnits="PIXEL",
        BoundingBoxTopLeftHandCorner=[1.0, 2.0], BoundingBoxBottomRightHandCorner=[5.0, 4.0],
        BoundingBoxTextHorizontalJustification="CENTER", AnchorPointAnnotationUnits="DISPLAY", AnchorPoint=[0.5, 0.5],
        AnchorPointVisibility="Y",
    )  # fmt: skip
    state = small_state(
        image, GraphicLayerSequence=[layer_item("B", 2), layer_item("A", 1, HALF_GRAY), layer_item("EMPTY", 3)],
        GraphicAnnotationSequence=[
            item(GraphicLayer="B", TextObjectSequence=[text]),
            item(GraphicLayer="A", GraphicObjectSequence=[graphic_item("CIRCLE", [4.5, 3.5, 4.5, 5.5], filled="Y")]),
        ],
    )  # fmt: skip
    presentation = shown(image, state, tmp_path).presentation
    assert presentation is not None
    low, high = presentation.layers
    assert ("A", 128, "B", 255) == (low.name, low.gray, high.name, high.gray)
    assert (Shape("CIRCLE", ((4.5, 3.5), (4.5, 5.5)), filled=True),) == low.shapes
    words = "Knoten \u00e4\n\u7532\\\u03b1"
    assert (TextObject(words, (1.0, 2.0), (5.0, 4.0), "CENTER", (4.5, 3.5), True),) == high.texts
    assert "SMALL" == json.loads(json.dumps(asdict(presentation), allow_nan=False))["label"]
    assert DisplayedArea(0, 0, 9, 7, aspect_ratio=(1, 1)) == presentation.area


def test_graphics_in_no_layer_are_still_shown(tmp_path: Path) -> None:
    """Graphics whose layer the state has forgotten lie on top in white: an annotation is never lost for a name."""
    image = small_image(1, ODD)
    annotation = item(GraphicLayer="GONE", GraphicObjectSequence=[graphic_item("POINT", [1, 1])])
    presentation = shown(image, small_state(image, GraphicAnnotationSequence=[annotation]), tmp_path).presentation
    assert presentation is not None
    assert [("GONE", 255)] == [(layer.name, layer.gray) for layer in presentation.layers]


@pytest.mark.parametrize(
    ("graphic", "expected"),
    [
        (graphic_item("POLYLINE", []), "POLYLINE has too few points"),
        (graphic_item("POLYLINE", [1.0, 2.0, 3.0]), "POLYLINE has too few points"),
        (graphic_item("ELLIPSE", [1.0, 2.0, 3.0, 4.0]), "ELLIPSE has too few points"),
        (graphic_item("POLYLINE", [1.0, float("nan"), 3.0, 4.0]), "some that are no numbers"),
        (graphic_item("POLYLINE", [1.0, float("inf"), 3.0, 4.0]), "some that are no numbers"),
        (graphic_item("ARROW", [1.0, 2.0, 3.0, 4.0]), "type 'ARROW' in 'PIXEL' is not drawn"),
        (graphic_item("POINT", [1.0, 2.0], "MATRIX"), "in 'MATRIX' is not drawn"),
        (graphic_item("MULTIPOINT", [1.0] * 2_000_000), f"beyond {MAX_POINTS} points"),
        (item(), "is not drawn"),
    ],
)
def test_graphics_that_cannot_be_drawn_are_named(tmp_path: Path, graphic: Dataset, expected: str) -> None:
    """Each is left out with a note; the sound graphic after it is drawn."""
    image = small_image(1, ODD)
    annotation = item(GraphicLayer="A", GraphicObjectSequence=[graphic, graphic_item("POINT", [1, 1])])
    state = small_state(image, GraphicLayerSequence=[layer_item("A")], GraphicAnnotationSequence=[annotation])
    source = FileSource(write(image, tmp_path / "image.dcm"))
    picture = load_frame(source, source.sop_uid, 1, read_presentation_state(state)).picture()
    assert [True] == [expected in note for note in picture.notes]
    assert picture.presentation is not None
    assert (Shape("POINT", ((1.0, 1.0),)),) == picture.presentation.layers[0].shapes


@pytest.mark.parametrize("sop_class", list(UNSUPPORTED))
def test_other_kinds_of_states_are_refused_by_name(sop_class: str) -> None:
    """Blending, pseudo-colour and volumetric states say what they are."""
    state = small_state(small_image(1), SOPClassUID=sop_class)
    with pytest.raises(UnsupportedImageError, match=r"States?.* are not supported"):
        read_presentation_state(state)


def test_an_image_is_no_presentation_state() -> None:
    """A file of another kind is refused in words."""
    with pytest.raises(UnsupportedImageError, match="no softcopy presentation state"):
        read_presentation_state(small_image(1))


def test_subtraction_is_named(tmp_path: Path) -> None:
    """A state that subtracts a mask says that the image is shown without."""
    image = small_image(1, ODD)
    assert (
        "without subtraction" in shown(image, small_state(image, MaskSubtractionSequence=[item()]), tmp_path).notes[0]
    )


def test_colour_image_takes_shutter_and_graphics_of_a_state(tmp_path: Path) -> None:
    """A Color Softcopy Presentation State leaves colours alone and brings the rest."""
    rgb = np.arange(189, dtype=np.uint8).reshape(7, 9, 3)
    image = small_image(1, rgb[..., 0])
    image.SamplesPerPixel, image.PlanarConfiguration, image.PhotometricInterpretation = 3, 0, "RGB"
    image.PixelData = rgb.tobytes() + b"\0"
    state = small_state(
        image, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.2", SoftcopyVOILUTSequence=None, PresentationLUTShape=None,
        ShutterShape="CIRCULAR", CenterOfCircularShutter=[4, 4], RadiusOfCircularShutter=2, ImageHorizontalFlip="Y",
        ImageRotation=0,
    )  # fmt: skip
    state.file_meta.MediaStorageSOPClassUID = state.SOPClassUID
    drawn = laid_out(shown(image, state, tmp_path))
    seen = CircularShutter(4, 4, 2).visible(7, 9)
    assert np.array_equal(np.where(seen[..., None], rgb, 0)[:, ::-1], drawn)


def test_states_of_a_study_are_listed_newest_first(folder: Path, source: FolderSource) -> None:
    """Each with its label and the images it is for, also one that cannot be applied, with the reason."""
    image, other = small_image(1, ODD), small_image(2)
    old = small_state(image, PresentationCreationDate="20250203", ContentLabel="OLD")
    blending = small_state(
        image, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.4", SOPInstanceUID="2.25.4", ContentLabel="BLEND"
    )
    blending.file_meta.MediaStorageSOPClassUID = blending.SOPClassUID
    newer = small_state(other, SOPInstanceUID="2.25.3", PresentationCreationTime="235959")
    for number, dataset in enumerate((image, other, old, blending, newer)):
        write(dataset, folder / f"{number}.dcm")
    source.refresh()
    states = presentation_states(source, source.series(image.StudyInstanceUID))
    assert ["SMALL", "BLEND", "OLD"] == [state.label for state in states]
    assert ["2026-02-03T23:59:59", "2026-02-03T10:11:12", "2025-02-03T10:11:12"] == [state.created for state in states]
    assert ["", "Blending Softcopy Presentation States are not supported.", ""] == [state.problem for state in states]
    assert [False, True, True] == [state.refers_to(image.SOPInstanceUID, 1) for state in states]
    assert {"Muster, Max"} == {state.creator for state in states}
    applied = load_presentation_state(source, states[2].sop_uid)
    assert np.array_equal(ODD, load_frame(source, image.SOPInstanceUID, 1, applied).picture().pixels)


def test_a_series_of_images_is_not_looked_into(
    folder: Path, source: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PACS may have to send every image of a series to list it; the states are found without that."""
    image = small_image(1)
    for number, dataset in enumerate((image, small_state(image))):
        write(dataset, folder / f"{number}.dcm")
    source.refresh()
    series = source.series(image.StudyInstanceUID)
    asked: list[str] = []
    instances = source.instances
    monkeypatch.setattr(source, "instances", lambda uid: (asked.append(uid), instances(uid))[1])

    assert 1 == len(presentation_states(source, series))
    assert {"PR"} == {one.modality for one in series if one.uid in asked}


def test_shutter_and_overlays_pass_the_curve_of_a_calibrated_display(tmp_path: Path) -> None:
    """What is burnt in has the driving level that shows its P-value on the reader's display."""
    image = small_image(1, np.full((7, 9), 200, np.uint8))
    state = small_state(
        image, ShutterShape="CIRCULAR", CenterOfCircularShutter=[1, 1], RadiusOfCircularShutter=0,
        ShutterPresentationValue=HALF_GRAY, GraphicLayerSequence=[layer_item("A", 1, 0x4040)],
    )  # fmt: skip
    add_overlay(state, 0x6000, np.ones((1, 1), bool), (7, 9), layer="A")
    source = FileSource(write(image, tmp_path / "image.dcm"))
    loaded = load_frame(source, source.sop_uid, 1, read_presentation_state(state))
    assert (128, 64) == (loaded.picture().pixels[3, 3], loaded.picture().pixels[6, 8])
    curve = DisplayCurve(np.sqrt(np.arange(1, 256) / 255) * 255)
    picture = loaded.picture(None, False, curve).pixels
    expected = curve.apply(np.array([128.0, 64.0]))
    assert expected.tolist() == [picture[3, 3], picture[6, 8]]
    assert [128, 64] != expected.tolist()


def test_state_of_highdicom_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Layers, colours as lightness, shapes, texts and windows that highdicom writes are read as they were meant."""
    import highdicom as hd

    image = small_image(1, ODD)
    image.PatientPosition, image.FrameOfReferenceUID, image.PositionReferenceIndicator = "HFS", "1.2.3", ""
    image.AcquisitionNumber, image.SliceThickness = 1, 1
    low = hd.pr.GraphicLayer("LOW", 1, "under")
    high = hd.pr.GraphicLayer("HIGH", 2, display_color=hd.color.CIELabColor(50.0, 10.0, -10.0))
    shapes = {
        "POINT": [[1.5, 2.5]], "POLYLINE": [[1, 2], [3, 4], [1, 2]],
        "INTERPOLATED": [[1, 2], [3, 4], [5, 2]], "CIRCLE": [[4, 4], [6, 4]],
        "ELLIPSE": [[2, 4], [6, 4], [4, 3], [4, 5]],
    }  # fmt: skip
    graphics = [hd.pr.GraphicObject(kind, np.array(points, float), "PIXEL") for kind, points in shapes.items()]
    text = hd.pr.TextObject("Befund", "DISPLAY", bounding_box=(0.1, 0.2, 0.6, 0.4), text_justification="RIGHT")
    state = hd.pr.GrayscaleSoftcopyPresentationState(
        [image], "2.25.77", 7, "2.25.78", 1, "M", "N", "1", "2", "HIGHDICOM", content_creator_name="Doe^Jane",
        graphic_layers=[low, high],
        graphic_annotations=[
            hd.pr.GraphicAnnotation([image], low, graphic_objects=graphics),
            hd.pr.GraphicAnnotation([image], high, text_objects=[text]),
        ],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(100.0, 50.0, "E", "SIGMOID")],
        modality_lut_transformation=hd.ModalityLUTTransformation(0.0, 2.0, "US"),
    )  # fmt: skip
    picture = shown(image, state, tmp_path)
    assert ((Voi(100.0, 50.0, "SIGMOID"), "E"),) == picture.windows
    assert (0.0, 496.0) == picture.value_range
    assert picture.presentation is not None
    under, over = picture.presentation.layers
    assert [(kind, tuple(map(tuple, points))) for kind, points in shapes.items()] == [
        (s.kind, s.points) for s in under.shapes
    ]
    assert ("under", 255, 128) == (under.description, under.gray, over.gray)
    written = over.texts[0]
    assert ("Befund", "RIGHT") == (written.text, written.justification)
    assert np.allclose([(0.9, 1.4), (5.4, 2.8)], [written.top_left, written.bottom_right])
    assert () == picture.notes


def test_mutilated_states_never_crash(tmp_path: Path) -> None:
    """A full state with any of its attributes missing, empty or of the wrong kind is applied with notes or refused."""
    image = small_image(1, ODD)
    source = FileSource(write(image, tmp_path / "image.dcm"))
    for tag in [element.tag for element in full_state(image)]:
        for value in ("missing", None, [], "nonsense", -1):
            state = full_state(image)
            mutilate(state, tag, value)
            check_harmless(source, state)


def full_state(image: Dataset) -> Dataset:
    """Return a state that has everything."""
    text = item(
        UnformattedTextValue="A", AnchorPointAnnotationUnits="PIXEL", AnchorPoint=[1.0, 1.0], AnchorPointVisibility="N"
    )
    lut = item(LUTDescriptor=[4, 0, 8], LUTData=b"\0\1\2\3")
    return add_overlay(
        small_state(
            image, ShutterShape=["CIRCULAR", "BITMAP"], CenterOfCircularShutter=[1, 1], RadiusOfCircularShutter=3,
            ShutterOverlayGroup=0x6000, ShutterPresentationValue=3, ImageRotation=90, ImageHorizontalFlip="Y",
            ModalityLUTSequence=[lut], PresentationLUTSequence=[lut], RescaleSlope=1, RescaleIntercept=0,
            GraphicLayerSequence=[layer_item("A")],
            GraphicAnnotationSequence=[
                item(
                    GraphicLayer="A", TextObjectSequence=[text],
                    GraphicObjectSequence=[graphic_item("INTERPOLATED", [1, 2, 3, 4, 5, 6], "DISPLAY")],
                )
            ],
        ),
        0x6000, np.ones((2, 2), bool), layer="A",
    )  # fmt: skip


def mutilate(state: Dataset, tag: BaseTag, value: object) -> None:
    """Take an attribute out or give it a value that does not belong there."""
    if value == "missing":
        del state[tag]
        return
    with quiet_reading():
        try:
            state[tag].value = value
        except (TypeError, ValueError, AttributeError):
            state.add_new(tag, "LO", str(value))


def check_harmless(source: FileSource, state: Dataset) -> None:
    """Assert that a state gives a picture or an error in words."""
    try:
        picture = load_frame(source, source.sop_uid, 1, read_presentation_state(state)).picture()
        laid_out(picture)
    except (DamagedImageError, UnsupportedImageError):
        pass
