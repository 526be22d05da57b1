"""The errors a person may see: what happened, where, and what to do, in plain English."""


class ReadingRoomError(Exception):
    """Root of all errors of this project; ``str(error)`` is fit to be shown to a reader."""


class UnreadableFileError(ReadingRoomError):
    """A file that cannot be taken as a DICOM object; the message names the reason, never a stack."""


class UnsupportedImageError(ReadingRoomError):
    """An image that is well formed but that we cannot show; the message names the feature."""


class DamagedImageError(ReadingRoomError):
    """An image whose parts contradict each other or end early; it is refused, never guessed at."""


class NotFoundError(ReadingRoomError):
    """A study, series, instance or frame that the source does not hold."""


class SourceUnavailableError(ReadingRoomError):
    """The place the studies come from does not answer or cannot be read."""


class AccessRefusedError(ReadingRoomError):
    """A person who may not open a study, or not any more; the message says why."""


class StudyClosedError(ReadingRoomError):
    """A study that was open and may not be shown any more; the message says why."""


class WireError(ReadingRoomError):
    """A message that does not follow ``readingroom.wire``; it is refused and the connection lives on."""


class NotMeasurableError(ReadingRoomError):
    """A quantity that the image does not allow to be measured; the message says what is missing, never a guess."""


class RecordsUnavailableError(ReadingRoomError):
    """What has to be recorded cannot be, so what would be recorded is not done: no audit, no pixels."""
