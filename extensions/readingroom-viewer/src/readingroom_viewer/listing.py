"""What a page lists: the studies there are, and what one of them holds, as messages of ``readingroom.wire``."""

from dataclasses import asdict
from typing import Any

from readingroom.dicom.source import SourceState, StudySource
from readingroom.errors import NotFoundError, ReadingRoomError
from readingroom_viewer.renderer import Renderer
from readingroom_viewer.settings import ServerSettings


def study_list(source: StudySource, settings: ServerSettings) -> dict[str, Any]:
    """Return the list of studies; a source that cannot be read gives an empty one that says why."""
    try:
        studies, problems, state = source.studies(), source.problems(), source.state()
    except ReadingRoomError as error:
        studies, problems, state = [], [], SourceState(0, indexing=False, files_seen=0, message=str(error))
    return {
        "type": "studies",
        "studies": [asdict(study) for study in studies],
        "problems": [asdict(problem) for problem in problems],
        "indexing": state.indexing,
        "files_seen": state.files_seen,
        "kind": settings.kind,
        "message": " ".join(filter(None, (settings.notice, state.message))),
    }


def opened_study(source: StudySource, renderer: Renderer, study_uid: str) -> dict[str, Any]:
    """Return a study, opened for rendering; raises ``NotFoundError`` for one that is not in the list any more."""
    try:
        found = source.study(study_uid)
    except NotFoundError as error:
        words = "This study is not in the list any more. Go back to the study list and choose again."
        raise NotFoundError(words) from error
    series, presentations = renderer.open_study(study_uid)
    return {
        "type": "study",
        "study": asdict(found),
        "series": [asdict(entry) for entry in series],
        "presentations": [asdict(entry) for entry in presentations],
    }
