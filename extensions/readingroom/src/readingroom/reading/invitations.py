"""Invitations: how somebody without an account comes in, once, with a link and a code that reach them by two ways.

Only digests are kept. The code is bound to the secret of the link, which is kept nowhere, so that nobody who reads what is
kept can try codes. The browser that used the link may come back with the same code, as long as the access lasts.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from readingroom.reading.grants import FINAL, GrantState

ACCOUNTS = "guest-"
"""What the accounts of invited guests begin with. Nobody logs in to one by another way than an invitation."""

LINK_LASTS = timedelta(days=3)
"""A link that was not used within this time is given up, however long the access would last."""

MOST_FAILURES = 5
"""Wrong codes after which nobody comes in with this invitation any more: a code has eight digits."""

_CODE_DIGITS = 8
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

EventKind = Literal["accepted", "returned", "failed", "ended", "cleared"]


@dataclass(frozen=True, slots=True)
class Keys:
    """What the guest is told, in two ways, and what is kept of neither."""

    link: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What was written when somebody was invited: ``person`` is the account, ``name`` and ``email`` are for the record."""

    id: str
    grant_id: str
    person: str
    name: str
    email: str
    inviter: str
    link_digest: str
    code_digest: str
    at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class InvitationEvent:
    """Something that happened to an invitation. An acceptance holds the digests of the browser's secret and of the code."""

    number: int
    at: datetime
    kind: EventKind
    browser_digest: str = ""
    code_digest: str = ""


@dataclass(frozen=True, slots=True)
class InvitationHistory:
    """An invitation with its events, oldest first, and where its grant stands."""

    invitation: Invitation
    events: tuple[InvitationEvent, ...]
    grant: GrantState

    @property
    def accepted(self) -> InvitationEvent | None:
        """The event with which the link was used up."""
        return next((event for event in self.events if event.kind == "accepted"), None)

    @property
    def failures(self) -> int:
        """Wrong codes since somebody last came in."""
        since = max((event.number for event in self.events if event.kind in ("accepted", "returned")), default=0)
        return sum(event.kind == "failed" and event.number > since for event in self.events)

    def has(self, kind: EventKind) -> bool:
        """Return whether this has happened."""
        return any(event.kind == kind for event in self.events)


class Outcome(StrEnum):
    """What comes of an attempt to come in; the first two let in."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    CLOSED = "closed"
    WRONG_CODE = "wrong-code"
    ENDED = "ended"

    @property
    def lets_in(self) -> bool:
        """Whether the guest comes in."""
        return self in (Outcome.ACCEPTED, Outcome.RETURNED)


class Standing(StrEnum):
    """Where an invitation stands, for whoever invited."""

    WAITING = "link not used yet"
    ACCEPTED = "came in"
    EXPIRED = "link not used in time"
    CLOSED = "closed after wrong codes"
    ENDED = "ended"


def new_keys() -> Keys:
    """Return a link's secret of 256 bits and a code of eight digits."""
    return Keys(secrets.token_urlsafe(32), f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}")


def new_account() -> str:
    """Return the name of a guest's account, without letters that are mistaken for each other."""
    return ACCOUNTS + "".join(secrets.choice(_LETTERS) for _ in range(8))


def digest(secret: str) -> str:
    """Return what is kept of the secret of a link or of a browser."""
    return sha256(b"reading-room-invitation\0" + secret.encode()).hexdigest()


def code_digest(secret: str, code: str) -> str:
    """Return what is kept of a code: nothing can be tried on it without the secret of the link or of the browser."""
    return hmac.new(secret.encode(), code.encode(), sha256).hexdigest()


def digits(typed: str) -> str:
    """Return the code out of what a person typed, with blanks or hyphens wherever they like."""
    return "".join(each for each in typed if each not in " -\u00a0\u2011\u2013\t")


def attempt(history: InvitationHistory, keys: Keys, browser: str, now: datetime) -> Outcome:
    """Return what comes of an attempt with these keys (``link`` empty for a return) from a browser with this secret."""
    if history.grant in FINAL or history.has("ended"):
        return Outcome.ENDED
    if history.failures >= MOST_FAILURES:
        return Outcome.CLOSED
    accepted = history.accepted
    if accepted is not None:
        if not _same(accepted.browser_digest, digest(browser)):
            return Outcome.USED
        known = _same(accepted.code_digest, code_digest(browser, keys.code))
        return Outcome.RETURNED if known else Outcome.WRONG_CODE
    if not _same(history.invitation.link_digest, digest(keys.link)):
        return Outcome.UNKNOWN
    if now >= history.invitation.expires:
        return Outcome.EXPIRED
    known = _same(history.invitation.code_digest, code_digest(keys.link, keys.code))
    return Outcome.ACCEPTED if known else Outcome.WRONG_CODE


def standing(history: InvitationHistory, now: datetime) -> Standing:
    """Return where an invitation stands."""
    used = history.accepted is not None
    if not used and history.failures >= MOST_FAILURES:
        return Standing.CLOSED
    if not used and now >= history.invitation.expires:
        return Standing.EXPIRED
    if history.grant in FINAL or history.has("ended"):
        return Standing.ENDED
    return Standing.ACCEPTED if used else Standing.WAITING


def is_over(history: InvitationHistory, now: datetime) -> bool:
    """Return whether the account has to go, and the access with it."""
    return standing(history, now) not in (Standing.WAITING, Standing.ACCEPTED)


def next_number(events: Iterable[InvitationEvent]) -> int:
    """Return the number of the next event."""
    return max((event.number for event in events), default=0) + 1


_WORDS = {
    Outcome.UNKNOWN: "This invitation is not known here. Open the whole link, in the browser in which you used it before.",
    Outcome.USED: "This link was used already, in another browser; it opens once. If it was not you, tell whoever invited you.",
    Outcome.EXPIRED: "This link was not used in time and opens nothing any more. Ask whoever invited you for a new one.",
    Outcome.CLOSED: "Too many wrong codes were typed, so this invitation is closed. Ask whoever invited you for a new one.",
    Outcome.WRONG_CODE: "The code is wrong. Look at it once more and type its eight digits.",
}
_ENDED = {
    GrantState.REVOKED: "Your access was taken back, so this invitation has ended.",
    GrantState.EXPIRED: "The time of your access is over, so this invitation has ended.",
    GrantState.EXHAUSTED: "You have used all the views that you were given, so this invitation has ended.",
}


def words(outcome: Outcome, history: InvitationHistory | None = None) -> str:
    """Return a refusal as it is told to whoever tried."""
    if outcome is Outcome.ENDED:
        ended = _ENDED.get(history.grant, "") if history is not None else ""
        return f"{ended or 'This invitation has ended.'} Ask whoever invited you, if you still need it."
    if outcome is Outcome.WRONG_CODE and history is not None:
        left = MOST_FAILURES - history.failures
        return f"{_WORDS[outcome]} {left} more {'try is' if left == 1 else 'tries are'} possible."
    return _WORDS.get(outcome, "")


def _same(kept: str, given: str) -> bool:
    return hmac.compare_digest(kept, given)
