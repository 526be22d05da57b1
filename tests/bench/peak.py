"""How far one process grows for loading the series of a folder and cutting a plane out of it; run by ``volumes.py``."""

import sys
import tempfile
from pathlib import Path

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.stacks import stacks
from readingroom.dicom.volume_loading import VolumeLoader
from readingroom.pixels.plane import patient_plane
from readingroom.pixels.reformat import reformat


def peak_mb() -> float:
    """Return the largest resident size of this process so far; ``getrusage`` would begin with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as state:
        source = FolderSource(sys.argv[1], Path(state) / "index.sqlite")
        source.refresh()
        (stack,) = stacks(source, source.series(source.studies()[0].uid)[0].uid)
        before = peak_mb()
        loader = VolumeLoader(source, stack).start()
        loader.wait()
        assert loader.volume.ready.all(), loader.problems
        loading = peak_mb() - before
        reformat(loader.volume, patient_plane(loader.volume, "coronal"))
        own = loader.volume.values.nbytes / 2**20
        print(f"{loading - own:+.0f} MB for loading, {peak_mb() - before - own:+.0f} MB with the compiler of reformats")
        source.close()
