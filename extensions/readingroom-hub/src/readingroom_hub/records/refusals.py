"""Requests that are refused: one shape for all, with the HTTP status, a reason for programs and words for people."""

from readingroom_hub.errors import RefusalError


class RequestError(RefusalError):
    """A request that is not done; nothing was changed. ``code`` is that of ``readingroom.wire.gateway.ERRORS``."""

    code = "invalid_request"
    reason = "invalid-request"
    what_to_do = "If you did not write this request yourself, tell your administrator."


class NotAllowedError(RequestError):
    """The table has no row for it."""

    status = 403
    code = "access_refused"
    reason = "not-allowed"
    what_to_do = ""


class NothingThereError(RequestError):
    """What the request names does not exist, or not for whoever asks."""

    status = 404
    code = "not_found"
    reason = "not-found"
    what_to_do = "See that the address is right."


class NotPossibleError(RequestError):
    """What was asked for is not possible as things stand."""

    status = 409
    code = "not_possible"
    reason = "not-possible"
    what_to_do = ""
