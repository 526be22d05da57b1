"""The ``readingroom`` command: render one frame, index a folder, make the sample studies."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from readingroom.errors import ReadingRoomError, SourceUnavailableError

if TYPE_CHECKING:
    from readingroom.dicom.folder import FolderSource
    from readingroom.dicom.source import SourceState
    from readingroom.pixels.voi import Voi

FAILED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after one line on standard error."""
    options = _parser().parse_args(_join_window(list(sys.argv[1:] if arguments is None else arguments)))
    try:
        options.run(options)
    except (ReadingRoomError, OSError) as error:
        sys.stderr.write(f"readingroom: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="readingroom", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    render = commands.add_parser("render", help="write the 8-bit pixels that the viewer shows as a PNG, unscaled")
    render.add_argument("file", type=Path, metavar="FILE")
    render.add_argument("--window", type=_window, metavar="C/W[/FUNCTION]", help="default: the image's own")
    render.add_argument("--frame", type=int, default=1, metavar="N", help="from 1, the default")
    render.add_argument("--invert", action="store_true")
    render.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    render.set_defaults(run=_render)
    index = commands.add_parser("index", help="bring the index of a folder of DICOM files up to date")
    index.add_argument("folder", type=Path, metavar="FOLDER")
    index.add_argument("--index", type=Path, required=True, metavar="PATH")
    index.add_argument("--watch", type=float, metavar="SECONDS", help="look again until stopped")
    index.set_defaults(run=_index)
    samples = commands.add_parser("samples", help="make the demonstration studies")
    samples.add_argument("destination", type=Path, metavar="DEST")
    samples.add_argument("--packages", type=Path, required=True, metavar="DIR")
    samples.set_defaults(run=_samples)
    return parser


def _join_window(arguments: list[str]) -> list[str]:
    """Return the arguments with a window tied to its option: argparse takes ``-600/1500`` for an option of its own."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--window":
            joined[-1] = f"--window={argument}"
        else:
            joined.append(argument)
    return joined


def _window(text: str) -> "Voi":
    from readingroom.pixels.voi import InvalidWindowError, Voi  # noqa: PLC0415 - NumPy, which `samples` may not need

    center, width, *function = text.split("/")
    try:
        return Voi(float(center), float(width), *(name.upper() for name in function))  # type: ignore[arg-type]
    except InvalidWindowError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _render(options: argparse.Namespace) -> None:
    import imagecodecs  # noqa: PLC0415 - the parts of each command are loaded by it alone

    from readingroom.dicom.picture import render_frame  # noqa: PLC0415
    from readingroom.dicom.single import FileSource  # noqa: PLC0415

    source = FileSource(options.file)
    picture = render_frame(source, source.sop_uid, options.frame, options.window, options.invert)
    options.output.write_bytes(imagecodecs.png_encode(picture.pixels))


def _index(options: argparse.Namespace) -> None:
    from readingroom.dicom.folder import FolderSource  # noqa: PLC0415 - see above

    source = FolderSource(options.folder, options.index)
    try:
        if options.watch is None:
            _index_once(source, options.folder)
        else:
            _watch(source, options.watch)
    finally:
        source.close()


def _index_once(source: "FolderSource", folder: Path) -> None:
    state = source.refresh(_print_progress)
    _print_problems(source)
    if not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
        raise SourceUnavailableError(state.message)


def _watch(source: "FolderSource", seconds: float) -> None:
    """Refresh until SIGINT or SIGTERM; tell what changed only."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    told = -1
    while not stopped.is_set():
        try:
            state = source.refresh()
        except SourceUnavailableError as error:
            sys.stderr.write(f"readingroom: {error}\n")
        else:
            if state.revision != told:
                _print_progress(state)
                _print_problems(source)
            told = state.revision
        stopped.wait(seconds)


def _samples(options: argparse.Namespace) -> None:
    from readingroom.testing.samples import make_samples  # noqa: PLC0415 - see above

    made = make_samples(options.destination, options.packages, lambda line: print(line, flush=True))  # noqa: T201
    if not made:
        print("the sample studies are complete")  # noqa: T201 - a command line speaks to a terminal


def _print_progress(state: "SourceState") -> None:
    print(f"{state.files_seen} files seen. {state.message}".rstrip(), flush=True)  # noqa: T201


def _print_problems(source: "FolderSource") -> None:
    for problem in source.problems():
        print(f"{problem.path}: {problem.reason}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
