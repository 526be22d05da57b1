"""What the gateway refuses, each with its HTTP status and its code in the one error shape."""

from readingroom.errors import ReadingRoomError, RecordsUnavailableError, WireError
from readingroom.wire.gateway import ERRORS
from readingroom.wire.refusals import TRY_AGAIN
from readingroom_hub.errors import RefusalError


class GatewayError(RefusalError):
    """A request that is refused; ``what_to_do`` is the second sentence that a person is told."""

    def __init__(self, message: str, what_to_do: str = "") -> None:
        super().__init__(message)
        self.what_to_do = what_to_do or self.what_to_do


class MalformedRequestError(GatewayError):
    """A request that the Standard or this gateway's routes do not know."""

    code = "malformed_request"
    what_to_do = "This is a fault of the program that asked; tell your administrator."


class NotAcceptableError(GatewayError):
    """A media type that would have to be made first; objects are given out as they are stored."""

    code = "not_acceptable"
    status = 406


class TooManyRequestsError(GatewayError):
    """More requests, or frames, than one person's reading needs."""

    code = "too_many_requests"
    status = 429
    what_to_do = "Wait a moment; reading on will work again by itself."

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLargeError(GatewayError):
    """An object beyond what is kept here."""

    code = "too_large"
    status = 413


class ClientGoneError(Exception):
    """The caller has closed the connection: whatever was being done for it ends, and nobody is told."""


_STATUS = {
    "access_refused": 403,
    "not_found": 404,
    "records_unavailable": 503,
    "source_unavailable": 503,
}
_WHAT_TO_DO = {
    "not_found": "Reload the study list; the study may have been removed or replaced.",
    "records_unavailable": "No image is shown without its audit. Try again in a moment; tell your administrator.",
    "source_unavailable": TRY_AGAIN,
}
_UNUSABLE = 422
"""An object that is there but damaged or of a kind that cannot be given out."""


def described(error: ReadingRoomError) -> tuple[int, str, str]:
    """Return HTTP status, code and what to do of any typed error."""
    if isinstance(error, RefusalError):
        return error.status, error.code, error.what_to_do
    for code, kind in ERRORS.items():
        if isinstance(error, kind):
            return _STATUS.get(code, _UNUSABLE), code, _WHAT_TO_DO.get(code, "")
    code = "unusable_object" if isinstance(error, WireError) else "refused"
    return _UNUSABLE, code, ""


__all__ = [
    "ClientGoneError",
    "GatewayError",
    "MalformedRequestError",
    "NotAcceptableError",
    "RecordsUnavailableError",
    "TooLargeError",
    "TooManyRequestsError",
    "described",
]
