"""The ``readingroom`` command: one module of this package for each of its words."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from readingroom.errors import ReadingRoomError

FAILED = 2

COMMANDS = {
    "render": "write the 8-bit pixels that the viewer shows as a PNG, unscaled",
    "index": "bring the index of a folder of DICOM files up to date",
    "inspect": "print what a file or folder holds: studies, series, stacks and what is wrong with them",
    "check": "say which objects cannot be shown and why",
    "audit": "say whether an audit is whole, and which of its entries is not what was written",
    "samples": "make the demonstration studies",
}
"""Each command, also the name of its module here, with its line of help."""


_MAY_BE_NEGATIVE = ("--window", "--slab")


class Command(Protocol):
    """The two names of a command's module; heavy imports belong inside ``run``."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""

    def run(self, options: argparse.Namespace) -> int | None:
        """Do it and return the exit status, None for 0; raises ``ReadingRoomError`` or ``OSError`` with one line for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after one line on standard error."""
    options = _parser().parse_args(_joined(list(sys.argv[1:] if arguments is None else arguments)))
    try:
        return options.run(options) or 0
    except ReadingRoomError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(str(error) if error.filename is None else f"{error.filename}: {error.strerror}.")
    except KeyboardInterrupt:
        return 130


def _failed(message: str) -> int:
    sys.stderr.write(f"readingroom: {message}\n")
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="readingroom", description="Render, index and examine DICOM images.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = cast("Command", importlib.import_module(f"{__name__}.{name}"))
        subparser = commands.add_parser(name, help=summary)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _joined(arguments: list[str]) -> list[str]:
    """Return the arguments with a value tied to its option: argparse takes ``-600/1500`` for an option of its own."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined
