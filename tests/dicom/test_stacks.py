"""Series to stacks: how frames are parted, in which order, and what the reader is warned of."""

import itertools
import random
from typing import Any, get_args

import numpy as np
import pytest

from readingroom.dicom.geometry_warnings import WARNING_KINDS, GeometryWarning, WarningKind
from readingroom.dicom.model import FrameGeometry, FrameReference
from readingroom.dicom.stack_geometry import plane_name
from readingroom.dicom.stacks import Stack, reading_order, stacks_of
from readingroom.errors import UnsupportedImageError
from readingroom.testing.phantom import PhantomSeries

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
_NUMBERS = itertools.count(1)


def frame(*position: float, rows: int = 8, dimensions: dict[str, str] | None = None, **geometry: Any) -> FrameReference:  # noqa: ANN401 - any field
    """Return a frame at x, y, z (z alone for one number, no place for none), 6 columns of 0.5 mm, axial."""
    placed = (0.0, 0.0, *position) if len(position) == 1 else position
    told: dict[str, Any] = {"orientation": AXIAL, "spacing": (0.5, 0.5), "spacing_kind": "patient"} | geometry
    place = FrameGeometry(position=placed or None, **told)  # type: ignore[arg-type]
    return FrameReference(f"1.{next(_NUMBERS)}", 1, rows, 6, place, tuple((dimensions or {}).items()))


def axial(*heights: float, **more: Any) -> list[FrameReference]:  # noqa: ANN401 - any field
    """Return axial slices at these heights."""
    return [frame(height, **more) for height in heights]


def only(frames: list[FrameReference]) -> Stack:
    """Return the one stack of these frames."""
    (stack,) = stacks_of(frames)
    return stack


def warned(frames: list[FrameReference]) -> dict[str, str]:
    """Return the sentences of all stacks by their kind."""
    return {warning.kind: warning.sentence for stack in stacks_of(frames) for warning in stack.warnings}


def tilted(degrees: float) -> list[FrameReference]:
    """Return ten slices of a tilted gantry."""
    scan = PhantomSeries(slices=10, tilt_degrees=degrees, slice_spacing=5)
    orientation = (1.0, 0.0, 0.0, *scan.column_direction)
    return [frame(*scan.first_pixel(n), orientation=orientation) for n in range(10)]


EXAMPLES: dict[WarningKind, tuple[list[FrameReference], str]] = {
    "missing_slices": (
        axial(35, 38, 41, 50, 53),
        "2 slices are missing between 41 and 50 mm: the pictures jump there, and counting slices does not give a distance.",
    ),
    "uneven_spacing": (axial(0, 3, 7.2, 9, 12), "The slices lie 1.8 to 4.2 mm apart: counting slices"),
    "gantry_tilt": (
        tilted(15),
        "The slices lie aslant, as from a gantry tilted by 15.0°: each is shifted by 1.29 mm",
    ),
    "not_orthogonal": (
        [frame(n * 1.0, 0, n * 4.0) for n in range(5)],
        "The line through the slices is 14.0° away from their normal: each is shifted by 1 mm",
    ),
    "not_aligned": (
        [frame([0, 2, -1, 1, 0][n], 0, n * 4.0) for n in range(5)],
        "The slices are shifted sideways against each other by up to 2 mm",
    ),
    "not_parallel": (
        [frame(n * 1.0, rows=512, orientation=(1.0, n * 2e-4, 0.0, -n * 2e-4, 1.0, 0.0)) for n in range(5)],
        "The slices are turned slightly against each other: at their corners distances are off by up to 0.2 mm.",
    ),
    "spacing_disagrees": (
        axial(0, 2.5, 5, spacing_between_slices=5.0),
        "The images say that their slices are 5 mm apart, but their positions are 2.5 mm apart; the positions are used.",
    ),
    "duplicate_positions": (
        axial(0, 1, 2, 1),
        "1 slice of this series is there twice, and nothing in the images says how they differ.",
    ),
    "mixed_orientation": (
        [*axial(0, 1, 2), frame(0, 5, 0, orientation=CORONAL)],
        "This series holds slices of 2 orientations: they are separate stacks, shown one after the other.",
    ),
    "mixed_size": ([*axial(0, 1, 2), *axial(3, 4, rows=9)], "This series holds images of 2 sizes or pixel spacings"),
    "mixed_frame_of_reference": (
        [*axial(0, 1, frame_of_reference_uid="1.2"), *axial(0, 1, frame_of_reference_uid="1.3")],
        "This series holds images of 2 frames of reference",
    ),
    "no_geometry": ([frame(), frame()], "These images do not say where they lie in the patient"),
    "mosaic": (axial(0, dimensions={"image type": "M MOSAIC"}), "Each image is a mosaic of many slices side by side"),
}


@pytest.mark.parametrize("kind", WARNING_KINDS)
def test_every_kind_of_warning_is_given(kind: WarningKind) -> None:
    """Each kind has an example that gets it, in words, and no stack that has it passes for regular without reason."""
    frames, sentence = EXAMPLES[kind]
    assert warned(frames)[kind].startswith(sentence)


def test_every_kind_of_warning_has_an_example() -> None:
    """A kind without a test cannot be added."""
    assert set(get_args(WarningKind)) == set(EXAMPLES)


@pytest.mark.parametrize("kind", WARNING_KINDS)
def test_one_fault_gives_one_warning(kind: WarningKind) -> None:
    """What is wrong is told once: no example of one fault gets the warning of another."""
    assert [kind] == list(warned(EXAMPLES[kind][0]))


@pytest.mark.parametrize(
    "kind",
    ["missing_slices", "uneven_spacing", "gantry_tilt", "not_orthogonal", "not_aligned", "not_parallel", "no_geometry"],
)
def test_what_is_irregular_is_never_called_regular(kind: WarningKind) -> None:
    """A stack whose millimetres cannot be taken from its affine alone says so to programs too."""
    assert not only(EXAMPLES[kind][0]).is_regular


def test_even_stack_is_regular_and_silent() -> None:
    """Nothing is said of a good stack, also when positions were printed with few digits."""
    frames = axial(*(round(n * 0.625, 2) for n in range(200)))
    stack = only(frames)
    assert () == stack.warnings
    assert stack.is_regular
    assert stack.slice_spacing == pytest.approx(0.625, abs=1e-4)


def test_affine_leads_from_indices_to_the_patient() -> None:
    """Columns, rows and slices step by their spacing along their directions from the first pixel, in LPS."""
    frames = [frame(10, 20 + n * 3.0, 30, orientation=CORONAL, spacing=(0.5, 0.25)) for n in range(4)]
    stack = only(frames)
    assert np.allclose([10 + 5 * 0.25, 20 + 2 * 3, 30 - 7 * 0.5, 1], stack.affine @ [5, 7, 2, 1])
    assert (3.0, "coronal", (0.0, 0.0)) == (stack.slice_spacing, stack.plane, stack.shear)
    assert np.allclose([20, 23, 26, 29], stack.positions_mm)


def test_affine_of_a_tilted_gantry_contains_the_shear() -> None:
    """Every first pixel of a sheared stack is where the affine says, and the shear is that of the tilt."""
    frames = tilted(20)
    stack = only(frames)
    for k, placed in enumerate(stack.frames):
        assert np.allclose(placed.geometry.position, (stack.affine @ [0, 0, k, 1])[:3])
    assert stack.slice_spacing == pytest.approx(5 * np.cos(np.radians(20)))
    assert np.allclose((0, np.tan(np.radians(20))), stack.shear)
    assert not stack.is_regular


def test_uneven_stack_tells_each_position() -> None:
    """Positions of an uneven stack are its own, and its spacing is the usual one, not a mean over the gap."""
    stack = only(axial(0, 1, 2, 3, 10))
    assert [0, 1, 2, 3, 10] == stack.positions_mm.tolist()
    assert 1.0 == stack.slice_spacing


def test_stack_without_a_place_refuses_millimetres() -> None:
    """Asked for an affine, frames without geometry refuse in words instead of inventing one."""
    stack = only([frame(), frame()])
    assert not stack.has_geometry
    for name in ("affine", "positions_mm", "slice_spacing", "shear"):
        with pytest.raises(UnsupportedImageError, match="do not say where they lie"):
            getattr(stack, name)


def test_single_slice_is_a_stack() -> None:
    """One slice has a place, its thickness as depth, and nothing to warn of."""
    stack = only(axial(7, slice_thickness=4.0))
    assert ((), True, 4.0) == (stack.warnings, stack.is_regular, stack.slice_spacing)


def test_no_frame_is_ever_lost() -> None:
    """Whatever a series is made of, its stacks hold each of its frames once, and reading them twice changes nothing."""
    everything = list(itertools.chain.from_iterable(frames for frames, _ in EXAMPLES.values()))
    for seed in range(20):
        mixed = random.Random(seed).sample(everything, len(everything))  # noqa: S311 - no secret
        read = reading_order(mixed)
        assert sorted(frame.sop_uid for frame in everything) == sorted(frame.sop_uid for frame in read)
        assert read == reading_order(read)


def test_duplicates_are_kept_in_a_stack_of_their_own() -> None:
    """Of two images of one place without a difference the first acquired is in the volume, the other after it."""
    frames = axial(0, 1, 2, 1)
    first, second = stacks_of(frames)
    assert [frames[0], frames[1], frames[2]] == list(first.frames)
    assert [frames[3]] == list(second.frames)
    assert ({"repeat": "1"}, {"repeat": "2"}) == (first.dimensions, second.dimensions)


def cube(slices: int, **dimensions: list[str]) -> list[FrameReference]:
    """Return slices at 0, 1, … mm for every combination of the values of some dimensions (underscores are spaces)."""
    names = [name.replace("_", " ") for name in dimensions]
    combined = itertools.product(*dimensions.values())
    return [frame(z, dimensions=dict(zip(names, told, strict=True))) for told in combined for z in range(slices)]


@pytest.mark.parametrize(
    "dimensions",
    [
        {"temporal_position": ["1", "2", "10"]},
        {"b-value": ["0", "400", "1000"]},
        {"echo_time": ["2.3", "4.6"]},
        {"image_type": ["M", "P"]},
        {"cardiac_phase": ["0", "50"]},
        {"b-value": ["0", "400"], "temporal_position": ["1", "2", "3"]},
        {"image_type": ["W", "F"], "temporal_position": ["1", "2", "10"]},
        {"image_type": ["M", "P"], "echo_time": ["3", "12"], "trigger_time": ["0", "25", "50"]},
        {"frame_reference_time": ["0", "5000"]},
    ],
    ids=" by ".join,
)
def test_four_dimensions_are_found_from_the_data(dimensions: dict[str, list[str]]) -> None:
    """Whatever steps a series, alone or together, is found; stacks come in its order, slices in each from end to end."""
    frames = cube(5, **dimensions)
    found = stacks_of(random.Random(3).sample(frames, len(frames)))  # noqa: S311 - no secret
    names = [name.replace("_", " ") for name in dimensions]
    numeric = [list(values) for values in itertools.product(*dimensions.values())]
    told = [[stack.dimensions[name] for name in names] for stack in found]
    assert sorted(numeric) == sorted(told)
    assert all(stack.is_regular and len(stack.frames) == 5 for stack in found)
    if "image_type" not in dimensions:
        assert numeric == told


def test_clock_that_never_repeats_is_read_by_its_order() -> None:
    """Trigger times that differ a little from slice to slice still make phases, by their order at each place."""
    frames = [
        frame(z, dimensions={"image type": "M", "trigger time": f"{phase * 40 + z * 0.7}"})
        for z in range(6)
        for phase in range(10)
    ]
    found = stacks_of(frames)
    assert [6] * 10 == [len(stack.frames) for stack in found]
    assert ["trigger time"] == list(found[0].dimensions)
    assert () == found[3].warnings


def test_dimension_that_differs_from_slice_to_slice_parts_nothing() -> None:
    """Acquisition time and comments of a plain volume leave it one volume."""
    frames = [frame(z, dimensions={"time of acquisition": f"10000{z}", "comment": f"{z % 2}"}) for z in range(9)]
    assert {} == only(frames).dimensions


def test_missing_slice_of_one_time_is_told_of_that_time() -> None:
    """A time point that lacks slices at its end is told apart from its complete neighbours."""
    frames = cube(6, temporal_position=["1", "2", "3"])
    told = [[warning.sentence for warning in stack.warnings] for stack in stacks_of(frames[:-2])]
    assert [[], []] == told[:2]
    assert told[2][0].startswith(
        "2 slices that others have are missing at the ends of this stack, which covers 0 to 3 mm"
    )


def test_scans_that_overlap_are_parted() -> None:
    """Two scans in one series whose slices interleave where they overlap are two even stacks, not one uneven one."""
    chest = axial(*range(0, 60, 5), dimensions={"acquisition": "1", "kernel": "B30"})
    abdomen = axial(*(47.3 + n * 5 for n in range(12)), dimensions={"acquisition": "2", "kernel": "B30"})
    found = stacks_of([*chest, *abdomen])
    assert [{"acquisition": "1"}, {"acquisition": "2"}] == [stack.dimensions for stack in found]
    assert all(stack.is_regular for stack in found)


def test_gap_is_not_explained_away() -> None:
    """A dimension that does not make uneven slices even parts nothing: the gap stays a warning."""
    frames = [frame(z, dimensions={"acquisition": str(z % 2)}) for z in (0, 1, 2, 3, 4, 7, 8, 9)]
    assert ["missing_slices"] == list(warned(frames))


def test_place_without_pixel_spacing_still_orders() -> None:
    """Slices that say where they lie but not how large their pixels are go along their normal and measure nothing."""
    frames = axial(*random.Random(5).sample(range(20), 20), spacing=None, spacing_kind="none")  # noqa: S311 - no secret
    stack = only(frames)
    assert [float(z) for z in range(19, -1, -1)] == [
        f.geometry.position[2] for f in stack.frames if f.geometry.position
    ]
    assert not stack.has_geometry


def test_stack_id_parts_parallel_slabs() -> None:
    """Slabs of one direction that lie apart stay apart where the image says so (PS3.3 C.7.6.16.2.2.7)."""
    frames = [*axial(0, 1, 2, dimensions={"stack": "1"}), *axial(30, 31, 32, dimensions={"stack": "2"})]
    assert [{"stack": "1"}, {"stack": "2"}] == [stack.dimensions for stack in stacks_of(frames)]
    assert {} == warned(frames)


def test_printing_of_numbers_parts_nothing() -> None:
    """Direction cosines and spacings that differ in the last digit printed are one volume."""
    frames = [frame(z, spacing=(0.9765625, 0.9765625) if z % 2 else (0.97656, 0.97656)) for z in range(6)]
    frames += [frame(6, spacing=(0.9766, 0.9766), orientation=(1.0, 0.00001, 0.0, 0.0, 1.0, 0.0))]
    assert () == only(frames).warnings


def test_overlap_and_gaps_are_no_fault() -> None:
    """Slice Thickness that differs from the distance means overlap or gaps, which are chosen, not wrong."""
    assert {} == warned(axial(0, 1, 2, slice_thickness=2.0))


def test_pictures_that_claim_no_place_are_not_warned_of() -> None:
    """Radiographs and ultrasound never say where they lie; a warning on each would be noise."""
    assert {} == warned(
        [frame(spacing_kind="detector", orientation=None), frame(spacing_kind="none", orientation=None)]
    )


def test_frames_without_a_place_among_slices_are_told() -> None:
    """A capture among slices is a stack of its own with a warning; the slices around it stay a volume."""
    frames = [*axial(0, 1), frame(spacing_kind="none", orientation=None), *axial(2, 3)]
    slices, capture = stacks_of(frames)
    assert (4, True) == (len(slices.frames), slices.is_regular)
    assert ["no_geometry"] == [warning.kind for warning in capture.warnings]


@pytest.mark.parametrize(
    ("cosines", "name"),
    [
        (AXIAL, "axial"),
        (CORONAL, "coronal"),
        (SAGITTAL, "sagittal"),
        ((-1.0, 0.0, 0.0, 0.0, -1.0, 0.0), "axial"),
        ((1.0, 0.0, 0.0, 0.0, 0.94, 0.342), "oblique axial"),
        ((0.9397, 0.0, -0.342, 0.117, 0.9397, 0.3214), "double oblique axial"),
    ],
)
def test_planes_have_their_names(cosines: tuple[float, ...], name: str) -> None:
    """A plane is called by the axis its normal is nearest to, and oblique beyond five degrees."""
    assert name == plane_name(cosines)


def test_warning_is_a_sentence() -> None:
    """Every warning ends with a full stop and names no attribute or code."""
    told: list[GeometryWarning] = [w for frames, _ in EXAMPLES.values() for s in stacks_of(frames) for w in s.warnings]
    assert all(warning.sentence[0].isupper() or warning.sentence[0].isdigit() for warning in told)
    assert all(warning.sentence.endswith(".") and "_" not in warning.sentence for warning in told)
