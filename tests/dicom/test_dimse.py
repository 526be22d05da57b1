"""A real Orthanc over DIMSE, as a client only: the same images as the files, each in the syntax in which it is kept."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UID
from tests.dicom.conftest import PacsAndFolder
from tests.dicom.pacs_against_folder import references
from tests.servers.orthanc import AE_TITLE, KNOWN_AE_TITLE, Orthanc

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.dimse import DimseSource
from readingroom.errors import NotFoundError, SourceUnavailableError
from readingroom.testing.conformance import check_study_source
from readingroom.testing.files import small_image, write
from readingroom_hub.preflight import free_ports


def over_dimse(orthanc: Orthanc, calling: str = KNOWN_AE_TITLE) -> DimseSource:
    """Return a source over an Orthanc."""
    return DimseSource("127.0.0.1", orthanc.dimse_port, AE_TITLE, calling)


@pytest.fixture
def pacs(pacs_and_folder: PacsAndFolder) -> Iterator[DimseSource]:
    """Return a source over the PACS that has fetched nothing yet."""
    source = over_dimse(pacs_and_folder.orthanc)
    yield source
    source.close()


def test_each_syntax_arrives_as_it_is_kept(pacs: DimseSource, pacs_and_folder: PacsAndFolder) -> None:
    """Geometry, bytes and attributes of an image in each transfer syntax that Orthanc sends are those of the file."""
    folder, seen = pacs_and_folder.folder, set()
    for study in folder.studies():
        for series in folder.series(study.uid):
            instances = folder.instances(series.uid)
            syntax = instances[0].transfer_syntax_uid
            if syntax in seen or len(instances) > 1 or not series.frame_count or not UID(series.uid).is_valid:
                continue
            seen.add(syntax)
            assert series in pacs.series(study.uid)
            assert references(folder, series.uid) == references(pacs, series.uid)
            for reference in pacs.frames(series.uid):
                assert folder.frame(reference.sop_uid, reference.frame) == pacs.frame(
                    reference.sop_uid, reference.frame
                )
            with quiet_reading():
                assert folder.metadata(instances[0].sop_uid) == pacs.metadata(instances[0].sop_uid)

    assert 9 <= len(seen)


def test_it_keeps_the_promises_of_a_source(orthanc: Orthanc, tmp_path: Path) -> None:
    """The conformance suite passes."""
    orthanc.add(*(write(small_image(number), tmp_path / f"{number}.dcm") for number in (1, 2, 3)))
    source = over_dimse(orthanc)
    check_study_source(source)
    source.close()


def test_an_image_that_was_dropped_is_fetched_again_alone(orthanc: Orthanc, tmp_path: Path) -> None:
    """With no room to keep what came, a frame is retrieved by itself."""
    files = [write(small_image(number), tmp_path / f"{number}.dcm") for number in (1, 2)]
    orthanc.add(*files)
    source = DimseSource("127.0.0.1", orthanc.dimse_port, AE_TITLE, KNOWN_AE_TITLE, cache_bytes=0)
    for file in files:
        dataset = pydicom.dcmread(file)
        assert dataset.PixelData == source.frame(dataset.SOPInstanceUID, 1).data
    source.close()


def test_a_pacs_that_does_not_know_us_is_told_of(orthanc: Orthanc) -> None:
    """A title that the PACS was not told of is refused in words."""
    source = over_dimse(orthanc, "STRANGER")
    with pytest.raises(SourceUnavailableError, match="refuses us"):
        source.studies()
    assert "refuses us" in source.state().message
    source.close()


def test_nobody_there_is_said() -> None:
    """A port that nobody listens on is an error in words, at once."""
    source = DimseSource("127.0.0.1", free_ports(1)[0], AE_TITLE, KNOWN_AE_TITLE)
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        source.studies()
    source.close()


def test_what_is_not_there_is_not_found(orthanc: Orthanc) -> None:
    """Absent UIDs are said not to be there."""
    source = over_dimse(orthanc)
    for look_up in (source.series, source.frames, source.metadata):
        with pytest.raises(NotFoundError):
            look_up("2.25.0")
    source.close()
