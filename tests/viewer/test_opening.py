"""A study is told of once records have confirmed it, whichever of look-up and lease answers first."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from readingroom.dicom.folder import FolderSource
from readingroom.errors import AccessRefusedError, NotFoundError, ReadingRoomError, RecordsUnavailableError
from readingroom.testing.files import small_image, write
from readingroom_viewer.leases import NoLeases
from readingroom_viewer.opening import open_study
from readingroom_viewer.renderer import Renderer

REFUSED = AccessRefusedError("Not assigned to you.")
SILENT = RecordsUnavailableError("The records do not answer.")


class Answers(NoLeases):
    """Leases that answer in turn: with an error, or with None for yes."""

    def __init__(self, *answers: ReadingRoomError | None) -> None:
        self.left = list(answers)

    def confirm(self, study_uid: str) -> None:  # noqa: ARG002 - the protocol's own
        """Give the next answer."""
        answer = self.left.pop(0)
        if answer is not None:
            raise answer


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FolderSource]:
    """Return a folder of one study."""
    write(small_image(1), tmp_path / "studies" / "1.dcm")
    made = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    made.refresh()
    yield made
    made.close()


def opened(source: FolderSource, leases: Answers, study_uid: str) -> dict[str, Any]:
    """Open a study as a page does."""

    async def run(function: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 - the function's own
        return await asyncio.to_thread(function, *given)

    return asyncio.run(open_study(run, source, Renderer(source), leases, study_uid))


def test_a_first_refusal_counts_only_after_the_look_up(source: FolderSource) -> None:
    """Records may learn of a study by the look-up itself; they are asked again then, and not when they have said yes."""
    (study,) = source.studies()
    for answers in ([None], [REFUSED, None]):
        leases = Answers(*answers)
        assert study.uid == opened(source, leases, study.uid)["study"]["uid"]
        assert [] == leases.left


@pytest.mark.parametrize("answers", [[REFUSED, REFUSED], [SILENT], [REFUSED, SILENT]])
def test_nothing_is_told_that_records_do_not_confirm(source: FolderSource, answers: list[ReadingRoomError]) -> None:
    """The error is the last answer of the records."""
    (study,) = source.studies()
    leases = Answers(*answers)
    with pytest.raises(type(answers[-1])) as raised:
        opened(source, leases, study.uid)
    assert answers[-1] is raised.value
    assert [] == leases.left


def test_a_study_that_is_gone_says_so(source: FolderSource) -> None:
    """Whatever the records think of it."""
    with pytest.raises(NotFoundError, match="not in the list any more"):
        opened(source, Answers(REFUSED), "2.25.404")
