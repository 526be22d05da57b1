"""The claims that every source over a PACS must meet, whatever protocol it speaks: what it gives is what the files hold."""

from collections import Counter
from dataclasses import replace

from readingroom.dicom.attributes import quiet_reading
from readingroom.dicom.model import FrameReference
from readingroom.dicom.picture import render_frame
from readingroom.dicom.remote import RemoteSource
from readingroom.dicom.source import StudySource
from readingroom.errors import ReadingRoomError
from readingroom.wire.gateway_header import SentHeader


def check_same_lists(source: RemoteSource, folder: StudySource) -> None:
    """Assert that studies, series, frames with their geometry, and instances are those of the files."""
    assert list(folder.studies()) == list(source.studies())
    for study in folder.studies():
        assert list(folder.series(study.uid)) == list(source.series(study.uid))
        for series in folder.series(study.uid):
            assert references(folder, series.uid) == references(source, series.uid)
            instances = [replace(each, path=each.sop_uid) for each in folder.instances(series.uid)]
            assert instances == list(source.instances(series.uid))


def check_same_frames(source: RemoteSource, folder: StudySource, least_frames: int = 1) -> set[str]:
    """Assert that the bytes of every frame and the attributes of every image are the same; return the syntaxes seen.

    The attributes also where they are handed on as the bytes that have come.
    """
    syntaxes = set()
    frames = all_frames(folder)
    counts = Counter(reference.sop_uid for reference in frames)
    for reference in (each for each in frames if counts[each.sop_uid] >= least_frames):
        encoded = source.frame(reference.sop_uid, reference.frame)
        assert folder.frame(reference.sop_uid, reference.frame) == encoded
        if reference.frame == 1:
            with quiet_reading():
                held = folder.metadata(reference.sop_uid)
                assert held == source.metadata(reference.sop_uid)
                if (stored := source.stored_header(reference.sop_uid)) is not None:
                    assert held == SentHeader(reference.sop_uid, stored).read()
        syntaxes.add(encoded.transfer_syntax_uid)
    return syntaxes


def check_same_pictures(source: RemoteSource, folder: StudySource) -> int:
    """Assert that the first frame of every image is rendered to the same pixels, or refused in the same words."""
    first = [reference for reference in all_frames(folder) if reference.frame == 1]
    for reference in first:
        assert rendered(folder, reference) == rendered(source, reference)
    return len(first)


def references(source: StudySource, series_uid: str) -> list[FrameReference]:
    """Return the frames of a series; a PACS does not tell when an instance was replaced."""
    return [replace(reference, version=0) for reference in source.frames(series_uid)]


def all_frames(source: StudySource) -> list[FrameReference]:
    """Return every frame of every series."""
    return [
        reference
        for study in source.studies()
        for series in source.series(study.uid)
        for reference in source.frames(series.uid)
    ]


def rendered(source: StudySource, reference: FrameReference) -> str:
    """Return the digest of a rendered frame, or why there is none."""
    try:
        return render_frame(source, reference.sop_uid, reference.frame).sha256
    except ReadingRoomError as error:
        return str(error)
