"""Ten thousand damaged files and files cut off anywhere: pictures or errors in words, never anything else."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from readingroom.dicom.picture import render_frame
from readingroom.dicom.single import FileSource
from readingroom.pixels.decoding import default_pool
from readingroom.testing.mutations import mutate, originals
from readingroom.testing.ordeal import Growth, show

MOST_BYTES = 512 * 2**20
AT_A_TIME = 500
CUT = ("MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_small_odd_jpeg.dcm")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the whole files that are damaged."""
    return dict(originals(tmp_path_factory.mktemp("originals")))


def test_originals_are_shown(files: dict[str, bytes], tmp_path: Path) -> None:
    """Undamaged, every one with pixels is a picture; else damaging them would prove nothing."""
    path = tmp_path / "whole.dcm"
    said = {}
    for name, data in files.items():
        path.write_bytes(data)
        said[name] = show(path)
    assert 14 <= len([name for name, words in said.items() if name[0].isdigit() and not words]), said
    assert 26 <= len([name for name, words in said.items() if not words]), said


@pytest.mark.parametrize("first", range(0, 10_000, AT_A_TIME))
def test_damaged_files_end_well(first: int, files: dict[str, bytes], tmp_path: Path) -> None:
    """Each of 10,000 seeds is one damaged file; a failure names its seeds and what they were made from."""
    path = tmp_path / "damaged.dcm"
    names = list(files)
    failures = []
    with Growth() as growth:
        for seed in range(first, first + AT_A_TIME):
            name = names[seed % len(names)]
            path.write_bytes(mutate(files[name], seed))
            try:
                show(path)
            except Exception as error:  # noqa: BLE001 - each is a failure of this test, told with its seed
                failures.append(f"seed {seed} of {name}: {type(error).__name__}: {error}")
    assert [] == failures
    assert MOST_BYTES > growth.bytes
    assert 4 >= len(default_pool().pids)


def picture(path: Path) -> str:
    """Return the hash of a file's picture."""
    source = FileSource(path)
    return render_frame(source, source.sop_uid, 1).sha256


@pytest.mark.parametrize("name", CUT)
def test_files_cut_off_anywhere_are_never_shown_as_whole(name: str, tmp_path: Path) -> None:
    """Cut at every 1 % of its length, a file is an error in words, unless only what follows its pixels is missing."""
    path = get_testdata_file(name, download=False)
    assert path is not None
    data = Path(path).read_bytes()
    cut = tmp_path / "cut.dcm"
    shown = []
    for percent in range(100):
        cut.write_bytes(data[: len(data) * percent // 100])
        if not show(cut):
            shown.append(percent)
            assert picture(Path(path)) == picture(cut)
    assert [] == [percent for percent in shown if percent < 98]
