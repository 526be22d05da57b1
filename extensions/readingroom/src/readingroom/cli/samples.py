"""``readingroom samples``: the demonstration studies, made from installed packages and mathematics."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("destination", type=Path, metavar="DEST")
    parser.add_argument("--packages", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace) -> None:
    """Make what is missing of the studies; raises ``OSError`` where it cannot be written."""
    from readingroom.testing.samples import make_samples  # noqa: PLC0415 - loaded by this command alone

    made = make_samples(options.destination, options.packages, lambda line: print(line, flush=True))  # noqa: T201
    if not made:
        print("the sample studies are complete")  # noqa: T201 - a command line speaks to a terminal
