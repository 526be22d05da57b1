"""The demonstration studies; they need the packages of requirements-demo.lock in a folder of their own."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.picture import load_frame, render_frame
from readingroom.dicom.presentation_state import load_presentation_state, presentation_states
from readingroom.errors import UnreadableFileError
from readingroom.pixels.voi import Voi
from readingroom.testing.conformance import check_study_source
from readingroom.testing.samples import MARKER, make_samples

PACKAGES = Path(__file__).parents[2] / ".make" / "demo-packages"
"""Put there by ``make test``; where they are missing the tests fail, they are never skipped."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> FolderSource:
    """Return the indexed demonstration studies."""
    folder = tmp_path_factory.mktemp("samples")
    make_samples(folder / "studies", PACKAGES)
    source = FolderSource(folder / "studies", folder / "index.sqlite")
    source.refresh()
    return source


def test_samples_are_the_four_studies_asked_for(samples: FolderSource) -> None:
    """A phantom of 200 slices, a brain of at least 180, a radiograph of at least 3 megapixels, a cine of 120 frames."""
    check_study_source(samples)
    assert () == samples.problems()
    series = {s.modality: s for study in samples.studies() for s in samples.series(study.uid)}
    assert {"CT", "PR", "MR", "CR", "US"} == set(series)
    assert 200 == series["CT"].frame_count
    assert series["MR"].frame_count >= 180
    assert series["CR"].rows * series["CR"].columns >= 3_000_000
    assert (120, 40.0) == (series["US"].frame_count, series["US"].frame_time_ms)


def test_presentation_state_of_the_phantom_is_whole(samples: FolderSource) -> None:
    """The phantom comes with a state of window, shutter, graphics and text that is listed, applied and valid DICOM."""
    phantom = next(study for study in samples.studies() if "CT" in study.modalities)
    series = {entry.modality: entry for entry in samples.series(phantom.uid)}
    frames = samples.frames(series["CT"].uid)
    (state,) = presentation_states(samples, samples.series(phantom.uid))
    assert ("SPHERES", "Tutor, Tamara", "") == (state.label, state.creator, state.problem)
    assert all(state.refers_to(frame.sop_uid, 1) for frame in frames)
    applied = load_presentation_state(samples, state.sop_uid)
    pictures = [load_frame(samples, frame.sop_uid, 1, applied).picture() for frame in frames]
    assert {Voi(60, 400)} == {picture.voi for picture in pictures}
    assert {()} == {picture.notes for picture in pictures}
    marked = [picture.presentation for picture in pictures if picture.presentation and picture.presentation.layers]
    assert [9] == [len(presentation.layers[0].texts) for presentation in marked]
    pixels = pictures[0].pixels
    assert 0 == pixels[:60].max() < pixels[100, 256]
    check_with_dicom3tools(Path(samples._root) / "ct-phantom" / "PR0001.dcm")


def check_with_dicom3tools(state: Path) -> None:
    """Assert that dciodvfy finds no error but its own about chests, and dcmpschk none at all."""
    verifier = Path(sys.executable).parent / "dciodvfy"
    found = subprocess.run([verifier, state], capture_output=True, text=True, check=False).stderr
    errors = [line for line in found.splitlines() if line.startswith("Error")]
    assert [True] * len(errors) == ["Laterality" in line for line in errors]
    checked = subprocess.run(["/usr/bin/dcmpschk", state], capture_output=True, text=True, check=False)
    assert "Test passed" in checked.stderr + checked.stdout


def test_brain_lies_the_right_way_round(samples: FolderSource) -> None:
    """The atlas is in patient coordinates: the top of the head is empty, the middle is not, the first pixel is right front."""
    brain = next(s for study in samples.studies() for s in samples.series(study.uid) if s.modality == "MR")
    frames = samples.frames(brain.uid)
    first, last = frames[0].geometry, frames[-1].geometry
    assert first.position is not None
    assert last.position is not None
    assert first.position[2] < 0 < last.position[2]
    assert first.position[0] < 0
    assert first.position[1] < 0
    middle = frames[len(frames) // 2]
    assert render_frame(samples, middle.sop_uid, 1).pixels.mean() > 30


def test_people_are_invented_and_nothing_else_is_carried_over(samples: FolderSource) -> None:
    """Every patient is a RR-DEMO one in 2026, and a copied image has no private attribute and no older date."""
    for study in samples.studies():
        assert study.patient_id.startswith("RR-DEMO-")
        assert study.date.startswith("2026-")
    for path in (Path(samples._root) / name for name in ("cr-radiograph/CR0001.dcm", "us-cine/US0001.dcm")):
        dataset = dcmread(path, stop_before_pixels=True)
        assert not [element.tag for element in dataset if element.tag.is_private]
        assert {"20260119", "20260126"} >= {
            e.value for e in dataset if e.VR == "DA" and e.keyword != "PatientBirthDate"
        }


def test_second_run_changes_nothing(samples: FolderSource) -> None:
    """A complete folder is left as it is; made again, files are the same bytes."""
    folder = Path(samples._root)
    before = {path: path.read_bytes() for path in folder.rglob("*MR*.dcm")}
    assert make_samples(folder, PACKAGES) is False
    (folder / MARKER).unlink()
    assert make_samples(folder, PACKAGES) is True
    assert before == {path: path.read_bytes() for path in before}


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """Without the packages the message says what to install and where."""
    with pytest.raises(UnreadableFileError, match=r"install requirements-demo\.lock"):
        make_samples(tmp_path / "studies", tmp_path)
    assert not (tmp_path / "studies").exists()
