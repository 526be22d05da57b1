"""Compiles the reformats once for this person, in a process of its own and behind everything else.

The first plane of a volume would otherwise wait for the compiler: 2 s on a quiet core, 5 s on a busy one. What is
compiled is kept in the home; where that cannot be written, the first plane waits as before.
"""

import os
import time

import numpy as np

from readingroom.pixels import straight
from readingroom.pixels.plane import patient_plane
from readingroom.pixels.reformat import reformat
from readingroom.pixels.volume import Volume
from readingroom_viewer.bound import die_with_parent

PATIENCE_S = 8
"""The first study is opened and shown in this time; it shall have the processor for itself."""


def main() -> None:
    """Cut thin planes and slabs out of small volumes of the types that CT and MR come in."""
    die_with_parent()
    os.nice(19)
    time.sleep(PATIENCE_S)
    straight.warm_up()
    for dtype in (np.int16, np.uint16):
        volume = Volume(np.zeros((4, 4, 4), dtype), np.eye(4))
        plane = patient_plane(volume, "coronal")
        reformat(volume, plane)
        for projection in ("mip", "minip", "mean"):
            reformat(volume, plane, 2.0, projection)


if __name__ == "__main__":
    main()
