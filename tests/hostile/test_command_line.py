"""Damaged files at the command line end in words and an exit status, whatever was damaged and whatever is asked."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from readingroom.cli import main
from readingroom.testing.mutations import mutate

FILES = (
    "CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "examples_overlay.dcm", "examples_palette.dcm", "rtdose_rle.dcm",
    "rtplan.dcm", "nested_priv_SQ.dcm", "SC_ybr_full_422_uncompressed.dcm", "liver_1frame.dcm",
)  # fmt: skip
EACH = 12


@pytest.mark.parametrize("name", FILES)
def test_commands_survive_damaged_files(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file is damaged in ways of its own and inspected, checked, rendered and cut: 0, 1 or 2, and never a traceback."""
    found = get_testdata_file(name, download=False)
    assert found is not None
    whole, path, out = Path(found).read_bytes(), tmp_path / "damaged.dcm", tmp_path / "o.png"
    for seed in range(EACH):
        path.write_bytes(mutate(whole, 1_000 * FILES.index(name) + seed))
        for command in (
            ["check", str(path)],
            ["inspect", str(path), "--json"],
            ["render", str(path), "-o", str(out)],
            ["render", str(path), "--reformat", "coronal", "-o", str(out)],
        ):
            assert main(command) in {0, 1, 2}, f"{command[0]} of seed {seed}"
            told = capsys.readouterr()
            assert "Traceback" not in told.out + told.err, f"{command[0]} of seed {seed}"
            assert "error of ours" not in told.out.lower(), f"{command[0]} of seed {seed}"
