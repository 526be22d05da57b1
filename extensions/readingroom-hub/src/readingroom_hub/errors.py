"""What a refusal of any service of ours is, so that all are told in the one shape."""

from typing import ClassVar

from readingroom.errors import ReadingRoomError


class RefusalError(ReadingRoomError):
    """Something that is not done: its HTTP status, what programs are told (``reason`` says more than ``code``), what to do."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    reason: ClassVar[str] = ""
    what_to_do: str = ""


def refusal_of(error: BaseException | None) -> RefusalError | None:
    """Return a typed error as a refusal; None for one that was not foreseen, whose words are for the log."""
    if isinstance(error, RefusalError):
        return error
    return RefusalError(str(error)) if isinstance(error, ReadingRoomError) else None
