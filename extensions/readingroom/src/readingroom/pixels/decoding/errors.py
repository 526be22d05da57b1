"""What a decoder that failed is told as."""

from enum import Enum

from readingroom.errors import DamagedImageError


class FailureReason(Enum):
    """Why a child did not deliver."""

    CRASHED = "crashed"
    MEMORY = "memory"
    TIME = "time"
    KILLED = "killed"
    UNAVAILABLE = "unavailable"


class DecodingFailedError(DamagedImageError):
    """A decoder that crashed, ran out of memory or took too long over an image; ``reason`` says which."""

    def __init__(self, message: str, reason: FailureReason) -> None:
        super().__init__(message)
        self.reason = reason
