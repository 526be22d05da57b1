"""The benchmark: ``make bench`` runs every section, ``python tests/bench/run.py core`` those that need no hub.

Every figure is a ratio within one run; the machine is whatever it is.
"""

import importlib
import sys

SECTIONS = {"core": ("rendering", "indexing", "decoding", "volumes", "pacs"), "product": ("product",)}


def main(wanted: list[str]) -> None:
    """Run the sections that are named, all of them without a name."""
    for section in wanted or SECTIONS:
        for module in SECTIONS[section]:
            importlib.import_module(module).measure()


if __name__ == "__main__":
    main(sys.argv[1:])
