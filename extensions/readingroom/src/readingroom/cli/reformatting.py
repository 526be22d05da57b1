"""``--reformat`` and ``--slab`` of ``readingroom render``: a plane of a series instead of one of its frames."""

import argparse
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from readingroom.dicom.multiplanar import ReformattedFrame
    from readingroom.dicom.source import StudySource
    from readingroom.dicom.stacks import Stack
    from readingroom.pixels.plane import Plane, PlaneName
    from readingroom.pixels.reformat import Projection
    from readingroom.pixels.volume import Volume

_NUMBER = r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+"
_PLANE = re.compile(rf"(axial|coronal|sagittal)(?:@({_NUMBER})mm)?(?:/({_NUMBER}))?(?:/({_NUMBER}))?")
_SLAB = re.compile(rf"({_NUMBER})mm:(mip|minip|mean)")


@dataclass(frozen=True, slots=True)
class PlaneOption:
    """A plane of the patient, where it lies, and by how many degrees it is turned about its rows and its columns."""

    name: "PlaneName"
    position_mm: float | None
    tilt: float
    turn: float


@dataclass(frozen=True, slots=True)
class SlabOption:
    """The thickness of a slab and how it is projected."""

    thickness_mm: float
    projection: "Projection"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--reformat",
        type=_plane,
        metavar="PLANE[@Pmm][/TILT[/TURN]]",
        help="a plane of the series that FILE belongs to: axial, coronal or sagittal at P, its z, y or x in patient "
        "coordinates (LPS, millimetres; default: the middle), tilted by degrees about the horizontal of the image, "
        "then turned about its vertical. FILE may be a folder",
    )
    parser.add_argument("--slab", type=_slab, metavar="THICKNESSmm:mip|minip|mean", help="what --reformat projects")
    parser.add_argument("--series", metavar="UID", help="the series that --reformat takes from a folder")


def reformatted(options: argparse.Namespace) -> "ReformattedFrame":
    """Return the plane that the options ask for; raises ``ReadingRoomError`` with one line for people."""
    from readingroom.dicom.multiplanar import MultiplanarSeries, stack_notes  # noqa: PLC0415 - loaded by who asks for a plane
    from readingroom.dicom.volume_loading import VolumeLoader  # noqa: PLC0415
    from readingroom.errors import DamagedImageError, NotFoundError, UnsupportedImageError  # noqa: PLC0415

    if options.frame is not None:
        raise NotFoundError("--frame says which image is shown, --reformat makes a plane of all of them: give one.")
    if options.presentation_state is not None:
        raise UnsupportedImageError("A presentation state belongs to single images and cannot be shown on --reformat.")
    with _series_of(options.file, options.series) as (source, stack):
        loader = VolumeLoader(source, stack).start()
        loader.wait()
        if loader.problems:
            count, of = len(loader.problems), len(stack.frames)
            raise DamagedImageError(f"{count} of {of} slices cannot be read, the first: {loader.problems[0].reason}")
        series = MultiplanarSeries.of(source, loader)
        slab = options.slab or SlabOption(0.0, "mip")
        plane = _placed(series.volume, options.reformat)
        found = series.frame(plane, slab.thickness_mm, slab.projection)
        return replace(found, frame=replace(found.frame, notes=found.frame.notes + stack_notes(stack)))


@contextmanager
def _series_of(path: Path, series_uid: str | None) -> "Iterator[tuple[StudySource, Stack]]":
    """Give the stack that a file belongs to, or the one of a folder, and its source."""
    from readingroom.cli.opening import opened  # noqa: PLC0415
    from readingroom.dicom.single import FileSource  # noqa: PLC0415

    if path.is_dir():
        with opened(path) as source:
            yield source, _largest(source, series_uid or _only_series(source))
        return
    file = FileSource(path)
    own_series = file.series(file.studies()[0].uid)[0].uid
    if file.series(file.studies()[0].uid)[0].frame_count > 1:
        yield file, _largest(file, own_series)
        return
    with opened(path.resolve().parent) as source:
        yield source, _largest(source, own_series, file.sop_uid)


def _only_series(source: "StudySource") -> str:
    from readingroom.errors import NotFoundError  # noqa: PLC0415

    found = [series for study in source.studies() for series in source.series(study.uid) if series.frame_count > 1]
    if len(found) == 1:
        return found[0].uid
    if not found:
        raise NotFoundError("There is no series of more than one image here to be reformatted.")
    listed = ", ".join(f"{series.uid} ({series.description or series.modality})" for series in found[:5])
    raise NotFoundError(f"There are {len(found)} series here; say which with --series UID: {listed}.")


def _largest(source: "StudySource", series_uid: str, sop_uid: str | None = None) -> "Stack":
    """Return the stack of a series with the most frames, of those that hold an instance where one is named."""
    from readingroom.dicom.stacks import stacks  # noqa: PLC0415
    from readingroom.errors import UnsupportedImageError  # noqa: PLC0415

    found = [
        stack
        for stack in stacks(source, series_uid)
        if sop_uid is None or any(frame.sop_uid == sop_uid for frame in stack.frames)
    ]
    stack = max(found, key=lambda stack: len(stack.frames), default=None)
    if stack is None or len(stack.frames) < 2:  # noqa: PLR2004 - one slice has no depth
        raise UnsupportedImageError("This is a single image, not a volume that could be reformatted.")
    return stack


def _placed(volume: "Volume", option: PlaneOption) -> "Plane":
    from readingroom.pixels.plane import covering_plane, patient_plane  # noqa: PLC0415

    plane = patient_plane(volume, option.name, option.position_mm)
    if not option.tilt and not option.turn:
        return plane
    turned = plane.rotated(plane.row_direction, option.tilt)
    turned = turned.rotated(turned.column_direction, option.turn)
    return covering_plane(volume, turned.row_direction, turned.column_direction, turned.center)


def _plane(text: str) -> PlaneOption:
    match = _PLANE.fullmatch(text.lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no plane such as coronal, coronal@12.5mm or axial@0mm/30/-15")
    name, position, tilt, turn = match.groups()
    return PlaneOption(
        cast("PlaneName", name), None if position is None else float(position), float(tilt or 0), float(turn or 0)
    )


def _slab(text: str) -> SlabOption:
    match = _SLAB.fullmatch(text.lower())
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no slab such as 10mm:mip, 5mm:minip or 3.5mm:mean")
    return SlabOption(float(match[1]), cast("Projection", match[2]))
