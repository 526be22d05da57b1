"""Every file of the corpus that lies ends as a picture or as an error in words, within bounds of time and memory."""

from pathlib import Path

import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.pixels.decoding import default_pool
from readingroom.testing.hostile import CASES
from readingroom.testing.ordeal import Growth, show

MOST_BYTES = 512 * 2**20

PICTURES = {
    "100 MB of private data",
    "2 GB of private data",
    "5,000-deep sequence of known lengths",
    "charset garbage",
    "file meta group length lies",
}
"""Cases that are shown: what lies in them has nothing to do with the picture."""

WORDS = {
    "deflate bomb": "inflates to more than 100 times its size",
    "deflated frame bomb": "more than it can need",
    "rle 65535 x 65535": "65535 rows and 65535 columns, more than any image we show",
    "rle offsets beyond the end": "segments of an RLE frame lie outside it",
    "rle holds too little": "holds only",
    "j2k 65535 x 65535": "65535 rows and 65535 columns, more than any image we show",
    "j2k giant of nothing": "121000000 samples in",
    "j2k other size": "8 rows, 6 columns and 1 samples, but its pixel data holds 9000, 9000 and 1",
    "j2k 16384 components": "holds 8, 6 and 16384",
    "j2k 16 million tiles": "16000000 tiles in",
    "htj2k of 33 bits": "33 bits are not supported",
    "j2k components sampled by 255": "components at a lower resolution",
    "j2k no tile size": "do not cover it",
    "jpeg without rows": "rows only at its end",
    "jpeg sampled by nothing": "nothing sensible about how",
    "jpeg of 5,000 scans": "5000 scans",
    "jpeg of 200 bits": "200 bits, which JPEG does not allow",
    "jpeg other size": "holds 8000, 8000 and 1",
    "jpeg xl of nothing": "holds 256, 512 and 1",
    "5,000-deep sequence": "its sequences lie too deep within one another",
    "functional groups of a million items": "more than 262144 sequence items",
    "four million elements": "more than 65536 attributes",
    "4 GB length": "ends in the middle of its attributes",
    "4 GB length of text": "ends in the middle of its attributes",
    "2 GB sequence": "a sequence of more than 16 MiB",
    "60 MB sequence of zeros": "a sequence of more than 16 MiB",
    "2 GB compressed frame": "a compressed frame of 2147483648 bytes",
    "2 GB rle frame": "a compressed frame of 2147483648 bytes",
    "2 billion frames": "says it has 2147483648 frames",
    "a million frames": "1000000 frames but its pixel data holds only 96 bytes",
    "DICOMDIR with ../": "is a DICOMDIR",
}
"""What is said of the cases whose reason must be told apart."""


@pytest.mark.parametrize("name", CASES)
def test_case_ends_well(name: str, tmp_path: Path) -> None:
    """Whatever the file says, this process stays small, no child is lost and nothing but an error of ours comes out."""
    path = tmp_path / "case.dcm"
    CASES[name](path)
    with Growth() as growth:
        said = show(path)
    assert (name in PICTURES) == (said == ""), said
    assert WORDS.get(name, "") in said
    assert MOST_BYTES > growth.bytes
    assert 4 >= len(default_pool().pids)


def test_folder_of_lies_is_indexed_and_the_good_file_is_shown(tmp_path: Path) -> None:
    """One scan goes through all of them, names each with its reason, and follows no path out of a DICOMDIR."""
    folder = tmp_path / "studies"
    folder.mkdir()
    for number, name in enumerate(CASES):
        CASES[name](folder / f"{number:02d}.dcm")
    source = FolderSource(folder, tmp_path / "index.sqlite")
    with Growth() as growth:
        source.refresh()
    kinds = {row["path"]: row["kind"] for row in source._index.query("SELECT path, kind FROM files")}
    assert len(CASES) == len(kinds)
    assert "directory" == kinds[f"{list(CASES).index('DICOMDIR with ../'):02d}.dcm"]
    assert 1 == len(source.studies())
    assert MOST_BYTES > growth.bytes
    source.close()
