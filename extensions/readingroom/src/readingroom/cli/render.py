"""``readingroom render``: one frame, or a plane of a series, as the viewer would show it."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.cli import reformatting

if TYPE_CHECKING:
    from readingroom.dicom.picture import LoadedFrame
    from readingroom.dicom.presentation_state import PresentationState
    from readingroom.pixels.voi import Voi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, metavar="FILE")
    voi = parser.add_mutually_exclusive_group()
    voi.add_argument("--window", type=_window, metavar="C/W[/FUNCTION]", help="default: the image's own")
    voi.add_argument("--voi-lut", type=int, metavar="N", help="a VOI LUT of the image, from 1")
    parser.add_argument("--frame", type=int, metavar="N", help="from 1, the default")
    parser.add_argument("--invert", action="store_true")
    parser.add_argument("--gsdf", type=Path, metavar="PROFILE.json", help="for a display measured against PS3.14")
    parser.add_argument(
        "--presentation-state", type=Path, metavar="PR.dcm", help="show the image as this state says, graphics included"
    )
    parser.add_argument("--no-overlays", action="store_true", help="leave overlay planes out")
    reformatting.add_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")


def run(options: argparse.Namespace) -> None:
    """Write the picture; raises what ``load_frame``, ``reformatted`` and ``DisplayProfile.load`` raise."""
    import imagecodecs  # noqa: PLC0415 - the parts of each command are loaded by it alone

    from readingroom.pixels.display_profile import DisplayProfile  # noqa: PLC0415

    display = None if options.gsdf is None else DisplayProfile.load(options.gsdf).curve
    loaded = _frame(options) if options.reformat is None else reformatting.reformatted(options)
    voi = options.window if options.voi_lut is None else loaded.voi_lut(options.voi_lut)
    picture = loaded.picture(voi, options.invert, display, overlays=not options.no_overlays)
    pixels, notes = picture.pixels, picture.notes
    if picture.presentation is not None:
        from readingroom.pixels.annotation import draw  # noqa: PLC0415

        pixels, more = draw(pixels, picture.presentation)
        notes += more
    options.output.write_bytes(imagecodecs.png_encode(pixels))
    for note in notes:
        sys.stderr.write(f"readingroom: {note}\n")


def _presentation_state(path: Path) -> "PresentationState":
    from readingroom.dicom.presentation_state import load_presentation_state  # noqa: PLC0415
    from readingroom.dicom.single import FileSource  # noqa: PLC0415
    from readingroom.errors import ReadingRoomError  # noqa: PLC0415

    source = FileSource(path)
    try:
        return load_presentation_state(source, source.sop_uid)
    except ReadingRoomError as error:
        raise type(error)(f"{path}: {error}") from error


def _frame(options: argparse.Namespace) -> "LoadedFrame":
    from readingroom.dicom.picture import load_frame  # noqa: PLC0415
    from readingroom.dicom.shared_window import SharedWindows  # noqa: PLC0415
    from readingroom.dicom.single import FileSource  # noqa: PLC0415
    from readingroom.dicom.stacks import series_warnings  # noqa: PLC0415
    from readingroom.errors import NotFoundError  # noqa: PLC0415

    if options.slab or options.series:
        raise NotFoundError("--slab and --series say what --reformat works on; there is none.")
    if options.file.is_dir():
        raise NotFoundError(
            f"{options.file} is a folder: name one of its files, or a plane of its series with --reformat."
        )
    source = FileSource(options.file)
    state = None if options.presentation_state is None else _presentation_state(options.presentation_state)
    number = 1 if options.frame is None else options.frame
    loaded = load_frame(source, source.sop_uid, number, state)
    frames = source.frames(series_uid := source.series(source.studies()[0].uid)[0].uid)
    if len(frames) == 1:
        return loaded
    position = next(n for n, frame in enumerate(frames) if frame.frame == number)
    loaded = SharedWindows(source).applied(series_uid, frames[position], loaded)
    warned = (one.sentence for one in series_warnings(source, series_uid) if one.start <= position < one.stop)
    return replace(loaded, notes=(*loaded.notes, *warned))


def _window(text: str) -> "Voi":
    from readingroom.pixels.voi import InvalidWindowError, Voi  # noqa: PLC0415 - NumPy, which `samples` may not need

    try:
        center, width, *function = text.split("/")
        return Voi(float(center), float(width), *(name.upper() for name in function))  # type: ignore[arg-type]
    except InvalidWindowError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no window such as 40/400 or -600/1500/SIGMOID") from error
