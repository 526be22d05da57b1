"""A suite that any ``StudySource`` must pass; call ``check_study_source`` in the tests of a new one."""

from collections.abc import Callable

from pydicom import Dataset

from readingroom.dicom.model import Series
from readingroom.dicom.picture import render_frame
from readingroom.dicom.source import StudySource
from readingroom.errors import NotFoundError

ABSENT = "2.25.0"


def check_study_source(source: StudySource) -> None:
    """Assert what the protocol promises, over every study that ``source`` holds; at least one image must be there."""
    studies = source.studies()
    assert studies, "the source holds no study to check"
    assert len({study.uid for study in studies}) == len(studies), "a study is listed twice"
    assert list(studies) == [source.study(study.uid) for study in studies], "a study alone differs from the list's"
    dates = [study.date for study in studies]
    assert dates == sorted(dates, reverse=True), "studies are not newest first"
    images = sum(_check_study(source, study.uid, study.series_count, study.instance_count) for study in studies)
    assert images, "the source holds no image to check"
    _check_absent(source)
    state = source.state()
    assert state.revision >= 0
    assert source.state().revision == state.revision, "asking for the state changes it"


def _check_study(source: StudySource, study_uid: str, series_count: int, instance_count: int) -> int:
    series = source.series(study_uid)
    assert len(series) == series_count
    assert sum(entry.instance_count for entry in series) == instance_count
    numbers = [entry.number for entry in series if entry.number is not None]
    assert numbers == sorted(numbers), "series are not in the order of their numbers"
    for entry in series:
        assert entry.study_uid == study_uid
        _check_series(source, entry.uid, entry.frame_count)
        _check_instances(source, entry)
    return sum(entry.frame_count for entry in series)


def _check_series(source: StudySource, series_uid: str, frame_count: int) -> None:
    frames = source.frames(series_uid)
    assert len(frames) == frame_count
    assert len({(frame.sop_uid, frame.frame) for frame in frames}) == frame_count, "a frame is listed twice"
    assert list(frames) == list(source.frames(series_uid)), "the reading order is not stable"
    if not frames:
        return
    middle = frames[frame_count // 2]
    dataset = source.metadata(middle.sop_uid)
    assert isinstance(dataset, Dataset)
    assert dataset.SOPInstanceUID == middle.sop_uid
    assert dataset.SeriesInstanceUID == series_uid
    assert "PixelData" not in dataset, "metadata carries pixel data"
    encoded = source.frame(middle.sop_uid, middle.frame)
    assert encoded.transfer_syntax_uid == dataset.file_meta.TransferSyntaxUID
    picture = render_frame(source, middle.sop_uid, middle.frame)
    assert picture.pixels.shape[:2] == (middle.rows, middle.columns)
    _assert_not_found(lambda: source.frame(middle.sop_uid, 0))
    _assert_not_found(lambda: source.frame(middle.sop_uid, 2**20))


def _check_instances(source: StudySource, series: Series) -> None:
    instances = source.instances(series.uid)
    assert len({instance.sop_uid for instance in instances}) == series.instance_count
    assert sum(instance.frame_count for instance in instances) == series.frame_count
    for instance in instances:
        assert source.metadata(instance.sop_uid).SOPClassUID == instance.sop_class_uid


def _check_absent(source: StudySource) -> None:
    for look_up in (source.study, source.series, source.frames, source.instances, source.metadata):
        _assert_not_found(lambda look_up=look_up: look_up(ABSENT))  # type: ignore[misc]
    _assert_not_found(lambda: source.frame(ABSENT, 1))


def _assert_not_found(look_up: Callable[[], object]) -> None:
    try:
        look_up()
    except NotFoundError:
        return
    raise AssertionError("a look-up of what is not there did not raise NotFoundError")
