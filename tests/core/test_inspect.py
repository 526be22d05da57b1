"""``readingroom inspect`` and ``readingroom check``: what they print, in both forms, and what they leave behind."""

import json
import shutil
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import BasicTextSRStorage, MRImageStorage

from readingroom.cli import main
from readingroom.testing.files import compress, small_image, write


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0) -> str:
    """Return what a command prints, after asserting its exit status."""
    assert status == main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def inspected(capsys: pytest.CaptureFixture[str], path: Path) -> dict[str, Any]:
    """Return the JSON of ``inspect``."""
    return dict(json.loads(printed(capsys, "inspect", path, "--json")))


def checked(capsys: pytest.CaptureFixture[str], path: Path, *options: str, status: int) -> dict[str, Any]:
    """Return the JSON of ``check``."""
    return dict(json.loads(printed(capsys, "check", path, "--json", *options, status=status)))


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Return a folder with a CT that lacks a slice, an MR of two b-values and a report."""
    folder = tmp_path / "studies"
    for number in (1, 2, 3, 6):
        write(
            small_image(number), folder / f"ct/{number}.dcm", WindowCenter=40, WindowWidth=400, KVP=120, BitsStored=12,
            HighBit=11, WindowCenterWidthExplanation="Soft", SpacingBetweenSlices=1, RescaleType="HU",
        )  # fmt: skip
    for number in range(8):
        write(
            small_image(20 + number), folder / f"mr/{number}.dcm", SOPClassUID=MRImageStorage, Modality="MR",
            SeriesInstanceUID="1.2.3", SeriesNumber=2, ImagePositionPatient=[0, 0, number % 4],
            DiffusionBValue=[0.0, 800.0][number // 4],
        )  # fmt: skip
    write(
        small_image(50), folder / "report.dcm", SOPClassUID=BasicTextSRStorage, Modality="SR", SeriesInstanceUID="1.2.4",
        SeriesNumber=3, PixelData=None, Rows=None,
    )  # fmt: skip
    return folder


def test_inspect_tells_what_a_study_holds(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON holds studies, series and stacks with their spacing, dimensions, windows and warnings."""
    (study,) = inspected(capsys, studies)["studies"]
    assert ("Muster, Erika Maria", "2026-02-02") == (study["patient_name"], study["date"])
    ct, mr, report = study["series"]
    assert (4, 4, "12 of 16 bits, signed, MONOCHROME2") == (ct["instances"], ct["frames"], ct["pixels"])
    assert [{"center": 40.0, "width": 400.0, "function": "LINEAR", "explanation": "Soft"}] == ct["windows"]
    assert {"tube voltage": "120 kV", "values": "HU"} == ct["specifics"]
    assert ["Explicit VR Little Endian"] == [syntax["name"] for syntax in ct["transfer_syntaxes"]]
    (stack,) = ct["stacks"]
    assert ["missing_slices"] == [warning["kind"] for warning in stack["warnings"]]
    assert (1.0, [1.0, 6.0], [0.5, 0.5], "axial", False) == tuple(
        stack[key] for key in ("slice_spacing_mm", "positions_mm", "pixel_spacing_mm", "plane", "regular")
    )
    assert [{"b-value": "0"}, {"b-value": "800"}] == [stack["dimensions"] for stack in mr["stacks"]]
    assert (["Basic Text SR Storage"], []) == ([entry["name"] for entry in report["sop_classes"]], report["stacks"])


def test_keys_are_stable(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of the JSON is named in the documentation of the command, which other programs build on."""
    from readingroom.cli import check, inspect

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return {k for k, v in value.items() if k not in ("dimensions", "specifics")} | set().union(
                *(keys(v) for k, v in value.items() if k not in ("dimensions", "specifics"))
            )
        return set().union(*(keys(v) for v in value)) if isinstance(value, list) else set()

    (studies / "bad.dcm").write_bytes((studies / "ct/1.dcm").read_bytes()[:-9])
    for command, module in ((["inspect"], inspect), (["check"], check)):
        told = json.loads(printed(capsys, *command, studies, "--json", status=int(command == ["check"])))
        assert module.__doc__ is not None
        assert [] == sorted(key for key in keys(told) if f"``{key}``" not in module.__doc__)


def test_inspect_prints_a_table(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has a row for each stack, and warnings stand below it in words."""
    lines = printed(capsys, "inspect", studies).splitlines()
    assert any("b-value 800 s/mm²" in line for line in lines)
    assert "  ! 2 slices are missing between 3 and 6 mm: the pictures jump there, " in "\n".join(lines)
    assert any(line.startswith("1   CT   Small series") and "0.5 x 0.5" in line and "axial" in line for line in lines)


def test_inspect_reads_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A file is a study of its own, an enhanced image a stack of its frames."""
    path = get_testdata_file("rtdose.dcm", download=False)
    assert path is not None
    (study,) = inspected(capsys, Path(path))["studies"]
    (stack,) = study["series"][0]["stacks"]
    assert (15, "axial", True) == (stack["frames"], stack["plane"], stack["regular"])


def test_names_cannot_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An escape sequence in an attribute or a file name is printed as question marks."""
    write(small_image(1), tmp_path / "s/\x1b[2Jname.dcm", StudyDescription="\x1b[2Jboo")
    write(small_image(1), tmp_path / "s/a.dcm", StudyDescription="\x1b[2Jboo")
    for command in ("inspect", "check"):
        assert "\x1b" not in printed(capsys, command, tmp_path / "s")


def test_a_damaged_uid_is_named_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A SOP class that is no UID is told as it stands; nothing is said of pydicom's rules for it."""
    file = write(small_image(1), tmp_path / "odd.dcm", SOPClassUID=MRImageStorage)
    damaged = MRImageStorage.replace(".1.1.4", "....4.")
    file.write_bytes(file.read_bytes().replace(MRImageStorage.encode(), damaged.encode()))
    (entry,) = inspected(capsys, tmp_path)["studies"][0]["series"]
    assert [damaged] == [one["name"] for one in entry["sop_classes"]]
    checked(capsys, tmp_path, status=0)


def test_check_passes_a_folder_of_good_images(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in which everything can be shown ends with status 0; a report is named by its class and is no failure."""
    told = checked(capsys, studies, status=0)
    assert 12 == told["shown"]
    (report,) = told["findings"]
    assert ("not_image", "is not an image but Basic Text SR Storage") == (report["verdict"], report["reason"])


def test_check_names_what_cannot_be_shown(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage in headers and in compressed frames, and compressions we do not know, are each told with the reason."""
    broken = imagecodecs.jpegls_encode(np.arange(48, dtype=np.uint16).reshape(8, 6))
    frames = [broken, broken[: len(broken) // 2], broken, broken, broken]
    write(compress(small_image(60), "1.2.840.10008.1.2.4.80", frames), studies / "frames.dcm", PixelRepresentation=0)
    write(compress(small_image(61), "1.2.840.10008.1.2.4.94", [b"http://x"]), studies / "jpip.dcm")
    (studies / "cut.dcm").write_bytes((studies / "ct/1.dcm").read_bytes()[:-9])
    shutil.copy(studies / "ct/1.dcm", studies / "twin.dcm")
    (studies / "notes.txt").write_text("hello")
    (studies / "away").symlink_to("/etc")
    told = checked(capsys, studies, "--all-frames", status=1)
    verdicts = {finding["path"]: finding["verdict"] for finding in told["findings"]}
    reasons = {finding["path"]: finding["reason"] for finding in told["findings"]}
    assert {"frames.dcm", "jpip.dcm", "cut.dcm"} == {path for path in verdicts if verdicts[path] == "not_shown"}
    assert {"twin.dcm", ".", "away"} == {path for path in verdicts if verdicts[path] == "passed_over"}
    assert "is cut off" in reasons["cut.dcm"]
    assert "JPIP" in reasons["jpip.dcm"]
    assert [2] == [finding["frame"] for finding in told["findings"] if finding["path"] == "frames.dcm"]


def test_check_looks_at_every_frame_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first and the middle frame stand for the rest unless all are asked for."""
    good = imagecodecs.jpegls_encode(np.arange(48, dtype=np.uint16).reshape(8, 6))
    path = tmp_path / "frames.dcm"
    write(
        compress(small_image(1), "1.2.840.10008.1.2.4.80", [good, good[:20], good, good]), path, PixelRepresentation=0
    )
    assert 1 == len(checked(capsys, path, "--all-frames", status=1)["findings"])
    assert "frame 2" in printed(capsys, "check", path, status=1)
    write(
        compress(small_image(1), "1.2.840.10008.1.2.4.80", [good, good, good, good[:20]]), path, PixelRepresentation=0
    )
    assert 1 == checked(capsys, path, status=0)["shown"]


def test_check_of_one_damaged_file_tells_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is DICOM but cannot be shown is an answer, with status 1, not a wrong call."""
    write(small_image(1), tmp_path / "cut.dcm")
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "cut.dcm").read_bytes()[:-9])
    assert printed(capsys, "check", tmp_path / "cut.dcm", status=1).startswith("cut.dcm: is cut off: 96 bytes")


@pytest.mark.parametrize("command", ["inspect", "check"])
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none", "none cannot be read"),
        ("DICOMDIR", "is a DICOMDIR, not an image"),
        ("notes.txt", "is not a DICOM file"),
        ("empty", "There are no DICOM files in"),
    ],
)
def test_wrong_path_is_one_plain_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, path: str, words: str
) -> None:
    """What cannot be read at all ends with status 2 and one line on standard error."""
    (tmp_path / "notes.txt").write_text("hello, this is not an image")
    (tmp_path / "empty").mkdir()
    directory = get_testdata_file("DICOMDIR", download=False)
    assert directory is not None
    shutil.copy(directory, tmp_path)
    assert 2 == main([command, str(tmp_path / path)])
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_nothing_is_written_beside_the_images(studies: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither command leaves a file or changes one where the images lie."""
    before = sorted((path, path.stat().st_mtime_ns) for path in studies.rglob("*"))
    printed(capsys, "inspect", studies)
    printed(capsys, "check", studies)
    assert before == sorted((path, path.stat().st_mtime_ns) for path in studies.rglob("*"))
